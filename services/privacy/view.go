package privacy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A view is the text as the searches see it: digits of every script as 0-9,
// all blanks as a space, all dashes as "-", full-width forms as ASCII, zero-
// width characters and combining marks gone, and each marker as one rune.
// Private-use runes of the text itself become U+FFFD, so that nobody can write
// a marker rune.
type view struct {
	text string
	at   []int // at[i] is the offset in the original of byte i; len(text)+1 long
}

// markerBase is the private-use rune of the first marker.
const markerBase = '\uF500'

// markerAt returns the marker that s begins with.
func markerAt(s string) (r rune, size int) {
	if s[0] != '[' {
		return 0, 0
	}
	for i, m := range markers {
		if strings.HasPrefix(s, m.text) {
			return markerBase + rune(i), len(m.text)
		}
	}
	return 0, 0
}

// isMarker reports whether r stands for a marker.
func isMarker(r rune) bool {
	return r >= markerBase && r < markerBase+rune(len(markers))
}

// markerKind returns the kind a marker rune stands for.
func markerKind(r rune) Kind { return markers[r-markerBase].kind }

func newView(s string) view {
	var b strings.Builder
	b.Grow(len(s))
	at := make([]int, 0, len(s)+1)
	put := func(r rune, from int) {
		n, _ := b.WriteRune(r)
		for range n {
			at = append(at, from)
		}
	}
	for i := 0; i < len(s); {
		if r, size := markerAt(s[i:]); size > 0 {
			put(r, i)
			i += size
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		from := i
		i += size
		if r < utf8.RuneSelf {
			put(plain(r), from)
			continue
		}
		r = plain(r)
		if r < 0 || unicode.Is(unicode.Mn, r) {
			continue
		}
		put(r, from)
	}
	v := view{text: b.String(), at: append(at, len(s))}
	return v
}

// plain folds one rune; -1 means that it is invisible.
func plain(r rune) rune {
	switch {
	case r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' || r == '\u0085':
		return '\n'
	case r == '\t' || r == '\v' || r == '\f':
		return ' '
	case r < utf8.RuneSelf:
		return r
	case r == '\u00A0' || unicode.Is(unicode.Zs, r):
		return ' '
	case unicode.Is(unicode.Pd, r) || r == '\u2212':
		return '-'
	case unicode.Is(unicode.Cf, r):
		return -1
	case r >= '\uFF01' && r <= '\uFF5E':
		return r - 0xFEE0
	case unicode.Is(unicode.Co, r):
		return utf8.RuneError
	case unicode.Is(unicode.Nd, r):
		return '0' + digitValue(r)
	}
	return r
}

// digitValue returns the value of a decimal digit of any script. Unicode keeps
// each script's digits in order, ten in a row from a zero.
func digitValue(r rune) rune {
	for _, t := range unicode.Nd.R16 {
		if uint32(r) >= uint32(t.Lo) && uint32(r) <= uint32(t.Hi) {
			return (r - rune(t.Lo)) % 10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if uint32(r) >= t.Lo && uint32(r) <= t.Hi {
			return (r - rune(t.Lo)) % 10
		}
	}
	return 0
}

// before returns the rune that ends at byte i of the view, after the one that
// begins there; both are a space at the ends.
func (v view) before(i int) rune {
	if i <= 0 {
		return ' '
	}
	r, _ := utf8.DecodeLastRuneInString(v.text[:i])
	return r
}

func (v view) after(i int) rune {
	if i >= len(v.text) {
		return ' '
	}
	r, _ := utf8.DecodeRuneInString(v.text[i:])
	return r
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isAlnum(r rune) bool { return isDigit(r) || unicode.IsLetter(r) }

// joinedLeft reports whether what begins at i is the tail of a longer code,
// such as a DOI, a file name or "LOV-1999-...".
func (v view) joinedLeft(i int) bool {
	r := v.before(i)
	if isAlnum(r) {
		return true
	}
	if strings.ContainsRune("./-_", r) {
		return isAlnum(v.before(i - 1))
	}
	return false
}

// joinedRight reports whether what ends at i goes on as a longer code. A full
// stop with a letter after it is a forgotten space, not a code.
func (v view) joinedRight(i int) bool {
	r := v.after(i)
	if isAlnum(r) {
		return true
	}
	if strings.ContainsRune("./-_", r) {
		n := v.after(i + 1)
		return isDigit(n) || (r != '.' && unicode.IsLetter(n))
	}
	return false
}

// lastWords returns up to n words before byte i on the same line, nearest
// first, folded. It looks at no more than 80 bytes.
func (v view) lastWords(i, n int) []string {
	low := max(0, i-80)
	for low > 0 && !utf8.RuneStart(v.text[low]) {
		low++
	}
	s := v.text[low:i]
	if nl := strings.LastIndexByte(s, '\n'); nl >= 0 {
		s = s[nl+1:]
	}
	words := strings.FieldsFunc(s, notWord)
	var out []string
	for len(words) > 0 && len(out) < n {
		out = append(out, fold(words[len(words)-1]))
		words = words[:len(words)-1]
	}
	return out
}

// nextWord returns the word straight after byte i, folded, or "".
func (v view) nextWord(i int) string {
	s := v.text[i:min(len(v.text), i+60)]
	s = strings.TrimLeft(s, " ")
	if end := strings.IndexFunc(s, notWord); end >= 0 {
		s = s[:end]
	}
	return fold(s)
}

// notWord separates words; hyphens and markers are part of one.
func notWord(r rune) bool {
	return !isAlnum(r) && r != '-' && !isMarker(r)
}
