// Package indextest is the suite that every index.Index passes.
package indextest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kiveileder/retriever/index"
	"kiveileder/retriever/lexical"
)

// Test runs the suite. open gives an index without entries.
func Test(t *testing.T, open func(t *testing.T) index.Index) {
	ctx := context.Background()
	near := cmpopts.EquateApprox(0, 1e-4)

	t.Run("empty", func(t *testing.T) {
		x := open(t)
		ms, err := x.Compare(ctx, query("taushetsplikt", 0, 5))
		if err != nil || len(ms) != 0 {
			t.Errorf("Compare on nothing = %v, %v", ms, err)
		}
		if v, err := x.Version(ctx); v != "" || err != nil {
			t.Errorf("Version = %q, %v; want empty", v, err)
		}
	})
	t.Run("all entries, in order, with exact values", func(t *testing.T) {
		x := filled(t, open)
		got, err := x.Compare(ctx, query("dispensasjon fra taushetsplikten", 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want("dispensasjon fra taushetsplikten", 0), got, near); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
	})
	t.Run("the nearest of each kind, with their passages whole", func(t *testing.T) {
		x := filled(t, open)
		got, err := x.Compare(ctx, query("zzzzz", 2, 1))
		if err != nil {
			t.Fatal(err)
		}
		all := want("zzzzz", 2)
		for k := range index.Kinds {
			best := index.Match{Cos: float32(math.Inf(-1))}
			for _, m := range all {
				if m.Kind == k && m.Cos > best.Cos {
					best = m
				}
			}
			if !slices.ContainsFunc(got, func(m index.Match) bool { return m.Entry == best.Entry }) {
				t.Errorf("kind %d: the nearest, entry %d, is missing", k, best.Entry)
			}
		}
		refs := map[int32]bool{}
		for _, m := range got {
			if m.Kind.OfPassage() {
				refs[m.Ref] = true
			}
		}
		for _, m := range all {
			if m.Kind.OfPassage() && refs[m.Ref] && !slices.ContainsFunc(got, func(g index.Match) bool { return g.Entry == m.Entry }) {
				t.Errorf("entry %d of passage %d is missing", m.Entry, m.Ref)
			}
		}
		if !slices.IsSortedFunc(got, func(a, b index.Match) int { return int(a.Entry - b.Entry) }) {
			t.Error("not in the order of the entries")
		}
	})
	t.Run("found by letters alone", func(t *testing.T) {
		x := filled(t, open)
		got, err := x.Compare(ctx, query("kvalitetsregister", 7, 1))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(got, func(m index.Match) bool { return m.Kind == index.PassageText && m.Ref == 2 && m.Grams > 0.3 }) {
			t.Errorf("passage 2 is missing: %v", got)
		}
	})
	t.Run("Norwegian letters", func(t *testing.T) {
		x := filled(t, open)
		got, err := x.Compare(ctx, query("bæres ærend på øya å", 1, 0))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want("bæres ærend på øya å", 1), got, near); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
	})
	t.Run("known terms", func(t *testing.T) {
		x := filled(t, open)
		terms := append(lexical.Terms("taushetsplikten"), "_pustp")
		got, err := x.Known(ctx, terms)
		if err != nil {
			t.Fatal(err)
		}
		if !got[0] || got[len(got)-1] {
			t.Errorf("Known(%v) = %v", terms, got)
		}
	})
	t.Run("replaced twice", func(t *testing.T) {
		x := filled(t, open)
		if err := x.Replace(ctx, "v2", entries()[:3]); err != nil {
			t.Fatal(err)
		}
		got, err := x.Compare(ctx, query("noe", 0, 0))
		if err != nil || len(got) != 3 {
			t.Errorf("after Replace: %d entries, %v; want 3", len(got), err)
		}
		if v, _ := x.Version(ctx); v != "v2" {
			t.Errorf("Version = %q, want v2", v)
		}
	})
	t.Run("a passage without its text is refused, and the old stay", func(t *testing.T) {
		x := filled(t, open)
		if err := x.Replace(ctx, "bad", []index.Entry{{Kind: index.Question, Text: "?", Vector: unit(1)}}); err == nil {
			t.Error("no error")
		}
		if v, _ := x.Version(ctx); v != "v1" {
			t.Errorf("Version = %q, want v1", v)
		}
	})
	t.Run("added to", func(t *testing.T) {
		x, ok := open(t).(index.Extender)
		if !ok {
			t.Skip("it cannot be")
		}
		if err := x.Replace(ctx, "v1", entries()); err != nil {
			t.Fatal(err)
		}
		e := func(n int, k index.Kind, ref int32, text string) index.Entry {
			return index.Entry{Kind: k, Ref: ref, Text: text, Vector: unit(n), InvLen: 1 + float32(n)/10}
		}
		more := []index.Entry{
			e(11, index.PassageText, 3, "Svaret gjelder taushetsplikten på øya."),
			e(12, index.Sentence, 3, "Svaret gjelder."),
			e(13, index.Question, 3, "Gjelder taushetsplikten på øya?"),
			e(14, index.Question, 0, "Er dispensasjon nødvendig på øya?"), // of a passage that was there
		}
		y, err := x.With(ctx, more)
		if err != nil {
			t.Fatal(err)
		}
		whole := open(t)
		if err := whole.Replace(ctx, "v2", append(entries(), more...)); err != nil {
			t.Fatal(err)
		}
		for _, most := range []int{0, 1, 2, 20} {
			q := query("taushetsplikt på øya", 3, most)
			want, err := whole.Compare(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			got, err := y.Compare(ctx, q)
			if d := cmp.Diff(want, got); d != "" || err != nil {
				t.Errorf("most %d, %v; -replaced with all +added to:\n%s", most, err, d)
			}
			wantKnown, _ := whole.Known(ctx, q.Terms)
			if known, err := y.Known(ctx, q.Terms); !slices.Equal(known, wantKnown) || err != nil {
				t.Errorf("known %v, %v; want %v", known, err, wantKnown)
			}
		}
		if ms, err := x.Compare(ctx, query("taushetsplikt", 3, 0)); err != nil || len(ms) != len(entries()) {
			t.Errorf("what was added to has %d entries, %v; want %d", len(ms), err, len(entries()))
		}
		if v, _ := y.Version(ctx); v != "v1" {
			t.Errorf("Version = %q, want that of what it stands on", v)
		}
		for what, bad := range map[string]index.Entry{
			"a passage without its text": {Kind: index.Question, Ref: 4, Text: "?", Vector: unit(1)},
			"a second text":              {Kind: index.PassageText, Ref: 1, Text: "x", Vector: unit(1)},
			"an example":                 {Kind: index.Intent, Text: "hei", Vector: unit(1)},
		} {
			if _, err := x.With(ctx, []index.Entry{bad}); err == nil {
				t.Errorf("%s is taken", what)
			}
		}
	})
	t.Run("asked while replaced", func(t *testing.T) {
		x := filled(t, open)
		n := len(entries())
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 20 {
					got, err := x.Compare(ctx, query("taushetsplikt", 0, 0))
					if err != nil || len(got) != n && len(got) != 3 {
						t.Errorf("%d entries, %v; want all or three", len(got), err)
					}
				}
			})
		}
		for i := range 10 {
			es := entries()
			if i%2 == 0 {
				es = es[:3]
			}
			if err := x.Replace(ctx, fmt.Sprint(i), es); err != nil {
				t.Error(err)
			}
		}
		wg.Wait()
	})
}

