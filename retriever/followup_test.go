package retriever

import (
	"strings"
	"testing"
)

func TestFollowUp(t *testing.T) {
	first := []string{"Hei", "Må vi søke REK for helseforskning?"}
	for _, c := range []struct {
		name    string
		history []string
		text    string
		joined  bool
	}{
		{"no history", nil, "Og hvis vi har samtykke?", false},
		{"goes on with og", first, "Og hvis vi har samtykke?", true},
		{"goes on with men", first, "men vi har anonyme data", true},
		{"goes on with hva med", first, "Hva med anonyme data?", true},
		{"nynorsk", first, "Kva om vi har samtykke?", true},
		{"English", first, "What about anonymous data?", true},
		{"goes on with så", first, "Så vi kan starte nå?", true},
		{"points back", first, "Gjelder det også register?", true},
		{"points back in nynorsk", first, "Kva gjer me då?", true},
		{"points back in English", first, "Does this apply to registers?", true},
		{"stands for itself", first, "Hvem godkjenner medisinsk utstyr?", false},
		{"only begins like a word that goes on", first, "Ogsåtest av såkalt kunstig intelligens?", false},
		{"words that only end in de, den, det", first, "Område, både råden og tilsynsrådet på veien", false},
		{"hva without med", first, "Hva er helsehjelp?", false},
		{"long", first, "Og " + strings.Repeat("hvis vi har samtykke ", 8), false},
		{"last message was empty", []string{"Hei", " "}, "Og hvis vi har samtykke?", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := c.text
			if c.joined {
				want = first[1] + " " + c.text
			}
			if got := followUp(Query{Text: c.text, History: c.history}); got != want {
				t.Errorf("searches for %q, want %q", got, want)
			}
		})
	}
}

func TestOtherPurpose(t *testing.T) {
	tests := []struct{ earlier, now, want string }{
		{"Hvem gir dispensasjon til kvalitetsforbedring?", "og til forskning?", "Hvem gir dispensasjon til ? og til forskning?"},
		{"Hvem gir dispensasjon til kvalitetsforbedring?", "nei, jeg mente forskning", "Hvem gir dispensasjon til ? nei, jeg mente forskning"},
		{"Må vi søke REK for helseforskning?", "Og hvis forskningen bare bruker anonyme data?", "Må vi søke REK for helseforskning? Og hvis forskningen bare bruker anonyme data?"},
		{"Do we need consent for research?", "what about quality assurance then", "Do we need consent for ? what about quality assurance then"},
	}
	for _, c := range tests {
		if got := followUp(Query{Text: c.now, History: []string{c.earlier}}); got != c.want {
			t.Errorf("followUp(%q after %q) = %q, want %q", c.now, c.earlier, got, c.want)
		}
	}
}
