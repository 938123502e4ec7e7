package retriever

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// leaning matches a message that leans on the one before it: it begins as a
// continuation or points back.
var leaning = regexp.MustCompile(`(?i)^\s*(og|men|eller|enn|så|hva med|kva med|hva om|kva om|hvis|dersom|om|and|but|or|what about|what if|if|so)\b|\b(da|då|der|det|den|dette|denne|disse|dei|de|dem|slike?|samme|same|then|there|that|it|this|those|these|them|they)\b`)

// followUp gives the text to search with: the message itself, or with the
// person's last message before it when it would say too little alone.
func followUp(q Query) string {
	if len(q.History) == 0 {
		return q.Text
	}
	last := strings.TrimSpace(q.History[len(q.History)-1])
	if last == "" || utf8.RuneCountInString(q.Text) > 120 || !leaning.MatchString(q.Text) {
		return q.Text
	}
	return last + " " + q.Text
}
