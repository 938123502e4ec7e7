package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"kiveileder"
)

// A Case is one example that a jurist wrote: facts, and what must come of them.
type Case struct {
	Name   string         `yaml:"name"`
	Facts  map[string]any `yaml:"facts"`
	AsOf   string         `yaml:"as_of,omitempty"` // ISO date; the rules without an end when left out
	Expect Expect         `yaml:"expect"`

	pos at
}

// Expect is what a case demands.
type Expect struct {
	Must     []string `yaml:"must,omitempty" json:"must"`         // outcomes that are there
	MustNot  []string `yaml:"must_not,omitempty" json:"must_not"` // outcomes that are not
	Missing  []string `yaml:"missing,omitempty" json:"missing"`   // exactly these facts are asked for, in any order
	Escalate bool     `yaml:"escalate,omitempty" json:"escalate"`
}

// A CaseReport says how the cases went.
type CaseReport struct {
	Cases     int
	Failed    []Problem
	Rules     int       // how many there are
	Uncovered []Problem // rules that never held in a case, or never failed to
}

// FailedCases is how many cases failed; one case may fail in several ways.
func (r CaseReport) FailedCases() int {
	seen := map[string]bool{}
	for _, p := range r.Failed {
		seen[fmt.Sprint(p.File, p.Line)] = true
	}
	return len(seen)
}

// RunCases runs the cases of all modules, and finds the rules that no case
// of any module makes hold, or that hold in every case where they are judged
// though their condition can be false.
func (s *Set) RunCases() CaseReport {
	var rep CaseReport
	type ways struct{ yes, no bool }
	seen := map[string]*ways{}
	for i := range s.Modules {
		for j := range s.Modules[i].Rules {
			seen[s.Modules[i].Rules[j].ID] = &ways{}
			rep.Rules++
		}
	}
	for i := range s.Modules {
		m := &s.Modules[i]
		file := path.Join(path.Dir(m.file), "tests.yaml")
		for _, c := range m.Cases {
			rep.Cases++
			bad := func(format string, args ...any) {
				rep.Failed = append(rep.Failed, Problem{file, c.pos.line, c.Name + ": " + fmt.Sprintf(format, args...)})
			}
			if c.AsOf != "" {
				if _, err := time.Parse(time.DateOnly, c.AsOf); err != nil {
					bad("as_of %q is no date", c.AsOf)
					continue
				}
			}
			vals, used, err := s.take(c.Facts)
			if err != nil {
				bad("%s", kiveileder.ErrorMessage(err))
				continue
			}
			held := map[string]bool{}
			res, err := s.judge(vals, used, c.AsOf, func(_ *Module, r *Rule, _ *scope, st state) {
				held[r.ID] = held[r.ID] || st == fired
			})
			if err != nil {
				bad("%v", err)
				continue
			}
			for id, w := range seen {
				w.yes = w.yes || held[id]
				w.no = w.no || !held[id]
			}
			for _, d := range s.compare(c.Expect, res) {
				bad("%s", d)
			}
		}
	}
	for i := range s.Modules {
		m := &s.Modules[i]
		for j := range m.Rules {
			r := &m.Rules[j]
			if w := seen[r.ID]; !w.yes {
				rep.Uncovered = append(rep.Uncovered, Problem{m.file, r.pos.line, "rule " + r.ID + ": holds in no case; write one"})
			} else if !w.no {
				rep.Uncovered = append(rep.Uncovered, Problem{m.file, r.pos.line, "rule " + r.ID + ": holds in every case; write one where it does not"})
			}
		}
	}
	return rep
}

// compare says how a result differs from what is expected.
func (s *Set) compare(want Expect, got Result) []string {
	var out []string
	for _, o := range slices.Concat(want.Must, want.MustNot) {
		if _, ok := s.outIndex[o]; !ok {
			out = append(out, fmt.Sprintf("no outcome %q in outcomes.yaml", o))
		}
	}
	if lack := without(want.Must, got.Outcomes); len(lack) > 0 {
		out = append(out, "must give "+strings.Join(lack, ", ")+"; gives "+strings.Join(got.Outcomes, ", "))
	}
	for _, o := range want.MustNot {
		if slices.Contains(got.Outcomes, o) {
			out = append(out, "must not give "+o)
		}
	}
	a, b := slices.Sorted(slices.Values(want.Missing)), slices.Sorted(slices.Values(got.Missing))
	if !slices.Equal(a, b) {
		out = append(out, fmt.Sprintf("asks for [%s], want [%s]", strings.Join(got.Missing, ", "), strings.Join(want.Missing, ", ")))
	}
	if want.Escalate != got.Escalate {
		out = append(out, fmt.Sprintf("escalate is %v, want %v", got.Escalate, want.Escalate))
	}
	return out
}
