package pgvector_test

import (
	"testing"
	"time"

	"kiveileder/retriever/index/memory"
	"kiveileder/retriever/index/pgvector"
	"kiveileder/retriever/index/pgvector/pgvectortest"
)

// The graph finds what the exact search finds, nearly always, and a store that
// is exact does not use the other's generation.
func TestHNSW(t *testing.T) {
	if testing.Short() {
		t.Skip("Postgres builds graphs for long")
	}
	ctx := t.Context()
	pool := newPool(t)
	w := pgvectortest.NewWorld(pgvectortest.Size{Passages: 3000, Questions: 1500, Dim: 24})
	var m memory.Index
	if err := m.Replace(ctx, "", w.Entries); err != nil {
		t.Fatal(err)
	}
	exact, err := pgvectortest.Exact(ctx, w, &m, 60)
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]pgvector.Options{
		"exact": {Whole: -1},
		"HNSW":  {Whole: -1, HNSW: &pgvector.HNSW{M: 12, EfConstruction: 48, EfSearch: 100}},
	} {
		got, err := pgvectortest.Run(ctx, pool, w, "world", o, exact)
		if err != nil {
			t.Fatal(err)
		}
		if got.Recall < 0.98 || o.HNSW == nil && got.Same < 1 {
			t.Errorf("%s: %s", name, got)
		}
	}
	var graphs int
	if err := pool.QueryRow(ctx, `select count(*) from pg_indexes where indexdef like '%hnsw%'`).Scan(&graphs); err != nil || graphs != 3 {
		t.Errorf("%d graphs, %v; want one for each of passages, questions, unanswered", graphs, err)
	}
}

// BenchmarkScale measures 100,000 made-up passages with 50,000 questions, in
// memory, exactly in Postgres and by graphs of several searches. It takes some
// minutes:
//
//	go test ./retriever/index/pgvector -run '^$' -bench Scale -benchtime 1x -timeout 1h
func BenchmarkScale(b *testing.B) {
	ctx := b.Context()
	pool := newPool(b)
	size := pgvectortest.Size{Passages: 100_000, Questions: 50_000}
	if testing.Short() {
		size = pgvectortest.Size{Passages: 5_000, Questions: 5_000}
	}
	w := pgvectortest.NewWorld(size)
	var m memory.Index
	begin := time.Now()
	if err := m.Replace(ctx, "", w.Entries); err != nil {
		b.Fatal(err)
	}
	b.Logf("memory: built in %s", time.Since(begin))
	exact, err := pgvectortest.Exact(ctx, w, &m, 300)
	if err != nil {
		b.Fatal(err)
	}
	for range b.N {
		for _, c := range []struct {
			name string
			o    pgvector.Options
		}{
			{"exact", pgvector.Options{}},
			{"HNSW, ef_search 100", pgvector.Options{HNSW: &pgvector.HNSW{EfSearch: 100, BuildWorkers: 2}}},
			{"HNSW, ef_search 160", pgvector.Options{HNSW: &pgvector.HNSW{EfSearch: 160}}},
			{"HNSW, ef_search 256", pgvector.Options{HNSW: &pgvector.HNSW{EfSearch: 256}}},
			{"HNSW, ef_search 160, 256 MB", pgvector.Options{Cache: 256 << 20, HNSW: &pgvector.HNSW{EfSearch: 160}}},
		} {
			got, err := pgvectortest.Run(ctx, pool, w, "world", c.o, exact)
			if err != nil {
				b.Fatal(err)
			}
			b.Logf("%s: %s", c.name, got)
		}
	}
}
