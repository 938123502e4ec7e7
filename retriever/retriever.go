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
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever/embed"
	"kiveileder/retriever/index"
	"kiveileder/retriever/lexical"
)

// candidates is how many entries of each kind the index looks for; learning and
// searching use the same.
const candidates = 96

// defaultThreshold is the probability from which on the hits count as an
// answer; set on the curve of false answers against answered ones
// (docs/decisions.md).
const defaultThreshold = 0.60

// A Retriever searches one version of the corpus. It is read-only and safe for
// concurrent use.
type Retriever struct {
	embedder  embed.Embedder
	index     index.Index
	space     *Space
	weights   *Weights
	judge     *Judge
	threshold float64 // from which probability on hits answer

	passages []kiveileder.Passage
	docOf    []int // by passage: the number of its source
	docs     int
	dates    []string          // by source: the ISO date that its age is judged by
	refs     []map[string]bool // by passage: the paragraphs that it names
	topics   []kiveileder.Topic
	intents  []corpus.Intent
	wants    []corpus.Want
	given    map[int]*given // by passage: what is known of published answers
	glossary *widener

	gatherings sync.Pool

	// Observe is told how long each stage of a search took: embed, compare and
	// judge. Set it before the first search; nil tells nobody.
	Observe func(stage string, took time.Duration)
}

var tracer = otel.Tracer("kiveileder/retriever")

// stage begins a stage of a search and gives what ends it.
func (r *Retriever) stage(ctx context.Context, name string) (context.Context, func()) {
	ctx, span := tracer.Start(ctx, name)
	begin := time.Now()
	return ctx, func() {
		span.End()
		if r.Observe != nil {
			r.Observe(name, time.Since(begin))
		}
	}
}

// newRetriever makes what is known of the passages ready.
func newRetriever(e embed.Embedder, x index.Index, c *corpus.Corpus, sp *Space) *Retriever {
	r := &Retriever{
		embedder: e, index: x, space: sp, threshold: defaultThreshold,
		topics: c.Topics, intents: c.Intents, glossary: newWidener(c.Glossary), given: map[int]*given{},
	}
	// patterns are checked when a corpus is linted; a broken one counts as none
	r.wants, _ = corpus.Wants(c.Asked)
	r.wants = r.wants[:min(len(r.wants), maxWants)]
	r.describe(c, 0)
	return r
}

// Index gives what the retriever searches in.
func (r *Retriever) Index() index.Index { return r.index }

// over gives a retriever over more passages, behind those that this one has.
func (r *Retriever) over(x index.Index, c *corpus.Corpus) *Retriever {
	n := &Retriever{
		embedder: r.embedder, index: x, space: r.space, weights: r.weights, judge: r.judge, threshold: r.threshold,
		docOf: slices.Clip(r.docOf), docs: r.docs, dates: slices.Clip(r.dates), refs: slices.Clip(r.refs),
		topics: c.Topics, intents: c.Intents, wants: r.wants, glossary: r.glossary, given: maps.Clone(r.given), Observe: r.Observe,
	}
	n.describe(c, len(r.passages))
	return n
}

// describe makes ready what is known of the passages from a number on.
func (r *Retriever) describe(c *corpus.Corpus, from int) {
	r.passages = c.Passages
	number := map[string]int{}
	for i, d := range r.docOf {
		number[c.Passages[i].Source] = d
	}
	date := map[string]string{}
	for _, m := range c.Sources {
		date[m.ID] = m.Date()
	}
	for _, p := range c.Passages[from:] {
		d, ok := number[p.Source]
		if !ok {
			d = r.docs
			r.docs++
			number[p.Source] = d
			r.dates = append(r.dates, date[p.Source])
		}
		refs := map[string]bool{}
		for _, ref := range lexical.References(letters(p)) {
			refs[ref] = true
		}
		r.docOf, r.refs = append(r.docOf, d), append(r.refs, refs)
	}
	r.gatherings.New = func() any {
		gs := make([]gathering, len(c.Passages))
		return &gs
	}
	r.learnGiven(c, from)
}

