// Package reading reads facts about a project from its own words: "vi har ikke
// spurt pasientene" is consent = no. It knows no law and no fact by itself: words,
// patterns, guards and how readings are settled are data, in
// corpus/rules/reading. It is deterministic and linear in the text, and takes
// any bytes. When words are in doubt it reads nothing.
//
// A text is split in sentences and clauses, concepts of the lexicon are found in
// its words (with stars for inflection and compounds, and one typing error in
// long words), patterns of rules are matched over the concepts of a sentence, and
// guards take away what is denied, doubted, asked or told of others. What the
// rules read is then settled: readings may add to and take away others.
package reading

import (
	"cmp"
	"iter"
	"slices"
	"sync"
)

// A Reading is one value of one fact, and the words that say it.
type Reading struct {
	Fact       string
	Value      any // string, bool, or []string with one element for a fact of several values
	Words      string
	Start, End int    // bytes of the text
	Rule       string // id of the rule in the data
}

// key writes fact and value as the data does: "consent=no".
func (r Reading) key() string { return r.Fact + "=" + valueText(r.Value) }

func valueText(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case []string:
		return v[0]
	}
	s, _ := v.(string)
	return s
}

// A Reader reads texts. It is safe for use by several at once.
type Reader struct {
	lex    *lexicon
	guards []guard
	rules  []*rule
	settle []settlement
	kinds  kinds

	joins, others, finite, not int   // concepts that main clauses are known by
	denials                    []int // of what is denied or doubted

	memory sync.Pool // of *scratch
}

// maxText is the number of bytes of a text that are read.
const maxText = 40_000

// A document is a text with its tokens and the places of the concepts in it.
type document struct {
	text     string
	tokens   []token
	places   [][]span // by concept, in the order of the text
	sentence []span   // by token: first and last token of its sentence
	clause   []span
	main     []int // by token: which main clause it stands in
}

func (r *Reader) document(text string, m *scratch) *document {
	if len(text) > maxText {
		text = text[:maxText]
	}
	d := &document{text: text, tokens: r.lex.tokens(text)}
	r.lex.now(d.tokens)
	d.places = r.lex.scan(d.tokens, m)
	d.sentence = d.units(func(t token) int { return t.sentence })
	d.clause = d.units(func(t token) int { return t.clause })
	d.main = r.mainClauses(d)
	return d
}

// units gives, for each token, the run of tokens of the same number.
func (d *document) units(number func(token) int) []span {
	out := make([]span, len(d.tokens))
	for lo := 0; lo < len(d.tokens); {
		hi := lo
		for hi+1 < len(d.tokens) && number(d.tokens[hi+1]) == number(d.tokens[lo]) {
			hi++
		}
		for ; lo <= hi; lo++ {
			out[lo] = span{out[max(0, lo-1)].first, hi}
			if lo == 0 || number(d.tokens[lo-1]) != number(d.tokens[lo]) {
				out[lo].first = lo
			}
		}
	}
	return out
}

// has reports whether a concept begins at token i.
func (d *document) has(concept, i int) bool {
	_, ok := slices.BinarySearchFunc(d.places[concept], i, func(s span, n int) int { return s.first - n })
	return ok
}

// Read gives the facts that a text says, in the order of the words that say
// them. A fact of one value is there at most once; two values that contradict
// each other leave the fact out.
func (r *Reader) Read(text string) []Reading {
	return r.finish(r.readings(text))
}

// readings gives what rules and settlements read, marks included.
func (r *Reader) readings(text string) []Reading {
	m, ok := r.memory.Get().(*scratch)
	if !ok {
		m = new(scratch)
	}
	defer r.memory.Put(m)
	d := r.document(text, m)
	var out []Reading
	for _, ru := range r.rules {
		out = append(out, r.apply(d, ru)...)
	}
	slices.SortStableFunc(out, func(a, b Reading) int { return cmp.Compare(a.Start, b.Start) })
	return r.settled(out)
}

