package retriever

import (
	"slices"
	"strings"

	"kiveileder/corpus"
	"kiveileder/retriever/lexical"
)

// mostAdded is how many terms of the glossary a query is widened by.
const mostAdded = 4

// A widener adds to a query the sources' own terms for what it says in other
// words: for an abbreviation (hpl, PVO), an everyday, nynorsk or English word.
type widener struct {
	to map[string]string // folded words to the source's term
	// most is the number of words in the longest key.
	most int
}

func newWidener(g corpus.Glossary) *widener {
	w := &widener{to: map[string]string{}}
	add := func(term string, words ...[]string) {
		for _, s := range slices.Concat(words...) {
			key := lexical.Fold(s)
			if key == "" || key == lexical.Fold(term) || w.to[key] != "" {
				continue
			}
			w.to[key] = term
			w.most = max(w.most, len(strings.Fields(key)))
		}
	}
	for _, t := range g.Terms {
		add(t.Term, t.Abbreviations, t.Nynorsk, t.English, t.Everyday)
	}
	for _, a := range g.Agencies {
		add(a.Name, a.Abbreviations, a.Nynorsk, a.English)
	}
	for _, l := range g.Laws {
		add(l.Key, l.Short)
	}
	return w
}

// terms gives the source's terms for what stands in the text, the longest
// wordings first, each once.
func (w *widener) terms(text string) []string {
	words := strings.Fields(lexical.Fold(text))
	var out []string
	for n := min(w.most, len(words)); n > 0; n-- {
		for i := 0; i+n <= len(words) && len(out) < mostAdded; i++ {
			if term := w.to[strings.Join(words[i:i+n], " ")]; term != "" && !slices.Contains(out, term) {
				out = append(out, term)
			}
		}
	}
	return out
}
