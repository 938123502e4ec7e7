package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// checkPostgres proves version 16, pgvector 0.8 with what we index by, UTF-8,
// and the right to make a database, which each test does.
func checkPostgres(ctx context.Context, url string) (found string, err error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return "", errURL
	}
	c, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return "", fmt.Errorf("does not answer: %w", err)
	}
	defer c.Close(context.WithoutCancel(ctx))

	var version, encoding string
	var number int
	var creates bool
	err = c.QueryRow(ctx, `
		select current_setting('server_version'), current_setting('server_version_num')::int,
			current_setting('server_encoding'), rolcreatedb or rolsuper
		from pg_roles where rolname = current_user`).Scan(&version, &number, &encoding, &creates)
	switch {
	case err != nil:
		return "", err
	case number < 160000:
		return "", fmt.Errorf("is version %s; 16 or newer is needed", version)
	case encoding != "UTF8":
		return "", fmt.Errorf("its database is in %s; UTF8 is needed", encoding)
	case !creates:
		return "", fmt.Errorf("user %q may not make databases, which each test does: alter role … createdb", cfg.User)
	}

	tx, err := c.Begin(ctx)
	if err != nil {
		return "", err
	}
	defer func() { // the extension too goes, if it was not there
		if e := tx.Rollback(context.WithoutCancel(ctx)); err == nil && e != nil {
			err = e
		}
	}()
	var vector *string
	if err := tx.QueryRow(ctx, `select max(default_version) from pg_available_extensions where name = 'vector'`).Scan(&vector); err != nil {
		return "", err
	}
	if vector == nil {
		return "", errors.New("has no pgvector: install it on the server (package postgresql-NN-pgvector, or the image pgvector/pgvector)")
	}
	if !atLeast(*vector, 0, 8) {
		return "", fmt.Errorf("has pgvector %s; 0.8 or newer is needed", *vector)
	}
	if _, err := tx.Exec(ctx, `create extension if not exists vector`); err != nil {
		return "", fmt.Errorf("extension vector cannot be made by user %q: %w", cfg.User, err)
	}
	if err := tx.QueryRow(ctx, `select extversion from pg_extension where extname = 'vector'`).Scan(vector); err != nil {
		return "", err
	}
	if !atLeast(*vector, 0, 8) {
		return "", fmt.Errorf("its database has extension vector %s: alter extension vector update", *vector)
	}
	if err := checkIndex(ctx, tx); err != nil {
		return "", err
	}
	return fmt.Sprintf("Postgres %s, pgvector %s", version, *vector), nil
}

// checkIndex finds a vector by a graph of half-precision vectors, scanned
// further as long as a filter leaves too few.
func checkIndex(ctx context.Context, tx pgx.Tx) error {
	const made = `
		create temporary table kiveileder_probe on commit drop as
			select n as id, array_agg(sin(n * d))::real[]::vector(384)::halfvec(384) as v
			from generate_series(1, 200) n, generate_series(1, 384) d group by n;
		create index on kiveileder_probe using hnsw (v halfvec_cosine_ops);
		set local enable_seqscan = off;
		set local hnsw.iterative_scan = strict_order`
	if _, err := tx.Exec(ctx, made); err != nil {
		return fmt.Errorf("cannot index vectors: %w", err)
	}
	var nearest int
	err := tx.QueryRow(ctx, `
		select id from kiveileder_probe where id > 100
		order by v <=> (select v from kiveileder_probe where id = 170) limit 1`).Scan(&nearest)
	if err != nil {
		return fmt.Errorf("cannot search vectors: %w", err)
	}
	if nearest != 170 {
		return fmt.Errorf("search of vectors is wrong: the nearest to 170 is %d", nearest)
	}
	return nil
}
