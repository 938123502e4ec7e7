package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"kiveileder/retriever/index/memory"
	"kiveileder/retriever/index/pgvector"
	"kiveileder/retriever/index/pgvector/pgvectortest"
)

// search measures the index in Postgres on made-up passages, by comparing every
// vector and by a graph, beside the index in the process, Postgres's own full
// text and pgvector alone; and says on paper what a hundred times as many cost.
func search(ctx context.Context, b *bench) error {
	s, err := newStack(ctx, b.bin)
	if err != nil {
		return err
	}
	defer s.drop()
	pool, err := pgxpool.New(ctx, s.Database)
	if err != nil {
		return err
	}
	defer pool.Close()
	fmt.Fprintf(b.out, "  %-28s %10s %9s %9s %8s %8s %8s %9s %9s\n", "", "passages", "build s", "MB", "first ms", "p50 ms", "p95 ms", "recall@10", "same ten")
	var whole found
	for _, n := range []int{b.passages / 10, b.passages} { // two sizes show how cost grows
		if whole, err = b.searchOurs(ctx, pool, n); err != nil {
			return err
		}
	}
	peers, err := b.searchPeers(ctx, pool, whole.world)
	if err != nil {
		return err
	}
	thousands := fmt.Sprintf("search in %d passages, ", b.passages)
	for _, f := range []struct {
		name string
		m    pgvectortest.Measure
		peer string
		than searched
	}{{"exact", whole.exact, "pgvector alone, exact", peers.exact}, {"hnsw", whole.hnsw, "pgvector alone, hnsw", peers.hnsw}} {
		b.figure(figure{what: thousands + f.name + ", p95", value: ms(f.m.P95), unit: "ms", goal: 30, peer: f.peer, than: f.than.took.at(.95)})
		b.figure(figure{what: thousands + f.name + ", p95", value: ms(f.m.P95), unit: "ms", peer: "Postgres full text", than: peers.text.took.at(.95)})
		b.figure(figure{what: thousands + f.name + ", same top 10", value: 100 * f.m.Same, unit: "%", goal: 98, least: true})
		b.figure(figure{what: thousands + f.name + ", recall of the top 10", value: 100 * f.m.Recall, unit: "%", peer: f.peer, than: 100 * f.than.recall})
	}
	paper(b.out, b.passages, whole.exact, whole.hnsw)
	return nil
}

func ms(d time.Duration) float64 { return d.Seconds() * 1e3 }

// A found is what was measured of one size.
type found struct {
	world       *pgvectortest.World
	exact, hnsw pgvectortest.Measure
}

func (b *bench) searchOurs(ctx context.Context, pool *pgxpool.Pool, passages int) (f found, err error) {
	f.world = pgvectortest.NewWorld(pgvectortest.Size{Passages: passages})
	var near memory.Index
	begin := time.Now()
	if err := near.Replace(ctx, "load", f.world.Entries); err != nil {
		return f, err
	}
	built := time.Since(begin)
	truth, err := pgvectortest.Exact(ctx, f.world, &near, b.asks)
	if err != nil {
		return f, err
	}
	took := make(times, b.asks)
	for i := range took {
		begin := time.Now()
		if _, err := near.Compare(ctx, f.world.Query(i)); err != nil {
			return f, err
		}
		took[i] = ms(time.Since(begin))
	}
	searchRow(b.out, "in the process", passages, searched{build: built, took: took.sorted(), recall: 1, same: 1})
	version := fmt.Sprintf("load %d", passages)
	if f.exact, err = pgvectortest.Run(ctx, pool, f.world, version, pgvector.Options{}, truth); err != nil {
		return f, err
	}
	measureRow(b.out, "index/pgvector, exact", passages, f.exact)
	o := pgvector.Options{HNSW: &pgvector.HNSW{}}
	if f.hnsw, err = pgvectortest.Run(ctx, pool, f.world, version, o, truth); err != nil {
		return f, err
	}
	measureRow(b.out, "index/pgvector, hnsw", passages, f.hnsw)
	return f, nil
}

func measureRow(out io.Writer, name string, passages int, m pgvectortest.Measure) {
	fmt.Fprintf(out, "  %-28s %10d %9.1f %9.0f %8.1f %8.1f %8.1f %9.4f %8.1f%%\n", name, passages,
		m.Build.Seconds(), float64(m.Bytes)/1e6, ms(m.First), ms(m.P50), ms(m.P95), m.Recall, 100*m.Same)
}

// paper reckons what ten million passages cost, from what was measured of n:
// rows and scans grow with their number, the way through the graph with its
// logarithm, building the graph with both.
func paper(out io.Writer, n int, exact, hnsw pgvectortest.Measure) {
	const many = 10_000_000
	times := float64(many) / float64(n)
	deeper := math.Log(many) / math.Log(float64(n))
	row, graph := float64(exact.Bytes)/float64(n), float64(hnsw.Bytes-exact.Bytes)/float64(n)
	fill := exact.Build.Seconds()
	weave := max(0, hnsw.Build.Seconds()-fill)
	fmt.Fprintf(out, "\n  on paper, 10,000,000 passages, from %d:\n", n)
	fmt.Fprintf(out, "    rows       %6.0f bytes each, %6.1f GB; filled at %.0f a second, %.1f h\n", row, row*many/1e9, float64(n)/fill, fill*times/3600)
	fmt.Fprintf(out, "    graph      %6.0f bytes each, %6.1f GB, which is also the maintenance_work_mem that it wants; woven in %.1f h on these processors\n",
		graph, graph*many/1e9, weave*times*deeper/3600)
	fmt.Fprintf(out, "    a search   exact p50 %.1f s (linear); hnsw p50 %.0f ms at least, all of the graph in memory\n", ms(exact.P50)*times/1e3, ms(hnsw.P50)*deeper)
}
