package rulebook

import (
	_ "embed"
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"github.com/goccy/go-yaml"

	"kiveileder"
	"kiveileder/services/rules"
)

//go:embed words.yaml
var wordsFile []byte

// words are the pieces that conditions are said with.
var words = func() map[string]rules.Text {
	var m map[string]rules.Text
	if err := yaml.Unmarshal(wordsFile, &m); err != nil {
		panic(fmt.Sprintf("rulebook: words.yaml: %v", err))
	}
	return m
}()

// How the parts of a clause hang together.
const (
	Leaf = ""    // it has no parts
	All  = "all" // all parts hold
	Any  = "any" // at least one holds
)

// A Clause is a condition in words: a text, or parts of which all or at least
// one must hold. Denials are carried down to the texts, where they read best;
// that changes nothing, also where facts are open.
type Clause struct {
	How   string
	Lead  string // what stands before the parts
	Text  string // of a leaf
	Name  string // of the named condition that a leaf is, or denies
	Parts []Clause
}

// A speaker says conditions in one language.
type speaker struct {
	set   *rules.Set
	lang  kiveileder.Language
	env   *cel.Env
	conds map[string]rules.Condition
}

func newSpeaker(s *rules.Set, lang kiveileder.Language) (*speaker, error) {
	env, err := cel.NewCustomEnv() // without macros: conditions have none
	if err != nil {
		return nil, err
	}
	conds := map[string]rules.Condition{}
	for _, c := range s.Shared.Conditions {
		conds[c.Name] = c
	}
	return &speaker{s, lang, env, conds}, nil
}

func (s *speaker) parse(expr string) (ast.Expr, error) {
	tree, issues := s.env.Parse(expr)
	if issues.Err() != nil {
		return nil, fmt.Errorf("condition %q: %w", expr, issues.Err())
	}
	return tree.NativeRep().Expr(), nil
}

// say gives a condition in words. The error is for a form that rules do not
// use so far.
func (s *speaker) say(expr string) (Clause, error) {
	e, err := s.parse(expr)
	if err != nil {
		return Clause{}, err
	}
	c, err := s.clause(e, false)
	if err != nil {
		return Clause{}, fmt.Errorf("condition %q: %w", expr, err)
	}
	return c, nil
}

func (s *speaker) clause(e ast.Expr, denied bool) (Clause, error) {
	switch e.Kind() {
	case ast.LiteralKind:
		if e.AsLiteral() == types.True && !denied {
			return Clause{Text: s.word("always")}, nil
		}
	case ast.IdentKind:
		return s.named(e.AsIdent(), denied)
	case ast.CallKind:
		return s.call(e.AsCall(), denied)
	}
	return Clause{}, fmt.Errorf("no words for %v", e)
}

func (s *speaker) call(c ast.CallExpr, denied bool) (Clause, error) {
	args := c.Args()
	switch c.FunctionName() {
	case operators.LogicalAnd, operators.LogicalOr:
		how := All
		if (c.FunctionName() == operators.LogicalOr) != denied {
			how = Any
		}
		return s.join(how, args, denied)
	case operators.LogicalNot:
		return s.clause(args[0], !denied)
	case "said":
		if !denied { // what must hold must be known to hold anyway
			return s.clause(args[0], false)
		}
		inner, err := s.clause(args[0], false)
		return Clause{Text: s.word("not_known", inner.String()), Name: inner.Name}, err
	case "missing":
		return s.leaf(denied, "missing", "given", args[0], nil)
	case operators.Equals:
		return s.leaf(denied, "is", "is_not", args[0], args[1])
	case operators.NotEquals:
		return s.leaf(denied, "is_not", "is", args[0], args[1])
	case operators.In:
		return s.leaf(denied, "is", "is_not", args[0], args[1])
	case "any":
		if len(args[1].AsList().Elements()) == 1 {
			return s.leaf(denied, "is", "is_not", args[0], args[1])
		}
		return s.leaf(denied, "one_of", "none_of", args[0], args[1])
	case "only":
		return s.leaf(denied, "only", "not_only", args[0], args[1])
	}
	return Clause{}, fmt.Errorf("no words for %s", c.FunctionName())
}

