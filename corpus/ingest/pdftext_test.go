package ingest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFindMark(t *testing.T) {
	tests := []struct {
		name, text, mark string
		rest             string // the text without the mark; the text itself when there is none
		rank             int
	}{
		{"behind a word", "særlig innenfor helse3. Vi har", "3", "særlig innenfor helse. Vi har", 0},
		{"behind a name that ends in a number", "HelseOmsorg2139 skal", "39", "HelseOmsorg21 skal", 1},
		{"behind a range", "punkt 3-428 sier", "28", "punkt 3-4 sier", 1},
		{"behind a year", "statusrapporten 202012). Arbeidet", "12", "statusrapporten 2020). Arbeidet", 1},
		{"alone between spaces", "lagres i en sky. 79 I Norge", "79", "lagres i en sky.  I Norge", 3},
		{"alone behind a quote", "ingeniørfag» 19 og", "19", "ingeniørfag»  og", 0},
		{"behind a closing quote", `"kompetanse"20 ved`, "20", `"kompetanse" ved`, 0},
		{"word before a number first", "i 2021 fremhever helse21", "21", "i 2021 fremhever helse", 0},
		{"a year is no mark", "(National Health Service, 2019) kan", "19", "(National Health Service, 2019) kan", 9},
		{"number goes on", "helse39", "3", "helse39", 9},
		{"word goes on", "4forskning", "4", "4forskning", 9},
		{"begins a line", "3 https://a.no", "3", "3 https://a.no", 9},
		{"behind a section sign's space", "(§ 29)", "29", "(§ 29)", 9},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pos, rank := findMark(tt.text, tt.mark)
			got := tt.text
			if rank < 9 {
				got = tt.text[:pos] + tt.text[pos+len(tt.mark):]
			}
			if got != tt.rest || rank != tt.rank {
				t.Errorf("findMark(%q, %s) leaves %q with rank %d, want %q with %d", tt.text, tt.mark, got, rank, tt.rest, tt.rank)
			}
		})
	}
}

func TestPDFTextPages(t *testing.T) {
	const text = ` Innledning 

Kunstig intelligens kan brukes i helsetjenesten1 når den er trygg, og det er 

behov for å 
1 Se https://a.no/lang-
adresse  

Testing er det produsenten gjør. 
https://a.no/lang-adresse
 kjenne reglene.  

Virksomheten har ansvaret.  
2 av 2 
Slutt.  
`
	doc, err := PDFText(text, []Hint{
		{Box: "Testing er det", Until: "produsenten gjør."},
		{H: 1, Text: "Innledning"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Document{
		Blocks: []Block{
			{Kind: Heading, Level: 1, Text: "Innledning"},
			{Kind: Paragraph, Text: "Kunstig intelligens kan brukes i helsetjenesten når den er trygg, og det er behov for å kjenne reglene.", Notes: []int{1}},
			{Kind: Box, Text: "Testing er det produsenten gjør."},
			{Kind: Paragraph, Text: "Virksomheten har ansvaret."},
			{Kind: Paragraph, Text: "Slutt."},
		},
		Notes: map[int]string{1: "Se https://a.no/lang-adresse"},
	}
	if diff := cmp.Diff(want, doc); diff != "" {
		t.Error(diff)
	}
}

func TestMarkdownNotesAndTables(t *testing.T) {
	const text = `# **Plan**[^1]

Vi bruker *lærende* systemer<sup>2</sup> og [lenker](https://a.no).

| Formål | Myndighet |
|---|:--:|
| Forskning | REK |

[^1]: Fra 2020.

<sup>2</sup> <https://b.no>

##
`
	doc, err := Markdown(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Document{
		Blocks: []Block{
			{Kind: Heading, Level: 1, Text: "Plan", Notes: []int{1}},
			{Kind: Paragraph, Text: "Vi bruker lærende systemer og lenker.", Notes: []int{2}},
			{Kind: Paragraph, Text: "Formål | Myndighet"},
			{Kind: Paragraph, Text: "Forskning | REK"},
		},
		Notes: map[int]string{1: "Fra 2020.", 2: "https://b.no"},
	}
	if diff := cmp.Diff(want, doc); diff != "" {
		t.Error(diff)
	}
}
