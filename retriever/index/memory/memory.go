// Package memory is the index in the process: vectors and postings in memory,
// compared one by one. For a corpus of some thousand passages it is the
// fastest there is.
package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/viterin/vek/vek32"

	"kiveileder/retriever/index"
	"kiveileder/retriever/lexical"
)

// Index is an index.Index. The zero value is empty and ready.
type Index struct {
	state atomic.Pointer[state]
}

// state is one version; it is never changed.
type state struct {
	version   string
	entries   []index.Entry
	byPassage [][]int32 // entries of each passage
	byKind    [index.Kinds][]int32
	texts     *lexical.Index
	others    *lexical.Index
	doc       []int32 // by entry: its document in texts or others, -1 for none
	bank      int     // how many of the first documents in others are questions
	spaces    sync.Pool
}

// space is what one comparison needs.
type space struct {
	cos, grams    []float32 // by entry
	texts, others []float32 // by document
	taken         []bool    // by entry
	order         []int32
}

// Replace builds the postings and switches over.
func (x *Index) Replace(ctx context.Context, version string, entries []index.Entry) error {
	s := &state{version: version, entries: entries, texts: lexical.NewIndex(), others: lexical.NewIndex(), doc: make([]int32, len(entries))}
	if err := s.build(0); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	x.state.Store(s)
	return nil
}

// With implements index.Extender. It shares what this one has.
func (x *Index) With(ctx context.Context, more []index.Entry) (index.Index, error) {
	old := x.state.Load()
	if old == nil || len(more) == 0 {
		y := &Index{}
		if old == nil {
			return y, y.Replace(ctx, "", more)
		}
		return x, nil
	}
	for _, e := range more {
		if !e.Kind.OfPassage() {
			return nil, fmt.Errorf("an added entry has kind %d", e.Kind)
		}
	}
	s := &state{
		version: old.version, entries: slices.Concat(old.entries, more), byPassage: slices.Clone(old.byPassage),
		texts: lexical.Over(old.texts), others: lexical.Over(old.others), doc: slices.Concat(old.doc, make([]int32, len(more))), bank: old.bank,
	}
	for i := range s.byPassage { // they are appended to
		s.byPassage[i] = slices.Clip(s.byPassage[i])
	}
	for k, of := range old.byKind {
		s.byKind[k] = slices.Clip(of)
	}
	if err := s.build(len(old.entries)); err != nil {
		return nil, err
	}
	y := &Index{}
	y.state.Store(s)
	return y, ctx.Err()
}

