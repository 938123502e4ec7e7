package rules

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"kiveileder"
)

// A Problem is what the lint found, with where and how it is mended.
type Problem struct {
	File string
	Line int
	Text string
}

func (p Problem) String() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text) }

// linter collects problems.
type linter struct {
	*Set
	out []Problem
}

func (l *linter) bad(file string, where at, format string, args ...any) {
	l.out = append(l.out, Problem{file, where.line, fmt.Sprintf(format, args...)})
}

// Lint checks what must hold of rules that could be loaded: every text in
// every language, every quote word for word in its passage, every value and
// agency known, no rule that can never hold, no two rules of a group that can
// hold at once, nothing that no rule uses. passages are those of the corpus.
// The problems come by file and line.
func Lint(s *Set, passages []kiveileder.Passage) []Problem {
	l := &linter{Set: s}
	l.facts()
	l.outcomes(passages)
	l.shared()
	for i := range s.Modules {
		l.module(&s.Modules[i])
	}
	l.unused()
	slices.SortStableFunc(l.out, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return l.out
}

func (l *linter) text(file string, where at, what string, t Text) {
	for _, lang := range kiveileder.Languages {
		if strings.TrimSpace(t[lang]) == "" {
			l.bad(file, where, "%s: no words in %s; write them", what, lang)
		}
	}
	for lang := range t {
		if !slices.Contains(kiveileder.Languages, lang) {
			l.bad(file, where, "%s: unknown language %q; write nb, nn or en", what, lang)
		}
	}
}

func (l *linter) facts() {
	const file = "facts.yaml"
	for i := range l.Facts {
		f := &l.Facts[i]
		l.text(file, f.pos, f.Key+" label", f.Label)
		l.text(file, f.pos, f.Key+" ask", f.Ask)
		l.text(file, f.pos, f.Key+" why", f.Why)
		if len(f.Values) < 2 {
			l.bad(file, f.pos, "%s: fewer than two values", f.Key)
		}
		seen := map[string]bool{}
		for _, v := range f.Values {
			if seen[v.Key] {
				l.bad(file, f.pos, "%s: the value %q is there twice", f.Key, v.Key)
			}
			seen[v.Key] = true
			l.text(file, f.pos, f.Key+" "+v.Key+" label", v.Label)
			if len(v.Note) > 0 {
				l.text(file, f.pos, f.Key+" "+v.Key+" note", v.Note)
			}
			if f.Type == YesNo && v.Key != "true" && v.Key != "false" {
				l.bad(file, f.pos, "%s: a yes/no fact has the values \"true\" and \"false\", not %q", f.Key, v.Key)
			}
		}
		if !f.NeverAsked && len(f.Replies) == 0 {
			l.bad(file, f.pos, "%s: no replies; write the buttons, or never_asked: true", f.Key)
		}
		for _, r := range f.Replies {
			l.text(file, f.pos, fmt.Sprintf("%s reply %v", f.Key, r.Value), r.Label)
			if v, _, err := f.value(r.Value); err != nil || v == nil {
				l.bad(file, f.pos, "%s: the reply %v is none of its values", f.Key, r.Value)
			}
		}
	}
}

func (l *linter) outcomes(passages []kiveileder.Passage) {
	const file = "outcomes.yaml"
	byID := map[string]kiveileder.Passage{}
	for _, p := range passages {
		byID[p.ID] = p
	}
	for _, o := range l.Outcomes {
		if !slices.Contains([]string{Required, NotRequired, Permitted, Consider, Unclear}, o.Kind) {
			l.bad(file, o.pos, "%s: kind %q; write required, not_required, permitted, consider or unclear", o.Key, o.Kind)
		}
		l.text(file, o.pos, o.Key+" text", o.Text)
		if len(o.Prepare) > 0 {
			l.text(file, o.pos, o.Key+" prepare", o.Prepare)
		}
		for _, a := range o.Authority {
			if _, ok := l.Agency(a); !ok {
				l.bad(file, o.pos, "%s: no agency %q in agencies.yaml", o.Key, a)
			}
		}
		if len(o.Quotes) == 0 {
			l.bad(file, o.pos, "%s: rests on no quote; add one", o.Key)
		}
		for i, q := range o.Quotes {
			p, ok := byID[q.Passage]
			switch {
			case !ok:
				l.bad(file, o.pos, "%s.%d: no passage %q; find it with \"kiveileder ask\" or in passages.jsonl", o.Key, i+1, q.Passage)
			case p.Source != q.Source:
				l.bad(file, o.pos, "%s.%d: passage %s is of the source %q, not %q", o.Key, i+1, q.Passage, p.Source, q.Source)
			case oneLine(q.Text) == "" || !strings.Contains(oneLine(p.Text), oneLine(q.Text)):
				l.bad(file, o.pos, "%s.%d: not word for word in %s: %q; copy the words from the passage", o.Key, i+1, q.Passage, q.Text)
			}
		}
	}
	decided := map[string]bool{}
	for _, a := range l.Agencies {
		l.text("agencies.yaml", a.pos, a.Key+" name", a.Name)
		l.text("agencies.yaml", a.pos, a.Key+" mention", a.Mention)
		for _, d := range a.Decides {
			decided[d.On] = true
			l.text("agencies.yaml", a.pos, a.Key+" decides "+d.Outcome, d.Text)
			if o, ok := l.Outcome(d.Outcome); !ok || !slices.Contains(o.Authority, a.Key) {
				l.bad("agencies.yaml", a.pos, "%s decides: %q is no outcome of outcomes.yaml with %s as its authority", a.Key, d.Outcome, a.Key)
			}
		}
	}
	for _, o := range l.Outcomes {
		if o.Decided != "" && !decided[o.Decided] {
			l.bad(file, o.pos, "%s: no agency in agencies.yaml decides on %q", o.Key, o.Decided)
		}
	}
}

// oneLine collapses white space and drops the markers of list items.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "•", " ")), " ")
}