// letters gives what a passage is compared by in letters: all its headings and
// its text.
func letters(p kiveileder.Passage) string {
	return strings.Join(p.Section, " ") + " " + p.Lead + " " + p.Text
}

// lacks reports whether a passage lacks what the want asks for.
func (r *Retriever) lacks(passage int, w corpus.Want) bool {
	p := r.passages[passage]
	return w.Offers != nil && !w.Offers.MatchString(p.Lead+"\n"+p.Text)
}

// specific reports whether a message names its purpose or data, so that there
// is no need to ask for it.
func (r *Retriever) specific(text string) bool {
	for _, w := range r.wants {
		if w.Ask == "specific" && w.Asks.MatchString(text) {
			return true
		}
	}
	return false
}

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
	Corpus  string  `json:"corpus,omitempty"` // version that was searched; empty when it is the asker's own
}

// Search finds the passages for a query. It fails only when the embedder or
// the index does, or the context ends.
func (r *Retriever) Search(ctx context.Context, q Query) (Result, error) {
	text := followUp(q)
	within, done := r.stage(ctx, "embed")
	vs, err := r.embedder.Embed(within, embed.Query, []string{text})
	done()
	if err != nil {
		return Result{}, fmt.Errorf("search: %w", err)
	}
	within, done = r.stage(ctx, "compare")
	x, err := r.examine(within, vs[0], text, r.judge.Prior, none)
	done()
	if err != nil {
		return Result{}, fmt.Errorf("search: %w", err)
	}
	_, done = r.stage(ctx, "judge")
	defer done()
	ranked := r.newerFirst(r.rank(x.met))
	res := Result{}
	if len(ranked) == 0 {
		res.Verdict.Class = Uncertain
		return res, nil
	}
	res.Verdict = r.verdict(x, ranked)
	k := q.K
	if k <= 0 {
		k = 10
	}
	for _, s := range ranked[:min(k, len(ranked))] {
		res.Hits = append(res.Hits, Hit{r.passages[s.passage], float64(s.score)})
	}
	return res, nil
}

// asGood is the difference in score below which two passages answer equally
// well as far as anybody can tell.
const asGood = 0.25

// newerFirst puts, among the first few, a passage of a newer source before one
// of an older that is only as good.
func (r *Retriever) newerFirst(ss []scored) []scored {
	for i := 1; i < min(len(ss), kiveileder.MaxCitations); i++ {
		a, b := &ss[i-1], &ss[i]
		if a.score-b.score < asGood && r.dates[r.docOf[a.passage]] < r.dates[r.docOf[b.passage]] {
			*a, *b = *b, *a
		}
	}
	return ss
}

// An exam is a message compared with the index.
type exam struct {
	text    string
	vec     []float32
	refs    []string // paragraphs that it names
	unknown float32  // share of its terms that sources and bank do not know
	met     []scored // the passages that came near, with their features
	near    nearness
}

// examine compares a message with the index. skip is the number of an entry to
// leave out, none for none; prior each class's share of all examples.
func (r *Retriever) examine(ctx context.Context, vec []float32, text string, prior [nClasses]float32, skip int) (exam, error) {
	terms := lexical.Terms(text)
	wide := slices.Clone(terms)
	for _, t := range r.glossary.terms(text) {
		wide = append(wide, lexical.Terms(t)...)
	}
	ms, err := r.index.Compare(ctx, index.Query{Probe: r.space.probe(vec), Terms: wide, Most: candidates})
	if err != nil {
		return exam{}, err
	}
	known, err := r.index.Known(ctx, terms)
	if err != nil {
		return exam{}, err
	}
	n := 0
	for _, k := range known {
		if !k {
			n++
		}
	}
	refs := lexical.References(text)
	return exam{
		text: text, vec: vec, refs: refs,
		unknown: float32(n) / float32(max(1, len(terms))),
		met:     r.gather(ms, refs, skip),
		near:    r.nearnessOf(ms, prior, skip),
	}, nil
}
