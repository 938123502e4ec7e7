package ingest

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAssignIDs(t *testing.T) {
	var (
		a = Cut{Section: []string{"Råd"}, Text: "Virksomheten skal vurdere om det er grunnlag for å behandle opplysningene."}
		b = Cut{Section: []string{"Råd"}, Text: "Det må søkes dispensasjon fra taushetsplikten når samtykke ikke er innhentet."}
		c = Cut{Section: []string{"Ål", "Økt §"}, Text: "Tilsynet følger med på hvordan utstyret brukes i tjenesten."}
	)
	earlier := func(ids []string, cuts ...Cut) []Identified {
		var out []Identified
		for i, c := range cuts {
			out = append(out, Identified{ids[i], c.Section, c.Text})
		}
		return out
	}
	changed := b
	changed.Text = "Det må søkes dispensasjon fra taushetsplikten dersom samtykke ikke er innhentet."
	moved := a
	moved.Section = []string{"Anbefalinger"}

	first := AssignIDs("kilde", []Cut{a, b, c}, nil)
	for i, form := range []string{`^kilde/rad-[a-z2-7]{4}$`, `^kilde/rad-[a-z2-7]{4}$`, `^kilde/okt-[a-z2-7]{4}$`} {
		if !regexp.MustCompile(form).MatchString(first[i]) {
			t.Errorf("id %q is not of the form %s", first[i], form)
		}
	}
	known := earlier(first, a, b, c)
	tests := []struct {
		name string
		cuts []Cut
		want []string
	}{
		{"unchanged", []Cut{a, b, c}, first},
		{"reordered", []Cut{c, a, b}, []string{first[2], first[0], first[1]}},
		{"a word changed", []Cut{a, changed, c}, first},
		{"under another heading", []Cut{moved, b, c}, first},
		{"one gone", []Cut{a, c}, []string{first[0], first[2]}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, AssignIDs("kilde", tt.cuts, known)); diff != "" {
				t.Error(diff)
			}
		})
	}

	t.Run("a new one", func(t *testing.T) {
		added := Cut{Section: []string{"Råd"}, Text: "Helt andre ord om en helt annen sak som ikke stod her før."}
		got := AssignIDs("kilde", []Cut{a, added, b, c}, known)
		if got[0] != first[0] || got[2] != first[1] || got[3] != first[2] {
			t.Errorf("the others changed: %v", got)
		}
		for _, id := range first {
			if got[1] == id {
				t.Errorf("the new one took over %s", id)
			}
		}
	})
	t.Run("equal texts under two headings", func(t *testing.T) {
		one := Cut{Section: []string{"Mål", "Råd"}, Text: a.Text}
		two := Cut{Section: []string{"Krav", "Råd"}, Text: a.Text}
		ids := AssignIDs("kilde", []Cut{one, two}, nil)
		if ids[0] == ids[1] {
			t.Fatalf("both are %s", ids[0])
		}
		if got := AssignIDs("kilde", []Cut{two, one}, earlier(ids, one, two)); got[0] != ids[1] || got[1] != ids[0] {
			t.Errorf("ids changed places: %v, then %v", ids, got)
		}
	})
	t.Run("the same text very often", func(t *testing.T) {
		many := make([]Cut, 80)
		for i := range many {
			many[i] = a
		}
		seen := map[string]bool{}
		for _, id := range AssignIDs("kilde", many, nil) {
			if seen[id] {
				t.Fatalf("%s twice", id)
			}
			seen[id] = true
		}
	})
}
