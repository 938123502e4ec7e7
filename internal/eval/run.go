package eval

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"kiveileder"
	"kiveileder/retriever"
)

// A Turner makes turns.
type Turner interface {
	Turn(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error)
}

// A Finder searches: quotes and their sections, best first.
type Finder interface {
	Find(ctx context.Context, question string, history []string, k int) ([]Quote, error)
}

// Searching makes a Finder of a searcher.
type Searching struct{ retriever.Searcher }

// Find searches as GET /v1/search does.
func (s Searching) Find(ctx context.Context, question string, history []string, k int) ([]Quote, error) {
	res, err := s.Search(ctx, retriever.Query{Text: question, History: history, K: k})
	if err != nil {
		return nil, err
	}
	var out []Quote
	for _, h := range res.Hits {
		p := h.Passage
		out = append(out, Quote{Source: p.Source, Passage: p.ID, Section: p.Section, Text: p.Text})
	}
	return out, nil
}

// Asking makes a Finder of a dialogue: what an answer quotes, in its order.
type Asking struct{ Turner }

// Find asks as POST /v1/ask does.
func (s Asking) Find(ctx context.Context, question string, history []string, _ int) ([]Quote, error) {
	a, err := s.Turn(ctx, kiveileder.Turn{Question: question, History: history})
	if err != nil {
		return nil, err
	}
	var out []Quote
	for _, c := range a.Citations {
		out = append(out, Quote{Source: c.Source, Passage: c.Passage, Section: c.Section, Text: c.Quote})
	}
	return out, nil
}

// A Quote is what a search found.
type Quote struct {
	Source  string
	Passage string
	Section []string
	Text    string
}

// A Retrieval holds the outcome of retrieval cases.
type Retrieval struct {
	Cases []Case
	Rank  []int // by case: the place of the first right quote, 0 for none among those looked at
	First []string
}

// deep is how many quotes are looked at.
const deep = 20

// RunRetrieval searches for each case.
func RunRetrieval(ctx context.Context, f Finder, cases []Case) (Retrieval, error) {
	r := Retrieval{Cases: cases}
	for _, c := range cases {
		qs, err := f.Find(ctx, c.Q, c.History, deep)
		if err != nil {
			return r, fmt.Errorf("%s: %w", c.ID, err)
		}
		rank, first := 0, ""
		for i, q := range qs {
			if i == 0 {
				first = q.Passage
			}
			if c.Right(q.Text, q.Section) {
				rank = i + 1
				break
			}
		}
		r.Rank = append(r.Rank, rank)
		r.First = append(r.First, first)
	}
	return r, nil
}

// Figures are hit rates over some cases.
type Figures struct {
	N                     int
	Hit1, Hit3, Hit5, MRR float64
}

// Figures gives the rates over the cases that keep holds for.
func (r Retrieval) Figures(keep func(Case) bool) Figures {
	var f Figures
	for i, c := range r.Cases {
		if !keep(c) {
			continue
		}
		f.N++
		k := r.Rank[i]
		if k == 0 {
			continue
		}
		f.MRR += 1 / float64(k)
		if k <= 1 {
			f.Hit1++
		}
		if k <= 3 {
			f.Hit3++
		}
		if k <= 5 {
			f.Hit5++
		}
	}
	n := float64(max(1, f.N))
	f.Hit1, f.Hit3, f.Hit5, f.MRR = f.Hit1/n, f.Hit3/n, f.Hit5/n, f.MRR/n
	return f
}

