package pgvector

import (
	"context"
	"fmt"
	"slices"

	"kiveileder"
	"kiveileder/retriever/index"
	"kiveileder/retriever/lexical"
)

// A tail is entries behind those of a generation: they stand in the process
// alone, so that a few new ones need no new generation. What is found is the
// same as in a generation of all of them.
type tail struct {
	first  [index.Kinds]int                    // by kind: how many entries the generation has
	blocks map[int32]*block                    // of passages with entries in the tail: all of theirs
	posts  map[string][sides][]lexical.Posting // of the tail's documents
}

// With implements index.Extender: the index of the generation's entries and
// more behind them. It shares the generation, which stays as it is; more of the
// same kinds as a corpus adds are possible: passages, their sentences and
// questions.
func (x *Index) With(ctx context.Context, more []index.Entry) (index.Index, error) {
	g := x.state.Load()
	if g == nil {
		return nil, kiveileder.Errorf(kiveileder.CodeInternal, "an index without a version cannot be added to")
	}
	if len(more) == 0 {
		return x, nil
	}
	if g.tail != nil {
		return nil, kiveileder.Errorf(kiveileder.CodeInternal, "an index is added to once")
	}
	e := &generation{shape: g.shape.clone(), id: g.id, version: g.version, dim: g.dim, clouds: g.clouds, tail: &tail{
		blocks: map[int32]*block{}, posts: map[string][sides][]lexical.Posting{},
	}}
	if len(g.kind) == 0 {
		e.dim = len(more[0].Vector)
	}
	if err := e.add(more); err != nil {
		return nil, fmt.Errorf("pgvector: %w", err)
	}
	if err := x.store.join(ctx, g, e); err != nil {
		return nil, wrap(ctx, "add to a version", dropped(err))
	}
	e.spaces.New = func() any { return newSpace(e) }
	out := &Index{store: x.store}
	out.state.Store(e)
	out.touched.Store(x.touched.Load())
	return out, nil
}

// add appends the entries to the shape and to the tail.
func (g *generation) add(more []index.Entry) error {
	for k := range g.tail.first {
		g.tail.first[k] = len(g.ofKind[k])
	}
	for i := range more {
		e := &more[i]
		switch {
		case !e.Kind.OfPassage():
			return fmt.Errorf("an added entry has kind %d", e.Kind)
		case len(e.Vector) != g.dim:
			return fmt.Errorf("added entry %d has %d dimensions, the others %d", i, len(e.Vector), g.dim)
		case int(e.Ref) >= len(g.heads)+len(more):
			return fmt.Errorf("passage %d has no text", e.Ref)
		}
		n := 0
		if e.Kind.Lexical() {
			text := e.Letter
			if text == "" {
				text = e.Text
			}
			terms, on := lexical.Terms(text), side(e.Kind)
			n = len(terms)
			g.tail.post(terms, on, int32(g.sides[on].docs.Len()))
		}
		number := int32(len(g.kind))
		if err := g.shape.add(e.Kind, e.Ref, n); err != nil {
			return err
		}
		b := g.tail.blocks[e.Ref]
		if b == nil {
			b = &block{}
			g.tail.blocks[e.Ref] = b
		}
		b.entries, b.invLen, b.vectors = append(b.entries, number), append(b.invLen, e.InvLen), append(b.vectors, e.Vector...)
	}
	return g.check()
}

// post adds the postings of a document.
func (t *tail) post(terms []string, on int, doc int32) {
	for _, term := range terms {
		ps := t.posts[term]
		if n := len(ps[on]); n > 0 && ps[on][n-1].Doc == doc {
			ps[on][n-1].Count++
		} else {
			ps[on] = append(ps[on], lexical.Posting{Doc: doc, Count: 1})
		}
		t.posts[term] = ps
	}
}

// join puts the generation's entries of a passage before those of the tail.
func (s *Store) join(ctx context.Context, g, e *generation) error {
	var both []int32
	for n := range e.tail.blocks {
		if int(n) < len(g.heads) {
			both = append(both, n)
		}
	}
	old := map[int32]*block{}
	if err := s.blocks(ctx, g, old, both); err != nil {
		return err
	}
	for _, n := range both {
		a, b := old[n], e.tail.blocks[n]
		e.tail.blocks[n] = &block{slices.Concat(a.entries, b.entries), slices.Concat(a.invLen, b.invLen), slices.Concat(a.vectors, b.vectors)}
	}
	return nil
}

// clone gives a shape that can be added to.
func (s *shape) clone() *shape {
	c := &shape{
		kind: slices.Clone(s.kind), ref: slices.Clone(s.ref), block: slices.Clone(s.block), doc: slices.Clone(s.doc),
		bank: s.bank, blocks: s.blocks, heads: slices.Clone(s.heads),
	}
	for k, of := range s.ofKind {
		c.ofKind[k] = slices.Clip(of)
	}
	for i := range s.sides {
		s.sides[i].docs.CloneTo(&c.sides[i].docs)
		c.sides[i].entry = slices.Clip(s.sides[i].entry)
	}
	return c
}

// stored gives how many entries of a kind stand in the database.
func (g *generation) stored(k index.Kind) int {
	if g.tail != nil {
		return g.tail.first[k]
	}
	return len(g.ofKind[k])
}

// own puts the blocks of the tail beside those that are there.
func (g *generation) own(have map[int32]*block, want []int32) {
	if g.tail == nil {
		return
	}
	for _, n := range want {
		if b := g.tail.blocks[n]; b != nil {
			have[n] = b
		}
	}
}

// behind appends the tail's postings of a term.
func (g *generation) behind(to []lexical.Posting, term string, on int) []lexical.Posting {
	if g.tail == nil {
		return to
	}
	return append(to, g.tail.posts[term][on]...)
}
