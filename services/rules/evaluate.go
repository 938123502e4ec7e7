package rules

import (
	"slices"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
)

// A Result is what the rules say of a project.
type Result struct {
	Rules    string         `json:"rules"` // hash of the rule set
	AsOf     string         `json:"as_of,omitempty"`
	Facts    map[string]any `json:"facts"`    // as they were used
	Outcomes []string       `json:"outcomes"` // keys, in the order of the path
	Findings []Finding      `json:"findings"` // the outcomes with their reasons
	Purposes []Judged       `json:"purposes"` // what holds for each purpose alone; what holds for none of them is only in Findings
	Missing  []string       `json:"missing"`  // facts to ask for, the most deciding first
	Ask      string         `json:"ask,omitempty"`
	Escalate bool           `json:"escalate"` // an outcome of kind unclear is there
}

// A Finding is an outcome with what it rests on.
type Finding struct {
	Outcome  string   `json:"outcome"`
	Kind     string   `json:"kind"`
	Rules    []string `json:"rules"`              // ids of the rules that gave it
	Purposes []string `json:"purposes,omitempty"` // for which; empty when it holds for none in particular
	Quotes   []Quote  `json:"quotes"`
	Inferred bool     `json:"inferred,omitempty"` // all its rules infer from the sources; a lawyer should confirm
}

// Judged is what holds for one purpose.
type Judged struct {
	Purpose  string    `json:"purpose"`
	Findings []Finding `json:"findings"`
	Missing  []string  `json:"missing"`
}

// Evaluate judges facts by the rules in force on a day; the zero time stands
// for the rules that have no end. The values of facts are JSON's: a string, a
// bool, a list of strings. An unknown fact, an unknown value or a wrong type is
// a *kiveileder.Error with CodeInvalid that names the fact.
//
// Every list of the result is non-nil. The same facts give the same result.
func (s *Set) Evaluate(facts map[string]any, asOf time.Time) (Result, error) {
	vals, used, err := s.take(facts)
	if err != nil {
		return Result{}, err
	}
	date := ""
	if !asOf.IsZero() {
		date = asOf.Format(time.DateOnly)
	}
	return s.judge(vals, used, date, nil)
}

// Check gives the error that Evaluate would give of facts, without judging
// them.
func (s *Set) Check(facts map[string]any) error {
	_, _, err := s.take(facts)
	return err
}

// state is what became of a rule.
type state int

const (
	notFired state = iota
	fired
	undecided // it rests on a fact that is not given
)

// visit is told what became of every rule that was judged; nil for nobody.
type visit func(m *Module, r *Rule, sc *scope, st state)

// judge goes through the modules: those without a purpose once, the others for
// each purpose that is given.
func (s *Set) judge(vals []ref.Val, used map[string]any, date string, tell visit) (Result, error) {
	res := Result{Rules: s.hash, AsOf: date, Facts: used, Purposes: []Judged{}}
	all := newTally()
	once := s.newScope(vals, "")
	for i := range s.Modules {
		if m := &s.Modules[i]; m.Each == "" {
			s.judgeModule(m, once, date, tell, all)
		}
	}
	var purposes []string
	if s.purpose >= 0 {
		purposes, _ = used[s.Facts[s.purpose].Key].([]string)
	}
	for _, p := range purposes {
		sc, one := s.newScope(vals, p), newTally()
		for i := range s.Modules {
			if m := &s.Modules[i]; m.Each != "" && slices.Contains(m.For, p) {
				s.judgeModule(m, sc, date, tell, one)
			}
		}
		if sc.err != nil {
			return res, sc.err
		}
		all.add(one)
		s.settle(one)
		res.Purposes = append(res.Purposes, Judged{p, s.findings(one), s.missing(one)})
	}
	s.settle(all)
	res.Findings = s.findings(all)
	res.Outcomes = make([]string, len(res.Findings))
	for i, f := range res.Findings {
		res.Outcomes[i] = f.Outcome
		res.Escalate = res.Escalate || f.Kind == Unclear
	}
	res.Missing = s.missing(all)
	if len(res.Missing) > 0 {
		res.Ask = res.Missing[0]
	}
	return res, once.err
}

func (s *Set) judgeModule(m *Module, sc *scope, date string, tell visit, t *tally) {
	on := ref.Val(types.True)
	if m.when != nil {
		on = sc.eval(m.when)
	}
	if on != types.True && tell == nil {
		return
	}
	for i := range m.Rules {
		r := &m.Rules[i]
		if !r.in(date) {
			continue
		}
		st := verdict(on, sc.eval(r.prog))
		if st == fired {
			t.take(r, sc.purpose)
		}
		if tell != nil {
			tell(m, r, sc, st)
		}
	}
}

// verdict joins the module's condition and the rule's. One that is false
// decides, even when the other is open.
func verdict(module, rule ref.Val) state {
	switch {
	case module == types.False || rule == types.False:
		return notFired
	case module == types.True && rule == types.True:
		return fired
	}
	return undecided
}

// scope is one round of judging: the facts, the purpose, and the named
// conditions as far as they were needed. It is what conditions are read over.
type scope struct {
	s       *Set
	vals    []ref.Val // by fact
	purpose string
	p       ref.Val
	memo    []ref.Val // by named condition
	err     error
}

// newScope gives the scope for a purpose, "" for modules that are judged once.
func (s *Set) newScope(vals []ref.Val, purpose string) *scope {
	return &scope{s: s, vals: vals, purpose: purpose, p: types.String(purpose), memo: make([]ref.Val, len(s.Shared.Conditions))}
}

// ResolveName gives CEL the value of a name.
func (sc *scope) ResolveName(name string) (any, bool) {
	if i, ok := sc.s.factIndex[name]; ok {
		return sc.vals[i], true
	}
	if i, ok := sc.s.condIndex[name]; ok {
		if sc.memo[i] == nil {
			sc.memo[i] = sc.eval(sc.s.Shared.Conditions[i].prog)
		}
		return sc.memo[i], true
	}
	return sc.p, name == "p"
}

// Parent is CEL's; there is none.
func (sc *scope) Parent() interpreter.Activation { return nil }

// eval gives true, false, or an unknown that names the facts it waits for.
func (sc *scope) eval(p *program) ref.Val {
	v, _, err := p.prg.Eval(sc)
	if err != nil {
		if sc.err == nil {
			sc.err = err
		}
		return types.False
	}
	return v
}
