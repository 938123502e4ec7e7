package privacy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A token is a word, a marker or a taken item in the view.
type token struct {
	start, end int
	word       string // as written; "" for a marker or a taken item
	fold       string
	sentence   int  // number of the sentence
	opens      bool // first token of its sentence
	closed     bool // part of a phrase that is never a name
	identity   bool // a marker or taken item that tells who: an identity or journal number
}

// tokens splits the view. Digits alone are words too.
func (f *finder) tokens() []token {
	kinds := map[int]span{}
	for _, s := range f.spans {
		kinds[s.start] = s
	}
	var ts []token
	sentence, opens := 0, true
	add := func(t token) {
		t.sentence, t.opens = sentence, opens
		opens = false
		ts = append(ts, t)
	}
	for i := 0; i < len(f.text); {
		if s, ok := kinds[i]; ok {
			add(token{start: i, end: s.end, identity: tellsWho(s.kind)})
			i = s.end
			continue
		}
		r, size := utf8.DecodeRuneInString(f.text[i:])
		switch {
		case f.taken[i]: // a kept mailbox
			end := i
			for end < len(f.text) && f.taken[end] {
				end++
			}
			add(token{start: i, end: end})
			i = end
			continue
		case isMarker(r):
			add(token{start: i, end: i + size, identity: tellsWho(markerKind(r))})
		case isAlnum(r):
			end := f.wordEnd(i)
			w := f.text[i:end]
			add(token{start: i, end: end, word: w, fold: fold(w)})
			i = end
			continue
		case r == '\n' || f.endsSentence(r, i, size, ts):
			sentence++
			opens = true
		}
		i += size
	}
	closePhrases(ts)
	return ts
}

// wordEnd returns the end of the word at i: letters, digits, and hyphens and
// apostrophes between letters, up to the next taken byte.
func (f *finder) wordEnd(i int) int {
	for i < len(f.text) && !f.taken[i] {
		r, size := utf8.DecodeRuneInString(f.text[i:])
		if !isAlnum(r) {
			if (r != '-' && r != '\'' && r != '’') || !unicode.IsLetter(f.after(i+size)) {
				break
			}
		}
		i += size
	}
	return i
}

// endsSentence reports whether the punctuation at i ends a sentence. A full
// stop after one letter or a short form ("f.", "dr.", "St.") does not.
func (f *finder) endsSentence(r rune, i, size int, ts []token) bool {
	if r != '.' && r != '!' && r != '?' && r != ';' {
		return false
	}
	if n := f.after(i + size); n != ' ' && n != '\n' {
		return false
	}
	if r != '.' || len(ts) == 0 || ts[len(ts)-1].end != i {
		return true
	}
	last := ts[len(ts)-1]
	if last.word != "" && (utf8.RuneCountInString(last.word) == 1 || shortForms.has(last.fold)) {
		return false
	}
	for j := i + size; j < len(f.text); j++ {
		if f.text[j] != ' ' {
			n, _ := utf8.DecodeRuneInString(f.text[j:])
			return !unicode.IsLower(n)
		}
	}
	return true
}

var shortForms = set([]string{"dr", "st", "nr", "ca", "kl", "jf", "mr", "mrs", "ms", "prof", "bl", "pkt", "fhv", "adv", "art",
	"tlf", "mob", "pas", "hr", "f.eks", "eks", "dvs", "mv", "osv", "mvh", "jr", "sr"})

// tellsWho reports whether an item of kind k makes the capitalised words beside
// it a person's name.
func tellsWho(k Kind) bool {
	switch k {
	case BirthNumber, DNumber, HelpNumber, SyntheticNumber, JournalNumber:
		return true
	}
	return false
}

// closePhrases marks the longest phrase of data/notnames.txt at each token.
func closePhrases(ts []token) {
	for i := range ts {
		best := 0
		for _, p := range lists.phrases[ts[i].fold] {
			if len(p) > best && matches(ts[i:], p) {
				best = len(p)
			}
		}
		for j := i; j < i+best; j++ {
			ts[j].closed = true
		}
	}
}

func matches(ts []token, phrase []string) bool {
	if len(ts) < len(phrase) {
		return false
	}
	for i, w := range phrase {
		if ts[i].fold != w || ts[i].word == "" || strings.ToLower(ts[i].word) == ts[i].word && i == 0 {
			return false
		}
	}
	return true
}
