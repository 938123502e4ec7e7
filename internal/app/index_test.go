package app_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kiveileder/internal/stacktest"
)

// An index that is gone from the database, as after a process was suspended for
// long or a backup without it was restored, is built again as soon as somebody
// asks.
func TestIndexDropped(t *testing.T) {
	for name, drop := range map[string]string{
		"dropped":        `DELETE FROM index_generation`,
		"tables missing": `SELECT`,
	} {
		t.Run(name, func(t *testing.T) {
			cfg, _ := install(t)
			cfg.DatabaseURL = stacktest.Postgres(t)
			url, stop := serve(t, start(t, cfg))
			conn, err := pgx.Connect(t.Context(), cfg.DatabaseURL)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			if _, err := conn.Exec(t.Context(), `DO $$ DECLARE name text; BEGIN
				FOR name IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^index_(block|posting|entry)_' LOOP
					EXECUTE 'DROP TABLE ' || name;
				END LOOP;
			END $$`); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Exec(t.Context(), drop); err != nil {
				t.Fatal(err)
			}
			search := url + "/v1/search?q=medisinsk+utstyr&k=1"
			if code, body := get(t, search); code != http.StatusServiceUnavailable {
				t.Errorf("without an index: %d, %s", code, body)
			}
			for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
				code, body := get(t, search)
				if code == http.StatusOK {
					break
				}
				if time.Since(begin) > atMost(10*time.Second) {
					t.Fatalf("the index is not built again: %d, %s", code, body)
				}
			}
			if err := stop(); err != nil {
				t.Error(err)
			}
		})
	}
}
