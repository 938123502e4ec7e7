package corpus

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
)

var agencies = Glossary{Agencies: []Agency{
	{Name: "Direktoratet for medisinske produkter", Abbreviations: []string{"DMP"}, Former: []Former{{Name: "Statens legemiddelverk", Abbreviations: []string{"SLV", "Legemiddelverket"}, Until: "2023-12-31"}}},
	{Name: "Helsedirektoratet", Former: []Former{{Name: "Direktoratet for e-helse", Abbreviations: []string{"NDE"}}}},
	{Name: "Direktoratet for e-helse"}, // a body of its own until it was merged
}}

func TestNotes(t *testing.T) {
	texts := Texts{
		"renamed": {"nb": "%s heter nå %s.", "en": "%s is now called %s."},
		"merged":  {"nb": "%s er nå en del av %s.", "en": "%s is now part of %s."},
	}
	const (
		dmp    = "Statens legemiddelverk heter nå Direktoratet for medisinske produkter."
		short  = "Legemiddelverket heter nå Direktoratet for medisinske produkter."
		ehelse = "Direktoratet for e-helse er nå en del av Helsedirektoratet."
	)
	l := NewLibrary(&Corpus{Glossary: agencies})
	for _, c := range []struct {
		quote string
		lang  kiveileder.Language
		want  []string
	}{
		{"Søk Statens legemiddelverk.", "nb", []string{dmp}},
		{"Legemiddelverkets veileder", "nb", []string{short}},
		{"(Legemiddelverket)", "nb", []string{short}},
		{"Legemiddelverketinfo og underLegemiddelverket", "nb", nil},
		{"underLegemiddelverket, men også Legemiddelverket selv", "nb", []string{short}},
		{"legemiddelverket med liten bokstav er ikke et navn", "nb", nil},
		{"SLV og NDE er for korte", "nb", nil},
		{"Direktoratet for e-helse", "nb", []string{ehelse}},
		{"Direktoratet for e-helse og Direktoratet for e-helse", "nb", []string{ehelse}},
		{"Legemiddelverket, Direktoratet for e-helse og Statens legemiddelverk", "nb", []string{ehelse, short}},
		{"Legemiddelverket", "en", []string{"Legemiddelverket is now called Direktoratet for medisinske produkter."}},
		{"Direktoratet for e-helse", "nn", []string{ehelse}},
		{"Helsedirektoratet", "nb", nil},
		{"", "nb", nil},
	} {
		if diff := cmp.Diff(c.want, l.NotesOn(kiveileder.Source{}, c.quote, texts, c.lang)); diff != "" {
			t.Errorf("%q in %s (-want +got):\n%s", c.quote, c.lang, diff)
		}
	}
}

func TestConflictsOf(t *testing.T) {
	c := &Corpus{
		Passages: []kiveileder.Passage{
			{ID: "a/x", Source: "a", Text: "Det må søkes om\n• dispensasjon fra REK"},
			{ID: "a/y", Source: "a", Text: "Ingen strid."},
			{ID: "b/z", Source: "b", Text: "Det må søkes om dispensasjon fra HDS."},
		},
		Conflicts: []Conflict{
			{Key: "found", Sides: []Side{{Source: "a", Snippet: "søkes om dispensasjon  fra REK"}, {Source: "b", Snippet: "fra HDS", Superseded: true}}},
			{Key: "half", Sides: []Side{{Source: "a", Snippet: "dispensasjon"}, {Source: "b", Snippet: "borte"}}},
		},
	}
	l := NewLibrary(c)
	keys := func(passage string) []string {
		var out []string
		for _, cf := range l.ConflictsOf(passage) {
			out = append(out, cf.Key)
		}
		return out
	}
	for passage, want := range map[string][]string{"a/x": {"found", "half"}, "a/y": nil, "b/z": {"found"}, "c/borte": nil} {
		if diff := cmp.Diff(want, keys(passage)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", passage, diff)
		}
	}
	sides := l.ConflictsOf("b/z")[0].Sides
	if len(sides) != 2 || sides[0].Passage.ID != "a/x" || sides[0].Superseded || sides[1].Passage.ID != "b/z" || !sides[1].Superseded {
		t.Errorf("sides %+v", sides)
	}
}

func TestLibrarySources(t *testing.T) {
	l := NewLibrary(&Corpus{
		Sources: []Meta{
			{Source: kiveileder.Source{ID: "old", Published: "2019-01-01"}},
			{Source: kiveileder.Source{ID: "b", Published: "2018-01-01", Updated: "2024-01-01"}},
			{Source: kiveileder.Source{ID: "a", Published: "2024-01-01"}},
			{Source: kiveileder.Source{ID: "undated"}},
		},
		Passages: []kiveileder.Passage{{ID: "a/2", Source: "a"}, {ID: "b/1", Source: "b"}, {ID: "a/1", Source: "a"}},
	})
	var ids []string
	for _, s := range l.Sources() {
		ids = append(ids, s.ID)
	}
	if diff := cmp.Diff([]string{"a", "b", "old", "undated"}, ids); diff != "" {
		t.Errorf("newest first (-want +got):\n%s", diff)
	}
	if ps := l.Passages("a"); len(ps) != 2 || ps[0].ID != "a/2" {
		t.Errorf("passages %+v: want the document's order", ps)
	}
	if s, ok := l.Source("b"); !ok || s.Date() != "2024-01-01" {
		t.Errorf("source %+v, %v", s, ok)
	}
	if _, ok := l.Source("c"); ok || l.Passages("c") != nil {
		t.Error("a source that is not there was found")
	}
}
