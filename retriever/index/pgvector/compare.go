package pgvector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/viterin/vek/vek32"
	"golang.org/x/sync/errgroup"

	"kiveileder"
	"kiveileder/retriever/index"
	"kiveileder/retriever/lexical"
)

// A space is what one comparison needs; it is used again.
type space struct {
	scores [sides][]float32 // by document
	posts  []lexical.Posting
	taken  []uint64 // a bit an entry
	rank   []int32  // by word of taken: how many entries are taken before it
}

func newSpace(g *generation) *space {
	words := (len(g.kind) + 63) / 64
	w := &space{taken: make([]uint64, words), rank: make([]int32, words)}
	for i := range w.scores {
		w.scores[i] = make([]float32, g.sides[i].docs.Len())
	}
	return w
}

func (w *space) take(entry int32) { w.taken[entry>>6] |= 1 << (entry & 63) }

func (w *space) has(entry int32) bool { return w.taken[entry>>6]&(1<<(entry&63)) != 0 }

// Compare asks Postgres for candidates and compares them here.
func (x *Index) Compare(ctx context.Context, q index.Query) ([]index.Match, error) {
	g := x.state.Load()
	if g == nil || len(g.kind) == 0 {
		return nil, ctx.Err()
	}
	if len(q.Dir) != g.dim || len(q.Raw) != g.dim {
		return nil, kiveileder.Errorf(kiveileder.CodeInternal, "the index has vectors of %d dimensions, asked with %d", g.dim, len(q.Dir))
	}
	w := g.spaces.Get().(*space)
	defer g.spaces.Put(w)
	c := &comparison{store: x.store, g: g, q: &q, w: w, blocks: map[int32]*block{}}
	ms, err := c.run(ctx)
	if err == nil {
		// what was found is not lost over a mark that could not be set
		if touched := x.touchSometimes(ctx); errors.Is(touched, ErrDropped) {
			err = touched
		}
	}
	if err != nil {
		return nil, wrap(ctx, "compare", dropped(err))
	}
	return ms, nil
}

// A comparison is one Compare under way.
type comparison struct {
	store  *Store
	g      *generation
	q      *index.Query
	w      *space
	blocks map[int32]*block
}

func (c *comparison) run(ctx context.Context) ([]index.Match, error) {
	clear(c.w.taken)
	if c.q.Most <= 0 {
		return c.all(ctx)
	}
	var ofKind [index.Kinds]search
	open := make([]index.Kind, 0, index.Kinds)
	for k := range index.Kinds {
		ofKind[k] = c.newSearch(k)
		open = append(open, k)
	}
	// Postgres is busy with the vectors while the letters are scored here
	var wait errgroup.Group
	wait.Go(func() error { return c.score(ctx) })
	err := c.fetch(ctx, ofKind[:], open)
	if err := wait.Wait(); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	picked := c.best()
	for {
		if err := c.fetchBlocks(ctx, ofKind[:], open, picked); err != nil {
			return nil, err
		}
		open = slices.DeleteFunc(open, func(k index.Kind) bool { return c.settle(&ofKind[k]) })
		if len(open) == 0 {
			break
		}
		for _, k := range open {
			ofKind[k].most *= 4
		}
		if err := c.fetch(ctx, ofKind[:], open); err != nil {
			return nil, err
		}
	}
	for k := range ofKind {
		for _, m := range ofKind[k].top.best {
			c.w.take(m.entry)
		}
	}
	for _, e := range picked {
		c.w.take(e)
	}
	return c.matches(ctx)
}

// all gives every entry.
func (c *comparison) all(ctx context.Context) ([]index.Match, error) {
	if err := c.score(ctx); err != nil {
		return nil, err
	}
	for i := range c.g.kind {
		c.w.take(int32(i))
	}
	if err := c.store.blocks(ctx, c.g, c.blocks, c.g.block); err != nil {
		return nil, err
	}
	return c.matches(ctx)
}

