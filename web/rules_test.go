package web

import (
	"bytes"
	"io/fs"
	"regexp"
	"strings"
	"sync"
	"testing"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/internal/golden"
	"kiveileder/services/rules"
	"kiveileder/web/rulebook"
)

// exampleBook has one of everything that a book may hold.
func exampleBook(lang kiveileder.Language) rulebook.Book {
	cond := rulebook.Clause{Text: "det er <ikke> samtykke", Name: "no_consent"}
	return rulebook.Book{
		Lang: lang, Hash: "c0ffee", Oldest: "2021-10-01", Newest: "2024-02-14", Count: 2, Confirmed: 1, Inferred: 1, Cases: 1,
		Named: []rulebook.Named{{Name: "no_consent", Title: "ikke samtykke", When: rulebook.Clause{Text: "Samtykke: nei"}}},
		Topics: []rulebook.Topic{{
			Name: "research", Title: "Forskning", Purposes: []string{"helseforskning"}, When: &cond, Deciding: []string{"Samtykke"},
			Leads: []rulebook.Lead{{Kind: "required", Text: "Søk REK.", Rules: []string{"R1", "R2"}}},
			Rules: []rulebook.Rule{
				{
					ID: "R1", Title: "Søk <b>REK</b>.", Inferred: true, Confirmed: true, From: "2024-01-01", To: "2025-12-31", Note: "Se <her>.",
					When:     rulebook.Clause{How: rulebook.All, Lead: "alt dette:", Parts: []rulebook.Clause{cond, {Text: "Kobling: ja"}}},
					Outcomes: []rulebook.Outcome{{Kind: "required", Text: "Dere må søke REK.", Prepare: "Skriv søknad.", Authority: []string{"REK"}, LegalBasis: []string{"helseforskningsloven § 9"}}},
					Quotes:   []rulebook.Quote{{Text: "Må søke.", Title: "Formål", Date: "2024-02-14", URL: "/kilder/formal#a", Language: "nb"}},
					Cases:    []rulebook.CaseRef{{ID: "eksempel-research-1", Name: "R1: slik"}}, CasesCount: 3,
				},
				{ID: "R2", Title: "Spør.", When: rulebook.Clause{Text: "alltid"}, Asks: []string{"Har dere samtykke?"}},
			},
			Cases: []rulebook.Case{{ID: "eksempel-research-1", Name: "R1: slik", Facts: []string{"Formål: helseforskning", "Samtykke: nei"},
				Outcomes: []rulebook.Lead{{Kind: "required", Text: "Søk REK."}}, Asks: []string{"Samtykke"}}},
		}},
	}
}

// The page as it is, in each language; read the diff when it changes.
func TestRulesGolden(t *testing.T) {
	for _, lang := range kiveileder.Languages {
		var b bytes.Buffer
		if err := Rules(&b, exampleBook(lang)); err != nil {
			t.Fatal(err)
		}
		_, got, _ := strings.Cut(b.String(), "<main")
		got, _, _ = strings.Cut(got, "</main>")
		golden.Check(t, "rules."+string(lang)+".html", got)
	}
}

// The rules that ship make pages whose addresses are there once and lead
// somewhere.
func TestShippedRules(t *testing.T) {
	m := shippedBook(t)
	id, link := regexp.MustCompile(` id="([^"]+)"`), regexp.MustCompile(` href="#([^"]+)"`)
	for _, lang := range kiveileder.Languages {
		book, err := m.Book(lang)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := Rules(&b, book); err != nil {
			t.Fatal(err)
		}
		html := b.String()
		t.Logf("%s: %d bytes", lang, len(html))
		there := map[string]bool{}
		for _, m := range id.FindAllStringSubmatch(html, -1) {
			if there[m[1]] {
				t.Errorf("%s: the id %s is there twice", lang, m[1])
			}
			there[m[1]] = true
		}
		for _, m := range link.FindAllStringSubmatch(html, -1) {
			if !there[m[1]] {
				t.Errorf("%s: a link leads to #%s, which is not there", lang, m[1])
			}
		}
		for _, topic := range book.Topics {
			for _, r := range topic.Rules {
				if !there[r.ID] {
					t.Errorf("%s: rule %s has no address", lang, r.ID)
				}
			}
		}
		if !strings.Contains(html, `<html lang="`+string(lang)+`" data-color-scheme="auto" data-rendered="`+string(lang)+`">`) {
			t.Errorf("%s: the page does not say its language", lang)
		}
	}
}

var openShipped = sync.OnceValues(func() (*rulebook.Maker, error) {
	dir, err := fs.Sub(corpus.Files, "rules")
	if err != nil {
		return nil, err
	}
	s, err := rules.Load(dir)
	if err != nil {
		return nil, err
	}
	return rulebook.Open(s, noSources{}), nil
})

func shippedBook(t *testing.T) *rulebook.Maker {
	t.Helper()
	m, err := openShipped()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

type noSources struct{}

func (noSources) Source(string) (kiveileder.Source, bool) { return kiveileder.Source{}, false }
