package sqlite

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"

	"kiveileder/services/guidance"
	"kiveileder/services/guidance/guidancesql"
	"kiveileder/services/guidance/guidancetest"
)

// A file of the version before is opened: whose its cases are, and how they
// stand in the register, is taken from their logs.
func TestGuidanceOldCases(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "kiveileder.db")
	db, err := connect(file, 1, "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	exec := func(statement string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range guidancetest.OldCases() {
		exec(`INSERT INTO guidance_case (id, number, seq, state, agencies, words, changed, body) VALUES (?, ?, ?, ?, '["hdir"]', ?, ?, ?)`,
			o.Row.ID, o.Row.Number, o.Row.Seq, o.Row.State, o.Row.Words(), guidancesql.Stamp(o.Row.Changed), o.Body)
		for i, body := range o.Events {
			exec(`INSERT INTO guidance_event (case_id, seq, body) VALUES (?, ?, ?)`, o.Row.ID, i+1, body)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	guidancetest.CheckOld(t, openFile(t, file).Guidance())
}

// The lists that are asked for often come from an index, in its order.
func TestGuidanceIndexes(t *testing.T) {
	t.Parallel()
	db := openFile(t, filepath.Join(t.TempDir(), "kiveileder.db"))
	for index, f := range map[string]guidance.Filter{
		"guidance_case_asker":            {Asker: "conversation-1", After: &guidance.Row{ID: "c1"}},
		"guidance_case_register":         {Register: true},
		"guidance_case_changed":          {Due: guidancesql.Instant(1), States: guidance.TheFlow.Open, Agency: "hdir", Text: "rek", Reader: "anne", Unread: true},
		"guidance_case_review":           {Review: true, Register: true, Agency: "hdir"},
		"sqlite_autoindex_guidance_case": {Number: "KI-2026-0042"},
	} {
		f.Limit = 9
		query, args, err := dialect.List(f)
		if err != nil {
			t.Fatal(err)
		}
		if got := plan(t, db, query, args); !strings.Contains(got, "USING INDEX "+index) || f.Number == "" && strings.Contains(got, "TEMP B-TREE") {
			t.Errorf("%s: %s", index, got)
		}
	}
	for index, f := range map[string]guidance.Filter{
		"COVERING INDEX guidance_case_count": {States: guidance.TheFlow.Open, Agency: "hdir", Reader: "anne", Rested: guidancesql.Instant(1)},
		"INDEX guidance_case_review":         {Review: true, Agency: "hdir"},
	} {
		query, args, err := dialect.Count(f, guidance.Tally{Holder: "anne", Unsigned: "hdir", Due: guidancesql.Instant(1)})
		if err != nil {
			t.Fatal(err)
		}
		if got := plan(t, db, query, args); !strings.Contains(got, "USING "+index) {
			t.Errorf("count by %s: %s", index, got)
		}
	}
}

// plan says how SQLite finds what a statement asks for.
func plan(t *testing.T, db *DB, query string, args []any) string {
	t.Helper()
	rows, err := db.read.QueryContext(t.Context(), `EXPLAIN QUERY PLAN `+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	return strings.Join(plan, "; ")
}
