package postgres

import (
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Numbers of advisory locks.
const lockExtension = 0x6b766578 // CREATE EXTENSION

// Migrate brings the tables up to date, in the first schema of the search path,
// and makes the extension vector where it may. However many do so at once, it
// is done once. An error says what to do, as those of Open.
func Migrate(ctx context.Context, url string) error {
	pc, err := Config{URL: url}.parse()
	if err != nil {
		return err
	}
	c := pc.ConnConfig
	c.RuntimeParams["statement_timeout"] = "0" // to fill a table anew takes its time
	c.RuntimeParams["lock_timeout"] = "30s"    // whoever waits for a table makes others wait
	c.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	missing, err := prepare(ctx, c)
	if err != nil {
		return explain(c, coded(ctx, err))
	}
	if missing == 0 { // no need to wait for others who find out the same
		return nil
	}
	if err := up(ctx, c); err != nil {
		return explain(c, coded(ctx, fmt.Errorf("migrate: %w", err)))
	}
	return nil
}

// prepare checks the server, makes the extension, and says how many steps are
// to be taken.
func prepare(ctx context.Context, c *pgx.ConnConfig) (missing int, err error) {
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return 0, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	s, err := look(ctx, conn)
	if err != nil {
		return 0, err
	}
	if err := s.base(); err != nil {
		return 0, err
	}
	if s, err = extend(ctx, conn, s); err != nil {
		return 0, err
	}
	if err := s.extension(); err != nil {
		return 0, err
	}
	have, err := applied(ctx, conn)
	if err != nil {
		return 0, err
	}
	missing = have.missing()
	if missing > 0 && !s.MayMake {
		return 0, fmt.Errorf("role %q lacks the right to make tables: GRANT CREATE ON SCHEMA %q TO %q", s.Role, s.Schema, s.Role)
	}
	return missing, have.ahead()
}

// extend makes the extension when it is missing and can be had.
func extend(ctx context.Context, conn *pgx.Conn, s server) (server, error) {
	if s.Vector != "" || less(s.Available, minVector) {
		return s, nil
	}
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, lockExtension); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `CREATE EXTENSION IF NOT EXISTS vector`)
		return err
	})
	if err != nil && pgCode(err) != "42501" { // which server.extension says better
		return s, err
	}
	s, err = look(ctx, conn)
	s.MayCreate = false // it was tried
	return s, err
}

func up(ctx context.Context, c *pgx.ConnConfig) error {
	db := stdlib.OpenDB(*c)
	defer db.Close()
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 600))
	if err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true),
		goose.WithAllowOutofOrder(true)) // the packages that have tables number theirs apart
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// versions are the steps that a database's tables have taken.
type versions []int64

// applied reads them: none when there are no tables.
func applied(ctx context.Context, conn *pgx.Conn) (versions, error) {
	rows, err := conn.Query(ctx, `SELECT version_id FROM goose_db_version WHERE is_applied AND version_id > 0`)
	if err == nil {
		var v versions
		v, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		if err == nil {
			return v, nil
		}
	}
	if pgCode(err) == "42P01" { // no such table
		return nil, nil
	}
	return nil, err
}

// known are the steps that this program knows.
func known() versions {
	var out versions
	for name := range files() {
		number, _, _ := strings.Cut(name, "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			panic("postgres: a migration without a number: " + name)
		}
		out = append(out, n)
	}
	return out
}

func (v versions) ahead() error {
	if have, want := slices.Max(append(v, 0)), slices.Max(known()); have > want {
		return fmt.Errorf("its tables are of version %d, this program knows %d: a newer version of the service has changed the tables; run that version", have, want)
	}
	return nil
}

// missing says how many steps are to be taken.
func (v versions) missing() (n int) {
	for _, k := range known() {
		if !slices.Contains(v, k) {
			n++
		}
	}
	return n
}

// Schema names what the tables are after Migrate: the same for the same steps.
func Schema() string {
	h := sha256.New()
	all := files()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(h, "%s %d %s", name, len(all[name]), all[name])
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:6])
}

// files gives the migrations by their names.
func files() map[string][]byte {
	out := map[string][]byte{}
	entries, err := migrations.ReadDir("migrations")
	for _, e := range entries {
		b, errRead := migrations.ReadFile("migrations/" + e.Name())
		err = errors.Join(err, errRead)
		out[e.Name()] = b
	}
	if err != nil {
		panic(err) // they are in the program
	}
	return out
}
