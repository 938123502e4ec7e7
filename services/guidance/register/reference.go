package register

import (
	"regexp"
	"strings"

	"kiveileder/retriever/lexical"
)

var (
	lawName   = `(?:[\p{L}-]+\s+og\s+)?[\p{L}-]*(?:loven|lova|forskriften|forskrifta|forordningen|forordninga)|MDR|IVDR|GDPR|EMK|Grl\.?|Grunnlova|Grunnloven`
	where     = `(?:§§?\s*\d+(?:[a-z]|-\d+)?|(?:artikkel|art\.)\s*\d+)(?:\s+(?:\p{L}+\s+ledd|nr\.\s*\d+))*`
	reference = regexp.MustCompile(`(?:^|[^\p{L}-])((?:` + lawName + `)\s+` + where + `)`)
)

// References gives the paragraphs of law that a text names with their law, as
// it writes them, each once: "helseforskningsloven § 9".
func References(text string) (out []string) {
	seen := map[string]bool{}
	text = strings.ReplaceAll(text, "\u00a0", " ")
	for _, m := range reference.FindAllStringSubmatch(text, -1) {
		r := strings.Join(strings.Fields(m[1]), " ")
		if key := canonical(r); !seen[key] {
			seen[key] = true
			out = append(out, r)
		}
	}
	return out
}

// canonical gives a reference in one form: law and paragraph, whatever the
// spelling; "helsepersonellova §29" and "Helsepersonelloven § 29 første ledd"
// are the same paragraph. A reference without a paragraph is the law alone.
func canonical(ref string) string {
	paragraphs := lexical.References(ref)
	name, _, _ := strings.Cut(ref, "§")
	if i := article.FindStringIndex(name); i != nil {
		name = name[:i[0]]
	}
	name = lexical.Fold(name)
	for _, end := range [][2]string{{"lova", "loven"}, {"forskrifta", "forskriften"}, {"forordninga", "forordningen"}} {
		if stem, ok := strings.CutSuffix(name, end[0]); ok {
			name = stem + end[1]
		}
	}
	name = strings.Replace(name, "forskingslov", "forskningslov", 1)
	if full, ok := data.Laws[name]; ok {
		name = full
	}
	return strings.TrimSpace(name + " " + strings.Join(paragraphs, " "))
}

var article = regexp.MustCompile(`(?i)\s(?:artikkel|art\.?)\s*\d`)

func sameReference(a, b string) bool { return canonical(a) == canonical(b) }
