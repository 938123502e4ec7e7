package privacy

import (
	"regexp"
	"strings"
)

// street endings, with house number; the postal code and place follow.
const (
	streetEnd = `(?:veien|vegen|vei|veg|gata|gaten|gate|plassen|plass|allé|alléen|alle|vn|gt|bakken|svingen|stien|terrasse|lia|haugen|kroken|tunet|ringen|bråten|toppen|åsen|jordet|grenda|torget|torg|brygge|kaia|geilen|luoddá|geaidnu)`
	house     = `\s\d{1,4}\s?[A-Za-z]?`
	postal    = `(?:\s?,\s?|\s)(?:[A-Z]\d{4}\s?,?\s?)?(?:NO?-)?\d{4}\s\p{L}[\p{L}-]{1,30}(?:\s(?:\p{Lu}\p{Ll}+|i|og|[NSØV])\b)?`
)

var (
	// "Storgata 12 B, 5730 Ulvik", also in small letters.
	streetRE = regexp.MustCompile(`(?:\p{Lu}[\p{L}.'-]*\s){0,3}(?:[\p{L}'-]{2,40}` + streetEnd + `|\p{L}{2,40}\.\s?(?:vei|veg|gate|plass|gt|vn)|\p{Lu}[\p{L}'-]*s?\s(?:vei|veg|gate|gata|plass|allé|terrasse|torg|brygge))` + house + postal)
	// "Nordre Øygard 14, 5730 Ulvik": any capitalised name, with the comma.
	farmRE = regexp.MustCompile(`\p{Lu}[\p{L}'-]+(?:\s\p{Lu}[\p{L}'-]+){0,2}\s\d{1,4}\s?[A-Za-z]?,\s?(?:NO?-)?(\d{4})\s(\p{Lu}[\p{L}-]{2,30})`)
	// Without a postal code only after a word of dwelling.
	homeRE = regexp.MustCompile(`(?i)(?:^|[^\p{L}])(?:bor i|bur i|bor på|bur på|bosatt i|busett i|adresse|adressa|adressen|heimeadresse|hjemmeadresse|address|lives at|lives in)\s?:?\s((?:[\p{L}.'-]+\s){0,3}[\p{L}'-]{1,40}` + streetEnd + house + `)`)
)

// notStreet are words with a number that are places in a text.
var notStreet = set([]string{"artikkel", "article", "annex", "vedlegg", "kapittel", "chapter", "section", "paragraf",
	"regel", "rule", "klasse", "class", "tabell", "table", "figur", "figure", "versjon", "version", "trinn", "uke", "veke",
	"side", "page", "punkt", "nr", "del", "part", "fase", "phase", "januar", "februar", "mars", "april", "mai", "juni", "juli",
	"august", "september", "oktober", "november", "desember", "january", "february", "march", "may", "june", "july", "october",
	"december", "postboks", "boks"})

// findAddresses finds street addresses. The ones of data/keep.txt are kept.
func (f *finder) findAddresses() {
	for _, m := range streetRE.FindAllStringIndex(f.text, -1) {
		f.takeAddress(m[0], m[1])
	}
	for _, m := range farmRE.FindAllStringSubmatchIndex(f.text, -1) {
		year := strings.HasPrefix(f.text[m[2]:m[3]], "19") || strings.HasPrefix(f.text[m[2]:m[3]], "20")
		word, _, _ := strings.Cut(f.text[m[0]:m[1]], " ")
		if !year && !notStreet.has(fold(word)) && plainCapital(f.text[m[4]:m[5]]) {
			f.takeAddress(m[0], m[1])
		}
	}
	for _, m := range homeRE.FindAllStringSubmatchIndex(f.text, -1) {
		f.takeAddress(m[2], m[3])
	}
}

func (f *finder) takeAddress(start, end int) {
	item := fold(f.text[start:end])
	for keep := range lists.keepAddresses {
		if strings.HasPrefix(item, keep) || strings.Contains(item, " "+keep) {
			return
		}
	}
	f.take(start, end, Address)
}