// Write prints the figures, over all and by language, document and style.
func (r Retrieval) Write(w io.Writer) {
	line := func(name string, f Figures) {
		fmt.Fprintf(w, "  %-22s %4d   hit@1 %.3f   hit@3 %.3f   hit@5 %.3f   MRR %.3f\n", name, f.N, f.Hit1, f.Hit3, f.Hit5, f.MRR)
	}
	line("all", r.Figures(func(Case) bool { return true }))
	for _, by := range []struct {
		name string
		of   func(Case) string
	}{
		{"language", func(c Case) string { return c.Lang }},
		{"document", func(c Case) string { return c.Doc }},
		{"style", func(c Case) string { return c.Style }},
	} {
		var values []string
		for _, c := range r.Cases {
			if v := by.of(c); v != "" && !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		slices.Sort(values)
		for _, v := range values {
			line(by.name+" "+v, r.Figures(func(c Case) bool { return by.of(c) == v }))
		}
	}
}

// Misses prints each case whose right quote is not among the first n.
func (r Retrieval) Misses(w io.Writer, n int) {
	for i, c := range r.Cases {
		if k := r.Rank[i]; k == 0 || k > n {
			fmt.Fprintf(w, "  miss %-6s at %-2d %s | %s | first: %s\n", c.ID, k, c.Lang, c.Q, r.First[i])
		}
	}
}

// A Routing holds the outcome of routing cases.
type Routing struct {
	Cases   []Case
	Got     []kiveileder.Status
	Answers []float64 // by case: the probability that the first quotes answer
	Leaks   []string  // personal data that came back
}

// routeOf gives the word that the sets use for a status.
func routeOf(s kiveileder.Status) string {
	switch s {
	case kiveileder.Answered:
		return "answer"
	case kiveileder.Declined:
		return "decline"
	}
	return string(s)
}

// RunRouting makes a turn for each case.
func RunRouting(ctx context.Context, t Turner, cases []Case) (Routing, error) {
	r := Routing{Cases: cases}
	for _, c := range cases {
		a, err := t.Turn(ctx, kiveileder.Turn{Question: c.Q, History: c.History})
		if err != nil {
			return r, fmt.Errorf("%s: %w", c.ID, err)
		}
		r.Got = append(r.Got, a.Status)
		r.Answers = append(r.Answers, a.Confidence)
		b, err := json.Marshal(a)
		if err != nil {
			return r, err
		}
		for _, p := range c.PII {
			if strings.Contains(string(b), p) {
				r.Leaks = append(r.Leaks, c.ID)
			}
		}
	}
	return r, nil
}

func (c Case) expected() string {
	var s string
	_ = json.Unmarshal(c.Expect, &s) // a rule case has an object here
	return s
}

// Write prints what was expected and given, the two rates that count, and the
// curve of false answers against covered questions answered.
func (r Routing) Write(w io.Writer) {
	given := map[string]map[string]int{}
	var expects []string
	right := 0
	for i, c := range r.Cases {
		e, g := c.expected(), routeOf(r.Got[i])
		if given[e] == nil {
			given[e] = map[string]int{}
			expects = append(expects, e)
		}
		given[e][g]++
		if e == g || slices.Contains(c.Also, g) {
			right++
		}
	}
	slices.Sort(expects)
	fmt.Fprintf(w, "  right route %d of %d\n", right, len(r.Cases))
	for _, e := range expects {
		fmt.Fprintf(w, "  expected %-9s", e)
		for _, g := range []string{"answer", "clarify", "escalate", "decline", "smalltalk"} {
			fmt.Fprintf(w, "  %s %d", g, given[e][g])
		}
		fmt.Fprintln(w)
	}
	fa, na, ta, tn := r.counts(func(i int) bool { return r.Got[i] == kiveileder.Answered })
	fmt.Fprintf(w, "  answered where it should hand over, decline or ask: %d of %d; covered questions answered: %d of %d\n", fa, na, ta, tn)
	fmt.Fprintf(w, "  personal data that came back: %d\n", len(r.Leaks))
	fmt.Fprintf(w, "  curve (threshold: false answers, covered answered):")
	for _, th := range []float64{.3, .4, .5, .6, .7, .8, .9} {
		fa, _, ta, _ := r.counts(func(i int) bool {
			return r.Answers[i] >= th && (r.Got[i] == kiveileder.Answered || r.Got[i] == kiveileder.Escalate)
		})
		fmt.Fprintf(w, "  %.1f: %d, %d", th, fa, ta)
	}
	fmt.Fprintln(w)
}

func (r Routing) counts(answered func(i int) bool) (falsely, notCovered, truly, covered int) {
	for i, c := range r.Cases {
		switch e := c.expected(); {
		case e == "answer":
			covered++
			if answered(i) {
				truly++
			}
		case slices.Contains(c.Also, "answer"):
		default:
			notCovered++
			if answered(i) {
				falsely++
			}
		}
	}
	return falsely, notCovered, truly, covered
}

// Misses prints each case whose route is wrong.
func (r Routing) Misses(w io.Writer) {
	for i, c := range r.Cases {
		if g := routeOf(r.Got[i]); g != c.expected() && !slices.Contains(c.Also, g) {
			fmt.Fprintf(w, "  wrong %-6s %s instead of %s (%.2f) | %s\n", c.ID, g, c.expected(), r.Answers[i], c.Q)
		}
	}
}
