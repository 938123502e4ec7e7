package rules

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Load reads and compiles the rules from a folder laid out like corpus/rules:
// facts.yaml, outcomes.yaml, agencies.yaml (may be missing), derived.yaml, and
// a folder for each module with rules.yaml and tests.yaml (may be missing).
// The error tells of all files that cannot be read, each with file, line and
// column; what can be read but is not right is for [Lint].
func Load(fsys fs.FS) (*Set, error) {
	s := &Set{factIndex: map[string]int{}, outIndex: map[string]int{}, condIndex: map[string]int{}, beatenBy: map[int][]int{}}
	err := errors.Join(
		decode(fsys, "facts.yaml", &s.Facts, false),
		decode(fsys, "outcomes.yaml", &s.Outcomes, false),
		decode(fsys, "agencies.yaml", &s.Agencies, true),
		decode(fsys, "derived.yaml", &s.Shared, false),
		s.loadModules(fsys),
	)
	if err != nil {
		return nil, err
	}
	if err := s.link(); err != nil {
		return nil, err
	}
	if s.hash, err = hash(fsys); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Set) loadModules(fsys fs.FS) error {
	files, err := fs.Glob(fsys, "*/rules.yaml")
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range files {
		m := Module{file: name}
		errs = append(errs,
			decode(fsys, name, &m, false),
			decode(fsys, path.Join(path.Dir(name), "tests.yaml"), &m.Cases, true))
		s.Modules = append(s.Modules, m)
	}
	return errors.Join(errs...)
}

