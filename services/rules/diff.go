package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Diff says how two rule sets differ: rules, conditions, facts, outcomes and
// agencies that came, went or changed, and the cases of either whose result is another.
// Words that only people read are told as such.
func Diff(old, now *Set) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	byKey(rulesByID(old), rulesByID(now), "rule", say, func(a, b Rule) []string {
		return slices.Concat(
			differ("when", a.When.Text, b.When.Text), differ("outcomes", a.Outcomes, b.Outcomes), differ("ask", a.Ask, b.Ask),
			differ("cites", a.Cites, b.Cites), differ("from", a.From, b.From), differ("to", a.To, b.To),
			differ("inferred", a.Inferred, b.Inferred), differ("review", a.Review, b.Review), words("title", a.Title, b.Title))
	})
	byKey(index(old.Shared.Conditions, func(c Condition) string { return c.Name }), index(now.Shared.Conditions, func(c Condition) string { return c.Name }), "condition", say,
		func(a, b Condition) []string {
			return slices.Concat(differ("when", a.When.Text, b.When.Text), words("title", a.Title, b.Title))
		})
	byKey(index(old.Facts, func(f Fact) string { return f.Key }), index(now.Facts, func(f Fact) string { return f.Key }), "fact", say,
		func(a, b Fact) []string {
			keys := func(f Fact) (ks []string) {
				for _, v := range f.Values {
					ks = append(ks, v.Key)
				}
				return ks
			}
			return slices.Concat(differ("type", a.Type, b.Type), differ("values", keys(a), keys(b)), differ("never_asked", a.NeverAsked, b.NeverAsked),
				words("label", a.Label, b.Label), words("ask", a.Ask, b.Ask), words("why", a.Why, b.Why))
		})
	byKey(index(old.Outcomes, func(o Outcome) string { return o.Key }), index(now.Outcomes, func(o Outcome) string { return o.Key }), "outcome", say,
		func(a, b Outcome) []string {
			return slices.Concat(differ("kind", a.Kind, b.Kind), differ("authority", a.Authority, b.Authority), differ("legal_basis", a.LegalBasis, b.LegalBasis),
				differ("step", a.Step, b.Step), differ("decided", a.Decided, b.Decided), differ("refers", a.Refers, b.Refers),
				differ("quotes", a.Quotes, b.Quotes), words("text", a.Text, b.Text), words("prepare", a.Prepare, b.Prepare))
		})
	byKey(index(old.Agencies, func(a Agency) string { return a.Key }), index(now.Agencies, func(a Agency) string { return a.Key }), "agency", say,
		func(a, b Agency) []string {
			return slices.Concat(differ("short", a.Short, b.Short), differ("former", a.Former, b.Former), differ("contact", a.Contact, b.Contact),
				differ("in_service", a.InService, b.InService), differ("decides", a.Decides, b.Decides),
				words("name", a.Name, b.Name), words("mention", a.Mention, b.Mention), words("remit", a.Remit, b.Remit))
		})
	return append(out, diffCases(old, now)...)
}

func rulesByID(s *Set) map[string]Rule {
	m := map[string]Rule{}
	for _, mod := range s.Modules {
		for _, r := range mod.Rules {
			r.When.Text = strings.TrimPrefix(mod.When.Text+" && "+r.When.Text, " && ")
			m[r.ID] = r
		}
	}
	return m
}

func index[T any](list []T, name func(T) string) map[string]T {
	m := map[string]T{}
	for _, v := range list {
		m[name(v)] = v
	}
	return m
}

func byKey[T any](old, now map[string]T, what string, say func(string, ...any), compare func(a, b T) []string) {
	for _, k := range sortedKeys(old) {
		b, ok := now[k]
		if !ok {
			say("- %s %s", what, k)
			continue
		}
		for _, d := range compare(old[k], b) {
			say("~ %s %s %s", what, k, d)
		}
	}
	for _, k := range sortedKeys(now) {
		if _, ok := old[k]; !ok {
			say("+ %s %s", what, k)
		}
	}
}

func differ(what string, a, b any) []string {
	if reflect.DeepEqual(a, b) {
		return nil
	}
	return []string{fmt.Sprintf("%s: %v -> %v", what, a, b)}
}

func words(what string, a, b Text) []string {
	if reflect.DeepEqual(a, b) {
		return nil
	}
	return []string{what + ": other words"}
}

// diffCases runs the cases of both sets on both.
func diffCases(old, now *Set) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range []*Set{now, old} {
		for _, m := range s.Modules {
			for _, c := range m.Cases {
				if name := m.Name + ": " + c.Name; !seen[name] {
					seen[name] = true
					if d := diffCase(old, now, c); d != "" {
						out = append(out, "! case "+name+": "+d)
					}
				}
			}
		}
	}
	return out
}

func diffCase(old, now *Set, c Case) string {
	result := func(s *Set) (Result, error) {
		vals, used, err := s.take(c.Facts)
		if err != nil {
			return Result{}, err
		}
		return s.judge(vals, used, c.AsOf, nil)
	}
	a, errA := result(old)
	b, errB := result(now)
	if errA != nil || errB != nil {
		if (errA == nil) == (errB == nil) {
			return ""
		}
		return "only one of the sets can judge it"
	}
	var ds []string
	for _, o := range without(b.Outcomes, a.Outcomes) {
		ds = append(ds, "+"+o)
	}
	for _, o := range without(a.Outcomes, b.Outcomes) {
		ds = append(ds, "-"+o)
	}
	for _, f := range without(b.Missing, a.Missing) {
		ds = append(ds, "+asks "+f)
	}
	for _, f := range without(a.Missing, b.Missing) {
		ds = append(ds, "-asks "+f)
	}
	return strings.Join(ds, " ")
}
