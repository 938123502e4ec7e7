package reading

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// A rule reads one value of one fact.
type rule struct {
	ID       string   `yaml:"id"`
	Set      string   `yaml:"set"`    // fact=value
	Denied   string   `yaml:"denied"` // value to read when the words are denied
	Any      []string `yaml:"any"`    // patterns
	With     []string `yaml:"with"`   // all of them too, in the sentence or "text: ..."
	Unless   []string `yaml:"unless"` // none of them, in the sentence or "text: ..."
	Not      []string `yaml:"not"`    // concepts that no word of the match may be
	In       string   `yaml:"in"`     // clause, sentence (default) or text
	Across   bool     `yaml:"across"` // a denial or a doubt may stand in another main clause than the rest of the match
	Ignore   []string `yaml:"ignore"` // guards that do not count; "all"
	Yes      []string `yaml:"yes"`    // texts that it reads
	No       []string `yaml:"no"`     // texts in which the value must not be read
	Why      string   `yaml:"why"`
	not      []int
	file     string
	line     int
	fact     string
	value    any
	denied   any
	apart    bool // each main clause is denied by itself
	with     []pattern
	unless   []pattern
	patterns []pattern
}

// UnmarshalYAML keeps the line the rule stands on.
func (r *rule) UnmarshalYAML(n ast.Node) error {
	type plain rule
	if err := yaml.NodeToValue(n, (*plain)(r), yaml.Strict()); err != nil {
		return err
	}
	r.line = lineOf(n)
	return nil
}

// UnmarshalYAML keeps the line the settlement stands on.
func (s *settlement) UnmarshalYAML(n ast.Node) error {
	type plain settlement
	if err := yaml.NodeToValue(n, (*plain)(s), yaml.Strict()); err != nil {
		return err
	}
	s.Line = lineOf(n)
	return nil
}

func lineOf(n ast.Node) int {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	return n.GetToken().Position.Line
}

// kinds says of which kind facts are, and which values they have.
type kinds struct {
	Set  map[string][]string `yaml:"set"`
	One  map[string][]string `yaml:"one"`
	Bool []string            `yaml:"bool"`
}

func (k kinds) value(fact, v string) any {
	switch {
	case slices.Contains(k.Bool, fact):
		return v == "yes"
	case k.Set[fact] != nil:
		return []string{v}
	}
	return v
}

// check says what is wrong with "fact=value".
func (k kinds) check(fact, value string) error {
	switch {
	case fact == markFact:
		return nil
	case slices.Contains(k.Bool, fact):
		if value != "yes" && value != "no" {
			return fmt.Errorf("%s is yes or no, not %q", fact, value)
		}
		return nil
	}
	values := k.Set[fact]
	if values == nil {
		values = k.One[fact]
	}
	switch {
	case values == nil:
		return fmt.Errorf("no fact %q in facts.yaml", fact)
	case !slices.Contains(values, value):
		return fmt.Errorf("%s has no value %q", fact, value)
	}
	return nil
}

type wordFile struct {
	Breaks string            `yaml:"breaks"`
	Short  string            `yaml:"short"`
	Words  map[string]string `yaml:"words"`
}

type file struct {
	Rules  []*rule      `yaml:"rules"`
	Guards []guard      `yaml:"guards"`
	Settle []settlement `yaml:"settle"`
}

// Load reads the data: facts.yaml (kinds of facts), words*.yaml (the lexicon) and
// every other file (rules, guards, settlements), in the order of their names. All
// problems come at once, each with file and line.
func Load(fsys fs.FS) (*Reader, error) {
	r := &Reader{lex: newLexicon()}
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("reading: no *.yaml files: %w", cmp.Or(err, fs.ErrNotExist))
	}
	var problems []error
	bad := func(file string, line int, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("reading/%s:%d: %w", file, line, err))
		}
	}
	words := map[string]string{}
	source := map[string]string{}
	var files []file
	for _, name := range names {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("reading: %w", err)
		}
		switch {
		case name == "facts.yaml":
			err = strict(b, &r.kinds)
		case strings.HasPrefix(name, "words"):
			var w wordFile
			err = strict(b, &w)
			for k, v := range w.Words {
				if _, ok := words[k]; ok {
					bad(name, 1, fmt.Errorf("the words of %q stand in %s too", k, source[k]))
				}
				words[k], source[k] = v, name
			}
			for f := range strings.FieldsSeq(w.Breaks) {
				r.lex.breaks[foldWord(f)] = true
			}
			for f := range strings.FieldsSeq(w.Short) {
				r.lex.short[foldWord(f)] = true
			}
		default:
			var f file
			err = strict(b, &f)
			for _, ru := range f.Rules {
				ru.file = name
			}
			for i := range f.Settle {
				f.Settle[i].file = name
			}
			for i := range f.Guards {
				f.Guards[i].file = name
			}
			files = append(files, f)
		}
		if err != nil {
			return nil, fmt.Errorf("reading/%s: %w", name, err)
		}
	}
	r.defineAll(words, source, bad)
	concept := func(name string) int {
		n, ok := r.lex.concepts[name]
		if !ok {
			bad("words.yaml", 1, fmt.Errorf("no words for %q", name))
		}
		return n
	}
	r.joins, r.others, r.finite, r.not = concept("joins"), concept("others"), concept("finite"), concept("deny_after")
	r.denials = []int{concept("deny"), concept("deny_without"), concept("doubt")}
	ids := map[string]bool{}
	for _, f := range files {
		for _, ru := range f.Rules {
			if ids[ru.ID] || ru.ID == "" {
				bad(ru.file, ru.line, fmt.Errorf("rule %q: the id is missing or there twice", ru.ID))
			}
			ids[ru.ID] = true
			for _, err := range r.compile(ru) {
				bad(ru.file, ru.line, fmt.Errorf("rule %s: %w", ru.ID, err))
			}
			r.rules = append(r.rules, ru)
		}
		for _, g := range f.Guards {
			var ok bool
			if g.concept, ok = r.lex.concepts[g.Words]; !ok {
				bad(g.file, 1, fmt.Errorf("guard %s: no words for %q", g.Guard, g.Words))
			}
			g.stop = -1
			if g.Stop != "" {
				if g.stop, ok = r.lex.concepts[g.Stop]; !ok {
					bad(g.file, 1, fmt.Errorf("guard %s: no words for %q", g.Guard, g.Stop))
				}
			}
			r.guards = append(r.guards, g)
		}
		r.settle = append(r.settle, f.Settle...)
	}
	r.checkSettle(bad)
	r.checkGuards(bad)
	return r, errors.Join(problems...)
}