func filled(t *testing.T, open func(t *testing.T) index.Index) index.Index {
	t.Helper()
	x := open(t)
	if err := x.Replace(context.Background(), "v1", entries()); err != nil {
		t.Fatal(err)
	}
	return x
}

// entries is a small corpus: three passages, their sentences and questions, and
// some of each other kind.
func entries() []index.Entry {
	e := func(n int, k index.Kind, ref int32, text string) index.Entry {
		return index.Entry{Kind: k, Ref: ref, Text: text, Vector: unit(n), InvLen: 1 + float32(n)/10}
	}
	return []index.Entry{
		e(0, index.PassageText, 0, "Det må søkes om dispensasjon fra taushetsplikten."),
		e(1, index.PassageText, 1, "Ansvaret bæres av ærlige folk på øya."),
		e(2, index.PassageText, 2, "Et medisinsk kvalitetsregister er en strukturert samling."),
		e(3, index.Sentence, 1, "Ansvaret bæres av ærlige folk."),
		e(4, index.Question, 0, "Må vi ha dispensasjon?"),
		e(5, index.Question, 0, "Trenger vi unntak fra taushetsplikten?"),
		e(6, index.Question, 2, "Hva er et register?"),
		e(7, index.Unanswered, 0, "Hvor lang tid tar en dispensasjon?"),
		e(8, index.Outside, 1, "Hvem vinner i år?"),
		e(9, index.Intent, 0, "Hei"),
		e(4, index.Question, 1, "Hvem bærer ansvaret?"), // the same vector twice: a tie
	}
}

// unit gives one of a few unit vectors in eight dimensions.
func unit(n int) []float32 {
	v := make([]float32, 8)
	for i := range v {
		v[i] = float32(math.Sin(float64((n+1)*(i+3)) * 1.7))
	}
	sum := float32(0)
	for _, x := range v {
		sum += x * x
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(float64(sum)))
	}
	return v
}

func query(text string, n, most int) index.Query {
	return index.Query{
		Probe: index.Probe{Raw: unit(n), Dir: unit(n + 20), Offset: [2]float32{0.1, -0.2}},
		Terms: lexical.Terms(text), Most: most,
	}
}

// want computes the matches of all entries by the definitions.
func want(text string, n int) []index.Match {
	q := query(text, n, 0)
	texts, others := lexical.NewIndex(), lexical.NewIndex()
	es := entries()
	doc := make([]int, len(es))
	for i, e := range es {
		switch {
		case e.Kind == index.PassageText:
			doc[i] = texts.Add(lexical.Terms(e.Text))
		case e.Kind.Lexical():
			doc[i] = others.Add(lexical.Terms(e.Text))
		}
	}
	ts, os := make([]float32, texts.Len()), make([]float32, others.Len())
	texts.Score(q.Terms, ts)
	others.Score(q.Terms, os)
	var out []index.Match
	for i, e := range es {
		m := index.Match{Entry: int32(i), Kind: e.Kind, Ref: e.Ref}
		for k := range e.Vector {
			m.Raw += q.Raw[k] * e.Vector[k]
			m.Cos += q.Dir[k] * e.Vector[k]
		}
		m.Cos = (m.Cos - q.Offset[e.Kind.Side()]) * e.InvLen
		switch {
		case e.Kind == index.PassageText:
			m.Grams = ts[doc[i]]
		case e.Kind.Lexical():
			m.Grams = os[doc[i]]
		}
		out = append(out, m)
	}
	return out
}
