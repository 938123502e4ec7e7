package lexical

import "math"

// Constants of BM25 (Robertson and Zaragoza, 2009): saturation of a term's
// count and weight of a document's length.
const (
	k1 = 1.2
	b  = 0.75
)

type posting struct {
	doc   int32
	count int32
}

// An Index scores documents against a query by BM25. Documents are numbered in
// the order of Add. It is not safe for Add beside Score.
type Index struct {
	terms map[string]int32
	posts [][]posting
	lens  []float32
	total float64
}

// NewIndex gives an empty index.
func NewIndex() *Index { return &Index{terms: map[string]int32{}} }

// Len is the number of documents.
func (x *Index) Len() int { return len(x.lens) }

// Add appends a document made of terms and gives its number.
func (x *Index) Add(terms []string) int {
	doc := int32(len(x.lens))
	for _, t := range terms {
		id, ok := x.terms[t]
		if !ok {
			id = int32(len(x.posts))
			x.terms[t] = id
			x.posts = append(x.posts, nil)
		}
		ps := x.posts[id]
		if n := len(ps); n > 0 && ps[n-1].doc == doc {
			ps[n-1].count++
			continue
		}
		x.posts[id] = append(ps, posting{doc, 1})
	}
	x.lens = append(x.lens, float32(len(terms)))
	x.total += float64(len(terms))
	return int(doc)
}

func (x *Index) idf(df int) float64 {
	n := float64(len(x.lens))
	return math.Log(1 + (n-float64(df)+0.5)/(float64(df)+0.5))
}

// Score gives every document's share of what the query could score at most, 0
// to about 1: the sum over the query's terms of idf times the saturated count,
// divided by the sum of the idfs. A share can be compared between queries and
// indexes. scores must have Len entries; they are overwritten.
func (x *Index) Score(terms []string, scores []float32) {
	clear(scores)
	if len(x.lens) == 0 {
		return
	}
	mean := x.total / float64(len(x.lens))
	seen := map[string]bool{}
	most := 0.0
	for _, t := range terms {
		if seen[t] {
			continue
		}
		seen[t] = true
		id, ok := x.terms[t]
		if !ok {
			most += x.idf(0)
			continue
		}
		idf := x.idf(len(x.posts[id]))
		most += idf
		for _, p := range x.posts[id] {
			c := float64(p.count)
			norm := k1 * (1 - b + b*float64(x.lens[p.doc])/mean)
			scores[p.doc] += float32(idf * c * (k1 + 1) / (c + norm))
		}
	}
	if most == 0 {
		return
	}
	for i := range scores {
		scores[i] /= float32(most)
	}
}

// Count gives how many of the documents numbered below upTo have the term, as
// far as two.
func (x *Index) Count(term string, upTo int) int {
	id, ok := x.terms[term]
	if !ok {
		return 0
	}
	n := 0
	for _, p := range x.posts[id][:min(2, len(x.posts[id]))] {
		if int(p.doc) < upTo {
			n++
		}
	}
	return n
}
