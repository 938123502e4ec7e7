// Package eval measures the service on sets of questions, routing messages and
// rule cases. The sets' forms are described in corpus/eval/FORMAT.md.
package eval

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// A Case is one line of a set. Which fields are filled says its kind: Gold for
// retrieval, Expect for routing, Facts for rules.
type Case struct {
	ID      string   `json:"id"`
	Q       string   `json:"q"`
	History []string `json:"history"`
	Lang    string   `json:"lang"`
	Style   string   `json:"style"`
	Doc     string   `json:"doc"`
	Gold    []string `json:"gold"`
	Alt     []struct {
		Doc     string `json:"doc"`
		Snippet string `json:"snippet"`
	} `json:"alt"`
	Aspect        string          `json:"aspect"`
	Section       string          `json:"section"`
	SectionOnly   []string        `json:"section_only"`
	SectionAnchor string          `json:"section_anchor"`
	GoldLoose     []string        `json:"gold_loose"`
	ExpectRoute   string          `json:"expect_route"`
	Expect        json.RawMessage `json:"expect"`
	Also          []string        `json:"also"`
	PII           []string        `json:"pii"`
	Why           string          `json:"why"`
	Facts         map[string]any  `json:"facts"`
	Text          string          `json:"text"`
	Cite          json.RawMessage `json:"cite"`
}

// Parse reads a set, one JSON object a line.
func Parse(b []byte) ([]Case, error) {
	var out []Case
	sc := bufio.NewScanner(bytes.NewReader(b))
	sc.Buffer(nil, 1<<20)
	for n := 1; sc.Scan(); n++ {
		if len(bytes.TrimSpace(sc.Bytes())) == 0 {
			continue
		}
		var c Case
		if err := json.Unmarshal(sc.Bytes(), &c); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		out = append(out, c)
	}
	return out, sc.Err()
}

// footMark is a footnote's number glued to a word or to a closing sign.
var footMark = regexp.MustCompile(`(\pL|[)"”»])\d{1,3}(\P{N}|$)`)

// Fold makes texts comparable as the sets demand: letters and digits alone,
// without the numbers of footnotes.
func Fold(s string) string {
	s = footMark.ReplaceAllString(s, "$1$2")
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// Right reports whether a quote answers a retrieval case: it holds one of the
// gold or alternative snippets, from a named section where the set demands it.
func (c Case) Right(quote string, section []string) bool {
	q := Fold(quote)
	for _, a := range c.Alt {
		if strings.Contains(q, Fold(a.Snippet)) {
			return true
		}
	}
	only := map[string]bool{}
	for _, s := range slices.Concat(c.SectionOnly, c.GoldLoose) {
		only[Fold(s)] = true
	}
	for _, g := range slices.Concat(c.Gold, c.GoldLoose) {
		if !strings.Contains(q, Fold(g)) {
			continue
		}
		if !only[Fold(g)] || c.sectionNamed(section) || c.SectionAnchor != "" && strings.Contains(q, Fold(c.SectionAnchor)) {
			return true
		}
	}
	return false
}

func (c Case) sectionNamed(section []string) bool {
	want := Fold(c.Section)
	for _, s := range section {
		if f := Fold(s); f != "" && (strings.Contains(want, f) || strings.Contains(f, want)) {
			return len(section) > 0 && s == section[len(section)-1]
		}
	}
	return false
}
