package postgres_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kiveileder/internal/postgres"
	"kiveileder/internal/stacktest"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/guidancetest"
)

// A database of the version before is brought forward: whose its cases are,
// and how they stand in the register, is taken from their logs.
func TestGuidanceOldCases(t *testing.T) {
	t.Parallel()
	u := stacktest.Database(t, "TEMPLATE template0")
	if err := postgres.MigrateTo(t.Context(), u, 20); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	exec := func(statement string, args ...any) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range guidancetest.OldCases() {
		exec(`INSERT INTO guidance_case (id, number, seq, state, agencies, words, changed, body) VALUES ($1, $2, $3, $4, '["hdir"]', $5, $6, $7)`,
			o.Row.ID, o.Row.Number, o.Row.Seq, string(o.Row.State), o.Row.Words(), o.Row.Changed.UnixMicro(), o.Body)
		for i, body := range o.Events {
			exec(`INSERT INTO guidance_event (case_id, seq, body) VALUES ($1, $2, $3)`, o.Row.ID, i+1, body)
		}
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := postgres.Migrate(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	guidancetest.CheckOld(t, open(t, u).Guidance())
}

// The lists that are asked for often come from an index, in its order.
func TestGuidanceIndexes(t *testing.T) {
	t.Parallel()
	u := stacktest.Postgres(t)
	run(t, u, `INSERT INTO guidance_case (id, number, seq, state, agencies, words, changed, body, asker, published)
		SELECT 'c' || i, 'KI-' || i, 1, 'received', '[]', '', i, '{}', 'conversation-' || i % 20, CASE i % 50 WHEN 0 THEN 'valid' WHEN 7 THEN 'review' ELSE '' END
		FROM generate_series(1, 5000) i`, `ANALYZE guidance_case`)
	db := open(t, u)
	for index, f := range map[string]guidance.Filter{
		"guidance_case_asker":      {Asker: "conversation-1", After: &guidance.Row{ID: "c1", Changed: time.UnixMicro(4900)}},
		"guidance_case_register":   {Register: true},
		"guidance_case_changed":    {States: guidance.TheFlow.Open, Reader: "anne"},
		"guidance_case_review":     {Review: true, Agency: "hdir"},
		"guidance_case_number_key": {Number: "KI-42"},
	} {
		f.Limit = 9
		plan, err := db.Guidance().Plan(t.Context(), f)
		if err != nil || !strings.Contains(plan, index) || f.Number == "" && strings.Contains(plan, "Sort") {
			t.Errorf("%s: %v\n%s", index, err, plan)
		}
	}
}
