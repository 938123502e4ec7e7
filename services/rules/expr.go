package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// A program is a compiled condition.
type program struct {
	prg   cel.Program
	tree  *cel.Ast
	facts []int // that it rests on, also through named conditions
	conds []int // named conditions that it uses
	byP   bool  // it speaks of the purpose that is judged

	once  sync.Once
	parts []part // the conjuncts, for explanations
}

// A part is one conjunct of a condition.
type part struct {
	text string
	cond int // the named condition that it is, or denies; -1 for none
	deny bool
	prg  cel.Program
}

// unassigned marks ids of facts that a search has not chosen a value for. To
// missing and said they are open, where a missing fact is known to be missing.
const unassigned = 1 << 20

// newEnv declares the facts, the named conditions, and the four functions.
// Named conditions are declared all at once; that they are used in order is
// checked after compiling.
func newEnv(facts []Fact, conds []Condition) (*cel.Env, error) {
	opts := []cel.EnvOption{
		cel.Variable("p", cel.StringType),
		cel.Function("missing", cel.Overload("missing_any", []*cel.Type{cel.DynType}, cel.BoolType,
			cel.OverloadIsNonStrict(), cel.UnaryBinding(missing))),
		cel.Function("said", cel.Overload("said_bool", []*cel.Type{cel.BoolType}, cel.BoolType,
			cel.OverloadIsNonStrict(), cel.UnaryBinding(said))),
		cel.Function("any", cel.Overload("any_lists", []*cel.Type{cel.ListType(cel.StringType), cel.ListType(cel.StringType)}, cel.BoolType,
			cel.BinaryBinding(anyOf))),
		cel.Function("only", cel.Overload("only_lists", []*cel.Type{cel.ListType(cel.StringType), cel.ListType(cel.StringType)}, cel.BoolType,
			cel.BinaryBinding(onlyOf))),
	}
	for _, f := range facts {
		t := cel.StringType
		switch f.Type {
		case Several:
			t = cel.ListType(cel.StringType)
		case YesNo:
			t = cel.BoolType
		}
		opts = append(opts, cel.Variable(f.Key, t))
	}
	for _, c := range conds {
		opts = append(opts, cel.Variable(c.Name, cel.BoolType))
	}
	return cel.NewEnv(opts...)
}

func missing(v ref.Val) ref.Val {
	u, open := v.(*types.Unknown)
	switch {
	case !open:
		return types.False
	case searching(u):
		return u
	}
	return types.True
}

func said(v ref.Val) ref.Val {
	u, open := v.(*types.Unknown)
	switch {
	case !open:
		return v
	case searching(u):
		return u
	}
	return types.False
}

func searching(u *types.Unknown) bool {
	return slices.ContainsFunc(u.IDs(), func(id int64) bool { return id >= unassigned })
}

func anyOf(fact, list ref.Val) ref.Val {
	for it := fact.(traits.Lister).Iterator(); it.HasNext() == types.True; {
		if list.(traits.Lister).Contains(it.Next()) == types.True {
			return types.True
		}
	}
	return types.False
}

func onlyOf(fact, list ref.Val) ref.Val {
	for it := fact.(traits.Lister).Iterator(); it.HasNext() == types.True; {
		if list.(traits.Lister).Contains(it.Next()) != types.True {
			return types.False
		}
	}
	return types.True
}

// compile makes a condition ready. The error begins with the place in the file.
func (s *Set) compile(env *cel.Env, file string, e Expr) (*program, error) {
	if strings.TrimSpace(e.Text) == "" {
		return nil, fmt.Errorf("%s:%d:%d: a condition is missing; write \"true\" for always", file, e.line, e.col)
	}
	tree, issues := env.Compile(e.Text)
	if issues.Err() != nil {
		first := issues.Errors()[0]
		line, col := e.line+first.Location.Line()-1, first.Location.Column()+1
		if first.Location.Line() == 1 {
			col += e.col - 1
		}
		msg, _, _ := strings.Cut(first.Message, "\n")
		return nil, fmt.Errorf("%s:%d:%d: condition %q: %s", file, line, col, e.Text, msg)
	}
	if tree.OutputType() != cel.BoolType {
		return nil, fmt.Errorf("%s:%d:%d: condition %q gives %s, want true or false", file, e.line, e.col, e.Text, tree.OutputType())
	}
	prg, err := env.Program(tree, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, fmt.Errorf("%s:%d:%d: condition %q: %w", file, e.line, e.col, e.Text, err)
	}
	p := &program{prg: prg, tree: tree}
	used := map[int]bool{}
	for name := range identifiers(tree.NativeRep().Expr()) {
		if i, ok := s.factIndex[name]; ok {
			used[i] = true
		}
		if i, ok := s.condIndex[name]; ok {
			c := s.Shared.Conditions[i].prog
			if c == nil {
				return nil, fmt.Errorf("%s:%d:%d: condition %q uses %s, which stands below it; move it up", file, e.line, e.col, e.Text, name)
			}
			p.conds = append(p.conds, i)
			for _, f := range c.facts {
				used[f] = true
			}
			p.byP = p.byP || c.byP
		}
		p.byP = p.byP || name == "p"
	}
	for f := range used {
		p.facts = append(p.facts, f)
	}
	slices.Sort(p.facts)
	slices.Sort(p.conds)
	return p, nil
}

// identifiers gives the names that an expression uses, each once.
func identifiers(e ast.Expr) map[string]bool {
	names := map[string]bool{}
	ast.PostOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.IdentKind {
			names[e.AsIdent()] = true
		}
	}))
	return names
}

// conjuncts splits a condition at its outermost "and", compiled on first use.
func (s *Set) conjuncts(p *program) []part {
	p.once.Do(func() {
		env, err := newEnv(s.Facts, s.Shared.Conditions)
		if err != nil {
			return
		}
		var split func(e ast.Expr)
		split = func(e ast.Expr) {
			if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.LogicalAnd {
				for _, a := range e.AsCall().Args() {
					split(a)
				}
				return
			}
			text, err := cel.ExprToString(e, p.tree.NativeRep().SourceInfo())
			if err != nil {
				return
			}
			tree, issues := env.Compile(text)
			if issues.Err() != nil {
				return
			}
			prg, err := env.Program(tree)
			if err != nil {
				return
			}
			name, deny := strings.CutPrefix(text, "!")
			pt := part{text: text, cond: -1, deny: deny, prg: prg}
			if i, ok := s.condIndex[name]; ok {
				pt.cond = i
			}
			p.parts = append(p.parts, pt)
		}
		split(p.tree.NativeRep().Expr())
	})
	return p.parts
}

// open is the value of a fact that is not given.
func open(fact int) *types.Unknown {
	return types.NewUnknown(int64(fact), types.NewAttributeTrail("f"+strconv.Itoa(fact)))
}