func strict(b []byte, v any) error {
	return yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(v)
}

// defineAll gives the lexicon its concepts; "+name" takes in another's phrases.
func (r *Reader) defineAll(words, source map[string]string, bad func(string, int, error)) {
	var expand func(name string, depth int) ([]string, error)
	expand = func(name string, depth int) ([]string, error) {
		list, ok := words[name]
		if !ok || depth > 5 {
			return nil, fmt.Errorf("words of %q: unknown, or go round", name)
		}
		var out []string
		for p := range strings.SplitSeq(list, ",") {
			p = strings.TrimSpace(p)
			if sub, ok := strings.CutPrefix(p, "+"); ok {
				more, err := expand(sub, depth+1)
				if err != nil {
					return nil, err
				}
				out = append(out, more...)
			} else if p != "" {
				out = append(out, p)
			}
		}
		return out, nil
	}
	for _, name := range slices.Sorted(maps.Keys(words)) {
		phrases, err := expand(name, 0)
		if err == nil {
			_, err = r.lex.define(name, phrases)
		}
		if err != nil {
			bad(source[name], 1, fmt.Errorf("words of %s: %w", name, err))
		}
	}
}

// compile reads a rule's words.
func (r *Reader) compile(ru *rule) (errs []error) {
	fact, value, _ := strings.Cut(ru.Set, "=")
	errs = append(errs, r.kinds.check(fact, value))
	ru.fact, ru.value = fact, r.kinds.value(fact, value)
	if ru.Denied != "" {
		errs = append(errs, r.kinds.check(fact, ru.Denied))
		ru.denied = r.kinds.value(fact, ru.Denied)
	}
	if !slices.Contains([]string{"", "clause", "sentence", "text"}, ru.In) {
		errs = append(errs, fmt.Errorf("in is clause, sentence or text, not %q", ru.In))
	}
	if len(ru.Any) == 0 || len(ru.Yes) == 0 || len(ru.No) == 0 {
		errs = append(errs, errors.New("wants at least one pattern, one text under yes and one under no"))
	}
	compile := func(list []string) (ps []pattern) {
		for _, s := range list {
			p, err := r.lex.pattern(s)
			errs = append(errs, err)
			ps = append(ps, p)
		}
		return ps
	}
	for _, c := range ru.Not {
		n, ok := r.lex.concepts[c]
		if !ok {
			errs = append(errs, fmt.Errorf("no words for %q", c))
		}
		ru.not = append(ru.not, n)
	}
	ru.apart = !ru.Across && fact != markFact && r.kinds.Set[fact] == nil // of a set no value is denied by a pattern
	ru.patterns, ru.with, ru.unless = compile(ru.Any), compile(ru.With), compile(ru.Unless)
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

func (r *Reader) checkSettle(bad func(string, int, error)) {
	read := map[string]bool{}
	for _, ru := range r.rules {
		read[ru.Set] = true
		read[ru.fact] = true
		read[ru.fact+"="+ru.Denied] = true
	}
	for _, s := range r.settle {
		if len(s.When) == 0 {
			bad(s.file, s.Line, errors.New("a settlement wants when"))
		}
		for _, a := range s.Add {
			fact, value, _ := strings.Cut(a, "=")
			bad(s.file, s.Line, r.kinds.check(fact, value))
			read[a] = true
		}
	}
	for _, s := range r.settle {
		for _, k := range slices.Concat(s.When, s.Unless, s.Drop) {
			if !read[k] {
				bad(s.file, s.Line, fmt.Errorf("nothing reads %q", k))
			}
		}
	}
}

func (r *Reader) checkGuards(bad func(string, int, error)) {
	names := map[string]bool{"all": true}
	for _, g := range r.guards {
		names[g.Guard] = true
	}
	for _, ru := range r.rules {
		for _, g := range ru.Ignore {
			if !names[g] {
				bad(ru.file, ru.line, fmt.Errorf("rule %s: no guard %q", ru.ID, g))
			}
		}
	}
}
