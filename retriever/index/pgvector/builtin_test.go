package pgvector_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiveileder/corpus"
	"kiveileder/internal/eval"
	"kiveileder/retriever"
	"kiveileder/retriever/builtin"
	"kiveileder/retriever/embed"
	"kiveileder/retriever/embed/e5"
	"kiveileder/retriever/index"
	"kiveileder/retriever/index/memory"
	"kiveileder/retriever/index/pgvector"
)

// Every question of the development sets finds the same over both indexes:
// hits, order, scores, verdict.
func TestBuiltinSearchesAlike(t *testing.T) {
	if os.Getenv("KIVEILEDER_REQUIRE") == "" {
		t.Skip("asks some hundred questions twice; scripts/test does it (KIVEILEDER_REQUIRE=1)")
	}
	e := remembering(t)
	store := open(t, newPool(t), pgvector.Options{})
	near := extendIn(t, e, inMemory)
	far := extendIn(t, e, store.Index)
	ctx := t.Context()
	differ := 0
	qs := devQuestions(t)
	for _, q := range qs {
		want, err := near.Search(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := far.Search(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			if differ++; differ <= 3 {
				t.Errorf("a question of %d letters (-memory +pgvector):\n%s", len(q.Text), d)
			}
		}
	}
	t.Logf("%d questions, %d differ", len(qs), differ)
}

// BenchmarkBuiltin compares the built-in corpus with the questions of the
// development sets: in memory, in Postgres exactly, in Postgres by a graph.
func BenchmarkBuiltin(b *testing.B) {
	e := remembering(b)
	pool := newPool(b)
	qs := devQuestions(b)
	want := map[int][]string{}
	for _, c := range []struct {
		name string
		open retriever.Opener
	}{
		{"memory", inMemory},
		{"exact", open(b, pool, pgvector.Options{}).Index},
		{"exact, all kinds in Postgres", open(b, pool, pgvector.Options{Whole: -1}).Index},
		{"exact, no cache", open(b, pool, pgvector.Options{Cache: -1}).Index},
		{"exact, nothing in Postgres", open(b, pool, pgvector.Options{Whole: 1 << 30}).Index},
		{"HNSW", open(b, pool, pgvector.Options{HNSW: &pgvector.HNSW{}}).Index},
	} {
		b.Run(c.name, func(b *testing.B) {
			var x timed
			begin := time.Now()
			r := extendIn(b, e, func(ctx context.Context, version string, es []index.Entry) (index.Index, error) {
				var err error
				x.Index, err = c.open(ctx, version, es)
				return &x, err
			})
			opened := time.Since(begin)
			for _, q := range qs { // warms the cache
				if _, err := r.Search(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
			x.took = nil
			same := 0
			i := 0
			for b.Loop() {
				res, err := r.Search(b.Context(), qs[i%len(qs)])
				if err != nil {
					b.Fatal(err)
				}
				var ids []string
				for _, h := range res.Hits {
					ids = append(ids, h.Passage.ID)
				}
				if want[i%len(qs)] == nil {
					want[i%len(qs)] = ids
				}
				if slices.Equal(ids, want[i%len(qs)]) {
					same++
				}
				i++
			}
			slices.Sort(x.took)
			b.ReportMetric(opened.Seconds(), "s/open")
			b.ReportMetric(float64(x.took[len(x.took)/2].Microseconds())/1000, "ms/p50")
			b.ReportMetric(float64(x.took[len(x.took)*95/100].Microseconds())/1000, "ms/p95")
			b.ReportMetric(100*float64(same)/float64(i), "%same10")
		})
	}
}

func inMemory(ctx context.Context, version string, es []index.Entry) (index.Index, error) {
	x := &memory.Index{}
	return x, x.Replace(ctx, version, es)
}

func extendIn(t testing.TB, e embed.Embedder, open retriever.Opener) *retriever.Retriever {
	t.Helper()
	s, err := builtin.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	b, err := retriever.NewBase(context.Background(), s, e, &corpus.Corpus{}, nil, open)
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := b.Extend(context.Background(), &corpus.Corpus{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func devQuestions(t testing.TB) []retriever.Query {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "corpus", "eval")
	names, err := filepath.Glob(filepath.Join(dir, "dev-*.jsonl"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no sets: %v", err)
	}
	var out []retriever.Query
	for _, name := range append(names, filepath.Join(dir, "own-retrieval.jsonl")) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		cases, err := eval.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			if text := strings.TrimSpace(c.Q + " " + c.Text); text != "" {
				out = append(out, retriever.Query{Text: text, History: c.History})
			}
		}
	}
	return out
}

// remembering gives the built-in embedder, which embeds a text once.
func remembering(t testing.TB) embed.Embedder {
	t.Helper()
	e, err := e5.Default()
	if err != nil {
		t.Fatal(err)
	}
	return &memo{Embedder: e, known: map[string][]float32{}}
}

type memo struct {
	embed.Embedder
	mu    sync.Mutex
	known map[string][]float32
}

func (m *memo) Embed(ctx context.Context, k embed.Kind, texts []string) ([][]float32, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([][]float32, len(texts))
	for i, t := range texts {
		if m.known[t] == nil {
			vs, err := m.Embedder.Embed(ctx, k, []string{t})
			if err != nil {
				return nil, err
			}
			m.known[t] = vs[0]
		}
		out[i] = m.known[t]
	}
	return out, nil
}

// A timed index keeps how long each Compare and the Known after it took.
type timed struct {
	index.Index
	took []time.Duration
}

func (x *timed) Compare(ctx context.Context, q index.Query) ([]index.Match, error) {
	begin := time.Now()
	defer func() { x.took = append(x.took, time.Since(begin)) }()
	return x.Index.Compare(ctx, q)
}
