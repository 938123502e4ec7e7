package retriever

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"reflect"
	"slices"

	"kiveileder/corpus"
	"kiveileder/retriever/embed"
	"kiveileder/retriever/index"
	"kiveileder/retriever/index/memory"
)

// An Opener gives the index of a version of entries: in the process, or where
// several processes share it. The version names the entries, so that an Opener
// that has it need not look at them.
type Opener func(ctx context.Context, version string, entries []index.Entry) (index.Index, error)

// Extend gives a retriever over the snapshot and an added corpus, and the two
// together, with the index in the process. Added texts are embedded unless the
// cache has them; what was learned stays as it is. A source that both have is
// an error, as is a question to a passage that neither has.
func Extend(ctx context.Context, s *Snapshot, e embed.Embedder, added *corpus.Corpus, cache Cache) (*Retriever, *corpus.Corpus, error) {
	b, err := NewBase(ctx, s, e, added, cache, nil)
	if err != nil {
		return nil, nil, err
	}
	return b.retriever, b.all, nil
}

// A Base is what a retriever stands on that is added to often: the snapshot, and
// documents that seldom change.
type Base struct {
	snapshot  *Snapshot
	added     *corpus.Corpus
	all       *corpus.Corpus
	retriever *Retriever
}

// NewBase makes a base as Extend makes a retriever. Corpus, added documents,
// their order, the model and how texts are made of passages are all in the
// version that open is asked for; nil opens an index in the process.
func NewBase(ctx context.Context, s *Snapshot, e embed.Embedder, added *corpus.Corpus, cache Cache, open Opener) (*Base, error) {
	if e.ID() != s.Model {
		return nil, fmt.Errorf("snapshot was made with model %q, have %q: make it again with `kiveileder corpus build`", s.Model, e.ID())
	}
	es, err := s.entries()
	if err != nil {
		return nil, err
	}
	more, err := s.more(ctx, e, s.Corpus, added, cache)
	if err != nil {
		return nil, err
	}
	if len(more) > 0 {
		es = slices.Concat(es, more)
	}
	version := s.Version
	if open == nil {
		open = func(ctx context.Context, version string, es []index.Entry) (index.Index, error) {
			x := &memory.Index{}
			return x, x.Replace(ctx, version, es)
		}
	} else {
		version = fmt.Sprintf("%s %s %s", s.Version, s.Model, digest(es))
	}
	x, err := open(ctx, version, es)
	if err != nil {
		return nil, err
	}
	b := &Base{snapshot: s, added: added, all: corpus.Join(s.Corpus, added)}
	b.retriever = newRetriever(e, x, b.all, s.Space)
	b.retriever.weights, b.retriever.judge = s.Weights, s.Judge
	return b, nil
}

// Of reports whether the base is that of a snapshot and added documents.
func (b *Base) Of(s *Snapshot, added *corpus.Corpus) bool {
	return b != nil && b.snapshot == s && reflect.DeepEqual(b.added, added)
}

// Extend gives a retriever over the base and a few documents more, and all that
// it searches. It finds and scores as if they were part of the base, but takes
// milliseconds when the cache has their vectors, and leaves the base as it is.
func (b *Base) Extend(ctx context.Context, more *corpus.Corpus, cache Cache) (*Retriever, *corpus.Corpus, error) {
	es, err := b.snapshot.more(ctx, b.retriever.embedder, b.all, more, cache)
	if err != nil {
		return nil, nil, err
	}
	x := b.retriever.index
	if len(es) > 0 {
		y, ok := x.(index.Extender)
		if !ok {
			return nil, nil, fmt.Errorf("the index %T cannot be added to", x)
		}
		if x, err = y.With(ctx, es); err != nil {
			return nil, nil, err
		}
	}
	all := corpus.Join(b.all, more)
	return b.retriever.over(x, all), all, nil
}

// more gives the entries of documents behind those of a corpus.
func (s *Snapshot) more(ctx context.Context, e embed.Embedder, before, added *corpus.Corpus, cache Cache) ([]index.Entry, error) {
	for _, m := range added.Sources {
		if slices.ContainsFunc(before.Sources, func(x corpus.Meta) bool { return x.ID == m.ID }) {
			return nil, fmt.Errorf("source %q is there already", m.ID)
		}
	}
	more, err := entriesOf(&corpus.Corpus{Passages: added.Passages, Questions: added.Questions}, before.Passages...)
	if err != nil {
		return nil, err
	}
	if err := fill(ctx, e, more, cache, nil); err != nil {
		return nil, err
	}
	for i := range more {
		m := &more[i]
		// in the form that a snapshot would have, whether the vector was cached or not
		q, scale := quantise(m.Vector)
		m.Vector = make([]float32, len(q))
		dequantise(m.Vector, q, scale)
		m.InvLen = s.Space.invLen(m.Vector, m.Kind.Side())
		cache[keyOf(*m)] = m.Vector
	}
	return more, nil
}

// digest gives a hash of everything that an index keeps of entries.
func digest(es []index.Entry) string {
	h := sha256.New()
	var b []byte
	for _, e := range es {
		b = append(b[:0], byte(e.Kind))
		for _, n := range []int{int(e.Ref), len(e.Text), len(e.Letter), len(e.Vector)} {
			b = binary.AppendVarint(b, int64(n))
		}
		b = append(append(b, e.Text...), e.Letter...)
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(e.InvLen))
		for _, x := range e.Vector {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
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
