package rules

import (
	"cmp"
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// searchBudget is how many partial assignments a search may try. What needs
// more is left undecided.
const searchBudget = 200_000

// possible reports whether there are facts under which all conditions hold
// for the purpose ("" when none is judged). It goes through the values that
// the conditions name, one other value, and nothing given; of lists, also
// every pair. A partial assignment under which a condition is false already is
// not gone further into.
func (s *Set) possible(purpose string, conds ...*program) (yes, decided bool) {
	conds = slices.DeleteFunc(slices.Clone(conds), func(p *program) bool { return p == nil })
	named := map[int]map[string]bool{}
	uses := map[int]int{} // how many conditions rest on the fact
	for _, p := range conds {
		s.named(p, named)
		for _, f := range p.facts {
			uses[f]++
		}
	}
	var facts []int
	domain := map[int][]ref.Val{}
	for f := range uses {
		facts = append(facts, f)
		domain[f] = s.domain(f, named[f], purpose)
	}
	// what several rest on, and what has few values, shows a contradiction soonest
	slices.SortFunc(facts, func(a, b int) int {
		return cmp.Or(cmp.Compare(uses[b], uses[a]), cmp.Compare(len(domain[a]), len(domain[b])), cmp.Compare(a, b))
	})
	vals := slices.Clone(s.open)
	for _, f := range facts {
		vals[f] = types.NewUnknown(int64(unassigned+f), nil)
	}
	budget := searchBudget
	var try func(depth int) bool
	try = func(depth int) bool {
		if budget--; budget < 0 {
			return false
		}
		sc, all := s.newScope(vals, purpose), true
		for _, p := range conds {
			v := sc.eval(p)
			if u, open := v.(*types.Unknown); v == types.False || (open && !searching(u)) {
				return false // open for good: a fact that it needs is not given
			}
			all = all && v == types.True
		}
		if all || depth == len(facts) {
			return all
		}
		f := facts[depth]
		was := vals[f]
		defer func() { vals[f] = was }()
		for _, v := range domain[f] {
			vals[f] = v
			if try(depth + 1) {
				return true
			}
		}
		return false
	}
	yes = try(0)
	return yes, budget >= 0
}

// domain gives the values of a fact that are worth trying.
func (s *Set) domain(fact int, named map[string]bool, purpose string) []ref.Val {
	f := &s.Facts[fact]
	out := []ref.Val{s.open[fact]}
	if f.Type == YesNo {
		return append(out, types.True, types.False)
	}
	var keys []string
	other := false
	for _, v := range f.Values {
		switch {
		case named[v.Key]:
			keys = append(keys, v.Key)
		case !other:
			other = true
			keys = append(keys, v.Key)
		}
	}
	if f.Type == One {
		for _, k := range keys {
			out = append(out, types.String(k))
		}
		return out
	}
	list := func(ks ...string) {
		if fact == s.purpose && purpose != "" {
			ks = addNew(ks, purpose)
		}
		out = append(out, types.NewStringList(types.DefaultTypeAdapter, ks))
	}
	for i, a := range keys {
		list(a)
		for _, b := range keys[i+1:] {
			list(a, b)
		}
	}
	if fact == s.purpose && purpose != "" {
		return out[1:] // a purpose is judged, so one is given
	}
	return out
}

// named collects the values of facts that a condition names, also through
// named conditions.
func (s *Set) named(p *program, into map[int]map[string]bool) {
	for _, c := range p.conds {
		s.named(s.Shared.Conditions[c].prog, into)
	}
	comparisons(p.tree.NativeRep().Expr(), func(name, value string) {
		f, ok := s.factIndex[name]
		if !ok {
			return
		}
		if into[f] == nil {
			into[f] = map[string]bool{}
		}
		into[f][value] = true
	})
}

// comparisons tells every name that is held against a literal string, and the
// string: name == "x", name in ["x"], any(name, ["x"]), only(name, ["x"]).
func comparisons(e ast.Expr, tell func(name, value string)) {
	ast.PostOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind {
			return
		}
		call := e.AsCall()
		if !slices.Contains([]string{operators.Equals, operators.NotEquals, operators.In, "any", "only"}, call.FunctionName()) {
			return
		}
		name, values := "", []string(nil)
		for _, a := range call.Args() {
			switch a.Kind() {
			case ast.IdentKind:
				name = a.AsIdent()
			case ast.LiteralKind:
				if v, ok := a.AsLiteral().Value().(string); ok {
					values = append(values, v)
				}
			case ast.ListKind:
				for _, el := range a.AsList().Elements() {
					if el.Kind() == ast.LiteralKind {
						if v, ok := el.AsLiteral().Value().(string); ok {
							values = append(values, v)
						}
					}
				}
			}
		}
		if name != "" {
			for _, v := range values {
				tell(name, v)
			}
		}
	}))
}
