package app

import (
	"context"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/trace"
)

// queryTracer traces statements of the database, without their arguments; nil
// when nothing is traced.
func (c Config) queryTracer() pgx.QueryTracer {
	if c.OTLPURL == "" {
		return nil
	}
	return otelpgx.NewTracer(otelpgx.WithDisableSQLStatementInAttributes())
}

// untraced gives a context in which nothing is traced, here and in the roles
// that are called: what is looked at every few seconds is no turn, and would
// outnumber them.
func untraced(ctx context.Context) context.Context {
	return trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}}))
}
