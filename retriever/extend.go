package retriever

import (
	"context"
	"fmt"
	"slices"

	"kiveileder/corpus"
	"kiveileder/retriever/embed"
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
	es, err := s.entries()
	if err != nil {
		return nil, nil, err
	}
	more, err := entriesOf(added)
	if err != nil {
		return nil, nil, err
	}
	if err := fill(ctx, e, more, cache, nil); err != nil {
		return nil, nil, err
	}
	for i := range more {
		more[i].Ref += int32(len(s.Corpus.Passages))
		cache[CacheKey(more[i].embedKind(), more[i].Text)] = more[i].Vector
	}
	r := newRetriever(e, &all, slices.Concat(es, more), s.Space, slices.Clone(s.InvLens))
	r.weights, r.judgeModel = s.Weights, s.Judge
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
		cache[CacheKey(en.embedKind(), en.Text)] = en.Vector
	}
	return nil
}