// link resolves names and compiles conditions.
func (s *Set) link() error {
	var errs []error
	bad := func(file string, where at, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s:%d:%d: %s", file, where.line, where.col, fmt.Sprintf(format, args...)))
	}
	s.purpose = -1
	for i := range s.Facts {
		f := &s.Facts[i]
		if _, ok := s.factIndex[f.Key]; ok || f.Key == "" || f.Key == "p" {
			bad("facts.yaml", f.pos, "the fact %q is there twice, or has no name of its own", f.Key)
			continue
		}
		if !slices.Contains([]FactType{Several, One, YesNo}, f.Type) {
			bad("facts.yaml", f.pos, "the fact %s has type %q; write set, one or bool", f.Key, f.Type)
		}
		s.factIndex[f.Key] = i
		s.open = append(s.open, open(i))
		f.index = map[string]int{}
		for j, v := range f.Values {
			f.index[v.Key] = j
		}
		if f.Key == "purpose" {
			s.purpose = i
		}
	}
	for i := range s.Outcomes {
		o := &s.Outcomes[i]
		if _, ok := s.outIndex[o.Key]; ok {
			bad("outcomes.yaml", o.pos, "the outcome %q is there twice", o.Key)
		}
		s.outIndex[o.Key] = i
	}
	for i, c := range s.Shared.Conditions {
		_, fact := s.factIndex[c.Name]
		if _, ok := s.condIndex[c.Name]; ok || fact {
			bad("derived.yaml", c.pos, "the name %q is taken; choose another", c.Name)
			continue
		}
		s.condIndex[c.Name] = i
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	env, err := newEnv(s.Facts, s.Shared.Conditions)
	if err != nil {
		return err
	}
	for i := range s.Shared.Conditions {
		c := &s.Shared.Conditions[i]
		if c.prog, err = s.compile(env, "derived.yaml", c.When); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	ids := map[string]string{}
	for i := range s.Modules {
		m := &s.Modules[i]
		each := m.Each == "purpose" && s.purpose >= 0
		if m.Each != "" && !each {
			bad(m.file, at{1, 1}, "each is %q; write \"purpose\" or leave it out", m.Each)
		}
		if m.Name != path.Dir(m.file) {
			bad(m.file, at{1, 1}, "the module is called %q and its folder %q; make them the same", m.Name, path.Dir(m.file))
		}
		for _, p := range m.For {
			if each && !s.hasValue(s.purpose, p) {
				bad(m.file, at{1, 1}, "for names %q, which is no value of purpose", p)
			}
		}
		if each != (len(m.For) > 0) {
			bad(m.file, at{1, 1}, "each and for go together")
		}
		if m.When.Text != "" {
			if m.when, err = s.compile(env, m.file, m.When); err != nil {
				errs = append(errs, err)
			} else if m.when.byP && !each {
				bad(m.file, m.When.at, "the module is judged once, so its condition cannot speak of p")
			}
		}
		for j := range m.Rules {
			r := &m.Rules[j]
			if ids[r.ID] != "" || r.ID == "" {
				bad(m.file, r.pos, "the rule id %q is missing or stands in %s too", r.ID, ids[r.ID])
			}
			ids[r.ID] = m.file
			if r.prog, err = s.compile(env, m.file, r.When); err != nil {
				errs = append(errs, err)
				continue
			}
			if r.prog.byP && !each {
				bad(m.file, r.When.at, "rule %s: the module is judged once, so the condition cannot speak of p", r.ID)
			}
			s.linkRule(r, func(format string, args ...any) {
				bad(m.file, r.pos, "rule %s: %s", r.ID, fmt.Sprintf(format, args...))
			})
		}
	}
	s.linkShared(func(format string, args ...any) { bad("derived.yaml", at{1, 1}, format, args...) })
	return errors.Join(errs...)
}

func (s *Set) linkRule(r *Rule, bad func(string, ...any)) {
	for _, key := range r.Outcomes {
		i, ok := s.outIndex[key]
		if !ok {
			bad("no outcome %q in outcomes.yaml", key)
			continue
		}
		r.outcomes = append(r.outcomes, i)
	}
	for _, key := range r.Ask {
		i, ok := s.factIndex[key]
		if !ok {
			bad("asks for %q, which is no fact in facts.yaml", key)
			continue
		}
		r.ask = append(r.ask, i)
	}
	r.quotes = map[int][]quoteRef{}
	var others []quoteRef
	for _, c := range r.Cites {
		q, err := s.cite(c)
		switch {
		case err != nil:
			bad("%v", err)
		case slices.Contains(r.outcomes, q.outcome):
			r.quotes[q.outcome] = append(r.quotes[q.outcome], q)
		default:
			others = append(others, q)
		}
	}
	for o := range r.quotes {
		r.quotes[o] = append(r.quotes[o], others...)
	}
}

// cite reads "outcome.number".
func (s *Set) cite(c string) (quoteRef, error) {
	key, no, _ := strings.Cut(c, ".")
	n, err := strconv.Atoi(no)
	i, ok := s.outIndex[key]
	switch {
	case err != nil:
		return quoteRef{}, fmt.Errorf("cites %q; write the outcome, a point and the quote's number", c)
	case !ok:
		return quoteRef{}, fmt.Errorf("cites %q, but there is no outcome %q in outcomes.yaml", c, key)
	case n < 1 || n > len(s.Outcomes[i].Quotes):
		return quoteRef{}, fmt.Errorf("cites %q, but the outcome has %d quotes", c, len(s.Outcomes[i].Quotes))
	}
	return quoteRef{i, n - 1}, nil
}

func (s *Set) linkShared(bad func(string, ...any)) {
	outcome := func(key string) int {
		i, ok := s.outIndex[key]
		if !ok {
			bad("no outcome %q in outcomes.yaml", key)
		}
		return i
	}
	for _, b := range s.Shared.Beats {
		lost := outcome(b.Outcome)
		for _, by := range b.By {
			s.beatenBy[lost] = append(s.beatenBy[lost], outcome(by))
		}
	}
	s.marker = -1
	if m := s.Shared.Marker; m.Outcome != "" {
		s.marker = outcome(m.Outcome)
		for _, c := range m.Cites {
			q, err := s.cite(c)
			if err != nil || q.outcome != s.marker {
				bad("marker %q: want a quote of %s", c, m.Outcome)
				continue
			}
			s.markCites = append(s.markCites, q)
		}
	}
	s.askRank = make([]int, len(s.Facts))
	for i := range s.askRank {
		s.askRank[i] = len(s.Facts) + i
	}
	for rank, key := range s.Shared.AskOrder {
		i, ok := s.factIndex[key]
		if !ok {
			bad("ask_order names %q, which is no fact", key)
			continue
		}
		s.askRank[i] = rank
	}
	byPath := make([]int, len(s.Outcomes))
	for i := range byPath {
		byPath[i] = i
	}
	slices.SortStableFunc(byPath, func(a, b int) int { return cmp.Compare(s.Outcomes[a].Step, s.Outcomes[b].Step) })
	s.pathRank = make([]int, len(s.Outcomes))
	for rank, i := range byPath {
		s.pathRank[i] = rank
	}
}

func (s *Set) hasValue(fact int, value string) bool {
	_, ok := s.Facts[fact].index[value]
	return ok
}

// hash is over all files, those of other readers of the folder too.
func hash(fsys fs.FS) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".yaml") {
			return err
		}
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s %d\n", name, len(b))
		h.Write(b)
		return nil
	})
	return hex.EncodeToString(h.Sum(nil))[:16], err
}
