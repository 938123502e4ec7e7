package dialogue

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"kiveileder/services/privacy"
)

var (
	sentenceEnd = regexp.MustCompile(`[.!?]\s+|\n+`)
	marker      = regexp.MustCompile(`\[[^\]\n]{1,30}\]`)
)

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
