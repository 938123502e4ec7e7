package dialogue

import "strings"

// asWritten gives the part of a text that is a quote, with the text's own line
// breaks; the data has blanks for them, and may leave out the marks of lists. It
// gives the quote when the text does not say it.
func asWritten(text, quote string) string {
	if strings.Contains(text, quote) {
		return quote
	}
	words := strings.FieldsFunc(quote, between)
	for i := range text {
		if n := beginsWith(text[i:], words); n > 0 {
			return text[i : i+n]
		}
	}
	return quote
}

// between reports whether a sign stands between words and is none of them.
func between(r rune) bool { return strings.ContainsRune(" \t\r\n\u00a0•", r) }

// beginsWith gives the length of the beginning of a text that has the same
// words, 0 when it begins otherwise.
func beginsWith(text string, words []string) int {
	rest := text
	for i, w := range words {
		after := rest
		if i > 0 {
			after = strings.TrimLeftFunc(rest, between)
		}
		if i > 0 && after == rest || !strings.HasPrefix(after, w) {
			return 0
		}
		rest = after[len(w):]
	}
	return len(text) - len(rest)
}