// score scores all documents by their letters.
func (c *comparison) score(ctx context.Context) error {
	ps, err := c.store.postings(ctx, c.g, c.q.Terms)
	if err != nil {
		return err
	}
	for side := range c.w.scores {
		docs := &c.g.sides[side].docs
		docs.Score(c.q.Terms, func(term string) []lexical.Posting {
			got, e := readPostings(c.w.posts[:0], ps[term][side], docs.Len())
			if e != nil {
				err = e
				return nil
			}
			c.w.posts = c.g.behind(got, term, side)
			return c.w.posts
		}, c.w.scores[side])
	}
	return err
}

// best gives the entries of each lexical kind that are best by letters.
func (c *comparison) best() []int32 {
	var tops [index.Kinds]top
	for k := range tops {
		tops[k].most = c.q.Most
	}
	for side := range c.w.scores {
		entry := c.g.sides[side].entry
		for doc, s := range c.w.scores[side] {
			tops[c.g.kind[entry[doc]]].add(entry[doc], s)
		}
	}
	var out []int32
	for k := range tops {
		for _, m := range tops[k].best {
			out = append(out, m.entry)
		}
	}
	return out
}

// A search is the search for the nearest of one kind.
type search struct {
	kind  index.Kind
	ask   ask
	whole bool    // all entries of the kind are candidates
	most  int     // how many candidates Postgres is asked for
	found []int32 // the candidates
	asked int     // how many of them Postgres gave
	last  float64 // what no entry beyond them exceeds, as Postgres computes
	top   top
}

func (c *comparison) newSearch(k index.Kind) search {
	s := search{kind: k, most: c.q.Most + margin}
	if c.g.clouds[k].HNSW { // nothing is proven
		s.most = c.q.Most
	}
	s.whole = c.g.stored(k) <= max(s.most, c.store.opts.Whole)
	if !s.whole {
		var ok bool
		s.ask, ok = c.g.clouds[k].ask(c.q.Probe, c.q.Offset[k.Side()])
		s.whole = !ok
	}
	return s
}

// fetch finds candidates of the kinds.
func (c *comparison) fetch(ctx context.Context, searches []search, kinds []index.Kind) error {
	var parts []string
	var args []any
	most, graph := 0, false
	for _, k := range kinds {
		s := &searches[k]
		if s.whole || s.most >= c.g.stored(k) {
			s.whole, s.found = true, c.g.ofKind[k]
			continue
		}
		s.found, s.asked, s.last = slices.Clone(c.g.ofKind[k][c.g.stored(k):]), 0, math.Inf(1) // all of the tail
		args = append(args, s.ask.vector)
		// the limit stands in the text: the planner must know it to choose the graph
		parts = append(parts, fmt.Sprintf(`(select %d, no, w <#> $%d::halfvec d from %s order by d limit %d)`, k, len(args), entryTable(c.g.id, k), s.most))
		most, graph = max(most, s.most), graph || c.g.clouds[k].HNSW
	}
	if len(parts) == 0 {
		return nil
	}
	// all in one round trip: compiling a query takes longer than running it,
	// and the graph's settings are no business of other queries
	settings := `select set_config('jit', 'off', true)`
	if graph {
		settings += fmt.Sprintf(`, set_config('hnsw.ef_search', '%d', true), set_config('hnsw.iterative_scan', 'relaxed_order', true)`,
			min(1000, max(most, c.store.opts.HNSW.EfSearch)))
	}
	var b pgx.Batch
	b.Queue(`begin read only`)
	b.Queue(settings)
	b.Queue(strings.Join(parts, " union all "), args...).Query(func(rows pgx.Rows) error {
		var k int32
		var no int32
		var d float64
		_, err := pgx.ForEachRow(rows, []any{&k, &no, &d}, func() error {
			if int(no) >= len(c.g.kind) {
				return errDamaged
			}
			s := &searches[k]
			s.found = append(s.found, no)
			s.asked++
			s.last = min(s.last, -d)
			return nil
		})
		return err
	})
	b.Queue(`commit`)
	return c.store.pool.SendBatch(ctx, &b).Close()
}

