package reading

import (
	"slices"
	"strings"
)

// markFact is a reading for the settlements only; it never leaves the package.
const markFact = "mark"

// A settlement adds and drops readings when others are there. Readings are
// written "fact=value", or "fact" for any value of it.
type settlement struct {
	When   []string `yaml:"when"`
	Unless []string `yaml:"unless"`
	Add    []string `yaml:"add"`
	Drop   []string `yaml:"drop"`
	Why    string   `yaml:"why"`
	Line   int      `yaml:"-"`
}

func (s settlement) apply(rs []Reading, k kinds) []Reading {
	var cause Reading
	for i, w := range s.When {
		at := slices.IndexFunc(rs, func(r Reading) bool { return r.is(w) })
		if at < 0 {
			return rs
		}
		if i == 0 {
			cause = rs[at]
		}
	}
	for _, u := range s.Unless {
		if slices.ContainsFunc(rs, func(r Reading) bool { return r.is(u) }) {
			return rs
		}
	}
	for _, a := range s.Add {
		fact, value, _ := strings.Cut(a, "=")
		if slices.ContainsFunc(rs, func(r Reading) bool { return r.is(a) }) {
			continue
		}
		n := cause
		n.Fact, n.Value = fact, k.value(fact, value)
		rs = append(slices.Clip(rs), n)
	}
	return slices.DeleteFunc(rs, func(r Reading) bool {
		return slices.ContainsFunc(s.Drop, r.is)
	})
}

// is reports whether the reading is "fact=value" or of "fact".
func (r Reading) is(key string) bool {
	fact, value, ok := strings.Cut(key, "=")
	return r.Fact == fact && (!ok || value == valueText(r.Value))
}
