package eval

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"kiveileder"
)

// A Judge judges facts by the rules.
type Judge interface {
	// Judge gives the outcomes of facts, the facts to ask for, and whether a
	// person should look.
	Judge(facts map[string]any) (outcomes, missing []string, escalate bool, err error)
}

// Expected is what a rule case expects: Must are among the outcomes and none of
// MustNot is; Missing and Escalate are exact.
type Expected struct {
	Must     []string `json:"must"`
	MustNot  []string `json:"must_not"`
	Missing  []string `json:"missing"`
	Escalate bool     `json:"escalate"`

	exact bool // no other outcomes
}

// A Judged is how one case came out.
type Judged struct {
	Case     Case
	Facts    map[string]any
	Lacking  []string // of Must
	Wrong    []string // of MustNot
	Missing  []string // what was asked for, when that is not what should be
	Escalate bool     // it differs
	Quoted   int      // of Cite, from words only
	Cites    int
}

// Right reports whether outcomes and escalation are right.
func (j Judged) Right() bool { return len(j.Lacking) == 0 && len(j.Wrong) == 0 && !j.Escalate }

// Exact reports whether the facts to ask for are right too.
func (j Judged) Exact() bool { return j.Right() && j.Missing == nil }

// expected gives what a case expects. A case that says nothing expects of its
// words exactly what follows from its facts.
func expected(c Case, outcomes, missing []string, escalate bool) (want Expected, err error) {
	if c.Expect == nil {
		return Expected{Must: outcomes, Missing: missing, Escalate: escalate, exact: true}, nil
	}
	if err := json.Unmarshal(c.Expect, &want); err != nil {
		return want, fmt.Errorf("%s: %w", c.ID, err)
	}
	return want, nil
}

func judge(c Case, want Expected, outcomes, missing []string, escalate bool) Judged {
	j := Judged{Case: c, Escalate: escalate != want.Escalate}
	for _, o := range want.Must {
		if !slices.Contains(outcomes, o) {
			j.Lacking = append(j.Lacking, o)
		}
	}
	for _, o := range want.MustNot {
		if slices.Contains(outcomes, o) {
			j.Wrong = append(j.Wrong, o)
		}
	}
	if want.exact {
		for _, o := range outcomes {
			if !slices.Contains(want.Must, o) {
				j.Wrong = append(j.Wrong, o)
			}
		}
	}
	if got := slices.Sorted(slices.Values(missing)); !slices.Equal(got, slices.Sorted(slices.Values(want.Missing))) {
		j.Missing = append([]string{}, got...)
	}
	return j
}

// A RuleRun holds how rule cases came out, from their facts and from their
// words.
type RuleRun struct{ Facts, Words []Judged }

// RunRules judges each case by its facts, and answers its text.
func RunRules(ctx context.Context, j Judge, t Turner, cases []Case) (RuleRun, error) {
	var r RuleRun
	for _, c := range cases {
		outcomes, missing, escalate, err := j.Judge(c.Facts)
		if err != nil {
			return r, fmt.Errorf("%s: %w", c.ID, err)
		}
		want, err := expected(c, outcomes, missing, escalate)
		if err != nil {
			return r, err
		}
		one := judge(c, want, outcomes, missing, escalate)
		one.Facts = c.Facts
		r.Facts = append(r.Facts, one)
		if c.Text == "" {
			continue
		}
		a, err := t.Turn(ctx, kiveileder.Turn{Question: c.Text})
		if err != nil {
			return r, fmt.Errorf("%s: %w", c.ID, err)
		}
		if one, err = answered(c, want, a); err != nil {
			return r, err
		}
		r.Words = append(r.Words, one)
	}
	return r, nil
}

// answered judges an answer as a rule case.
func answered(c Case, want Expected, a kiveileder.Answer) (Judged, error) {
	var outcomes []string
	for _, f := range a.Findings {
		outcomes = append(outcomes, f.Outcome)
	}
	j := judge(c, want, outcomes, a.Missing, a.Status == kiveileder.Escalate)
	j.Facts = a.Facts
	var cites []struct{ Snippet string }
	if c.Cite != nil {
		if err := json.Unmarshal(c.Cite, &cites); err != nil {
			return j, fmt.Errorf("%s: %w", c.ID, err)
		}
	}
	quotes := a.Citations
	for _, f := range a.Findings {
		quotes = append(quotes, f.Quotes...)
	}
	for _, x := range cites {
		j.Cites++
		if slices.ContainsFunc(quotes, func(q kiveileder.Citation) bool { return strings.Contains(Fold(q.Lead+q.Quote), Fold(x.Snippet)) }) {
			j.Quoted++
		}
	}
	return j, nil
}

// Write prints the figures.
func (r RuleRun) Write(w io.Writer) {
	line := func(name string, js []Judged) {
		right, exact, quoted, cites := 0, 0, 0, 0
		for _, j := range js {
			quoted, cites = quoted+j.Quoted, cites+j.Cites
			if j.Right() {
				right++
			}
			if j.Exact() {
				exact++
			}
		}
		fmt.Fprintf(w, "  %-22s %4d   outcomes and escalation right %d   with the facts to ask for %d", name, len(js), right, exact)
		if cites > 0 {
			fmt.Fprintf(w, "   snippets quoted %d of %d", quoted, cites)
		}
		fmt.Fprintln(w)
	}
	line("rules, from facts", r.Facts)
	if len(r.Words) > 0 {
		line("rules, from words", r.Words)
	}
}

// Misses prints each case that is not right.
func (r RuleRun) Misses(w io.Writer) {
	for i, js := range [][]Judged{r.Facts, r.Words} {
		name := []string{"facts", "words"}[i]
		for _, j := range js {
			if !j.Exact() {
				fmt.Fprintf(w, "  miss %s from %s: lacking %v, wrong %v, asked %v, escalation differs %v | %s\n       facts %s\n       read  %s\n",
					j.Case.ID, name, j.Lacking, j.Wrong, j.Missing, j.Escalate, j.Case.Text, written(j.Case.Facts), written(j.Facts))
			}
		}
	}
}

func written(facts map[string]any) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(facts)) {
		out = append(out, fmt.Sprintf("%s=%v", k, facts[k]))
	}
	return strings.Join(out, " ")
}