// join puts parts together; those that hang together in the same way are one
// list.
func (s *speaker) join(how string, args []ast.Expr, denied bool) (Clause, error) {
	out := Clause{How: how, Lead: s.word(how)}
	for _, a := range args {
		p, err := s.clause(a, denied)
		if err != nil {
			return out, err
		}
		if p.How == how {
			out.Parts = append(out.Parts, p.Parts...)
		} else {
			out.Parts = append(out.Parts, p)
		}
	}
	return out, nil
}

// named says a condition that has a name, or a fact that is yes or no.
func (s *speaker) named(name string, denied bool) (Clause, error) {
	if c, ok := s.conds[name]; ok {
		text := c.Title.Get(s.lang)
		if denied {
			text = s.word("denied", text)
		}
		return Clause{Text: text, Name: name}, nil
	}
	f, ok := s.set.Fact(name)
	if !ok || f.Type != rules.YesNo {
		return Clause{}, fmt.Errorf("no words for %s", name)
	}
	return Clause{Text: s.word("is", f.Label.Get(s.lang), s.value(f, fmt.Sprint(!denied)))}, nil
}

// leaf says what is asked of one fact, with the words of key, or of other when
// it is denied.
func (s *speaker) leaf(denied bool, key, other string, subject, values ast.Expr) (Clause, error) {
	if denied {
		key = other
	}
	name := subject.AsIdent()
	fact, label := name, ""
	if name == "p" {
		fact, label = "purpose", s.word("this_purpose")
	}
	f, ok := s.set.Fact(fact)
	if !ok {
		return Clause{}, fmt.Errorf("no fact %q", name)
	}
	if label == "" {
		label = f.Label.Get(s.lang)
	}
	if values == nil {
		return Clause{Text: s.word(key, label)}, nil
	}
	list := []ast.Expr{values}
	if values.Kind() == ast.ListKind {
		list = values.AsList().Elements()
	}
	var said []string
	for _, v := range list {
		if v.Kind() != ast.LiteralKind {
			return Clause{}, fmt.Errorf("no words for %v", v)
		}
		said = append(said, s.value(f, fmt.Sprint(v.AsLiteral().Value())))
	}
	last := "or"
	if key == "one_of" || key == "none_of" {
		last = "and"
	}
	return Clause{Text: s.word(key, label, s.listed(said, last))}, nil
}

// value gives the words of a fact's value; a value without words is given as
// it is.
func (s *speaker) value(f rules.Fact, key string) string {
	for _, v := range f.Values {
		if v.Key == key {
			return v.Label.Get(s.lang)
		}
	}
	return key
}

func (s *speaker) word(key string, args ...any) string {
	return said(key, s.lang, args...)
}

func said(key string, lang kiveileder.Language, args ...any) string {
	t := words[key].Get(lang)
	if len(args) == 0 {
		return t
	}
	return fmt.Sprintf(t, args...)
}

// listed writes "a, b or c".
func (s *speaker) listed(list []string, last string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	n := len(list) - 1
	return strings.Join(list[:n], ", ") + " " + s.word(last) + " " + list[n]
}

// String gives a clause in one line.
func (c Clause) String() string {
	if c.How == Leaf {
		return c.Text
	}
	parts := make([]string, len(c.Parts))
	for i, p := range c.Parts {
		parts[i] = p.String()
		if p.How != Leaf {
			parts[i] = "(" + parts[i] + ")"
		}
	}
	return c.Lead + " " + strings.Join(parts, "; ")
}

// facts gives the keys of the facts that a condition rests on, also through
// named conditions, each once, in the order of the condition.
func (s *speaker) facts(expr string) ([]string, error) {
	var out []string
	seen := map[string]bool{}
	var visit func(expr string) error
	visit = func(expr string) error {
		e, err := s.parse(expr)
		if err != nil {
			return err
		}
		var inner error
		ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
			if e.Kind() != ast.IdentKind || seen[e.AsIdent()] {
				return
			}
			name := e.AsIdent()
			seen[name] = true
			if c, ok := s.conds[name]; ok {
				if err := visit(c.When.Text); err != nil {
					inner = err
				}
			} else if _, ok := s.set.Fact(name); ok {
				out = append(out, name)
			}
		}))
		return inner
	}
	return out, visit(expr)
}
