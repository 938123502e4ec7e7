// Package stacktest gives tests real servers: a database of their own, a part
// of Redis of their own.
package stacktest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kiveileder/internal/postgres"
)

// postgresVar names the server, as a superuser.
const postgresVar = "KIVEILEDER_TEST_POSTGRES"

// Databases are named kvtest_<unix seconds>_…, so that what a killed test left
// is known by its age.
const (
	prefix      = "kvtest_"
	age         = time.Hour
	templateAge = 24 * time.Hour
	lockKey     = 0x6b767464
)

// Server gives the URL of the server's own database, as a superuser. It skips
// the test when there is no server.
func Server(t testing.TB) string {
	t.Helper()
	u := os.Getenv(postgresVar)
	if u == "" {
		t.Skipf("%s is not set: what needs Postgres is not tested", postgresVar)
	}
	return u
}

// Postgres gives the URL of a fresh database with all tables, which is dropped
// when the test ends. It skips the test when there is no server.
func Postgres(t testing.TB) string {
	t.Helper()
	server := Server(t)
	name, err := template(server)
	if err != nil {
		t.Fatalf("a database to copy: %v", err)
	}
	u := Database(t, "TEMPLATE "+name)
	// a store of its own, as if it had been made anew
	exec(t, u, `UPDATE meta SET value = '`+strings.ToLower(rand.Text()[:12])+`' WHERE name = 'epoch'`)
	return u
}

// Database gives the URL of a new database, which is dropped when the test
// ends. The options are those of CREATE DATABASE.
func Database(t testing.TB, options string) string {
	t.Helper()
	server, name := Server(t), newName("db")
	exec(t, server, "CREATE DATABASE "+name+" "+options)
	t.Cleanup(func() { exec(t, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	return At(server, name)
}

// At gives the URL of another database of a server.
func At(server, name string) string {
	u := parse(server)
	u.Path = "/" + name
	return u.String()
}

// Role gives a new role that may log in and nothing else. It is dropped when the test ends. Call it before the databases where it gets rights.
func Role(t testing.TB) (name, password string) {
	t.Helper()
	server := Server(t)
	name, password = newName("role"), strings.ToLower(rand.Text())
	exec(t, server, "CREATE ROLE "+name+" LOGIN PASSWORD '"+password+"'")
	t.Cleanup(func() { exec(t, server, "DROP ROLE "+name) })
	return name, password
}

// As gives the URL of the same database for another role.
func As(server, name, password string) string {
	u := parse(server)
	u.User = url.UserPassword(name, password)
	return u.String()
}

func parse(server string) *url.URL {
	u, err := url.Parse(server)
	if err != nil {
		panic("stacktest: " + postgresVar + " is no URL")
	}
	return u
}

func newName(kind string) string {
	return fmt.Sprintf("%s%d_%s_%s", prefix, time.Now().Unix(), kind, strings.ToLower(rand.Text()[:10]))
}

// exec runs statements in a database, each by itself.
func exec(t testing.TB, url string, statements ...string) {
	t.Helper()
	ctx := context.Background() // it also cleans up
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// template gives the name of a database with all tables that are empty. It is
// made once; other processes use it too.
var template = func() func(server string) (string, error) {
	var mu sync.Mutex
	known := map[string]string{}
	return func(server string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if name := known[server]; name != "" {
			return name, nil
		}
		name, err := makeTemplate(context.Background(), server)
		known[server] = name
		return name, err
	}
}()

func makeTemplate(ctx context.Context, server string) (string, error) {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx) // which gives back the lock
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, lockKey); err != nil {
		return "", err
	}
	suffix := "_template_" + postgres.Schema()
	found, err := clean(ctx, conn, suffix)
	if err != nil || found != "" {
		return found, err
	}
	making := newName("making") // it gets its name when it is whole
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+making+" TEMPLATE template0 ENCODING 'UTF8'"); err != nil {
		return "", err
	}
	if err := postgres.Migrate(ctx, At(server, making)); err != nil {
		_, _ = conn.Exec(ctx, "DROP DATABASE "+making+" WITH (FORCE)") // the error above says more
		return "", err
	}
	name := fmt.Sprintf("%s%d%s", prefix, time.Now().Unix(), suffix)
	_, err = conn.Exec(ctx, "ALTER DATABASE "+making+" RENAME TO "+name)
	return name, err
}

// clean drops what killed tests have left, databases before the roles that have
// rights in them, and gives the name of a database with the suffix, "" when
// there is none.
func clean(ctx context.Context, conn *pgx.Conn, suffix string) (found string, err error) {
	rows, err := conn.Query(ctx, `
		SELECT 'DATABASE', datname::text, ' WITH (FORCE)' FROM pg_database WHERE starts_with(datname, $1)
		UNION ALL
		SELECT 'ROLE', rolname::text, '' FROM pg_roles WHERE starts_with(rolname, $1)
		ORDER BY 1, 2`, prefix)
	if err != nil {
		return "", err
	}
	type thing struct{ Kind, Name, Option string }
	things, err := pgx.CollectRows(rows, pgx.RowToStructByPos[thing])
	if err != nil {
		return "", err
	}
	for _, th := range things {
		switch {
		case old(th.Name):
			// somebody else may have been first
			if _, err := conn.Exec(ctx, "DROP "+th.Kind+" IF EXISTS "+pgx.Identifier{th.Name}.Sanitize()+th.Option); err != nil {
				return "", err
			}
		case strings.HasSuffix(th.Name, suffix):
			found = th.Name
		}
	}
	return found, nil
}

// old reports whether a database is one that nobody uses any more.
func old(name string) bool {
	at, rest, _ := strings.Cut(strings.TrimPrefix(name, prefix), "_")
	made, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return false
	}
	limit := age
	if strings.HasPrefix(rest, "template_") {
		limit = templateAge
	}
	return time.Since(time.Unix(made, 0)) > limit
}