// build makes ready the entries from a number on.
func (s *state) build(from int) error {
	before := len(s.byPassage)
	heads := make([]int, before)
	for i, e := range s.entries[from:] {
		s.byKind[e.Kind] = append(s.byKind[e.Kind], int32(from+i))
		if !e.Kind.OfPassage() {
			continue
		}
		for int(e.Ref) >= len(s.byPassage) {
			s.byPassage, heads = append(s.byPassage, nil), append(heads, 0)
		}
		if e.Kind == index.PassageText {
			heads[e.Ref]++
		}
		s.byPassage[e.Ref] = append(s.byPassage[e.Ref], int32(from+i))
	}
	for p, n := range heads {
		if p < before {
			n++ // it has one
		}
		if n != 1 {
			return fmt.Errorf("passage %d has %d texts, want one", p, n)
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() { s.add(from, s.texts, func(k index.Kind) bool { return k == index.PassageText }) })
	s.add(from, s.others, func(k index.Kind) bool { return k > index.Sentence })
	wg.Wait()
	for i, e := range s.entries[from:] {
		switch {
		case e.Kind == index.Sentence:
			s.doc[from+i] = -1
		case e.Kind == index.Question && int(s.doc[from+i]) == s.bank:
			s.bank++
		}
	}
	s.spaces.New = func() any {
		return &space{
			cos: make([]float32, len(s.entries)), grams: make([]float32, len(s.entries)),
			texts: make([]float32, s.texts.Len()), others: make([]float32, s.others.Len()),
			taken: make([]bool, len(s.entries)), order: make([]int32, 0, len(s.entries)),
		}
	}
	return nil
}

func (s *state) add(from int, to *lexical.Index, of func(index.Kind) bool) {
	for i, e := range s.entries[from:] {
		if !of(e.Kind) {
			continue
		}
		text := e.Letter
		if text == "" {
			text = e.Text
		}
		s.doc[from+i] = int32(to.Add(lexical.Terms(text)))
	}
}

// Version gives the version of the last Replace.
func (x *Index) Version(context.Context) (string, error) {
	if s := x.state.Load(); s != nil {
		return s.version, nil
	}
	return "", nil
}

// Compare compares the query with every entry and picks.
func (x *Index) Compare(ctx context.Context, q index.Query) ([]index.Match, error) {
	s := x.state.Load()
	if s == nil {
		return nil, ctx.Err()
	}
	w := s.spaces.Get().(*space)
	defer s.spaces.Put(w)
	s.texts.Score(q.Terms, w.texts)
	s.others.Score(q.Terms, w.others)
	clear(w.taken)
	w.order = w.order[:0]
	for i := range s.entries {
		e := &s.entries[i]
		w.cos[i] = (vek32.Dot(q.Dir, e.Vector) - q.Offset[e.Kind.Side()]) * e.InvLen
		switch {
		case e.Kind == index.PassageText:
			w.grams[i] = w.texts[s.doc[i]]
		case e.Kind.Lexical():
			w.grams[i] = w.others[s.doc[i]]
		default:
			w.grams[i] = 0
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for k, of := range s.byKind {
		s.take(w, of, q.Most, w.cos)
		if index.Kind(k).Lexical() {
			s.take(w, of, q.Most, w.grams)
		}
	}
	for i, taken := range w.taken {
		if taken {
			w.order = append(w.order, int32(i))
		}
	}
	for _, i := range w.order { // the other entries of their passages
		if e := &s.entries[i]; e.Kind.OfPassage() {
			for _, k := range s.byPassage[e.Ref] {
				w.taken[k] = true
			}
		}
	}
	n := 0
	for _, taken := range w.taken {
		if taken {
			n++
		}
	}
	out := make([]index.Match, 0, n)
	for i, taken := range w.taken {
		if taken {
			e := &s.entries[i]
			out = append(out, index.Match{
				Entry: int32(i), Kind: e.Kind, Ref: e.Ref,
				Cos: w.cos[i], Raw: vek32.Dot(q.Raw, e.Vector), Grams: w.grams[i],
			})
		}
	}
	return out, nil
}

// take marks the n entries with the highest values, all when n is 0. Equal
// values are taken in the order of their numbers.
func (s *state) take(w *space, of []int32, n int, value []float32) {
	if n > 0 && n < len(of) {
		// the n-th value first, then what is above it: linear on average
		of = append(w.order, of...) // empty as yet
		pick(of, n, func(a, b int32) int {
			if c := cmp.Compare(value[b], value[a]); c != 0 {
				return c
			}
			return cmp.Compare(a, b)
		})
		of = of[:n]
	}
	for _, i := range of {
		w.taken[i] = true
	}
}

// pick puts the n first of xs, in less's order, before the others (Hoare's
// selection).
func pick(xs []int32, n int, order func(a, b int32) int) {
	for len(xs) > n && len(xs) > 12 {
		a, b, c := xs[0], xs[len(xs)/2], xs[len(xs)-1]
		if order(a, b) > 0 {
			a, b = b, a
		}
		if order(b, c) > 0 {
			b = c
			if order(a, b) > 0 {
				b = a
			}
		}
		i, k := 0, len(xs)-1
		for i <= k {
			for order(xs[i], b) < 0 {
				i++
			}
			for order(xs[k], b) > 0 {
				k--
			}
			if i <= k {
				xs[i], xs[k] = xs[k], xs[i]
				i++
				k--
			}
		}
		switch {
		case n <= k:
			xs = xs[:k+1]
		case n >= i:
			xs, n = xs[i:], n-i
		default:
			return
		}
	}
	slices.SortFunc(xs, order)
}

// Known looks the terms up.
func (x *Index) Known(_ context.Context, terms []string) ([]bool, error) {
	out := make([]bool, len(terms))
	s := x.state.Load()
	if s == nil {
		return out, nil
	}
	for i, t := range terms {
		out[i] = s.texts.Count(t, s.texts.Len()) > 0 || s.others.Count(t, s.bank) >= 2
	}
	return out, nil
}
