package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"

	"kiveileder"
)

const (
	minServer = 16
	minVector = "0.8"
)

// A server is what a connection says of its server and its database.
type server struct {
	Number    int // 160004 is 16.4
	Encoding  string
	Role      string
	Database  string
	Schema    string // where tables are made; "" when there is none
	Vector    string // version of the extension; "" when it is missing
	Available string // version that could be had; "" for none
	MayCreate bool   // the role may create the extension
	InPath    bool   // the extension's types are found
	MayMake   bool   // the role may make tables in the schema
}

func look(ctx context.Context, conn *pgx.Conn) (s server, err error) {
	rows, err := conn.Query(ctx, `
		SELECT current_setting('server_version_num')::int AS number, current_setting('server_encoding') AS encoding,
			current_user::text AS role, current_database()::text AS database, coalesce(current_schema()::text, '') AS schema,
			coalesce((SELECT extversion FROM pg_extension WHERE extname = 'vector'), '') AS vector,
			coalesce(a.default_version, '') AS available,
			coalesce(r.rolsuper OR (v.trusted OR NOT v.superuser) AND has_database_privilege(current_database(), 'CREATE'), false) AS may_create,
			to_regtype('halfvec') IS NOT NULL AS in_path,
			coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_make
		FROM pg_roles r
		LEFT JOIN pg_available_extensions a ON a.name = 'vector'
		LEFT JOIN pg_available_extension_versions v ON v.name = a.name AND v.version = a.default_version
		WHERE r.rolname = current_user`)
	if err != nil {
		return s, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[server])
}

// base says what is wrong with a server whatever stands in the database.
func (s server) base() error {
	switch {
	case s.Number < minServer*10_000:
		return fmt.Errorf("the server is Postgres %d, want %d or newer: upgrade it", s.Number/10_000, minServer)
	case s.Encoding != "UTF8":
		return fmt.Errorf("database %q has the encoding %s, want UTF8: make a new one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0", s.Database, s.Encoding)
	case s.Schema == "":
		return fmt.Errorf("the search path of role %q names no schema that is there and that it may use: CREATE SCHEMA, or set search_path", s.Role)
	}
	return nil
}

// extension says what is wrong with the extension vector.
func (s server) extension() error {
	const install = "install pgvector " + minVector + " or newer on the server (package postgresql-…-pgvector, image pgvector/pgvector)"
	old := less(s.Available, minVector)
	switch {
	case s.Vector == "" && s.Available == "":
		return errors.New("the extension vector is missing, and the server does not have it: " + install)
	case (s.Vector == "" || less(s.Vector, minVector)) && old:
		return fmt.Errorf("the extension vector is too old: the server has %s: %s", s.Available, install)
	case s.Vector == "" && s.MayCreate:
		return fmt.Errorf("the extension vector is missing in database %q: run `kiveileder migrate`, which creates it", s.Database)
	case s.Vector == "":
		return fmt.Errorf("the extension vector is missing in database %q, and role %q may not create it: let an administrator run CREATE EXTENSION vector in it", s.Database, s.Role)
	case less(s.Vector, minVector):
		return fmt.Errorf("the extension vector is of version %s, want %s or newer: let an administrator run ALTER EXTENSION vector UPDATE in database %q (the server has %s)", s.Vector, minVector, s.Database, s.Available)
	case !s.InPath:
		return fmt.Errorf("the extension vector stands in a schema outside the search path of role %q: add its schema to search_path", s.Role)
	}
	return nil
}

// less compares versions such as 0.8.2 by their first two numbers.
func less(a, b string) bool {
	var x, y [2]int
	_, _ = fmt.Sscanf(a, "%d.%d", &x[0], &x[1])
	_, _ = fmt.Sscanf(b, "%d.%d", &y[0], &y[1])
	return x[0] < y[0] || x[0] == y[0] && x[1] < y[1]
}

// check says what keeps a database from being used.
func check(ctx context.Context, conn *pgx.Conn) error {
	s, err := look(ctx, conn)
	if err != nil {
		return err
	}
	if err := s.base(); err != nil {
		return err
	}
	if err := s.extension(); err != nil {
		return err
	}
	have, err := applied(ctx, conn)
	if err != nil {
		return err
	}
	if err := have.ahead(); err != nil {
		return err
	}
	if missing := have.missing(); missing > 0 {
		return fmt.Errorf("the tables in schema %q lack %d steps: run `kiveileder migrate`", s.Schema, missing)
	}
	return rights(ctx, conn, s)
}

// rights checks that a role may work with the tables of this package.
func rights(ctx context.Context, conn *pgx.Conn, s server) error {
	rows, err := conn.Query(ctx, `
		SELECT format('%s on %s', p, t)
		FROM unnest(ARRAY['meta', 'conversation', 'entry', 'document', 'guidance_case', 'guidance_event', 'guidance_number', 'guidance_mail', 'guidance_kept', 'login_session', 'login_token']) t, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p
		WHERE NOT has_table_privilege(t, p)`)
	if err != nil {
		return err
	}
	lacks, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(lacks) == 0 {
		return err
	}
	return fmt.Errorf("role %q lacks rights (%s): GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %q TO %q",
		s.Role, strings.Join(lacks[:min(len(lacks), 3)], ", "), s.Schema, s.Role)
}

// explain says which database an error is about, and what to do. Nothing in it
// tells the password.
func explain(c *pgx.ConnConfig, err error) error {
	code := pgCode(err)
	away := kiveileder.ErrorCode(err) == kiveileder.CodeUnavailable
	var coded *kiveileder.Error
	if errors.As(err, &coded) {
		err = coded.Err
	}
	hint := ""
	var dns *net.DNSError
	switch {
	case code == "28P01" || code == "28000":
		away, hint = false, "the server refuses the user or the password: look at both, and at pg_hba.conf: "
	case code == "3D000":
		away, hint = false, "the server has no such database: create it with CREATE DATABASE … ENCODING 'UTF8': "
	case code == "42501":
		away, hint = false, fmt.Sprintf("role %q lacks a right: GRANT it, or use the role that owns the tables: ", c.User)
	case code == "57P03":
		hint = "the server is starting or stopping: "
	case errors.As(err, &dns):
		hint = "the host is not known: look at its name: "
	case errors.Is(err, syscall.ECONNREFUSED):
		hint = "nobody listens there: look at host and port, and whether the server runs: "
	case code == "" && errors.Is(err, context.DeadlineExceeded):
		hint = "nobody answers there: look at host and port, and at firewalls: "
	}
	err = fmt.Errorf("postgres %s/%s: %s%w", net.JoinHostPort(c.Host, fmt.Sprint(c.Port)), c.Database, hint, err)
	if away {
		return &kiveileder.Error{Code: kiveileder.CodeUnavailable, Err: err}
	}
	return err
}
