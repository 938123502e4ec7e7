package postgres_test

import (
	"context"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kiveileder"
	"kiveileder/internal/postgres"
	"kiveileder/internal/stacktest"
)

// run runs statements in a database, past the store.
func run(t testing.TB, url string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, s := range statements {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// refused checks that an error says why, and does not tell the password.
func refused(t *testing.T, err error, address string, code kiveileder.Code, why ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, w := range why {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
	if got := kiveileder.ErrorCode(err); got != code {
		t.Errorf("error %q has the code %q, want %q", err, got, code)
	}
	if u, errURL := url.Parse(address); errURL == nil && u.User != nil {
		if p, _ := u.User.Password(); strings.Contains(err.Error(), p) {
			t.Error("the error tells the password")
		}
	}
}

func refusesToOpen(t *testing.T, address string, code kiveileder.Code, why ...string) {
	t.Helper()
	db, err := postgres.Open(t.Context(), postgres.Config{URL: address})
	if err == nil {
		db.Close()
	}
	refused(t, err, address, code, why...)
}

func name(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

func TestOpenRefusesWhereItIsNot(t *testing.T) {
	server := stacktest.Server(t)
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := func(host string) string {
		v := *u
		v.Host = host
		return v.String()
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().String()
	closed.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	for _, c := range []struct {
		name, url string
		code      kiveileder.Code
		why       []string
	}{
		{"wrong password", stacktest.As(server, u.User.Username(), "feil-og-hemmelig"), kiveileder.CodeInternal, []string{"user or the password", u.Host}},
		{"no such role", stacktest.As(server, "nobody-here", "feil-og-hemmelig"), kiveileder.CodeInternal, []string{"user or the password", `"nobody-here"`}},
		{"no such database", stacktest.At(server, "ikkje-her"), kiveileder.CodeInternal, []string{"CREATE DATABASE", "/ikkje-her"}},
		{"no such host", elsewhere("ikkje-her.invalid:5432"), kiveileder.CodeUnavailable, []string{"host is not known", "ikkje-her.invalid"}},
		{"nobody listens", elsewhere(nobody), kiveileder.CodeUnavailable, []string{"nobody listens there", nobody}},
		{"nobody answers", elsewhere(silent.Addr().String()) + "&connect_timeout=1", kiveileder.CodeUnavailable, []string{"nobody answers there", silent.Addr().String()}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			refusesToOpen(t, c.url, c.code, c.why...)
			refused(t, postgres.Migrate(t.Context(), c.url), c.url, c.code, c.why...)
		})
	}
}

func TestOpenRefusesBadURLs(t *testing.T) {
	for _, bad := range []string{
		"", "hemmelig", "hemmelig:5432", "http://app:hemmelig@x/db", "postgres://app:hemmelig@x:port/db", "postgres://app:hem/melig@x/db",
		"postgres://app:hem%zzmelig@x/db", "postgres://app:hemmelig @x/db", "postgres://app:hemmelig@x/db?sslmode=kanskje", "password='hemmelig host=x",
		"postgres://app:hem?melig@x:5432/db?connect_timeout=hemmelig",
	} {
		_, err := postgres.Open(t.Context(), postgres.Config{URL: bad})
		if err == nil {
			t.Errorf("%q was opened", bad)
		} else if s := err.Error(); strings.Contains(s, "melig") || strings.Contains(s, ":hem") || !strings.Contains(s, "URL") && !strings.Contains(s, "postgres ") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	_, err := postgres.Open(t.Context(), postgres.Config{URL: "postgres://app:hemmelig@x/db?sslmode=verify-ca&sslrootcert=/ikkje/her.pem"})
	if err == nil || !strings.Contains(err.Error(), "/ikkje/her.pem") || strings.Contains(err.Error(), "hemmelig") {
		t.Error(err)
	}
}

func TestOpenRefusesTables(t *testing.T) {
	t.Run("behind: none", func(t *testing.T) {
		t.Parallel()
		u := stacktest.Database(t, "TEMPLATE template0")
		run(t, u, "CREATE EXTENSION vector")
		refusesToOpen(t, u, kiveileder.CodeInternal, "kiveileder migrate", name(u))
	})
	t.Run("behind: a step is missing", func(t *testing.T) {
		t.Parallel()
		u := stacktest.Postgres(t)
		run(t, u, "DELETE FROM goose_db_version WHERE version_id = 2", "DROP TABLE document")
		refusesToOpen(t, u, kiveileder.CodeInternal, "lack 1 step", "kiveileder migrate")
	})
	t.Run("ahead", func(t *testing.T) {
		t.Parallel()
		u := stacktest.Postgres(t)
		run(t, u, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
		why := []string{"of version 99999", "a newer version of the service has changed the tables; run that version"}
		refusesToOpen(t, u, kiveileder.CodeInternal, why...)
		refused(t, postgres.Migrate(t.Context(), u), u, kiveileder.CodeInternal, why...)
		run(t, u, "DELETE FROM goose_db_version WHERE version_id = 99999")
		open(t, u)
	})
}

func TestOpenRefusesDatabases(t *testing.T) {
	t.Run("of another encoding", func(t *testing.T) {
		t.Parallel()
		u := stacktest.Database(t, "TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
		refusesToOpen(t, u, kiveileder.CodeInternal, "LATIN1", "ENCODING 'UTF8'")
		refused(t, postgres.Migrate(t.Context(), u), u, kiveileder.CodeInternal, "LATIN1", "ENCODING 'UTF8'")
	})
	t.Run("without the extension", func(t *testing.T) {
		t.Parallel()
		u := stacktest.Database(t, "TEMPLATE template0")
		refusesToOpen(t, u, kiveileder.CodeInternal, "extension vector is missing", "`kiveileder migrate`, which creates it")
	})
	t.Run("without the extension, for a role that may not create it", func(t *testing.T) {
		t.Parallel()
		role, password := stacktest.Role(t)
		owner := stacktest.Database(t, "TEMPLATE template0")
		run(t, owner, "GRANT ALL ON SCHEMA public TO "+role)
		u := stacktest.As(owner, role, password)
		why := []string{"extension vector is missing", "may not create it", "CREATE EXTENSION vector", role}
		refusesToOpen(t, u, kiveileder.CodeInternal, why...)
		refused(t, postgres.Migrate(t.Context(), u), u, kiveileder.CodeInternal, why...)
		run(t, owner, "CREATE EXTENSION vector")
		if err := postgres.Migrate(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		open(t, u)
	})
	t.Run("with the extension out of reach", func(t *testing.T) {
		t.Parallel()
		u := stacktest.Database(t, "TEMPLATE template0")
		run(t, u, "CREATE SCHEMA tools", "CREATE EXTENSION vector SCHEMA tools")
		refusesToOpen(t, u, kiveileder.CodeInternal, "outside the search path")
		u += "&search_path=public,tools"
		if err := postgres.Migrate(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		open(t, u)
	})
	t.Run("without a schema", func(t *testing.T) {
		t.Parallel()
		u := stacktest.Postgres(t) + "&search_path=ikkje_her"
		refusesToOpen(t, u, kiveileder.CodeInternal, "search path", "CREATE SCHEMA")
	})
	t.Run("where a role may make no tables", func(t *testing.T) {
		t.Parallel()
		role, password := stacktest.Role(t)
		owner := stacktest.Database(t, "TEMPLATE template0")
		run(t, owner, "CREATE EXTENSION vector")
		u := stacktest.As(owner, role, password)
		refused(t, postgres.Migrate(t.Context(), u), u, kiveileder.CodeInternal, "lacks the right to make tables", role, "GRANT CREATE ON SCHEMA \"public\"")
	})
	t.Run("whose tables a role may not use", func(t *testing.T) {
		t.Parallel()
		role, password := stacktest.Role(t)
		owner := stacktest.Postgres(t)
		u := stacktest.As(owner, role, password)
		refusesToOpen(t, u, kiveileder.CodeInternal, role)
		run(t, owner, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO "+role)
		refusesToOpen(t, u, kiveileder.CodeInternal, "lacks rights", "INSERT on ", "GRANT SELECT, INSERT, UPDATE, DELETE", role)
		run(t, owner, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "+role)
		db := open(t, u)
		store(t, db, "k", "m1") // no more rights are needed
		stored(t, db, "k", "m1")
		change(t, db.Documents(), some)
		if err := db.Conversations().Delete(t.Context(), "k"); err != nil {
			t.Error(err)
		}
	})
}

// What no server at hand has.
func TestServers(t *testing.T) {
	good := postgres.Server{Number: 160004, Encoding: "UTF8", Role: "app", Database: "d", Schema: "public", Vector: "0.8.0", Available: "0.8.0", InPath: true}
	for _, c := range []struct {
		name  string
		spoil func(s *postgres.Server)
		why   string
	}{
		{"good", func(s *postgres.Server) {}, ""},
		{"newer", func(s *postgres.Server) { s.Number, s.Vector = 190001, "0.10.2" }, ""},
		{"a whole version", func(s *postgres.Server) { s.Vector = "1.0" }, ""},
		{"old server", func(s *postgres.Server) { s.Number = 150012 }, "Postgres 15, want 16"},
		{"no extension to be had", func(s *postgres.Server) { s.Vector, s.Available = "", "" }, "the server does not have it: install pgvector"},
		{"old extension to be had", func(s *postgres.Server) { s.Vector, s.Available = "", "0.7.4" }, "the server has 0.7.4: install pgvector"},
		{"old extension", func(s *postgres.Server) { s.Vector, s.Available = "0.7.4", "0.7.4" }, "the server has 0.7.4: install pgvector"},
		{"extension not updated", func(s *postgres.Server) { s.Vector, s.Available = "0.5.1", "0.8.5" }, "ALTER EXTENSION vector UPDATE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := good
			c.spoil(&s)
			err := postgres.ServerBase(s)
			if err == nil {
				err = postgres.ServerExtension(s)
			}
			if c.why == "" && err != nil || c.why != "" && (err == nil || !strings.Contains(err.Error(), c.why)) {
				t.Errorf("error %v, want %q", err, c.why)
			}
		})
	}
}

// What stands in the URL wins.
func TestSession(t *testing.T) {
	u := stacktest.Postgres(t)
	for _, c := range []struct{ more, statement, isolation, app string }{
		{"", "10s", "read committed", "kiveileder"},
		{"&statement_timeout=3s&application_name=other", "3s", "read committed", "other"},
	} {
		db := open(t, u+c.more)
		var statement, isolation, app, commit string
		err := db.Pool().QueryRow(t.Context(), `SELECT current_setting('statement_timeout'), current_setting('default_transaction_isolation'),
			current_setting('application_name'), current_setting('synchronous_commit')`).Scan(&statement, &isolation, &app, &commit)
		if err != nil || statement != c.statement || isolation != c.isolation || app != c.app || commit == "off" {
			t.Errorf("%q: %s, %s, %s, %s, %v", c.more, statement, isolation, app, commit, err)
		}
	}
}

func TestClose(t *testing.T) {
	db := open(t, stacktest.Postgres(t))
	if err := db.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := db.Conversations().Add(t.Context(), "k", kiveileder.Entry{ID: "m"})
	if kiveileder.ErrorCode(err) != kiveileder.CodeUnavailable || db.Ping(t.Context()) == nil {
		t.Error(err)
	}
}

// A restored store gets another epoch, which others see without opening it again.
func TestNewEpoch(t *testing.T) {
	u := stacktest.Postgres(t)
	db, other := open(t, u), open(t, u)
	store(t, db, "k", "m1")
	before := db.Epoch
	if err := db.NewEpoch(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, db := range []*postgres.DB{db, other, open(t, u)} {
		s, err := db.Conversations().Read(t.Context(), "k", 0, 10)
		if err != nil || s.Epoch == before || s.Epoch == "" || len(s.Entries) != 1 {
			t.Errorf("epoch %q after %q, %d entries, %v", s.Epoch, before, len(s.Entries), err)
		}
	}
	if again := open(t, u).Epoch; again != db.Epoch {
		t.Errorf("epoch %q, opened again %q", db.Epoch, again)
	}
}

// store adds messages.
func store(t *testing.T, db *postgres.DB, key string, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if _, added, err := db.Conversations().Add(t.Context(), key, kiveileder.Entry{ID: id, At: time.Now(), Text: id}); !added || err != nil {
			t.Fatalf("%s: added %v, %v", id, added, err)
		}
	}
}

// stored checks that a conversation has these messages.
func stored(t *testing.T, db *postgres.DB, key string, ids ...string) {
	t.Helper()
	s, err := db.Conversations().Read(t.Context(), key, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range s.Entries {
		got = append(got, e.ID)
	}
	if strings.Join(got, "|") != strings.Join(ids, "|") {
		t.Errorf("%q has %q, want %q", key, got, ids)
	}
}
