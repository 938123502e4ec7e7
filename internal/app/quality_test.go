package app_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"kiveileder/internal/app"
	"kiveileder/internal/eval"
	"kiveileder/internal/golden"
	"kiveileder/retriever"
	"kiveileder/retriever/builtin"
	"kiveileder/retriever/embed"
	"kiveileder/retriever/embed/e5"
)

const evalDir = "../../corpus/eval"

// TestQuality holds the figures of the evaluation sets in a golden file, so
// that a change of data or code shows in review.
func TestQuality(t *testing.T) {
	if os.Getenv("KIVEILEDER_REQUIRE") == "" && !*golden.Update {
		t.Skip("asks some thousand questions; scripts/test does it (KIVEILEDER_REQUIRE=1)")
	}
	e := remembering(t)
	snap, err := builtin.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	r, err := retriever.Open(t.Context(), snap, e)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), app.Config{Base: app.Base{Data: t.TempDir()}}, app.Silent())
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, name := range []string{"dev-000-003-004", "dev-001-002", "own-retrieval"} {
		fmt.Fprintln(&out, name)
		res, err := eval.RunRetrieval(t.Context(), eval.Searching{Searcher: r}, cases(t, name))
		if err != nil {
			t.Fatal(err)
		}
		res.Write(&out)
		if res, err = eval.RunRetrieval(t.Context(), eval.Asking{Turner: a}, cases(t, name)); err != nil {
			t.Fatal(err)
		}
		f := res.Figures(func(eval.Case) bool { return true })
		fmt.Fprintf(&out, "  as quoted in answers        hit@1 %.3f   hit@3 %.3f   hit@5 %.3f\n", f.Hit1, f.Hit3, f.Hit5)
	}
	for _, name := range []string{"dev-routing", "own-routing", "own-check", "own-check-2"} {
		fmt.Fprintln(&out, name)
		res, err := eval.RunRouting(t.Context(), a, cases(t, name))
		if err != nil {
			t.Fatal(err)
		}
		res.Write(&out)
		if len(res.Leaks) > 0 {
			t.Errorf("%s: personal data came back: %v", name, res.Leaks)
		}
	}
	for _, name := range []string{"dev-rules", "own-rules"} {
		fmt.Fprintln(&out, name)
		res, err := eval.RunRules(t.Context(), a, a, cases(t, name))
		if err != nil {
			t.Fatal(err)
		}
		res.Write(&out)
		for _, j := range res.Facts {
			if !j.Exact() {
				t.Errorf("%s: %s is not right from its facts", name, j.Case.ID)
			}
		}
	}
	// A document without questions must be found better than before the bank
	// existed (.36 of 240 questions at hit@3), and must not cost the others.
	fmt.Fprintln(&out, "without the questions of a document (hit@3 of questions to it, and to the others)")
	all := append(append(cases(t, "dev-000-003-004"), cases(t, "dev-001-002")...), cases(t, "own-retrieval")...)
	var without, rest eval.Figures
	for _, m := range snap.Corpus.Sources {
		r, err := retriever.OpenWithout(t.Context(), snap, e, m.ID)
		if err != nil {
			t.Fatal(err)
		}
		res, err := eval.RunRetrieval(t.Context(), eval.Searching{Searcher: r}, all)
		if err != nil {
			t.Fatal(err)
		}
		it := res.Figures(func(c eval.Case) bool { return c.Doc == m.Doc })
		others := res.Figures(func(c eval.Case) bool { return c.Doc != m.Doc })
		fmt.Fprintf(&out, "  %-20s %.3f of %d   others %.3f of %d\n", m.ID, it.Hit3, it.N, others.Hit3, others.N)
		without.N += it.N
		without.Hit3 += it.Hit3 * float64(it.N)
		rest.N += others.N
		rest.Hit3 += others.Hit3 * float64(others.N)
	}
	new, old := without.Hit3/float64(without.N), rest.Hit3/float64(rest.N)
	fmt.Fprintf(&out, "  %-20s %.3f of %d   others %.3f of %d\n", "together", new, without.N, old, rest.N)
	if new < 0.50 {
		t.Errorf("documents without questions are found at hit@3 %.3f, want .50", new)
	}
	if old < 0.93 {
		t.Errorf("beside a document without questions the others are found at hit@3 %.3f, want .93", old)
	}
	if m, err := e5.Default(); err == nil && m.Kernel() != "vek" && !*golden.Update {
		t.Skipf("the golden file was made with the vek kernel, this processor runs %s; the figures are\n%s", m.Kernel(), out.String())
	}
	golden.Check(t, "quality.txt", out.String())
}

func cases(t *testing.T, name string) []eval.Case {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(evalDir, name+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	cs, err := eval.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return cs
}

// remembering gives the built-in embedder with a memory, since the same
// questions are asked of several corpora.
func remembering(t *testing.T) embed.Embedder {
	t.Helper()
	m, err := e5.Default()
	if err != nil {
		t.Fatal(err)
	}
	return &memoryEmbedder{Embedder: m, known: map[string][]float32{}}
}

type memoryEmbedder struct {
	embed.Embedder
	mu    sync.Mutex // guards known
	known map[string][]float32
}

func (m *memoryEmbedder) Embed(ctx context.Context, k embed.Kind, texts []string) ([][]float32, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out [][]float32
	for _, text := range texts {
		key := k.String() + text
		if m.known[key] == nil {
			vs, err := m.Embedder.Embed(ctx, k, []string{text})
			if err != nil {
				return nil, err
			}
			m.known[key] = vs[0]
		}
		out = append(out, m.known[key])
	}
	return out, nil
}
