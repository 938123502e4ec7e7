package telemetry

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
)

// Trace sends the traces of a role to an OpenTelemetry collector at url
// (http://host:4318), a share of them, and passes their ids on to the roles
// that it calls. An empty url traces nothing. A collector that is away costs
// nothing but the traces. Call stop at the end.
func Trace(ctx context.Context, url, role, version string, share float64) (stop func(context.Context) error, err error) {
	otel.SetTextMapPropagator(propagation.TraceContext{})
	if url == "" {
		return func(context.Context) error { return nil }, nil
	}
	e, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(url+"/v1/traces"))
	if err != nil {
		return nil, fmt.Errorf("traces to %s: %w", url, err)
	}
	p := trace.NewTracerProvider(
		trace.WithBatcher(e),
		trace.WithSampler(trace.ParentBased(trace.TraceIDRatioBased(share))),
		trace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "kiveileder-"+role),
			attribute.String("service.version", version),
		)),
	)
	otel.SetTracerProvider(p)
	return p.Shutdown, nil
}
