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
	file   string
}

// settled puts readings together: each settlement once, in the order of the data.
func (r *Reader) settled(rs []Reading) []Reading {
	rs = once(rs)
	there := keys(rs)
	has := func(key string) bool { return there[key] }
	lacks := func(key string) bool { return !there[key] }
	for _, s := range r.settle {
		if slices.ContainsFunc(s.When, lacks) || slices.ContainsFunc(s.Unless, has) {
			continue
		}
		rs = s.apply(rs, r.kinds)
		there = keys(rs)
	}
	return rs
}

// once keeps the first of the readings that say the same.
func once(rs []Reading) []Reading {
	out := rs[:0]
	for _, r := range rs {
		same := func(o Reading) bool { return o.Fact == r.Fact && valueText(o.Value) == valueText(r.Value) }
		if !slices.ContainsFunc(out, same) {
			out = append(out, r)
		}
	}
	return out
}

// keys gives what readings are, as settlements write it.
func keys(rs []Reading) map[string]bool {
	there := make(map[string]bool, 2*len(rs))
	for _, r := range rs {
		there[r.Fact] = true
		there[r.key()] = true
	}
	return there
}

// apply adds and drops. What is added has the words of the first cause.
func (s settlement) apply(rs []Reading, k kinds) []Reading {
	cause := rs[slices.IndexFunc(rs, func(r Reading) bool { return r.is(s.When[0]) })]
	for _, a := range s.Add {
		if slices.ContainsFunc(rs, func(r Reading) bool { return r.is(a) }) {
			continue
		}
		fact, value, _ := strings.Cut(a, "=")
		n := cause
		n.Fact, n.Value = fact, k.value(fact, value)
		rs = append(rs, n)
	}
	return slices.DeleteFunc(rs, func(r Reading) bool { return slices.ContainsFunc(s.Drop, r.is) })
}

// is reports whether the reading is "fact=value" or of "fact".
func (r Reading) is(key string) bool {
	fact, value, ok := strings.Cut(key, "=")
	return r.Fact == fact && (!ok || value == valueText(r.Value))
}
