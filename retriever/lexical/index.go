package lexical

import (
	"iter"
	"maps"
	"math"
	"slices"
	"sync/atomic"
)

// Constants of BM25 (Robertson and Zaragoza, 2009): saturation of a term's
// count and weight of a document's length.
const (
	k1 = 1.2
	b  = 0.75
)

// A Posting says how often a document has a term.
type Posting struct{ Doc, Count int32 }

// Count gives how many of the documents numbered below upTo are among the
// postings of a term, as far as two.
func Count(ps []Posting, upTo int) int {
	n := 0
	for _, p := range ps[:min(2, len(ps))] {
		if int(p.Doc) < upTo {
			n++
		}
	}
	return n
}

// Documents knows of a collection what BM25 needs beside the postings: the
// documents' lengths. They are numbered in the order of Add. It is not safe
// for Add beside Score.
type Documents struct {
	lens  []float32
	total float64
	norms atomic.Pointer[[]float64] // made by the first Score after an Add
}

// Len is the number of documents.
func (d *Documents) Len() int { return len(d.lens) }

// Add appends a document of so many terms and gives its number.
func (d *Documents) Add(terms int) int {
	d.lens = append(d.lens, float32(terms))
	d.total += float64(terms)
	d.norms.Store(nil)
	return len(d.lens) - 1
}

// CloneTo makes another, which must be empty, one to add to: this one stays as
// it is.
func (d *Documents) CloneTo(to *Documents) { to.lens, to.total = slices.Clip(d.lens), d.total }

// Lens gives the documents' lengths.
func (d *Documents) Lens() iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		for i, n := range d.lens {
			if !yield(i, int(n)) {
				return
			}
		}
	}
}

func (d *Documents) idf(df int) float64 {
	n := float64(len(d.lens))
	return math.Log(1 + (n-float64(df)+0.5)/(float64(df)+0.5))
}

// normed gives by how much each document's length dampens its counts.
func (d *Documents) normed() []float64 {
	if p := d.norms.Load(); p != nil {
		return *p
	}
	mean := d.total / float64(len(d.lens))
	norms := make([]float64, len(d.lens))
	for i, l := range d.lens {
		norms[i] = k1 * (1 - b + b*float64(l)/mean)
	}
	d.norms.Store(&norms)
	return norms
}

// Score gives every document's share of what the query could score at most, 0
// to about 1: the sum over the query's terms of idf times the saturated count,
// divided by the sum of the idfs. A share can be compared between queries and
// collections. scores must have Len entries; they are overwritten.
//
// postings gives the postings of a term, in the order of the documents; they
// are looked at until it is called again. Wherever they come from, the same
// postings give the same scores to the last bit.
func (d *Documents) Score(terms []string, postings func(term string) []Posting, scores []float32) {
	clear(scores)
	if len(d.lens) == 0 {
		return
	}
	norms := d.normed()
	seen := make(map[string]bool, len(terms))
	most := 0.0
	for _, t := range terms {
		if seen[t] {
			continue
		}
		seen[t] = true
		ps := postings(t)
		idf := d.idf(len(ps))
		most += idf
		for _, p := range ps {
			c := float64(p.Count)
			scores[p.Doc] += float32(idf * c * (k1 + 1) / (c + norms[p.Doc]))
		}
	}
	if most == 0 {
		return
	}
	for i := range scores {
		scores[i] /= float32(most)
	}
}

// An Index scores documents against a query by BM25. Documents are numbered in
// the order of Add. It is not safe for Add beside Score.
type Index struct {
	docs  Documents
	terms map[string]int32
	posts [][]Posting
	base  *Index // whose documents come first; nil for none
}

// NewIndex gives an empty index.
func NewIndex() *Index { return &Index{terms: map[string]int32{}} }

// Over gives an index to add to, that begins with the documents of x. They are
// shared: nothing may be added to x any more.
func Over(x *Index) *Index {
	y := NewIndex()
	y.base = x
	x.docs.CloneTo(&y.docs)
	return y
}

// Len is the number of documents.
func (x *Index) Len() int { return x.docs.Len() }

// Documents gives the lengths of the documents.
func (x *Index) Documents() *Documents { return &x.docs }

// Add appends a document made of terms and gives its number.
func (x *Index) Add(terms []string) int {
	doc := int32(x.docs.Add(len(terms)))
	for _, t := range terms {
		id, ok := x.terms[t]
		if !ok {
			id = int32(len(x.posts))
			x.terms[t] = id
			x.posts = append(x.posts, nil)
		}
		ps := x.posts[id]
		if n := len(ps); n > 0 && ps[n-1].Doc == doc {
			ps[n-1].Count++
			continue
		}
		x.posts[id] = append(ps, Posting{doc, 1})
	}
	return int(doc)
}

// Postings gives the postings of a term, in the order of the documents; none
// for a term that no document has.
func (x *Index) Postings(term string) []Posting {
	var before, own []Posting
	if x.base != nil {
		before = x.base.Postings(term)
	}
	if id, ok := x.terms[term]; ok {
		own = x.posts[id]
	}
	switch {
	case len(own) == 0:
		return before
	case len(before) == 0:
		return own
	}
	return slices.Concat(before, own)
}

// Terms gives every term that a document has, in no order.
func (x *Index) Terms() iter.Seq[string] {
	if x.base == nil {
		return maps.Keys(x.terms)
	}
	return func(yield func(string) bool) {
		for t := range x.base.Terms() {
			if !yield(t) {
				return
			}
		}
		for t := range x.terms {
			if len(x.base.Postings(t)) == 0 && !yield(t) {
				return
			}
		}
	}
}

// Score scores all documents, see Documents.Score.
func (x *Index) Score(terms []string, scores []float32) {
	x.docs.Score(terms, x.Postings, scores)
}

// Count gives how many of the documents numbered below upTo have the term, as
// far as two.
func (x *Index) Count(term string, upTo int) int { return Count(x.Postings(term), upTo) }
