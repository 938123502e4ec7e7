package pgvectortest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"kiveileder/retriever/index"
	"kiveileder/retriever/index/pgvector"
)

// A Measure is what was measured of one index.
type Measure struct {
	Build    time.Duration // 0 when the version was there
	Open     time.Duration
	Bytes    int64 // of its tables and graphs
	First    time.Duration
	P50, P95 time.Duration // of Compare
	Recall   float64       // share of the exact top ten that was found
	Same     float64       // share of queries with the same top ten
}

func (m Measure) String() string {
	return fmt.Sprintf("built in %s, %d MB, opened in %s; first %s, p50 %s, p95 %s; recall@10 %.4f, same top ten %.1f %%",
		m.Build.Round(time.Second/10), m.Bytes>>20, m.Open.Round(time.Millisecond), m.First.Round(time.Millisecond/10),
		m.P50.Round(time.Millisecond/10), m.P95.Round(time.Millisecond/10), m.Recall, 100*m.Same)
}

// Run builds an index of the world, warms it with queries that are not
// measured, and measures as many others. exact holds their top ten, see Exact.
func Run(ctx context.Context, pool *pgxpool.Pool, w *World, version string, o pgvector.Options, exact [][]int32) (m Measure, err error) {
	s, err := pgvector.Open(ctx, pool, o)
	if err != nil {
		return m, err
	}
	begin := time.Now()
	there, err := s.Has(ctx, version)
	if err == nil && !there {
		err = s.Build(ctx, version, w.Entries)
		m.Build = time.Since(begin)
	}
	if err != nil {
		return m, err
	}
	begin = time.Now()
	x, err := s.At(ctx, version)
	if err != nil {
		return m, err
	}
	m.Open = time.Since(begin)
	if m.Bytes, err = x.Bytes(ctx); err != nil {
		return m, err
	}
	var took []time.Duration
	found, same := 0, 0
	for i := range 2 * len(exact) {
		warming := i < len(exact)
		n := i - len(exact)
		if warming {
			n = len(exact) + i
		}
		q := w.Query(n)
		begin := time.Now()
		ms, err := x.Compare(ctx, q)
		if err != nil {
			return m, err
		}
		d := time.Since(begin)
		if i == 0 {
			m.First = d
		}
		if warming {
			continue
		}
		took = append(took, d)
		top := Top(ms, 10)
		if slices.Equal(top, exact[n]) {
			same++
		}
		for _, p := range top {
			if slices.Contains(exact[n], p) {
				found++
			}
		}
	}
	slices.Sort(took)
	m.P50, m.P95 = took[len(took)/2], took[len(took)*95/100]
	m.Recall, m.Same = float64(found)/float64(10*len(exact)), float64(same)/float64(len(exact))
	return m, nil
}

// Exact gives the top ten of the first n queries by an index that is exact.
func Exact(ctx context.Context, w *World, x index.Index, n int) ([][]int32, error) {
	out := make([][]int32, n)
	errs := make(chan error, n)
	var wg sync.WaitGroup
	limit := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range n {
		limit <- struct{}{}
		wg.Go(func() {
			defer func() { <-limit }()
			ms, err := x.Compare(ctx, w.Query(i))
			if err != nil {
				errs <- err
			}
			out[i] = Top(ms, 10)
		})
	}
	wg.Wait()
	close(errs)
	return out, <-errs
}
