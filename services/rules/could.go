package rules

import (
	"maps"
	"slices"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Could gives what follows from facts and what may still follow when more is
// known: the outcomes of the rules that hold, or wait for a fact that is not
// given, and of those that an answer to an open question brings. Where no
// purpose is given, it is what may follow for any of them. Its
// order is that of the path; whether an outcome would give way to another is
// left aside. Where outcomes are named, only these are looked for, which is
// much quicker.
func (s *Set) Could(facts map[string]any, outcomes ...string) ([]Finding, error) {
	var only []int
	for _, o := range outcomes {
		if i, ok := s.outIndex[o]; ok {
			only = append(only, i)
		}
	}
	could, err := s.may(facts, only)
	if err != nil {
		return nil, err
	}
	res, err := s.Evaluate(facts, time.Time{})
	if err != nil {
		return nil, err
	}
	for _, key := range res.Missing { // a rule may rest on that something is said
		f, _ := s.Fact(key)
		if _, given := res.Facts[key]; given || s.factIndex[key] == s.purpose {
			continue
		}
		for _, reply := range f.Replies {
			with := map[string]any{key: reply.Value}
			maps.Copy(with, res.Facts)
			then, err := s.may(with, only)
			if err != nil {
				return nil, err
			}
			could.add(then)
		}
	}
	return slices.DeleteFunc(s.findings(could), func(f Finding) bool {
		return len(only) > 0 && !slices.Contains(only, s.outIndex[f.Outcome])
	}), nil
}

// may collects the outcomes of the rules that hold or are open.
func (s *Set) may(facts map[string]any, only []int) (*tally, error) {
	vals, used, err := s.take(facts)
	if err != nil {
		return nil, err
	}
	could := newTally()
	if err := s.look("", vals, only, could); err != nil || s.purpose < 0 {
		return could, err
	}
	purpose := &s.Facts[s.purpose]
	given, _ := used[purpose.Key].([]string)
	for _, v := range purpose.Values {
		switch {
		case len(given) == 0:
			vals = slices.Clone(vals)
			vals[s.purpose] = types.NewStringList(types.DefaultTypeAdapter, []string{v.Key})
		case !slices.Contains(given, v.Key):
			continue
		}
		if err := s.look(v.Key, vals, only, could); err != nil {
			return could, err
		}
	}
	return could, nil
}

// look collects, for a purpose or for none, what its rules give or may give.
func (s *Set) look(purpose string, vals []ref.Val, only []int, could *tally) error {
	sc := s.newScope(vals, purpose)
	wanted := func(o int) bool { return len(only) == 0 || slices.Contains(only, o) }
	for i := range s.Modules {
		m := &s.Modules[i]
		if (m.Each != "") != (purpose != "") || purpose != "" && !slices.Contains(m.For, purpose) {
			continue
		}
		on := func() bool { return m.when == nil || sc.eval(m.when) != types.False }
		for j := range m.Rules {
			r := &m.Rules[j]
			if r.in("") && slices.ContainsFunc(r.outcomes, wanted) && on() && sc.eval(r.prog) != types.False {
				could.take(r, purpose)
			}
		}
	}
	return sc.err
}
