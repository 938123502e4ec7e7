package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pgvector/pgvector-go"

	"kiveileder/retriever/index"
	"kiveileder/retriever/index/pgvector/pgvectortest"
)

// A searched is what was measured of a peer. Each finds the top ten of its own
// measure: how alike they are to ours says nothing here, how alike to its own
// exact ones does.
type searched struct {
	build        time.Duration
	bytes        int64
	took         times
	recall, same float64
}

// What others are compared with on the same passages.
type peers struct{ text, exact, hnsw searched }

func (t times) sorted() times { slices.Sort(t); return t }

func searchRow(out io.Writer, name string, passages int, s searched) {
	fmt.Fprintf(out, "  %-28s %10d %9.1f %9.0f %8s %8.1f %8.1f %9.4f %8.1f%%\n", name, passages,
		s.build.Seconds(), float64(s.bytes)/1e6, "", s.took.at(.5), s.took.at(.95), s.recall, 100*s.same)
}

// searchPeers puts the passages into a plain table and asks Postgres alone.
func (b *bench) searchPeers(ctx context.Context, pool *pgxpool.Pool, w *pgvectortest.World) (p peers, err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return p, err
	}
	defer conn.Release()
	c := conn.Conn()
	// as good as our own index sets it for itself
	if _, err := c.Exec(ctx, `set jit = off; set maintenance_work_mem = '512MB'; create table peer (no int, body text, v vector(384))`); err != nil {
		return p, err
	}
	passages := slices.DeleteFunc(slices.Clone(w.Entries), func(e index.Entry) bool { return e.Kind != index.PassageText })
	begin := time.Now()
	if err := fillPeer(ctx, c, passages); err != nil {
		return p, err
	}
	if _, err := c.Exec(ctx, `vacuum analyze peer`); err != nil {
		return p, err
	}
	filled := time.Since(begin)
	near := `select no from peer order by v <=> $1 limit 10`
	vector := func(i int) any { return pgvector.NewVector(w.Query(i).Raw).String() }
	var truth [][]int32
	if truth, err = b.askPeer(ctx, c, &p.exact, near, vector, nil); err != nil {
		return p, err
	}
	p.exact.build = filled
	for _, x := range []struct {
		name, make, ask string
		arg             func(int) any
		truth           [][]int32
		to              *searched
	}{
		{"pgvector alone, hnsw", `create index peer_v on peer using hnsw (v vector_cosine_ops)`, near, vector, truth, &p.hnsw},
		{"Postgres full text", `alter table peer add words tsvector generated always as (to_tsvector('norwegian', body)) stored; create index peer_words on peer using gin (words)`,
			`select no from peer, to_tsquery('norwegian', $1) q where words @@ q order by ts_rank_cd(words, q) desc limit 10`, words(passages), nil, &p.text},
	} {
		begin := time.Now()
		for _, statement := range strings.Split(x.make, ";") {
			if _, err := c.Exec(ctx, statement); err != nil {
				return p, err
			}
		}
		x.to.build = filled + time.Since(begin)
		if _, err := c.Exec(ctx, `vacuum analyze peer`); err != nil {
			return p, err
		}
		if _, err := b.askPeer(ctx, c, x.to, x.ask, x.arg, x.truth); err != nil {
			return p, err
		}
	}
	for _, x := range []struct {
		name string
		s    searched
	}{{"pgvector alone, exact", p.exact}, {"pgvector alone, hnsw", p.hnsw}, {"Postgres full text", p.text}} {
		searchRow(b.out, x.name, len(passages), x.s)
	}
	return p, nil
}

// fillPeer copies the passages in. Their words are made up of letters alone.
func fillPeer(ctx context.Context, c *pgx.Conn, passages []index.Entry) error {
	out, in := io.Pipe()
	go func() {
		var err error
		for i, e := range passages {
			if _, err = fmt.Fprintf(in, "%d\t%s\t%s\n", i, e.Text, pgvector.NewVector(e.Vector)); err != nil {
				break
			}
		}
		in.CloseWithError(err)
	}()
	_, err := c.PgConn().CopyFrom(ctx, out, `copy peer (no, body, v) from stdin`)
	out.CloseWithError(err) // ends the writer when the server takes no more
	return err
}

// words gives queries of the words of passages, any of which may stand in a
// text: people do not write what the source writes.
func words(passages []index.Entry) func(i int) any {
	return func(i int) any {
		rng := rand.New(rand.NewPCG(9, uint64(i)))
		all := strings.Fields(passages[rng.IntN(len(passages))].Text)
		var asked []string
		for range 9 {
			asked = append(asked, all[rng.IntN(len(all))])
		}
		return strings.Join(asked, " | ")
	}
}

// askPeer asks, after as many queries that are not measured, and gives the top
// tens.
func (b *bench) askPeer(ctx context.Context, c *pgx.Conn, s *searched, sql string, arg func(int) any, truth [][]int32) ([][]int32, error) {
	out := make([][]int32, b.asks)
	for i := range 2 * b.asks {
		n := (i + b.asks) % (2 * b.asks) // those that warm are others
		a := arg(n)
		begin := time.Now()
		rows, err := c.Query(ctx, sql, a)
		if err != nil {
			return nil, err
		}
		top, err := pgx.CollectRows(rows, pgx.RowTo[int32])
		if err != nil {
			return nil, err
		}
		if n < b.asks {
			s.took = append(s.took, ms(time.Since(begin)))
			out[n] = top
		}
	}
	s.took.sorted()
	if err := c.QueryRow(ctx, `select pg_total_relation_size('peer')`).Scan(&s.bytes); err != nil {
		return nil, err
	}
	if truth == nil {
		s.recall, s.same = 1, 1 // by its own measure
		return out, nil
	}
	for i, top := range out {
		if slices.Equal(top, truth[i]) {
			s.same += 1 / float64(len(out))
		}
		for _, no := range top {
			if slices.Contains(truth[i], no) {
				s.recall += 1 / float64(10*len(out))
			}
		}
	}
	return out, nil
}
