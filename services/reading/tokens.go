package reading

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"kiveileder/retriever/lexical"
)

// A token is a word or a question mark. Hyphens part words: "CE-merket" is two.
type token struct {
	start, end int    // bytes of the text
	word       string // folded: small letters, æøå as aoa
	sentence   int
	clause     int
}

// maxWord bounds the letters of a word that are looked at.
const maxWord = 60

// tokens splits a text. A sentence ends at . ! ? or a line break, a clause also
// at a comma, a colon, a bracket, a dash, or before a word of breaks ("men").
func (l *lexicon) tokens(text string) []token {
	ts := make([]token, 0, len(text)/6+1)
	sentence, clause := 0, 0
	opened := true // nothing stands in the sentence yet
	next := func() {
		if !opened {
			sentence++
			clause++
			opened = true
		}
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case isWordRune(r):
			end := wordEnd(text, i)
			w := foldWord(text[i:end])
			if w == "" {
				break
			}
			if l.breaks[w] && !opened {
				clause++
			}
			ts = append(ts, token{start: i, end: end, word: w, sentence: sentence, clause: clause})
			opened = false
			i = end
			continue
		case r == '?':
			if !opened {
				ts = append(ts, token{start: i, end: i + 1, word: "?", sentence: sentence, clause: clause})
			}
			next()
		case r == '\n' || r == '!' || r == ';' || r == '•':
			next()
		case r == '.':
			if l.endsSentence(text, i, ts) {
				next()
			}
		case r == ',' || r == ':' || r == '(' || r == ')' || r == '–' || r == '—' || r == '/' && spaced(text, i) || r == '-' && spaced(text, i):
			clause++
		}
		i += size
	}
	return ts
}

// now makes "no" of a Norwegian sentence what it is there: "nå", not a denial.
// Where the sentence does not tell, the text does.
func (l *lexicon) now(ts []token) {
	all, in := 0, map[int]int{} // by sentence: Norwegian words less English ones
	for _, t := range ts {
		switch t.word {
		case "og", "er", "av", "som", "til", "vi", "ikkje", "ikke", "fra", "det", "ein", "eit":
			all++
			in[t.sentence]++
		case "the", "and", "of", "is", "we", "to", "are", "our", "a":
			all--
			in[t.sentence]--
		}
	}
	for i, t := range ts {
		if n := in[t.sentence]; t.word == "no" && (n > 0 || n == 0 && all > 0) {
			ts[i].word = "na"
		}
	}
}

// spaced reports whether the sign at i has a blank before and after it.
func spaced(text string, i int) bool {
	return i > 0 && text[i-1] == ' ' && i+1 < len(text) && text[i+1] == ' '
}

// endsSentence reports whether the full stop at i ends one: a blank or the end
// follows, and no short form ("bl.a.", "nr.") or lone letter stands before it.
func (l *lexicon) endsSentence(text string, i int, ts []token) bool {
	if i+1 < len(text) {
		if r, _ := utf8.DecodeRuneInString(text[i+1:]); !unicode.IsSpace(r) && !unicode.IsUpper(r) {
			return false
		}
	}
	if len(ts) == 0 || ts[len(ts)-1].end != i {
		return true
	}
	w := ts[len(ts)-1].word
	if l.short[w] {
		return false
	}
	small := unicode.IsDigit(rune(w[0])) || text[i-1] >= 'a' // "i." ends a sentence, "A." begins a name
	return len(w) > 1 || small && nextUpper(text, i+1)
}

func nextUpper(text string, i int) bool {
	rest := strings.TrimLeft(text[i:min(len(text), i+8)], " ")
	r, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || unicode.IsUpper(r)
}

func isWordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '§' || unicode.Is(unicode.Mn, r)
}

func wordEnd(text string, i int) int {
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !isWordRune(r) {
			break
		}
		i += size
	}
	return i
}

// foldASCII does what foldWord does, for words of a to z without ae, oe, aa.
func foldASCII(w string) (string, bool) {
	for i := range len(w) {
		c := w[i] | 0x20
		if w[i] >= utf8.RuneSelf || i > 0 && (c == 'e' || c == 'a') && (w[i-1]|0x20 == 'a' || c == 'e' && w[i-1]|0x20 == 'o') {
			return "", false
		}
	}
	return strings.ToLower(w), true
}

// foldWord folds one word; the longest words are cut.
func foldWord(w string) string {
	if len(w) > maxWord {
		w = strings.ToValidUTF8(w[:maxWord], "")
	}
	if w, ok := foldASCII(w); ok {
		return w
	}
	if strings.EqualFold(w, "noe") { // would fold to "no"
		return "noe"
	}
	return strings.ReplaceAll(lexical.Fold(w), " ", "")
}