func (l *linter) shared() {
	const file = "derived.yaml"
	for _, c := range l.Shared.Conditions {
		l.text(file, c.pos, c.Name+" title", c.Title)
		l.values(file, c.When, c.prog)
	}
}

// values checks that a condition compares facts with values that they have.
func (l *linter) values(file string, e Expr, p *program) {
	comparisons(p.tree.NativeRep().Expr(), func(name, value string) {
		f, ok := l.factIndex[name]
		if name == "p" {
			f, ok = l.purpose, l.purpose >= 0
		}
		if ok && !l.hasValue(f, value) {
			l.bad(file, e.at, "%s has no value %q; it has %s", l.Facts[f].Key, value, l.Facts[f].list())
		}
	})
}

func (l *linter) module(m *Module) {
	l.text(m.file, at{1, 1}, "title", m.Title)
	if m.when != nil {
		l.values(m.file, m.When, m.when)
	}
	for i := range m.Rules {
		r := &m.Rules[i]
		l.rule(m, r)
		for j := range i {
			if o := &m.Rules[j]; r.Group != "" && o.Group == r.Group && l.anyPurpose(m, m.when, o.prog, r.prog) {
				l.bad(m.file, r.pos, "rules %s and %s are of the group %s and can hold at once; make one condition exclude the other", o.ID, r.ID, r.Group)
			}
		}
	}
}

func (l *linter) rule(m *Module, r *Rule) {
	bad := func(format string, args ...any) {
		l.bad(m.file, r.pos, "rule %s: %s", r.ID, fmt.Sprintf(format, args...))
	}
	l.text(m.file, r.pos, "rule "+r.ID+" title", r.Title)
	l.values(m.file, r.When, r.prog)
	if r.Review != "drafted" && r.Review != "confirmed" {
		bad("review is %q; write drafted, or confirmed when a lawyer has read it", r.Review)
	}
	if len(r.Outcomes)+len(r.Ask) == 0 && r.Note == "" {
		bad("gives no outcome and asks nothing; say in note why it is there")
	}
	for _, o := range r.outcomes {
		if len(r.quotes[o]) == 0 {
			bad("no quote for %s; cite one, such as %s.1", l.Outcomes[o].Key, l.Outcomes[o].Key)
		}
	}
	for _, f := range r.ask {
		if l.Facts[f].NeverAsked {
			bad("asks for %s, which is never_asked in facts.yaml", l.Facts[f].Key)
		}
	}
	for _, d := range []string{r.From, r.To} {
		if _, err := time.Parse(time.DateOnly, d); d != "" && err != nil {
			bad("%q is no date; write 2024-02-14", d)
		}
	}
	if r.To != "" && r.To < r.From {
		bad("ends before it begins")
	}
	if !l.anyPurpose(m, m.when, r.prog) {
		bad("can never hold; look at its condition and the module's")
	}
}

// anyPurpose reports whether conditions can hold at once for one of the
// module's purposes. What a search cannot decide counts as can, for a single
// condition, and as cannot for several rules.
func (l *linter) anyPurpose(m *Module, conds ...*program) bool {
	purposes := m.For
	if len(purposes) == 0 {
		purposes = []string{""}
	}
	for _, p := range purposes {
		yes, decided := l.possible(p, conds...)
		if yes || (!decided && len(conds) == 2) {
			return true
		}
	}
	return false
}

// unused finds what no rule gives, cites or asks.
func (l *linter) unused() {
	facts, outs, cited, conds := map[int]bool{}, map[int]bool{}, map[string]bool{}, map[int]bool{}
	use := func(p *program) {
		if p == nil {
			return
		}
		for _, f := range p.facts {
			facts[f] = true
		}
		for _, c := range p.conds {
			conds[c] = true
		}
	}
	for _, m := range l.Modules {
		if m.Each != "" {
			facts[l.purpose] = true
		}
		use(m.when)
		for i := range m.Rules {
			r := &m.Rules[i]
			use(r.prog)
			for _, o := range r.outcomes {
				outs[o] = true
			}
			for _, c := range r.Cites {
				cited[c] = true
			}
		}
	}
	for _, c := range l.Shared.Conditions {
		for _, i := range c.prog.conds {
			conds[i] = true
		}
	}
	if l.marker >= 0 {
		outs[l.marker] = true
		for _, c := range l.Shared.Marker.Cites {
			cited[c] = true
		}
	}
	for i, f := range l.Facts {
		if !facts[i] {
			l.bad("facts.yaml", f.pos, "%s: no rule uses it; use it or take it out", f.Key)
		}
	}
	for i, c := range l.Shared.Conditions {
		if !conds[i] {
			l.bad("derived.yaml", c.pos, "%s: no rule uses it; use it or take it out", c.Name)
		}
	}
	for i, o := range l.Outcomes {
		if !outs[i] {
			l.bad("outcomes.yaml", o.pos, "%s: no rule gives it; give it or take it out", o.Key)
			continue
		}
		for n := range o.Quotes {
			if c := fmt.Sprintf("%s.%d", o.Key, n+1); !cited[c] {
				l.bad("outcomes.yaml", o.pos, "%s: no rule cites this quote; cite it or take it out", c)
			}
		}
	}
	for _, m := range l.Modules {
		if len(m.Cases) == 0 {
			l.bad(path.Join(path.Dir(m.file), "tests.yaml"), at{}, "no cases for this module; write some")
		}
	}
}
