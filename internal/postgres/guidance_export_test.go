package postgres

import (
	"context"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"kiveileder/services/guidance"
)

// MigrateTo brings an empty database as far as an older version did.
func MigrateTo(ctx context.Context, url string, version int64) error {
	pc, err := Config{URL: url}.parse()
	if err != nil {
		return err
	}
	if _, err := prepare(ctx, pc.ConnConfig); err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*pc.ConnConfig)
	defer db.Close()
	p, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = p.UpTo(ctx, version)
	return err
}

// Plan says how a list is found.
func (g *Guidance) Plan(ctx context.Context, f guidance.Filter) (string, error) {
	query, args, err := dialect.List(f)
	if err != nil {
		return "", err
	}
	rows, err := g.db.pool.Query(ctx, `EXPLAIN `+numbered(query), args...)
	if err != nil {
		return "", err
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return strings.Join(lines, "\n"), err
}
