package retriever

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A message leans on the one before it when it begins as a continuation or
// points back.
var (
	continues = [][]string{
		{"og"}, {"men"}, {"eller"}, {"enn"}, {"så"}, {"hva", "med"}, {"kva", "med"}, {"hva", "om"}, {"kva", "om"}, {"hvis"}, {"dersom"}, {"om"},
		{"and"}, {"but"}, {"or"}, {"what", "about"}, {"what", "if"}, {"if"}, {"so"},
	}
	pointsBack = wordSet("da då der det den dette denne disse dei de dem slik slike samme same then there that it this those these them they")
)

func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		set[w] = true
	}
	return set
}

func leaning(text string) bool {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, c := range continues {
		if len(words) >= len(c) && slices.Equal(words[:len(c)], c) {
			return true
		}
	}
	return slices.ContainsFunc(words, func(w string) bool { return pointsBack[w] })
}

// followUp gives the text to search with: the message itself, or with the
// person's last message before it when it would say too little alone.
func followUp(q Query) string {
	if len(q.History) == 0 {
		return q.Text
	}
	last := strings.TrimSpace(q.History[len(q.History)-1])
	if last == "" || utf8.RuneCountInString(q.Text) > 120 || !leaning(q.Text) {
		return q.Text
	}
	return last + " " + q.Text
}
