package ingest

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// sentences gives n sentences of about 60 characters that differ.
func sentences(n int, about string) string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("Setning %d om %s handler om plikter og ansvar i tjenesten.", i+1, about))
	}
	return strings.Join(out, " ")
}

func texts(cuts []Cut) []string {
	var out []string
	for _, c := range cuts {
		out = append(out, c.Text)
	}
	return out
}

func TestChunkPacksShortParagraphs(t *testing.T) {
	doc := Document{Blocks: []Block{{Kind: Heading, Level: 1, Text: "H"}}}
	for i := range 12 {
		doc.Blocks = append(doc.Blocks, Block{Kind: Paragraph, Text: sentences(2, fmt.Sprint("emne ", i))})
	}
	cuts := Chunk(doc)
	if len(cuts) < 2 {
		t.Fatalf("%d cuts, want several", len(cuts))
	}
	for _, c := range cuts {
		if n := utf8.RuneCountInString(c.Text); n < MinChars || n > MaxChars {
			t.Errorf("a passage of %d characters", n)
		}
	}
}

func TestChunkNeverCrossesAHeading(t *testing.T) {
	cuts := Chunk(Document{Blocks: []Block{
		{Kind: Paragraph, Text: "Før."},
		{Kind: Heading, Level: 1, Text: "A"},
		{Kind: Paragraph, Text: "Under A."},
		{Kind: Heading, Level: 2, Text: "B"},
		{Kind: Paragraph, Text: "Under B."},
		{Kind: Heading, Level: 1, Text: "C"},
		{Kind: Paragraph, Text: "Under C."},
	}})
	want := []Cut{
		{Section: []string{}, Text: "Før."},
		{Section: []string{"A"}, Text: "Under A."},
		{Section: []string{"A", "B"}, Text: "Under B."},
		{Section: []string{"C"}, Text: "Under C."},
	}
	if diff := cmp.Diff(want, cuts); diff != "" {
		t.Error(diff)
	}
}

func TestChunkKeepsListWithLead(t *testing.T) {
	t.Run("short list", func(t *testing.T) {
		cuts := Chunk(Document{Blocks: []Block{
			{Kind: Paragraph, Text: sentences(14, "før")},
			{Kind: Paragraph, Text: "Det kreves:", Lead: true},
			{Kind: Item, Marker: "•", Text: "samtykke"},
			{Kind: Item, Marker: "•", Text: "dispensasjon"},
		}})
		if got := cuts[len(cuts)-1]; !strings.HasSuffix(got.Text, "\nDet kreves:\n• samtykke\n• dispensasjon") || got.Lead != "" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("long list", func(t *testing.T) {
		doc := Document{Blocks: []Block{{Kind: Paragraph, Text: "Det kreves:", Lead: true}}}
		for i := range 20 {
			doc.Blocks = append(doc.Blocks, Block{Kind: Item, Marker: fmt.Sprint(i+1, "."), Text: sentences(2, "krav")})
		}
		cuts := Chunk(doc)
		if len(cuts) < 2 || !strings.HasPrefix(cuts[0].Text, "Det kreves:\n1. ") || cuts[0].Lead != "" {
			t.Fatalf("first of %d: %+v", len(cuts), cuts[0])
		}
		for _, c := range cuts[1:] {
			if c.Lead != "Det kreves:" || strings.HasPrefix(c.Text, "Det kreves") {
				t.Errorf("goes on without its lead-in: %+v", c)
			}
		}
	})
	t.Run("very long lead and item", func(t *testing.T) {
		cuts := Chunk(Document{Blocks: []Block{
			{Kind: Paragraph, Text: sentences(20, "innledning") + " Det kreves:", Lead: true},
			{Kind: Item, Marker: "•", Text: sentences(40, "krav")},
		}})
		for _, c := range cuts {
			if n := utf8.RuneCountInString(c.Text); n > MaxChars {
				t.Errorf("a passage of %d characters", n)
			}
		}
	})
}

func TestChunkSplitsAtSentences(t *testing.T) {
	long := sentences(40, "behandling etter art. 9 nr. 2")
	cuts := Chunk(Document{Blocks: []Block{{Kind: Paragraph, Text: long}}})
	if got := strings.Join(texts(cuts), " "); got != long {
		t.Errorf("the parts are not the whole:\n%s", got)
	}
	for _, c := range cuts {
		if !strings.HasPrefix(c.Text, "Setning") || !strings.HasSuffix(c.Text, "tjenesten.") || utf8.RuneCountInString(c.Text) > MaxChars {
			t.Errorf("not whole sentences: %q", c.Text)
		}
	}
}

func TestChunkWithoutSentences(t *testing.T) {
	for _, word := range []string{strings.Repeat("ord ", 500), strings.Repeat("æ", 5000)} {
		for _, c := range Chunk(Document{Blocks: []Block{{Kind: Paragraph, Text: strings.TrimSpace(strings.Repeat(word, 20))}}}) {
			if utf8.RuneCountInString(c.Text) > MaxChars || !utf8.ValidString(c.Text) || c.Text == "" {
				t.Fatalf("a passage of %d characters", utf8.RuneCountInString(c.Text))
			}
		}
	}
}

func TestChunkBoxesAndNotes(t *testing.T) {
	note := "FAIR er et akronym for ordene findable, accessible, interoperable og reusable."
	cuts := Chunk(Document{
		Blocks: []Block{
			{Kind: Heading, Level: 1, Text: "Data"},
			{Kind: Paragraph, Text: "Data skal være FAIR.", Notes: []int{1, 2}},
			{Kind: Box, Text: "Testing er det produsenten gjør."},
			{Kind: Paragraph, Text: "Mer om data."},
		},
		Notes: map[int]string{1: note, 2: "Se https://a.no/en-lang-adresse-som-ikke-teller-som-ord-i-en-fotnote"},
	})
	want := []Cut{
		{Section: []string{"Data"}, Text: "Data skal være FAIR.", Notes: []int{1, 2}},
		{Section: []string{"Data"}, Text: "Testing er det produsenten gjør.", Box: true},
		{Section: []string{"Data"}, Text: "Mer om data."},
		{Section: []string{"Data", "Fotnote 1"}, Text: note},
	}
	if diff := cmp.Diff(want, cuts); diff != "" {
		t.Error(diff)
	}
}
