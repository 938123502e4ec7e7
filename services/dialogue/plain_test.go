package dialogue

import (
	"testing"

	"kiveileder/corpus"
	"kiveileder/services/privacy"
)

func TestForSearch(t *testing.T) {
	signals, err := corpus.LoadSignals(corpus.Files)
	if err != nil {
		t.Fatal(err)
	}
	d := &Dialogue{signals: signals}
	tests := []struct{ name, in, want string }{
		{"nothing masked", "Må vi søke REK? Hilsen oss", "Må vi søke REK? Hilsen oss"},
		{"an address to reply to", "Hvem leder prosjektet? Svar gjerne til ola.testmann@example.no", "Hvem leder prosjektet?"},
		{"who writes", "Hi, I'm Kari Testnes, kari.testnes@example.no. Which committee must approve it?", "Which committee must approve it?"},
		{"a phone number", "Hva er NILAR? Ring meg på 99 99 99 03.", "Hva er NILAR?"},
		{"all in one sentence", "Kan noen ringe 99 99 99 03 om forskning på KI?", "Kan noen ringe om forskning på KI?"},
		{"nothing else", "ola.testmann@example.no", "[e-post]"},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			if got := d.forSearch(privacy.Mask(c.in)); got != c.want {
				t.Errorf("forSearch(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}
