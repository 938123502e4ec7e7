package rules

import (
	"slices"
	"time"

	"cel.dev/cel-go/common/types"
)

// An Explanation is a result with its reasons, for people who check it.
type Explanation struct {
	Result
	Trace   []Step   `json:"trace"`   // every rule in force that could be judged, by module
	Changes []Change `json:"changes"` // what one other fact would change; questions that are open first
}

// States of a rule in a trace.
const (
	Fired    = "fired"
	NotFired = "not_fired"
	Open     = "open"
)

// A Step says what became of one rule.
type Step struct {
	Module  string   `json:"module"`
	Purpose string   `json:"purpose,omitempty"`
	Rule    string   `json:"rule"`
	State   string   `json:"state"`
	False   []Clause `json:"false,omitempty"` // the parts of its condition, and of its module's, that do not hold
	Open    []string `json:"open,omitempty"`  // the facts that it waits for
}

// A Clause is one part of a condition.
type Clause struct {
	Condition string `json:"condition"`       // as it stands
	Title     Text   `json:"title,omitempty"` // what it says, when it has a name
	Denied    bool   `json:"denied,omitempty"`
}

// A Change is one fact that would alter the outcomes.
type Change struct {
	Fact    string   `json:"fact"`
	From    any      `json:"from"` // nil when it is not given
	To      any      `json:"to"`
	Added   []string `json:"added"`
	Removed []string `json:"removed"`
	Asked   bool     `json:"asked,omitempty"` // it is one of those that are asked for
}

// Explain judges as Evaluate does and says why. It takes some milliseconds,
// since it tries every other value of every fact.
func (s *Set) Explain(facts map[string]any, asOf time.Time) (Explanation, error) {
	res, trace, err := s.Trace(facts, asOf)
	if err != nil {
		return Explanation{}, err
	}
	e := Explanation{Result: res, Trace: trace}
	e.Changes, err = s.changes(res.Facts, res, asOf)
	return e, err
}

// Trace judges as Evaluate does and says what became of every rule.
func (s *Set) Trace(facts map[string]any, asOf time.Time) (Result, []Step, error) {
	vals, used, err := s.take(facts)
	if err != nil {
		return Result{}, nil, err
	}
	date := ""
	if !asOf.IsZero() {
		date = asOf.Format(time.DateOnly)
	}
	trace := []Step{}
	res, err := s.judge(vals, used, date, func(m *Module, r *Rule, sc *scope, st state) {
		step := Step{Module: m.Name, Purpose: sc.purpose, Rule: r.ID, State: [...]string{NotFired, Fired, Open}[st]}
		switch st {
		case notFired:
			step.False = s.falseParts(m, r, sc)
		case undecided:
			step.Open = s.openFacts(m, r, sc)
		}
		trace = append(trace, step)
	})
	return res, trace, err
}

func (s *Set) falseParts(m *Module, r *Rule, sc *scope) []Clause {
	var out []Clause
	for _, p := range []*program{m.when, r.prog} {
		if p == nil {
			continue
		}
		for _, pt := range s.conjuncts(p) {
			if v, _, err := pt.prg.Eval(sc); err != nil || v != types.False {
				continue
			}
			c := Clause{Condition: pt.text}
			if pt.cond >= 0 {
				c.Title, c.Denied = s.Shared.Conditions[pt.cond].Title, pt.deny
			}
			out = append(out, c)
		}
	}
	return out
}

func (s *Set) openFacts(m *Module, r *Rule, sc *scope) []string {
	var out []string
	for _, p := range []*program{m.when, r.prog} {
		if p == nil {
			continue
		}
		if u, ok := sc.eval(p).(*types.Unknown); ok {
			for _, id := range u.IDs() {
				out = addNew(out, s.Facts[id].Key)
			}
		}
	}
	slices.Sort(out)
	return out
}

// changes tries every single other fact. Of a list, one value more and one
// value less.
func (s *Set) changes(used map[string]any, now Result, asOf time.Time) ([]Change, error) {
	out := []Change{}
	with := make(map[string]any, len(used)+1)
	for k, v := range used {
		with[k] = v
	}
	for i := range s.Facts {
		f := &s.Facts[i]
		from, given := used[f.Key]
		for _, to := range f.others(from) {
			with[f.Key] = to
			then, err := s.Evaluate(with, asOf)
			if err != nil {
				return nil, err
			}
			added, removed := without(then.Outcomes, now.Outcomes), without(now.Outcomes, then.Outcomes)
			if len(added)+len(removed) > 0 {
				out = append(out, Change{f.Key, from, to, added, removed, slices.Contains(now.Missing, f.Key)})
			}
		}
		delete(with, f.Key)
		if given {
			with[f.Key] = from
		}
	}
	rank := func(c Change) int {
		switch {
		case c.Asked:
			return 0
		case c.From != nil:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(out, func(a, b Change) int { return rank(a) - rank(b) })
	return out, nil
}

// others gives the values that a fact could have in place of one.
func (f *Fact) others(from any) []any {
	var out []any
	switch f.Type {
	case YesNo:
		for _, v := range []bool{true, false} {
			if from != any(v) {
				out = append(out, v)
			}
		}
	case One:
		for _, v := range f.Values {
			if from != any(v.Key) {
				out = append(out, v.Key)
			}
		}
	case Several:
		have, _ := from.([]string)
		for _, v := range f.Values {
			if !slices.Contains(have, v.Key) {
				out = append(out, append(slices.Clone(have), v.Key))
			} else if len(have) > 1 {
				out = append(out, slices.DeleteFunc(slices.Clone(have), func(s string) bool { return s == v.Key }))
			}
		}
	}
	return out
}

// without gives what of a is not in b.
func without(a, b []string) []string {
	out := []string{}
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}
