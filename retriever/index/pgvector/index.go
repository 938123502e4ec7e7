package pgvector

import (
	"context"
	"sync/atomic"
	"time"

	"kiveileder/retriever/index"
	"kiveileder/retriever/lexical"
)

// An Index is an index.Index pinned to one generation, until its Replace moves
// it on.
type Index struct {
	store   *Store
	state   atomic.Pointer[generation]
	touched atomic.Int64 // when its generation was last marked used
}

// Replace builds a generation of the version, unless there is one, and moves on
// to it. The generation before stays for others; see Store.Prune.
func (x *Index) Replace(ctx context.Context, version string, entries []index.Entry) error {
	if err := x.store.Build(ctx, version, entries); err != nil {
		return err
	}
	g, err := x.store.load(ctx, version)
	if err != nil {
		return wrap(ctx, "open a version", err)
	}
	x.state.Store(g)
	x.touched.Store(time.Now().UnixNano())
	return nil
}

// Version gives the version of the generation, empty when there is none yet.
// It does not ask the database; Touch does.
func (x *Index) Version(context.Context) (string, error) {
	if g := x.state.Load(); g != nil {
		return g.version, nil
	}
	return "", nil
}

// Touch marks the generation used, so that Prune spares it; ErrDropped when it
// is gone.
func (x *Index) Touch(ctx context.Context) error {
	g := x.state.Load()
	if g == nil {
		return nil
	}
	x.touched.Store(time.Now().UnixNano())
	return wrap(ctx, "touch", x.store.touch(ctx, g.id))
}

// touchSometimes touches when the last time is a minute ago.
func (x *Index) touchSometimes(ctx context.Context) error {
	last := x.touched.Load()
	now := time.Now().UnixNano()
	if time.Duration(now-last) < time.Minute || !x.touched.CompareAndSwap(last, now) {
		return nil
	}
	return x.Touch(ctx)
}

// Known looks the terms up.
func (x *Index) Known(ctx context.Context, terms []string) ([]bool, error) {
	out := make([]bool, len(terms))
	g := x.state.Load()
	if g == nil {
		return out, nil
	}
	ps, err := x.store.postings(ctx, g, terms)
	if err != nil {
		return nil, wrap(ctx, "known", dropped(err))
	}
	for i, t := range terms {
		p := ps[t]
		out[i] = len(p[texts]) > 0 && g.sides[texts].docs.Len() > 0 || len(g.behind(nil, t, texts)) > 0
		if !out[i] {
			of, err := readPostings(nil, p[others], g.sides[others].docs.Len())
			if err != nil {
				return nil, err
			}
			out[i] = lexical.Count(g.behind(of, t, others), g.bank) >= 2
		}
	}
	return out, nil
}

// postings gives the postings of the terms, from the cache or the database.
func (s *Store) postings(ctx context.Context, g *generation, terms []string) (map[string]*postings, error) {
	out := make(map[string]*postings, len(terms))
	var missing [][]byte
	for _, t := range terms {
		if out[t] != nil {
			continue
		}
		if v, ok := s.cache.get(key{generation: g.id, term: t}); ok {
			out[t] = v.(*postings)
			continue
		}
		out[t] = &postings{}
		missing = append(missing, []byte(t))
	}
	if len(missing) == 0 {
		return out, nil
	}
	rows, err := s.pool.Query(ctx, `select term, texts, others from `+postingTable(g.id)+` where term = any($1)`, missing)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var term []byte
		p := &postings{}
		if err := rows.Scan(&term, &p[texts], &p[others]); err != nil {
			return nil, err
		}
		out[string(term)] = p
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for _, t := range missing { // those that no document has, too
		if len(t) > 0 {
			s.cache.put(key{generation: g.id, term: string(t)}, out[string(t)])
		}
	}
	return out, nil
}

// blocks adds the blocks to have, from the cache or the database.
func (s *Store) blocks(ctx context.Context, g *generation, have map[int32]*block, want []int32) error {
	g.own(have, want)
	var missing []int32
	for _, n := range want {
		if have[n] != nil {
			continue
		}
		if v, ok := s.cache.get(key{generation: g.id, block: n}); ok {
			have[n] = v.(*block)
			continue
		}
		missing = append(missing, n)
		have[n] = &block{}
	}
	if len(missing) == 0 {
		return nil
	}
	rows, err := s.pool.Query(ctx, `select no, body from `+blockTable(g.id)+` where no = any($1)`, missing)
	if err != nil {
		return err
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var no int32
		var body []byte
		if err := rows.Scan(&no, &body); err != nil {
			return err
		}
		b, err := readBlock(body, g.dim)
		if err != nil {
			return err
		}
		have[no] = b
		s.cache.put(key{generation: g.id, block: no}, b)
		n++
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if n != len(missing) {
		return errDamaged
	}
	return nil
}
