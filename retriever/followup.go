package retriever

import (
	"regexp"
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

// corrects reports whether a message takes back what was said before.
func corrects(text string) bool {
	low := strings.ToLower(text)
	return strings.HasPrefix(low, "nei,") || strings.HasPrefix(low, "no,") || strings.Contains(low, "jeg mente") || strings.Contains(low, "eg meinte") || strings.Contains(low, "i meant")
}

// followUp gives the text to search with: the message itself, or with the
// person's last message before it when it would say too little alone.
func followUp(q Query) string {
	if len(q.History) == 0 {
		return q.Text
	}
	last := strings.TrimSpace(q.History[len(q.History)-1])
	if last == "" || utf8.RuneCountInString(q.Text) > 120 || !leaning(q.Text) && !corrects(q.Text) {
		return q.Text
	}
	return otherPurpose(last, q.Text) + " " + q.Text
}

// purposes are the stems of words that name what a project is for, by purpose.
var purposes = []*regexp.Regexp{
	regexp.MustCompile(`(?i)\pL*(forskning|forsking|research)\pL*`),
	regexp.MustCompile(`(?i)\pL*(kvalitetsforbedr|kvalitetsforbetr|quality improve)\pL*`),
	regexp.MustCompile(`(?i)\pL*(kvalitetssikr|quality assur)\pL*`),
	regexp.MustCompile(`(?i)\pL*(statisti|helseanalys)\pL*`),
	regexp.MustCompile(`(?i)\pL*(beredskap|preparedness)\pL*`),
	regexp.MustCompile(`(?i)\pL*(planlegging|planning)\pL*`),
	regexp.MustCompile(`(?i)\pL*(beslutningsstøtte|avgjerdsstøtte|decision support)\pL*`),
}

// otherPurpose takes the purposes out of an earlier message when the new one
// names another: "og til forskning?" does not ask about the old one any more.
func otherPurpose(earlier, now string) string {
	if !slices.ContainsFunc(purposes, func(p *regexp.Regexp) bool { return p.MatchString(now) && !p.MatchString(earlier) }) {
		return earlier
	}
	for _, p := range purposes {
		if !p.MatchString(now) {
			earlier = p.ReplaceAllString(earlier, "")
		}
	}
	return strings.Join(strings.Fields(earlier), " ")
}
