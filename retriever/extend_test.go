package retriever_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder/corpus"
	"kiveileder/retriever"
	"kiveileder/retriever/index"
	"kiveileder/retriever/index/memory"
)

// The version of an index names all that it is made of.
func TestBaseVersion(t *testing.T) {
	ctx := context.Background()
	s := build(t, small()).Snapshot("v1")
	version := func(change func(*retriever.Snapshot), questions ...string) (v string) {
		t.Helper()
		s := *s
		if change != nil {
			change(&s)
		}
		_, err := retriever.NewBase(ctx, &s, embedder, added(questions...), retriever.Cache{},
			func(ctx context.Context, name string, es []index.Entry) (index.Index, error) {
				v = name
				x := &memory.Index{}
				return x, x.Replace(ctx, name, es)
			})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	one := version(nil)
	if !strings.Contains(one, "v1") || !strings.Contains(one, embedder.ID()) {
		t.Errorf("version %q names neither corpus nor model", one)
	}
	if again := version(nil); again != one {
		t.Errorf("the same is %q, then %q", one, again)
	}
	for what, other := range map[string]string{
		"corpus":          version(func(s *retriever.Snapshot) { s.Version = "v2" }),
		"added questions": version(nil, "Når slettes loggen?"),
		"vectors": version(func(s *retriever.Snapshot) {
			s.Vectors = append([]byte{}, s.Vectors...)
			s.Vectors[5]++
		}),
	} {
		if other == one {
			t.Errorf("%s: another has the same version", what)
		}
	}
}

// Wherever the index is, the same is found, and an added document's vectors are
// the same whether they were cached or not.
func TestBaseFindsTheSame(t *testing.T) {
	ctx := context.Background()
	s := build(t, small()).Snapshot("v1")
	cache := retriever.Cache{}
	near, _, err := retriever.Extend(ctx, s, embedder, added("Når slettes loggen?"), cache)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []retriever.Cache{cache, {}} {
		base, err := retriever.NewBase(ctx, s, embedder, added("Når slettes loggen?"), c,
			func(ctx context.Context, version string, es []index.Entry) (index.Index, error) {
				x := &memory.Index{}
				return x, x.Replace(ctx, version, es)
			})
		if err != nil {
			t.Fatal(err)
		}
		far, _, err := base.Extend(ctx, &corpus.Corpus{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{"Må samtaleroboter merkes tydelig?", "Når slettes loggen?", "Hei", ""} {
			if d := cmp.Diff(search(t, near, q, 8), search(t, far, q, 8)); d != "" {
				t.Errorf("%q:\n%s", q, d)
			}
		}
	}
	away := errors.New("away")
	b, err := retriever.NewBase(ctx, s, embedder, added(), cache, func(context.Context, string, []index.Entry) (index.Index, error) { return nil, away })
	if !errors.Is(err, away) || b != nil {
		t.Errorf("%v, %v; want the opener's error", b, err)
	}
}
