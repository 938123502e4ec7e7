package retriever

import (
	"context"
	"fmt"
	"slices"

	"kiveileder/corpus"
	"kiveileder/retriever/embed"
	"kiveileder/retriever/index"
	"kiveileder/retriever/index/memory"
)

// Extend gives a retriever over the snapshot and an added corpus, and the two
// together. Added texts are embedded unless the cache has them; what was
// learned stays as it is. A source that both have is an error, as is a
// question to a passage that neither has.
func Extend(ctx context.Context, s *Snapshot, e embed.Embedder, added *corpus.Corpus, cache Cache) (*Retriever, *corpus.Corpus, error) {
	if e.ID() != s.Model {
		return nil, nil, fmt.Errorf("snapshot was made with model %q, have %q: make it again with `kiveileder corpus build`", s.Model, e.ID())
	}
	for _, m := range added.Sources {
		if slices.ContainsFunc(s.Corpus.Sources, func(x corpus.Meta) bool { return x.ID == m.ID }) {
			return nil, nil, fmt.Errorf("source %q is there already", m.ID)
		}
	}
	all := *s.Corpus
	all.Sources = slices.Concat(s.Corpus.Sources, added.Sources)
	all.Passages = slices.Concat(s.Corpus.Passages, added.Passages)
	all.Topics = slices.Concat(s.Corpus.Topics, added.Topics)
	all.Intents = slices.Concat(s.Corpus.Intents, added.Intents)
	all.Conflicts = slices.Concat(s.Corpus.Conflicts, added.Conflicts)
	es, err := s.entries()
	if err != nil {
		return nil, nil, err
	}
	more, err := entriesOf(&corpus.Corpus{Passages: added.Passages, Questions: added.Questions}, s.Corpus.Passages...)
	if err != nil {
		return nil, nil, err
	}
	if err := fill(ctx, e, more, cache, nil); err != nil {
		return nil, nil, err
	}
	for i := range more {
		m := &more[i]
		m.InvLen = s.Space.invLen(m.Vector, m.Kind.Side())
		cache[keyOf(*m)] = m.Vector
	}
	x := &memory.Index{}
	if err := x.Replace(ctx, s.Version, slices.Concat(es, more)); err != nil {
		return nil, nil, err
	}
	r := newRetriever(e, x, &all, s.Space)
	r.weights, r.judge = s.Weights, s.Judge
	return r, &all, nil
}

// Embed puts the vectors of a corpus's texts into the cache.
func Embed(ctx context.Context, e embed.Embedder, c *corpus.Corpus, cache Cache, progress func(done, total int)) error {
	es, err := entriesOf(c)
	if err != nil {
		return err
	}
	if err := fill(ctx, e, es, cache, progress); err != nil {
		return err
	}
	for _, en := range es {
		cache[keyOf(en)] = en.Vector
	}
	return nil
}

// OpenWithout gives a retriever over the snapshot as if a source had no
// questions yet: to measure how a new document fares.
func OpenWithout(ctx context.Context, s *Snapshot, e embed.Embedder, source string) (*Retriever, error) {
	es, err := s.entries()
	if err != nil {
		return nil, err
	}
	es = slices.DeleteFunc(es, func(en index.Entry) bool {
		return en.Kind == index.Question && s.Corpus.Passages[en.Ref].Source == source
	})
	x := &memory.Index{}
	if err := x.Replace(ctx, s.Version, es); err != nil {
		return nil, err
	}
	r := newRetriever(e, x, s.Corpus, s.Space)
	r.weights, r.judge = s.Weights, s.Judge
	return r, nil
}
