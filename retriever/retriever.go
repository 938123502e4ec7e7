// Package retriever finds the passages that answer a question, and judges
// whether the sources answer it at all.
//
// A query is compared with every passage by meaning and by letters: with the
// passage's own text and with the exemplar questions that the bank has for it.
// The comparison's features become one score by weights that are learned on
// the bank, each question left out in turn (rank.go); the metric of meaning is
// learned there too (space.go). Whether the best passage answers is a
// judgement of its own (judge.go), since the score alone cannot tell.
package retriever

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/viterin/vek/vek32"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever/embed"
	"kiveileder/retriever/lexical"
)

// A Retriever searches one version of the corpus. It is read-only and safe for
// concurrent use.
type Retriever struct {
	embedder embed.Embedder
	space    *Space
	weights  *Weights
	passages []kiveileder.Passage
	docOf    []int // by passage
	docs     int
	topics   []kiveileder.Topic
	intents  []corpus.Intent

	judgeModel *Judge
	threshold  float64 // from which probability on hits answer

	entries      []Entry
	invLens      []float32 // by entry
	passageEntry []int32   // by passage: its PassageText entry
	sentences    [][]int32 // by passage
	questions    [][]int32 // by passage
	refs         []map[string]bool

	textGrams *lexical.Index // documents are passages
	oneGrams  *lexical.Index // documents are the entries that are no passage text
	bankDocs  int            // how many of oneGrams' first documents are questions of the bank
	oneDoc    []int32        // by entry: its document in oneGrams, -1 for a passage's text
	groups    []int8         // by entry: its class for the judge, -1 for a passage's text
	prior     [nClasses]float32
	wants     []corpus.Want
	offers    [][]bool // by passage and want

	workspaces sync.Pool
}

func dot(a, b []float32) float32 { return vek32.Dot(a, b) }

// newRetriever lays out the entries, which keep their order. invLens may be nil,
// then they are computed.
func newRetriever(e embed.Embedder, c *corpus.Corpus, entries []Entry, sp *Space, invLens []float32) *Retriever {
	passages := c.Passages
	r := &Retriever{
		embedder: e, space: sp, passages: passages, entries: entries,
		topics: c.Topics, intents: c.Intents, threshold: defaultThreshold,
		docOf:        make([]int, len(passages)),
		invLens:      invLens,
		passageEntry: make([]int32, len(passages)),
		sentences:    make([][]int32, len(passages)),
		questions:    make([][]int32, len(passages)),
		refs:         make([]map[string]bool, len(passages)),
		textGrams:    lexical.NewIndex(),
		oneGrams:     lexical.NewIndex(),
		oneDoc:       make([]int32, len(entries)),
		groups:       make([]int8, len(entries)),
	}
	r.workspaces.New = func() any { return r.newWorkspace() }
	var docs []string
	for i, p := range passages {
		d := slices.Index(docs, p.Source)
		if d < 0 {
			d, docs = len(docs), append(docs, p.Source)
		}
		r.docOf[i] = d
		text := strings.Join(p.Section, " ") + " " + p.Lead + " " + p.Text
		r.textGrams.Add(lexical.Terms(text))
		r.refs[i] = map[string]bool{}
		for _, ref := range lexical.References(text) {
			r.refs[i][ref] = true
		}
	}
	r.docs = len(docs)
	for i, e := range entries {
		n := int32(i)
		switch e.Kind {
		case PassageText:
			r.passageEntry[e.Ref] = n
		case Sentence:
			r.sentences[e.Ref] = append(r.sentences[e.Ref], n)
		case Question:
			r.questions[e.Ref] = append(r.questions[e.Ref], n)
		}
		r.oneDoc[n] = -1
		if e.Kind >= Question {
			r.oneDoc[n] = int32(r.oneGrams.Add(lexical.Terms(e.Text)))
			if e.Kind == Question && r.bankDocs == int(r.oneDoc[n]) {
				r.bankDocs++
			}
		}
		if len(r.invLens) < len(entries) {
			r.invLens = append(r.invLens, sp.invLen(e.Vector, e.Kind.side()))
		}
		r.groups[i] = int8(r.groupOf(&entries[i]))
		if g := r.groups[i]; g >= 0 {
			r.prior[g]++
		}
	}
	r.lookForWants(c.Asked)
	for g := range r.prior {
		r.prior[g] = max(1, r.prior[g]) / float32(max(1, r.oneGrams.Len()))
	}
	return r
}

// defaultThreshold is the probability from which on the hits count as an
// answer; set on the curve of false answers against answered ones
// (docs/decisions.md).
const defaultThreshold = 0.80

// A Query is what is searched for.
type Query struct {
	Text    string   `json:"text"`
	History []string `json:"history,omitempty"` // earlier messages of the same person, oldest first
	K       int      `json:"k"`                 // how many hits at most; 10 when 0
}

// A Hit is a passage with its score: the estimated log-odds, up to a constant
// of the query, that it answers.
type Hit struct {
	Passage kiveileder.Passage `json:"passage"`
	Score   float64            `json:"score"`
}

// A Result is what a search gives: the passages, best first, and the
// judgement.
type Result struct {
	Hits    []Hit   `json:"hits"`
	Verdict Verdict `json:"verdict"`
}

// Search finds the passages for a query. It fails only when the embedder does
// or the context ends.
func (r *Retriever) Search(ctx context.Context, q Query) (Result, error) {
	text := followUp(q)
	vs, err := r.embedder.Embed(ctx, embed.Query, []string{text})
	if err != nil {
		return Result{}, fmt.Errorf("search: %w", err)
	}
	w := r.workspaces.Get().(*workspace)
	defer r.workspaces.Put(w)
	r.compare(w, vs[0], text)
	ranked := r.ranked(w, text, -1)
	res := Result{Verdict: r.judge(w, ranked, vs[0], text)}
	k := q.K
	if k <= 0 {
		k = 10
	}
	for _, s := range ranked[:min(k, len(ranked))] {
		res.Hits = append(res.Hits, Hit{r.passages[s.passage], float64(s.score)})
	}
	return res, nil
}

// ranked orders all passages for a filled workspace, best first; equal scores
// keep the order of the corpus. skip is an entry to leave out, -1 for none.
func (r *Retriever) ranked(w *workspace, text string, skip int) []scored {
	refs := lexical.References(text)
	out := make([]scored, len(r.passages))
	for p := range r.passages {
		f := r.featuresOf(w, p, refs, skip)
		out[p] = scored{p, r.weights.score(&f, len(r.questions[p]) > 0), f}
	}
	slices.SortStableFunc(out, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	return out
}

type scored struct {
	passage int
	score   float32
	f       features
}

// lookForWants notes which passage offers what. A broken pattern counts as
// none; the lint names it.
func (r *Retriever) lookForWants(as []corpus.Asked) {
	r.wants, _ = corpus.Wants(as)
	r.wants = r.wants[:min(len(r.wants), maxWants)]
	r.offers = make([][]bool, len(r.passages))
	for i, p := range r.passages {
		r.offers[i] = make([]bool, len(r.wants))
		text := p.Lead + "\n" + p.Text
		for k, w := range r.wants {
			r.offers[i][k] = w.Offers != nil && w.Offers.MatchString(text)
		}
	}
}
