package ingest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJoinLines(t *testing.T) {
	tests := []struct{ name, text, next, want string }{
		{"empty", "", " ord", "ord"},
		{"nothing more", "ord", "  ", "ord"},
		{"two words", "kunstig", "intelligens", "kunstig intelligens"},
		{"hyphenated word", "personopplysnings-", "loven", "personopplysningsloven"},
		{"hyphen before og", "helse-", "og omsorgstjenesten", "helse- og omsorgstjenesten"},
		{"hyphen before eller", "inn-", "eller utland", "inn- eller utland"},
		{"abbreviation", "KI-", "systemer", "KI-systemer"},
		{"abbreviation of three", "RHF-", "ene", "RHF-ene"},
		{"single letter", "for e-", "helse", "for e-helse"},
		{"capital behind", "Helse Sør-", "Øst", "Helse Sør-Øst"},
		{"word with a hyphen in it", "in-vitro-", "diagnostikk", "in-vitro-diagnostikk"},
		{"in vitro", "in vitro-", "diagnostikk", "in vitro-diagnostikk"},
		{"kunstig intelligens", "kunstig intelligens-", "feltet", "kunstig intelligens-feltet"},
		{"inside brackets", "(medisin-", "ske)", "(medisinske)"},
		{"address", "https://a.no/status-pa-", "arbeidet", "https://a.no/status-pa-arbeidet"},
		{"dash with a space, small letter", "MR -", "undersøkelse", "MR -undersøkelse"},
		{"dash with a space, capital", "plan -", "Felles", "plan - Felles"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := joinLines(tt.text, tt.next); got != tt.want {
				t.Errorf("joinLines(%q, %q) = %q, want %q", tt.text, tt.next, got, tt.want)
			}
		})
	}
}

func TestItem(t *testing.T) {
	tests := []struct {
		in, marker, text string
		ok               bool
	}{
		{"• punkt", "•", "punkt", true},
		{"- punkt", "•", "punkt", true},
		{"▪ punkt", "•", "punkt", true},
		{"1. først", "1.", "først", true},
		{"2) så", "2)", "så", true},
		{"a. bokstav", "a.", "bokstav", true},
		{"-uten mellomrom", "", "-uten mellomrom", false},
		{"2021. året", "", "2021. året", false},
		{"4.1.2. Felles anskaffelser", "", "4.1.2. Felles anskaffelser", false},
	}
	for _, tt := range tests {
		marker, text, ok := item(tt.in)
		if marker != tt.marker || text != tt.text || ok != tt.ok {
			t.Errorf("item(%q) = %q, %q, %v", tt.in, marker, text, ok)
		}
	}
}

func TestHintsAreChecked(t *testing.T) {
	_, err := Plain("En tekst.\n", []Hint{{H: 1, Text: "Finnes ikke"}})
	if err == nil || !strings.Contains(err.Error(), "Finnes ikke") {
		t.Errorf("err = %v, want one that quotes the hint", err)
	}
}

func TestPlainStructure(t *testing.T) {
	const text = `Innhold som faller bort

Formål

Reglene avhenger av
formålet.

Dette må avklares:

• først
dette

• så dette

Formålsbeskrivelsene «statistikk» brukes ofte.

Begrepet har to betydninger. Den ene er her.
Den andre er der.

Slutt.
`
	doc, err := Plain(text, []Hint{
		{Drop: "Innhold som faller bort"},
		{H: 1, Text: "Formål"},
		{Restored: "Statistikk", H: 2, Before: "Formålsbeskrivelsene"},
		{Box: "Begrepet har to", Until: "er der."},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Block{
		{Kind: Heading, Level: 1, Text: "Formål"},
		{Kind: Paragraph, Text: "Reglene avhenger av formålet."},
		{Kind: Paragraph, Text: "Dette må avklares:", Lead: true},
		{Kind: Item, Marker: "•", Text: "først dette"},
		{Kind: Item, Marker: "•", Text: "så dette"},
		{Kind: Heading, Level: 2, Text: "Statistikk", Restored: true},
		{Kind: Paragraph, Text: "Formålsbeskrivelsene «statistikk» brukes ofte."},
		{Kind: Box, Text: "Begrepet har to betydninger. Den ene er her. Den andre er der."},
		{Kind: Paragraph, Text: "Slutt."},
	}
	if diff := cmp.Diff(want, doc.Blocks); diff != "" {
		t.Error(diff)
	}
	cuts := Chunk(doc)
	if got := cuts[1]; !got.Restored || got.Section[1] != "Statistikk" {
		t.Errorf("the passage under a restored heading does not say so: %+v", got)
	}
}

func TestSlidesMergeWhatComesTwice(t *testing.T) {
	const slide = "Legens ansvar\n\n• Følg bruks-\n\nanvisningen\n\n\n\n"
	doc, err := Slides(slide+"Agenda\n\n• Først\n\n\n\n"+slide, []Hint{
		{H: 1, Text: "Legens ansvar"}, {H: 1, Text: "Agenda"}, {H: 1, Text: "Legens ansvar"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Block{
		{Kind: Heading, Level: 1, Text: "Legens ansvar"},
		{Kind: Item, Marker: "•", Text: "Følg bruksanvisningen"},
		{Kind: Heading, Level: 1, Text: "Agenda"},
		{Kind: Item, Marker: "•", Text: "Først"},
	}
	if diff := cmp.Diff(want, doc.Blocks); diff != "" {
		t.Error(diff)
	}
	if got := Chunk(doc)[0].Text; got != "Legens ansvar\n• Følg bruksanvisningen" {
		t.Errorf("a slide's passage does not open with its title: %q", got)
	}
}
