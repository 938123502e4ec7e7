// Package lexical scores texts by their letters: character n-grams that cope
// with Norwegian compounds, inflection and typing errors, and references to
// paragraphs of law as one token. It knows nothing of meaning.
package lexical

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold makes a text comparable: small letters, no accents, æ ø å (and the ae,
// oe, aa that people type for them) as a o a, everything that is no letter,
// digit or § a space.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := true
	var last rune
	for _, r := range norm.NFKD.String(s) {
		r = unicode.ToLower(r)
		switch r {
		case 'æ':
			r = 'a'
		case 'ø', 'ö':
			r = 'o'
		case 'å':
			r = 'a'
		}
		switch {
		case unicode.Is(unicode.Mn, r):
			continue
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '§':
			// ae, oe, aa are a, o, a
			if r == 'e' && (last == 'a' || last == 'o') || r == 'a' && last == 'a' {
				last = 0
				continue
			}
			b.WriteRune(r)
			space, last = false, r
		case !space:
			b.WriteByte(' ')
			space, last = true, 0
		}
	}
	return strings.TrimRight(b.String(), " ")
}

var (
	paragraphRE = regexp.MustCompile(`(?i)(?:§+\s*|\bparagraf(?:en)?\s+|\bsection\s+|\bsec\.\s*)(\d{1,3})(\s?[a-z])?(?:\s*[-–]\s*(\d{1,2}))?`)
	articleRE   = regexp.MustCompile(`(?i)\b(?:art(?:ikkel|icle|\.)?)\s*(\d{1,3})\b`)
	plainSigns  = strings.NewReplacer("\u00a0", " ", "\u202f", " ", "\u2011", "-")
)

// References gives the paragraphs and articles that a text names, each in one
// form: "hpl § 29", "paragraf 29" and "§29" are "§29"; "§ 3-2" is "§3-2",
// "§ 19 e" is "§19e"; "artikkel 9" and "art. 9" are "art9". The "i" of "§ 29 i
// loven" and the "p" of "§ 29 på" are no part of it.
func References(s string) []string {
	if !mayRefer(s) { // the patterns are slow, and most texts name nothing
		return nil
	}
	s = plainSigns.Replace(s)
	var out []string
	for _, m := range paragraphRE.FindAllStringSubmatchIndex(s, -1) {
		ref := "§" + s[m[2]:m[3]]
		switch {
		case m[6] >= 0:
			ref += "-" + s[m[6]:m[7]]
		case m[4] >= 0:
			letter := strings.ToLower(s[m[4]:m[5]])
			next, _ := utf8.DecodeRuneInString(s[m[5]:])
			if letter != " i" && !unicode.IsLetter(next) && !unicode.IsDigit(next) {
				ref += strings.TrimSpace(letter)
			}
		}
		out = append(out, ref)
	}
	for _, m := range articleRE.FindAllStringSubmatch(s, -1) {
		out = append(out, "art"+m[1])
	}
	return out
}

// mayRefer reports whether a text holds a sign or word that a reference begins
// with.
func mayRefer(s string) bool {
	if strings.Contains(s, "§") {
		return true
	}
	low := strings.ToLower(s)
	for _, w := range []string{"paragraf", "sec", "art"} {
		if strings.Contains(low, w) && strings.ContainsAny(low, "0123456789") {
			return true
		}
	}
	return false
}

// Size of the n-grams, in letters: long enough to tell stems apart, short
// enough to meet inside a compound.
const gramSize = 5

// Terms gives the terms of a text: the n-grams of its words with their ends
// marked, and its references.
func Terms(s string) []string {
	var out []string
	for _, w := range strings.Fields(Fold(s)) {
		out = appendGrams(out, w)
	}
	return append(out, References(s)...)
}

func appendGrams(out []string, word string) []string {
	r := []rune("_" + word + "_")
	if len(r) <= gramSize {
		return append(out, string(r))
	}
	for i := 0; i+gramSize <= len(r); i++ {
		out = append(out, string(r[i:i+gramSize]))
	}
	return out
}
