package reading

import (
	"fmt"
	"slices"
	"strings"
)

// A lexicon finds concepts in words. A concept is a list of phrases, a phrase a
// list of atoms, an atom a word that may begin or end with a star: "samtyk*",
// "*register", "*journal*".
type lexicon struct {
	breaks, short map[string]bool
	concepts      map[string]int // name to number
	longer        [][]phrase     // atom to the phrases it begins
	single        [][]int        // atom to the concepts it is a phrase of

	atoms    map[string]int
	exact    map[string]int
	prefixes map[string]int // by the letters before the star
	prefixAt []int          // lengths that prefixes have
	suffixes map[string]int
	suffixAt []int
	within   trie
	near     map[string][]nearAtom // by four letters: atoms to be tried for a typing error
}

type phrase struct {
	concept int
	atoms   []int
}

// A nearAtom is an atom of eight letters or more that a typing error may hide.
type nearAtom struct {
	atom   int
	stem   string
	prefix bool
	at     int // where the four letters stand in the stem
}

// number stands in the data for any word that begins with a digit.
const number = "#"

// minTypo is the number of letters from which one edit is forgiven.
const minTypo = 8

func newLexicon() *lexicon {
	return &lexicon{
		breaks: map[string]bool{}, short: map[string]bool{}, concepts: map[string]int{},
		atoms: map[string]int{}, exact: map[string]int{}, prefixes: map[string]int{},
		suffixes: map[string]int{}, within: trie{{}}, near: map[string][]nearAtom{},
	}
}

// atom gives the number of a word of the data, a new one if need be.
func (l *lexicon) atom(w string) (int, error) {
	head, tail := strings.HasPrefix(w, "*"), strings.HasSuffix(w, "*")
	stem := strings.Trim(w, "*")
	if stem != "?" && stem != number {
		stem = foldWord(stem)
	}
	if stem == "" || strings.Contains(strings.Trim(w, "*"), "*") {
		return 0, fmt.Errorf("%q is no word; write word, word*, *word or *word*", w)
	}
	if (head || tail) && len(stem) < 3 {
		return 0, fmt.Errorf("%q is too short for a star", w)
	}
	key := stem
	if head {
		key = "*" + key
	}
	if tail {
		key += "*"
	}
	if n, ok := l.atoms[key]; ok {
		return n, nil
	}
	n := len(l.atoms)
	l.atoms[key] = n
	l.single, l.longer = append(l.single, nil), append(l.longer, nil)
	switch {
	case head && tail:
		l.within.add(stem, n)
	case head:
		l.suffixes[stem] = n
		l.suffixAt = addLength(l.suffixAt, len(stem))
	case tail:
		l.prefixes[stem] = n
		l.prefixAt = addLength(l.prefixAt, len(stem))
	default:
		l.exact[stem] = n
	}
	if len(stem) >= minTypo && (!head || tail) {
		for _, at := range []int{0, 4} {
			k := stem[at : at+4]
			l.near[k] = append(l.near[k], nearAtom{n, stem, tail, at})
		}
	}
	return n, nil
}

func addLength(ls []int, n int) []int {
	if !slices.Contains(ls, n) {
		ls = append(ls, n)
	}
	return ls
}

// atomsOf gives the atoms that a folded word is. A word that is none, and long
// enough, is tried again with one typing error.
func (l *lexicon) atomsOf(w string) []int {
	var out []int
	if w[0] <= '9' && w[0] >= '0' {
		if n, ok := l.exact[number]; ok {
			out = append(out, n)
		}
	}
	known := 0 // letters of the longest stem found
	if n, ok := l.exact[w]; ok {
		out = append(out, n)
		known = len(w)
	}
	for _, k := range l.prefixAt {
		if k <= len(w) {
			if n, ok := l.prefixes[w[:k]]; ok {
				out = append(out, n)
				known = max(known, k)
			}
		}
	}
	for _, k := range l.suffixAt {
		if k <= len(w) {
			if n, ok := l.suffixes[w[len(w)-k:]]; ok {
				out = append(out, n)
				known = max(known, k)
			}
		}
	}
	for i := range len(w) - 2 {
		out = l.within.find(w[i:], out)
	}
	if len(w) < minTypo || known >= len(w)-2 {
		return out
	}
	for at := range min(6, len(w)-3) {
		if at > 0 && at < 3 {
			continue
		}
		for _, c := range l.near[w[at:at+4]] {
			if (c.at == 0) == (at == 0) && c.hidden(w) && !slices.Contains(out, c.atom) {
				out = append(out, c.atom)
			}
		}
	}
	return out
}