// finish drops marks, repetitions and contradictions.
func (r *Reader) finish(rs []Reading) []Reading {
	values := map[string]string{}
	torn := map[string]bool{}
	for _, x := range rs {
		if _, set := x.Value.([]string); set {
			continue
		}
		v := valueText(x.Value)
		if old, ok := values[x.Fact]; ok && old != v {
			torn[x.Fact] = true
		}
		values[x.Fact] = v
	}
	seen := map[string]bool{}
	out := []Reading{}
	for _, x := range rs {
		if x.Fact == markFact || torn[x.Fact] || seen[x.key()] {
			continue
		}
		seen[x.key()] = true
		out = append(out, x)
	}
	return out
}

// Merge gives readings as facts: a string, a bool, or a list of strings.
func Merge(rs []Reading) map[string]any {
	facts := map[string]any{}
	for _, r := range rs {
		vs, ok := r.Value.([]string)
		if !ok {
			facts[r.Fact] = r.Value
			continue
		}
		old, _ := facts[r.Fact].([]string)
		for _, v := range vs {
			if !slices.Contains(old, v) {
				old = append(old, v)
			}
		}
		facts[r.Fact] = old
	}
	return facts
}

// apply gives the readings of one rule.
func (r *Reader) apply(d *document, ru *rule) []Reading {
	var out []Reading
	for _, p := range ru.patterns {
		for unit := range d.candidates(p, ru.In) {
			for _, s := range p.match(d, unit.first, unit.last+1) {
				if ru.apart && r.leaks(d, p, s) {
					continue
				}
				value := ru.value
				if r.guarded(d, ru, s) {
					if ru.denied == nil || !r.deniedOnly(d, ru, s) {
						continue
					}
					value = ru.denied
				}
				if d.holds(s, ru.not) || !r.conditions(d, ru, s) {
					continue
				}
				start, end := d.tokens[s.first].start, d.tokens[s.last].end
				out = append(out, Reading{Fact: ru.fact, Value: value, Words: d.text[start:end], Start: start, End: end, Rule: ru.ID})
				break
			}
		}
	}
	return out
}

// candidates yields the units in which a pattern may match: those that hold its
// rarest concept, when all are somewhere in the text.
func (d *document) candidates(p pattern, in string) iter.Seq[span] {
	return func(yield func(span) bool) {
		rarest := p.needs[0]
		for _, c := range p.needs {
			if len(d.places[c]) < len(d.places[rarest]) {
				rarest = c
			}
		}
		units := d.sentence
		switch {
		case len(d.places[rarest]) == 0:
			return
		case p.whole || in == "text":
			yield(span{0, len(d.tokens) - 1})
			return
		case in == "clause":
			units = d.clause
		}
		done := -1
		for _, s := range d.places[rarest] {
			if u := units[s.first]; u.first > done {
				if done = u.first; !yield(u) {
					return
				}
			}
		}
	}
}

// holds reports whether a token of the span begins one of the concepts.
func (d *document) holds(s span, concepts []int) bool {
	for i := s.first; i <= s.last; i++ {
		for _, c := range concepts {
			if d.has(c, i) {
				return true
			}
		}
	}
	return false
}

// may reports whether a pattern may match: all that it needs is in the text.
func (d *document) may(p pattern) bool {
	return !slices.ContainsFunc(p.needs, func(concept int) bool { return len(d.places[concept]) == 0 })
}

// conditions reports whether what a rule wants beside its pattern is there, and
// what it does not want is not.
func (r *Reader) conditions(d *document, ru *rule, s span) bool {
	lo, hi := d.sentence[s.first].first, d.sentence[s.last].last+1
	found := func(p pattern) bool {
		switch {
		case !d.may(p):
			return false
		case p.whole:
			return len(p.match(d, 0, len(d.tokens))) > 0
		case p.near:
			return len(p.match(d, d.clause[s.first].first, d.clause[s.last].last+1)) > 0
		}
		return len(p.match(d, lo, hi)) > 0
	}
	for _, p := range ru.with {
		if !found(p) {
			return false
		}
	}
	return !slices.ContainsFunc(ru.unless, func(p pattern) bool {
		if p.whole || p.near || !ru.apart {
			return found(p)
		}
		// what is denied or doubted in another main clause is something else
		return d.may(p) && slices.ContainsFunc(p.match(d, lo, hi), func(m span) bool {
			return !r.elsewhere(d, m, s) && !r.leaks(d, p, m)
		})
	})
}
