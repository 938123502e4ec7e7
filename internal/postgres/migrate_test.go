package postgres_test

import (
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kiveileder/internal/postgres"
	"kiveileder/internal/stacktest"
)

// Ten replicas start at once: each finds the tables made, by one of them.
func TestMigrateTogether(t *testing.T) {
	t.Parallel()
	u := stacktest.Database(t, "TEMPLATE template0")
	begin := time.Now()
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := postgres.Migrate(t.Context(), u); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	t.Logf("ten at once took %v", time.Since(begin).Round(time.Millisecond))
	db := open(t, u)
	store(t, db, "k", "m1")
	rows, err := db.Pool().Query(t.Context(), `SELECT version_id FROM goose_db_version GROUP BY version_id HAVING count(*) <> 1`)
	if err != nil {
		t.Fatal(err)
	}
	if twice, err := pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil || len(twice) > 0 {
		t.Errorf("steps %v were taken twice, %v", twice, err)
	}
}

func TestMigrateAgain(t *testing.T) {
	t.Parallel()
	u := stacktest.Postgres(t)
	epoch := open(t, u).Epoch
	begin := time.Now()
	if err := postgres.Migrate(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("it took %v to find nothing to do", took)
	}
	if again := open(t, u).Epoch; epoch == "" || again != epoch {
		t.Errorf("epoch %q, after that %q", epoch, again)
	}
}

// An operator decides on the schema: two stores in one database.
func TestTwoSchemas(t *testing.T) {
	t.Parallel()
	u := stacktest.Database(t, "TEMPLATE template0")
	run(t, u, "CREATE EXTENSION vector", "CREATE SCHEMA one", "CREATE SCHEMA two")
	var dbs []*postgres.DB
	for _, schema := range []string{"one", "two"} {
		in := u + "&search_path=" + schema + ",public"
		if err := postgres.Migrate(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		dbs = append(dbs, open(t, in))
	}
	store(t, dbs[0], "k", "m1")
	stored(t, dbs[0], "k", "m1")
	stored(t, dbs[1], "k")
	if dbs[0].Epoch == dbs[1].Epoch {
		t.Error("two stores have one epoch")
	}
	run(t, u, "DROP SCHEMA one CASCADE")
	store(t, dbs[1], "k", "m2")
}