// fetchBlocks has the blocks of all candidates and of the picked.
func (c *comparison) fetchBlocks(ctx context.Context, searches []search, kinds []index.Kind, picked []int32) error {
	var want []int32
	for _, k := range kinds {
		for _, e := range searches[k].found {
			want = append(want, c.g.block[e])
		}
	}
	for _, e := range picked {
		want = append(want, c.g.block[e])
	}
	return c.store.blocks(ctx, c.g, c.blocks, want)
}

// settle picks the nearest among the candidates by their exact values, and
// reports whether they are the nearest of all.
func (c *comparison) settle(s *search) bool {
	s.top = top{most: c.q.Most}
	for _, e := range s.found {
		b := c.blocks[c.g.block[e]]
		s.top.add(e, c.cos(b, b.find(e), s.kind))
	}
	if s.whole || c.g.clouds[s.kind].HNSW {
		return true
	}
	worst := s.top.best[0].value // of those picked
	return s.asked == s.most && float64(worst) > s.last*s.ask.unit+s.ask.bound
}

func (c *comparison) cos(b *block, i int, k index.Kind) float32 {
	return (vek32.Dot(c.q.Dir, b.vector(i, c.g.dim)) - c.q.Offset[k.Side()]) * b.invLen[i]
}

// matches gives the taken entries and the others of their passages, in the
// order of their numbers.
func (c *comparison) matches(ctx context.Context) ([]index.Match, error) {
	passages := map[int32]bool{}
	for i, word := range c.w.taken {
		for ; word != 0; word &= word - 1 {
			e := int32(i<<6 + bits.TrailingZeros64(word))
			if c.g.kind[e].OfPassage() {
				passages[c.g.ref[e]] = true
			}
		}
	}
	for p := range passages {
		for _, e := range c.blocks[p].entries {
			c.w.take(e)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	n := int32(0)
	for i, word := range c.w.taken {
		c.w.rank[i] = n
		n += int32(bits.OnesCount64(word))
	}
	out := make([]index.Match, n)
	for _, b := range c.blocks {
		for i, e := range b.entries {
			if !c.w.has(e) {
				continue
			}
			k := c.g.kind[e]
			m := index.Match{Entry: e, Kind: k, Ref: c.g.ref[e], Cos: c.cos(b, i, k), Raw: vek32.Dot(c.q.Raw, b.vector(i, c.g.dim))}
			if k.Lexical() {
				m.Grams = c.w.scores[side(k)][c.g.doc[e]]
			}
			before := c.w.taken[e>>6] & (1<<(e&63) - 1)
			out[c.w.rank[e>>6]+int32(bits.OnesCount64(before))] = m
		}
	}
	return out, nil
}

// A top keeps the entries with the highest values, equal values in the order
// of their numbers; the worst of them stands first (it is a heap).
type top struct {
	most int
	best []valued
}

type valued struct {
	entry int32
	value float32
}

// worse orders the worse first.
func worse(a, b valued) int {
	if c := cmp.Compare(a.value, b.value); c != 0 {
		return c
	}
	return cmp.Compare(b.entry, a.entry)
}

func (t *top) add(entry int32, value float32) {
	v := valued{entry, value}
	if len(t.best) < t.most {
		t.best = append(t.best, v)
		for i := len(t.best) - 1; i > 0 && worse(t.best[i], t.best[(i-1)/2]) < 0; i = (i - 1) / 2 {
			t.best[i], t.best[(i-1)/2] = t.best[(i-1)/2], t.best[i]
		}
		return
	}
	if value < t.best[0].value || worse(v, t.best[0]) < 0 {
		return
	}
	t.best[0] = v
	for i := 0; ; {
		k := 2*i + 1
		if k+1 < t.most && worse(t.best[k+1], t.best[k]) < 0 {
			k++
		}
		if k >= t.most || worse(t.best[i], t.best[k]) < 0 {
			return
		}
		t.best[i], t.best[k] = t.best[k], t.best[i]
		i = k
	}
}
