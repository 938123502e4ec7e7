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

// What only greets, thanks or signs is not looked at beside a question; alone it
// is what the message says.
func TestLooked(t *testing.T) {
	signals, err := corpus.LoadSignals(corpus.Files)
	if err != nil {
		t.Fatal(err)
	}
	d := &Dialogue{signals: signals}
	for says, want := range map[string]string{
		"Hei! Hva er Normen?":                                                            "Hva er Normen?",
		"hei, hva er Normen?":                                                            "hva er Normen?",
		"God dag. Hei igjen! må vi søke REK?":                                            "Må vi søke REK?",
		"Hva er Normen? Tusen takk for hjelpen!":                                         "Hva er Normen?",
		"Vi lager en modell. Må vi søke REK? På forhånd takk, mvh Overlege":              "Vi lager en modell. Må vi søke REK?",
		"Hello there, do we need approval? Thanks in advance":                            "Do we need approval?",
		"  Hva  er\u00a0Normen? \n\n  Gjelder den oss? ":                                 "Hva er Normen?\nGjelder den oss?",
		"Må vi søke REK?\n\nMed vennlig hilsen\nKari Nordmann\nOverlege, Nordby sykehus": "Må vi søke REK?",
		"Må vi søke REK?\nHilsen oss\nGjelder det også kommunen?":                        "Må vi søke REK?\nHilsen oss\nGjelder det også kommunen?",
		"Hei!":                        "Hei!",
		"Takk for hjelpen!":           "Takk for hjelpen!",
		"Nei takk":                    "Nei takk",
		"Det var fint, tusen takk!":   "Det var fint, tusen takk!",
		"Kan en pasient takke nei?":   "Kan en pasient takke nei?",
		"Heis og KI: gjelder Normen?": "Heis og KI: gjelder Normen?",
	} {
		if got := d.looked(says); got != want {
			t.Errorf("%q: looks at %q, want %q", says, got, want)
		}
	}
}
