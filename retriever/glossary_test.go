package retriever

import (
	"slices"
	"testing"

	"kiveileder/corpus"
)

func TestWidener(t *testing.T) {
	w := newWidener(corpus.Glossary{
		Terms: []corpus.Term{
			{Term: "personvernombud", Abbreviations: []string{"PVO", "DPO"}, English: []string{"data protection officer"}},
			{Term: "dispensasjon fra taushetsplikten", Everyday: []string{"lov til å se i journalene"}},
		},
		Laws: []corpus.Law{{Key: "helsepersonelloven", Short: []string{"hpl", "hpl."}}},
	})
	tests := []struct {
		text string
		want []string
	}{
		{"Må PVO inn?", []string{"personvernombud"}},
		{"hpl. § 29", []string{"helsepersonelloven"}},
		{"Must our Data Protection Officer sign?", []string{"personvernombud"}},
		{"Har vi lov til å se i journalene, sier DPO?", []string{"dispensasjon fra taushetsplikten", "personvernombud"}},
		{"Et pvopp er noe annet", nil},
		{"personvernombud", nil}, // the term itself needs no widening
		{"", nil},
	}
	for _, c := range tests {
		if got := w.terms(c.text); !slices.Equal(got, c.want) {
			t.Errorf("terms(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}
