package app

import (
	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
)

// queryTracer traces statements of the database, without their arguments; nil
// when nothing is traced.
func (c Config) queryTracer() pgx.QueryTracer {
	if c.OTLPURL == "" {
		return nil
	}
	return otelpgx.NewTracer(otelpgx.WithTrimSQLInSpanName(), otelpgx.WithDisableSQLStatementInAttributes())
}
