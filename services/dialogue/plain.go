package dialogue

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kiveileder/services/privacy"
)

var (
	sentenceEnd = regexp.MustCompile(`[.!?]\s+|\n+`)
	marker      = regexp.MustCompile(`\[[^\]\n]{1,30}\]`)
)

// looked gives what of a message is looked at: with its white space evened, and
// without words that only greet or thank, where it asks or tells something.
func (d *Dialogue) looked(text string) string {
	text = even(text)
	bare := strings.TrimSpace(d.signals.Thanks.Without(d.signals.Greeting.Without(text)))
	if strings.Count(bare, " ") == 0 || !d.signals.Question.MatchString(bare) && !d.signals.Own.MatchString(bare) {
		return text
	}
	if began, _ := utf8.DecodeRuneInString(text); unicode.IsUpper(began) && !strings.HasPrefix(text, bare) {
		first, size := utf8.DecodeRuneInString(bare) // small behind the greeting; the search looks at letters
		return string(unicode.ToUpper(first)) + bare[size:]
	}
	return bare
}

// even gives a text with one blank between words, and none at the ends of lines.
func even(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 0 {
			lines = append(lines, strings.Join(words, " "))
		}
	}
	return strings.Join(lines, "\n")
}

// forSearch gives what a masked message asks, without what it tells of the one
// who asks: sentences that only say how to reach or greet somebody, and the
// marks of what was masked. They would draw the search towards nothing.
func (d *Dialogue) forSearch(m privacy.Result) string {
	if len(m.Kinds) == 0 {
		return m.Text
	}
	var keep []string
	rest := m.Text
	for rest != "" {
		s := rest
		if at := sentenceEnd.FindStringIndex(rest); at != nil {
			s = rest[:at[1]]
		}
		rest = rest[len(s):]
		if !d.tellsOfSender(s) {
			keep = append(keep, strings.TrimSpace(marker.ReplaceAllString(s, "")))
		}
	}
	text := strings.Join(strings.Fields(strings.Join(keep, " ")), " ")
	if utf8.RuneCountInString(text) < 8 {
		return m.Text
	}
	return text
}

// tellsOfSender reports whether a sentence holds a mark and no question, and
// is short or gives an address.
func (d *Dialogue) tellsOfSender(s string) bool {
	if !marker.MatchString(s) || strings.Contains(s, "?") {
		return false
	}
	contact := strings.Contains(s, privacy.Email.Marker()) || strings.Contains(s, privacy.Phone.Marker())
	return contact || utf8.RuneCountInString(s) < 40 && !d.signals.Case.MatchString(s)
}

// maskedBefore gives a text that was masked before, with the kinds of what its
// marks stand for.
func maskedBefore(text string) privacy.Result {
	m := privacy.Mask(text)
	for _, k := range []privacy.Kind{
		privacy.BirthNumber, privacy.DNumber, privacy.HelpNumber, privacy.SyntheticNumber, privacy.Phone,
		privacy.Email, privacy.Name, privacy.Account, privacy.Address, privacy.JournalNumber,
	} {
		if strings.Contains(m.Text, k.Marker()) && !slices.Contains(m.Kinds, k) {
			m.Kinds = append(m.Kinds, k)
		}
	}
	return m
}

// plainWords gives a masked message as it was written, with the marks of what
// was masked taken out: they say nothing of a project.
func (d *Dialogue) plainWords(m privacy.Result) string {
	return marker.ReplaceAllStringFunc(m.Text, func(s string) string { return strings.Repeat(" ", len(s)) })
}
