package export

import (
	"fmt"
	"strings"
	"unicode"
)

// visible gives text in which nothing hides: control characters, marks that
// turn the direction of what follows, and what is no character stand there by
// their numbers. Lines end with "\n".
func visible(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(strings.ToValidUTF8(s, "\ufffd"))
	if !strings.ContainsFunc(s, hides) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hides(r) {
			b.WriteString(codePoint(r))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func hides(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r == '\u200e' || r == '\u200f' || r == '\u061c', r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
		return true
	case r == '\ufeff' || r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef:
		return true
	}
	return unicode.IsControl(r)
}

func codePoint(r rune) string { return fmt.Sprintf("[U+%04X]", r) }
