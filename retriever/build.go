package retriever

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"kiveileder/corpus"
	"kiveileder/retriever/embed"
	"kiveileder/retriever/index"
	"kiveileder/retriever/index/memory"
)

// epochs of learning the weights.
const epochs = 6

// A Built is a retriever just learned, with what its snapshot is made of.
type Built struct {
	*Retriever
	corpus  *corpus.Corpus
	entries []index.Entry
}

// Build embeds a corpus and learns the space, the weights and the judge from
// its bank. Vectors that the cache has are not made again; progress may be nil.
func Build(ctx context.Context, c *corpus.Corpus, e embed.Embedder, cache Cache, progress func(done, total int)) (*Built, error) {
	entries, err := entriesOf(c)
	if err != nil {
		return nil, err
	}
	if err := fill(ctx, e, entries, cache, progress); err != nil {
		return nil, err
	}
	var qs, ps [][]float32
	var class []int
	for _, en := range entries {
		// learn from what the snapshot will hold
		q, scale := quantise(en.Vector)
		dequantise(en.Vector, q, scale)
		switch en.Kind {
		case index.Question:
			qs, class = append(qs, en.Vector), append(class, int(en.Ref))
		case index.PassageText:
			ps = append(ps, en.Vector)
		}
	}
	sp, err := learnSpace(e.Dim(), qs, class, ps)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		entries[i].InvLen = sp.invLen(entries[i].Vector, entries[i].Kind.Side())
	}
	x := &memory.Index{}
	if err := x.Replace(ctx, "", entries); err != nil {
		return nil, err
	}
	b := &Built{newRetriever(e, x, c, sp), c, entries}
	prior := b.prior()
	exams, err := b.exams(ctx, prior)
	if err != nil {
		return nil, err
	}
	b.weights = learnWeights(b.samples(exams), b.docOf, b.docs, epochs)
	b.judge = b.learnJudge(exams, prior)
	return b, nil
}

// prior gives each class's share of the examples.
func (b *Built) prior() (share [nClasses]float32) {
	n := float32(0)
	for _, e := range b.entries {
		if g := b.groupOf(e.Kind, e.Ref); g >= 0 {
			share[g]++
			n++
		}
	}
	for g := range share {
		share[g] /= max(n, 1)
	}
	return share
}

// exams examines every example, questions and negatives, each with itself left
// out; what is no example stays empty.
func (b *Built) exams(ctx context.Context, prior [nClasses]float32) ([]exam, error) {
	out := make([]exam, len(b.entries))
	errs := make([]error, len(b.entries))
	each(len(b.entries), func(i int) {
		if e := &b.entries[i]; e.Kind >= index.Question {
			out[i], errs[i] = b.examine(ctx, e.Vector, e.Text, prior, i)
		}
	})
	return out, errors.Join(errs...)
}

// samples makes each question of the bank a query.
func (b *Built) samples(exams []exam) []sample {
	var all []sample
	for i, e := range b.entries {
		if e.Kind != index.Question {
			continue
		}
		gold := slices.IndexFunc(exams[i].met, func(s scored) bool { return s.passage == int(e.Ref) })
		if gold >= 0 {
			all = append(all, sample{exams[i].met, gold})
		}
	}
	return all
}

// fill gives every entry its vector, from the cache or the embedder, on all
// processors. progress may be nil.
func fill(ctx context.Context, e embed.Embedder, entries []index.Entry, cache Cache, progress func(done, total int)) error {
	var todo []int
	for i := range entries {
		if v := cache[keyOf(entries[i])]; v != nil {
			entries[i].Vector = v
			continue
		}
		todo = append(todo, i)
	}
	var mu sync.Mutex // guards done, and keeps progress in order
	done := 0
	errs := make([]error, len(todo))
	each(len(todo), func(k int) {
		en := &entries[todo[k]]
		if errs[k] = ctx.Err(); errs[k] != nil {
			return
		}
		vs, err := e.Embed(ctx, embedKind(en.Kind), []string{en.Text})
		if err != nil {
			errs[k] = fmt.Errorf("embed %.60q: %w", en.Text, err)
			return
		}
		en.Vector = vs[0]
		mu.Lock()
		defer mu.Unlock()
		if done++; progress != nil {
			progress(done, len(todo))
		}
	})
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}

// each calls f with 0 to n-1 on all processors.
func each(n int, f func(i int)) {
	var wg sync.WaitGroup
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				f(i)
			}
		})
	}
	wg.Wait()
}

func sortedKeys[V any](m map[uint32]V) []uint32 {
	return slices.Sorted(maps.Keys(m))
}
