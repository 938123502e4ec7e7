package retriever_test

import (
	"bytes"
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder/corpus"
	"kiveileder/retriever"
)

// Vectors that are kept beside a document are those that it is searched by,
// and nothing is embedded again for them.
func TestPack(t *testing.T) {
	ctx := context.Background()
	s := build(t, small()).Snapshot("v1")
	doc := added("Når slettes loggen?")
	var n atomic.Int64
	e := counted{embedder, &n}
	kept, err := retriever.Pack(ctx, e, doc, nil)
	if err != nil || n.Load() == 0 {
		t.Fatalf("%v, %d texts embedded", err, n.Load())
	}
	n.Store(0)
	if again, err := retriever.Pack(ctx, e, doc, kept); again != nil || err != nil || n.Load() != 0 {
		t.Errorf("packed again: %d bytes, %v, %d texts embedded; want nothing", len(again), err, n.Load())
	}
	cache := retriever.Cache{}
	if err := retriever.Unpack(kept, embedder.ID(), doc, cache); err != nil {
		t.Fatal(err)
	}
	with, _, err := retriever.Extend(ctx, s, e, doc, cache)
	if err != nil || n.Load() != 0 {
		t.Errorf("%v, %d texts embedded; want none", err, n.Load())
	}
	without, _, err := retriever.Extend(ctx, s, embedder, doc, retriever.Cache{})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{"Når slettes loggen?", "Må samtaleroboter merkes tydelig?"} {
		if d := cmp.Diff(search(t, without, q, 8), search(t, with, q, 8)); d != "" {
			t.Errorf("%q: -embedded +kept\n%s", q, d)
		}
	}
	n.Store(0)
	more := added("Når slettes loggen?", "Hvem leser loggen?")
	grown, err := retriever.Pack(ctx, e, more, kept)
	if err != nil || n.Load() != 1 || len(grown) <= len(kept) {
		t.Errorf("one question more: %v, %d texts embedded, want 1", err, n.Load())
	}
	for what, bad := range map[string][]byte{
		"nothing": nil, "cut": kept[:len(kept)-5], "broken": broken(kept), "another's": bytes.Replace(kept, []byte(embedder.ID()), []byte("x"), 1),
	} {
		if err := retriever.Unpack(bad, embedder.ID(), doc, retriever.Cache{}); err == nil {
			t.Errorf("%s: no error", what)
		}
		if b, err := retriever.Pack(ctx, embedder, doc, bad); err != nil || !bytes.Equal(b, kept) {
			t.Errorf("%s: not made again: %v", what, err)
		}
	}
}

func broken(b []byte) []byte {
	b = slices.Clone(b)
	b[len(b)/2] ^= 1
	return b
}

// What stands on a base finds as if it were part of it, and leaves it as it is.
func TestBase(t *testing.T) {
	ctx := context.Background()
	s := build(t, small()).Snapshot("v1")
	b, err := retriever.NewBase(ctx, s, embedder, &corpus.Corpus{}, retriever.Cache{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !b.Of(s, &corpus.Corpus{}) || b.Of(s, added()) || (*retriever.Base)(nil).Of(s, added()) {
		t.Error("whose base it is")
	}
	queries := []string{"Når slettes loggen?", "Må samtaleroboter merkes tydelig?", "Hei", "§ 29"}
	for _, questions := range [][]string{{"Når slettes loggen?"}, {"Når slettes loggen?", "Hvem ser loggen?"}, {"Hvor lenge?"}} {
		want, wantAll, err := retriever.Extend(ctx, s, embedder, added(questions...), retriever.Cache{})
		if err != nil {
			t.Fatal(err)
		}
		got, all, err := b.Extend(ctx, added(questions...), retriever.Cache{})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(wantAll, all); d != "" {
			t.Error(d)
		}
		for _, q := range queries {
			if d := cmp.Diff(search(t, want, q, 8), search(t, got, q, 8)); d != "" {
				t.Errorf("%v, %q:\n%s", questions, q, d)
			}
		}
	}
	alone, _, err := b.Extend(ctx, &corpus.Corpus{}, retriever.Cache{})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := retriever.Open(ctx, s, embedder)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range queries {
		if d := cmp.Diff(search(t, plain, q, 8), search(t, alone, q, 8)); d != "" {
			t.Errorf("the base by itself, %q:\n%s", q, d)
		}
	}
	twice := added()
	twice.Sources = append(twice.Sources, corpus.Meta{Source: s.Corpus.Sources[0].Source})
	if _, _, err := b.Extend(ctx, twice, retriever.Cache{}); err == nil {
		t.Error("a source that the base has is taken")
	}
}
