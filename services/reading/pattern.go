package reading

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A pattern is one or more sequences that must all stand in one unit, in any
// order: "<use> ..4 <records> & <research>".
type pattern struct {
	text  string
	whole bool // "text: ...": anywhere in the text
	near  bool // "clause: ...": in the clause of what was matched
	parts [][]item
	needs []int // the concepts of all items
}

// An item is a concept, at most gap tokens after the item before it.
type item struct{ concept, gap int }

// maxGap bounds a gap, so that matching stays linear.
const maxGap = 20

// pattern compiles the words of a pattern: word, word*, <concept>, two_words,
// a|b|<c> and ..N for at most N tokens between.
func (l *lexicon) pattern(s string) (pattern, error) {
	p := pattern{text: s}
	rest, whole := strings.CutPrefix(s, "text:")
	p.whole = whole
	rest, p.near = strings.CutPrefix(rest, "clause:")
	for part := range strings.SplitSeq(rest, " & ") {
		var items []item
		gap := 0
		for f := range strings.FieldsSeq(part) {
			if n, ok := strings.CutPrefix(f, ".."); ok {
				v, err := strconv.Atoi(n)
				if err != nil || v < 1 || v > maxGap || len(items) == 0 {
					return p, fmt.Errorf("%q: a gap is ..1 to ..%d, between two words", s, maxGap)
				}
				gap = v
				continue
			}
			c, err := l.alternatives(f)
			if err != nil {
				return p, fmt.Errorf("%q: %w", s, err)
			}
			items = append(items, item{c, gap})
			p.needs = append(p.needs, c)
			gap = 0
		}
		if len(items) == 0 || gap > 0 {
			return p, fmt.Errorf("%q: a part with nothing in it, or a gap at its end", s)
		}
		p.parts = append(p.parts, items)
	}
	return p, nil
}

// alternatives gives the concept that "a|b|<c>" names; one is made for it when
// it is more than one name.
func (l *lexicon) alternatives(f string) (int, error) {
	name := func(w string) (string, bool) {
		if strings.HasPrefix(w, "<") && strings.HasSuffix(w, ">") {
			return w[1 : len(w)-1], true
		}
		return "", false
	}
	if c, ok := name(f); ok && !strings.Contains(c, "|") {
		n, ok := l.concepts[c]
		if !ok {
			return 0, fmt.Errorf("no words for <%s>", c)
		}
		return n, nil
	}
	if n, ok := l.concepts[f]; ok {
		return n, nil
	}
	n, err := l.define(f, nil)
	if err != nil {
		return 0, err
	}
	for w := range strings.SplitSeq(f, "|") {
		c, ok := name(w)
		if !ok {
			if _, err := l.define(f, []string{strings.ReplaceAll(w, "_", " ")}); err != nil {
				return 0, err
			}
			continue
		}
		from, ok := l.concepts[c]
		if !ok {
			return 0, fmt.Errorf("no words for <%s>", c)
		}
		l.include(n, from)
	}
	return n, nil
}

// include gives concept n the phrases of another.
func (l *lexicon) include(n, from int) {
	for a, cs := range l.single {
		if slices.Contains(cs, from) && !slices.Contains(cs, n) {
			l.single[a] = append(cs, n)
		}
	}
	for a, ps := range l.longer {
		for _, p := range ps {
			if p.concept == from {
				l.longer[a] = append(l.longer[a], phrase{n, p.atoms})
			}
		}
	}
}

// A span is a run of tokens, first and last.
type span struct{ first, last int }

// match gives the spans of a pattern in the unit lo..hi-1. For patterns of
// several parts there is at most one, from the first to the last token.
func (p pattern) match(d *document, lo, hi int) []span {
	if len(p.parts) == 1 {
		return d.sequence(p.parts[0], lo, hi)
	}
	all := span{hi, lo}
	for _, items := range p.parts {
		found := d.sequence(items, lo, hi)
		if len(found) == 0 {
			return nil
		}
		all.first = min(all.first, found[0].first)
		all.last = max(all.last, found[0].last)
	}
	return []span{all}
}

// in gives the places of a concept among the tokens lo..hi-1.
func (d *document) in(concept, lo, hi int) []span {
	at := d.places[concept]
	from, _ := slices.BinarySearchFunc(at, lo, func(s span, n int) int { return s.first - n })
	to := from
	for to < len(at) && at[to].last < hi {
		to++
	}
	return at[from:to]
}

// sequence matches items one after the other: one pass over the places of each,
// where a run goes on with the nearest place of the next.
func (d *document) sequence(items []item, lo, hi int) []span {
	runs := d.in(items[0].concept, lo, hi)
	for _, it := range items[1:] {
		if len(runs) == 0 {
			return nil
		}
		var next []span
		k := 0 // runs that begin before the place
		for _, s := range d.in(it.concept, lo, hi) {
			for k < len(runs) && runs[k].first < s.first {
				k++
			}
			for j := k - 1; j >= max(0, k-4); j-- {
				if gap := s.first - runs[j].last - 1; gap >= 0 {
					if gap <= it.gap {
						next = append(next, span{runs[j].first, s.last})
					}
					break
				}
			}
		}
		runs = next
	}
	return runs
}
