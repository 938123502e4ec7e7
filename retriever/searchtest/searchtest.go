// Package searchtest is the suite that every retriever.Searcher passes, near
// or far.
package searchtest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder/retriever"
)

// Test runs the suite. open gives a searcher over the same corpus each time;
// question is one that passage answers.
func Test(t *testing.T, open func(t *testing.T) retriever.Searcher, question, passage string) {
	ctx := context.Background()
	t.Run("finds the passage among the first three", func(t *testing.T) {
		res := search(t, open(t), retriever.Query{Text: question, K: 3})
		if !slices.ContainsFunc(res.Hits, func(h retriever.Hit) bool { return h.Passage.ID == passage }) {
			t.Errorf("Search(%q) lacks %s: %v", question, passage, ids(res))
		}
	})
	t.Run("best first", func(t *testing.T) {
		res := search(t, open(t), retriever.Query{Text: question, K: 10})
		for i := 1; i < len(res.Hits); i++ {
			if res.Hits[i].Score > res.Hits[i-1].Score {
				t.Errorf("hit %d scores %v, the one before %v", i, res.Hits[i].Score, res.Hits[i-1].Score)
			}
		}
	})
	t.Run("at most K, ten when K is zero", func(t *testing.T) {
		s := open(t)
		for _, x := range []struct{ k, most int }{{1, 1}, {4, 4}, {0, 10}} {
			if n := len(search(t, s, retriever.Query{Text: question, K: x.k}).Hits); n > x.most || n == 0 {
				t.Errorf("K=%d gives %d hits, want 1 to %d", x.k, n, x.most)
			}
		}
	})
	t.Run("the same again", func(t *testing.T) {
		a := search(t, open(t), retriever.Query{Text: question})
		b := search(t, open(t), retriever.Query{Text: question})
		if d := cmp.Diff(a, b); d != "" {
			t.Errorf("second result differs (-first +second):\n%s", d)
		}
	})
	t.Run("strange texts", func(t *testing.T) {
		s := open(t)
		for _, q := range []string{"", " ", "?", "§", "\x00", "æøå ÆØÅ", "🙂", strings.Repeat("helse ", 2000), "a\xffb"} {
			search(t, s, retriever.Query{Text: q})
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := open(t).Search(ctx, retriever.Query{Text: question}); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want context.Canceled", err)
		}
	})
	t.Run("many at once", func(t *testing.T) {
		s := open(t)
		want := ids(search(t, s, retriever.Query{Text: question}))
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				res, err := s.Search(ctx, retriever.Query{Text: question})
				if err != nil {
					t.Error(err)
					return
				}
				if got := ids(res); !slices.Equal(got, want) {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		}
		wg.Wait()
	})
}

func search(t *testing.T, s retriever.Searcher, q retriever.Query) retriever.Result {
	t.Helper()
	res, err := s.Search(context.Background(), q)
	if err != nil {
		t.Fatalf("Search(%.40q): %v", q.Text, err)
	}
	return res
}

func ids(r retriever.Result) []string {
	var out []string
	for _, h := range r.Hits {
		out = append(out, h.Passage.ID)
	}
	return out
}