// hidden reports whether the word is the atom but for one letter that is
// missing, too many, wrong, or has changed place with the next.
func (c nearAtom) hidden(w string) bool {
	s := c.stem
	i := 0
	for i < len(s) && i < len(w) && s[i] == w[i] {
		i++
	}
	if i == 0 || i == len(s) || i == len(w) { // the first letter is seldom wrong
		return i > 0 && !c.prefix && max(len(s), len(w)) == i+1
	}
	tail := func(from int, rest string) bool {
		if from > len(w) {
			return false
		}
		if c.prefix {
			return strings.HasPrefix(w[from:], rest)
		}
		return w[from:] == rest
	}
	switch {
	case tail(i+1, s[i:]), tail(i, s[i+1:]), tail(i+1, s[i+1:]):
		return true
	}
	return i+1 < len(s) && i+1 < len(w) && s[i] == w[i+1] && s[i+1] == w[i] && tail(i+2, s[i+2:])
}

// define gives a concept its phrases.
func (l *lexicon) define(name string, phrases []string) (int, error) {
	n, ok := l.concepts[name]
	if !ok {
		n = len(l.concepts)
		l.concepts[name] = n
	}
	for _, p := range phrases {
		var atoms []int
		for w := range strings.FieldsFuncSeq(p, func(r rune) bool { return r == ' ' || r == '-' || r == '\'' || r == '’' }) {
			a, err := l.atom(w)
			if err != nil {
				return 0, fmt.Errorf("%q: %w", p, err)
			}
			atoms = append(atoms, a)
		}
		switch len(atoms) {
		case 0:
			return 0, fmt.Errorf("an empty phrase")
		case 1:
			if !slices.Contains(l.single[atoms[0]], n) {
				l.single[atoms[0]] = append(l.single[atoms[0]], n)
			}
		default:
			l.longer[atoms[0]] = append(l.longer[atoms[0]], phrase{n, atoms})
		}
	}
	return n, nil
}

// A scratch is the memory that scanning a text takes; it is used again.
type scratch struct {
	room   []int // places each concept may have
	places [][]span
	all    []span // one piece of memory for all places
}

// scan finds the places of each concept. Of two at one token it keeps the longer.
// The places are of the scratch: they last until it is used for another text.
func (l *lexicon) scan(ts []token, m *scratch) [][]span {
	known := map[string][]int{}
	atoms := make([][]int, len(ts))
	for i, t := range ts {
		as, ok := known[t.word]
		if !ok {
			as = l.atomsOf(t.word)
			known[t.word] = as
		}
		atoms[i] = as
	}
	if len(m.room) != len(l.concepts) {
		*m = scratch{room: make([]int, len(l.concepts)), places: make([][]span, len(l.concepts))}
	}
	room, places := m.room, m.places
	clear(room)
	total := 0
	for _, as := range atoms {
		for _, a := range as {
			for _, c := range l.single[a] {
				room[c]++
			}
			for _, p := range l.longer[a] {
				room[p.concept]++
			}
			total += len(l.single[a]) + len(l.longer[a])
		}
	}
	if cap(m.all) < total {
		m.all = make([]span, total)
	}
	all := m.all[:total]
	for c, n := range room {
		places[c], all = all[:0:n], all[n:]
	}
	put := func(c, first, last int) {
		at := places[c]
		if n := len(at); n > 0 && at[n-1].first == first {
			at[n-1].last = max(at[n-1].last, last)
			return
		}
		places[c] = append(at, span{first, last})
	}
	for i, t := range ts {
		for _, a := range atoms[i] {
			for _, c := range l.single[a] {
				put(c, i, i)
			}
		phrases:
			for _, p := range l.longer[a] {
				last := i + len(p.atoms) - 1
				if last >= len(ts) || ts[last].sentence != t.sentence {
					continue
				}
				for k, a := range p.atoms[1:] {
					if !slices.Contains(atoms[i+1+k], a) {
						continue phrases
					}
				}
				put(p.concept, i, last)
			}
		}
	}
	return places
}

// A trie finds the stems that a word begins with. Node 0 is the root.
type trie []node

type node struct {
	next map[byte]int
	atom int // number + 1; 0 for none
}

func (t *trie) add(stem string, atom int) {
	at := 0
	for i := range len(stem) {
		if (*t)[at].next == nil {
			(*t)[at].next = map[byte]int{}
		}
		to, ok := (*t)[at].next[stem[i]]
		if !ok {
			to = len(*t)
			*t = append(*t, node{})
			(*t)[at].next[stem[i]] = to
		}
		at = to
	}
	(*t)[at].atom = atom + 1
}

func (t trie) find(w string, out []int) []int {
	at := 0
	for i := range len(w) {
		to, ok := t[at].next[w[i]]
		if !ok {
			break
		}
		at = to
		if a := t[at].atom; a > 0 && !slices.Contains(out, a-1) {
			out = append(out, a-1)
		}
	}
	return out
}
