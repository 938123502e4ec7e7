package privacy

import (
	"regexp"
	"strings"
)

var (
	emailRE = regexp.MustCompile(`[\p{L}\p{N}][\p{L}\p{N}._%+'-]*(?:@| @ ?|@ )[\p{L}\p{N}-]+(?: ?\.[\p{L}\p{N}-]+)+`)

	// Written around: "navn (at) domene.no", "navn [alfakrøll] domene", "navn krøllalfa domene punktum no".
	emailSpelled = regexp.MustCompile(`(?i)[\p{L}\p{N}][\p{L}\p{N}._%+'-]*\s?` +
		`(?:[(\[{<]\s?(?:at|alfakrøll|krøllalfa|alfakroll|krollalfa|snabel-?a|@)\s?[)\]}>]|\s(?:alfakrøll|krøllalfa|alfakroll|krollalfa|snabel-?a)\s)` +
		`\s?[\p{L}\p{N}-]+(?:(?:\.|\s?[(\[{]\s?(?:dot|punktum|prikk)\s?[)\]}]\s?|\s(?:dot|punktum|prikk)\s)[\p{L}\p{N}-]+)*`)
)

// findEmails finds e-mail addresses, plain and written around. The mailboxes of
// data/keep.txt are kept, and their bytes are closed to the other searches.
func (f *finder) findEmails() {
	for _, re := range []*regexp.Regexp{emailRE, emailSpelled} {
		for _, m := range re.FindAllStringIndex(f.text, -1) {
			item := strings.TrimRight(f.text[m[0]:m[1]], "-")
			if lists.mailboxes.has(strings.ToLower(item)) {
				for i := m[0]; i < m[1]; i++ {
					f.taken[i] = true
				}
				continue
			}
			f.take(m[0], m[0]+len(item), Email)
		}
	}
}
