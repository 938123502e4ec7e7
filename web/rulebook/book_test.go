package rulebook

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
)

// oneSource knows every source by the same name.
type oneSource struct{}

func (oneSource) Source(id string) (kiveileder.Source, bool) {
	return kiveileder.Source{ID: id, Title: "Kilden " + id, Updated: "2024-02-14", Language: "nb"}, true
}

var maker = sync.OnceValue(func() *Maker {
	s, err := shipped()
	if err != nil {
		return nil
	}
	return Open(s, oneSource{})
})

func book(t *testing.T, lang kiveileder.Language) Book {
	t.Helper()
	set(t)
	at := time.Now()
	m := maker()
	t.Logf("opened in %v", time.Since(at))
	at = time.Now()
	b, err := m.Book(lang)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("written in %v", time.Since(at))
	return b
}

func TestBookIsWhole(t *testing.T) {
	b, s := book(t, "nb"), set(t)
	n, cases := 0, 0
	for i, m := range s.Modules {
		n += len(m.Rules)
		cases += len(m.Cases)
		if got := b.Topics[i]; got.Name != m.Name || len(got.Rules) != len(m.Rules) || len(got.Cases) != len(m.Cases) {
			t.Errorf("%s: %d rules and %d cases", m.Name, len(got.Rules), len(got.Cases))
		}
	}
	if b.Count != n || b.Cases != cases || b.Hash != s.Hash() {
		t.Errorf("%d rules, %d cases, %s", b.Count, b.Cases, b.Hash)
	}
	for _, topic := range b.Topics {
		for _, r := range topic.Rules {
			if r.Title == "" || r.When.String() == "" || r.CasesCount == 0 || len(r.Quotes) == 0 && len(r.Outcomes) > 0 {
				t.Errorf("%s lacks something: %+v", r.ID, r)
			}
			for _, o := range r.Outcomes {
				if o.Text == "" || o.Kind == "" {
					t.Errorf("%s: %+v", r.ID, o)
				}
			}
		}
		for _, c := range topic.Cases {
			if raw.MatchString(strings.Join(c.Facts, " ")) {
				t.Errorf("%s: facts %q", c.Name, c.Facts)
			}
		}
	}
}

func TestRuleInWords(t *testing.T) {
	for lang, want := range map[kiveileder.Language]Rule{
		"nb": {ID: "R9", Title: "Pasientjournal uten samtykke fra alle: dispensasjon fra REK.",
			When: Clause{How: All, Lead: "alt dette gjelder:", Parts: []Clause{{Text: "det er ikke samtykke fra alle", Name: "no_consent"}, {Text: "opplysninger hentes fra pasientjournal", Name: "has_record"}}}},
		"nn": {ID: "R9", Title: "Pasientjournal utan samtykke frå alle: dispensasjon frå REK.",
			When: Clause{How: All, Lead: "alt dette gjeld:", Parts: []Clause{{Text: "det er ikkje samtykke frå alle", Name: "no_consent"}, {Text: "opplysningar blir henta frå pasientjournal", Name: "has_record"}}}},
		"en": {ID: "R9", Title: "Patient records without consent from everybody: dispensation from REK.",
			When: Clause{How: All, Lead: "all of this holds:", Parts: []Clause{{Text: "not everybody has consented", Name: "no_consent"}, {Text: "data come from the patient record", Name: "has_record"}}}},
	} {
		got := rule(t, book(t, lang), "R9")
		if diff := cmp.Diff(want, Rule{ID: got.ID, Title: got.Title, When: got.When}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", lang, diff)
		}
		if len(got.Quotes) != 3 || got.Quotes[0].URL != "/kilder/formal-2024#helseforskning-gdnq" || got.Quotes[0].Date != "2024-02-14" {
			t.Errorf("%s: quotes %+v", lang, got.Quotes)
		}
		if !slices.ContainsFunc(got.Cases, func(c CaseRef) bool { return c.Name == "R1 R9: helseforskning på journal uten samtykke" }) {
			t.Errorf("%s: cases %+v", lang, got.Cases)
		}
	}
}

func rule(t *testing.T, b Book, id string) Rule {
	t.Helper()
	for _, topic := range b.Topics {
		for _, r := range topic.Rules {
			if r.ID == id {
				return r
			}
		}
	}
	t.Fatalf("no rule %s", id)
	return Rule{}
}
