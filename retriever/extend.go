package retriever

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
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
	return extend(ctx, s, e, added, cache, func(ctx context.Context, es []index.Entry) (index.Index, error) {
		x := &memory.Index{}
		return x, x.Replace(ctx, s.Version, es)
	})
}

// ExtendIn is Extend with the index that open gives. Corpus, added documents,
// their order, the model and how texts are made of passages are all in the
// version that it is asked for.
func ExtendIn(ctx context.Context, s *Snapshot, e embed.Embedder, added *corpus.Corpus, cache Cache, open Opener) (*Retriever, *corpus.Corpus, error) {
	return extend(ctx, s, e, added, cache, func(ctx context.Context, es []index.Entry) (index.Index, error) {
		return open(ctx, fmt.Sprintf("%s %s %s", s.Version, s.Model, digest(es)), es)
	})
}

func extend(ctx context.Context, s *Snapshot, e embed.Embedder, added *corpus.Corpus, cache Cache, open func(context.Context, []index.Entry) (index.Index, error)) (*Retriever, *corpus.Corpus, error) {
	if e.ID() != s.Model {
		return nil, nil, fmt.Errorf("snapshot was made with model %q, have %q: make it again with `kiveileder corpus build`", s.Model, e.ID())
	}
	for _, m := range added.Sources {
		if slices.ContainsFunc(s.Corpus.Sources, func(x corpus.Meta) bool { return x.ID == m.ID }) {
			return nil, nil, fmt.Errorf("source %q is there already", m.ID)
		}
	}
	all := corpus.Join(s.Corpus, added)
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
		// in the form that a snapshot would have, whether the vector was cached or not
		q, scale := quantise(m.Vector)
		m.Vector = make([]float32, len(q))
		dequantise(m.Vector, q, scale)
		m.InvLen = s.Space.invLen(m.Vector, m.Kind.Side())
		cache[keyOf(*m)] = m.Vector
	}
	x, err := open(ctx, slices.Concat(es, more))
	if err != nil {
		return nil, nil, err
	}
	r := newRetriever(e, x, all, s.Space)
	r.weights, r.judge = s.Weights, s.Judge
	return r, all, nil
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
