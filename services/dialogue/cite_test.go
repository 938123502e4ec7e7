package dialogue_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/corpus"
)

func TestCitation(t *testing.T) {
	got := ask(t, open(t, finds(covered, tools, research)), kiveileder.Turn{Question: "Hva er et verktøy?"}).Citations
	want := []kiveileder.Citation{
		{
			Source: "rapport", Passage: "rapport/verktoy-i9j0", Title: "Rapport om radiologi", Date: "2021-11-30",
			Section: []string{"Verktøy"}, Restored: true, Lead: "Verktøyet skal:", Quote: "• hjelpe helsepersonell",
			URL: "/kilder/rapport#verktoy-i9j0", Note: "Overskriften mangler i kilden og er satt inn av oss.",
		},
		{
			Source: "veiledning", Passage: "veiledning/annen-c3d4", Title: "Veiledning om formål", Publisher: "Helsedirektoratet, DMP", Date: "2026-02-14",
			Section: []string{"Formål", "Annen forskning"}, Quote: "Trenger ikke REK.", URL: "/kilder/veiledning#annen-c3d4",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A text is quoted once; the same bullets under another purpose say something
// else and are quoted too.
func TestSameWordsOnce(t *testing.T) {
	again := approval
	again.ID, again.Text = "veiledning/rek-zzzz", "•  Må ha\nforhåndsgodkjenning – fra REK"
	other := approval
	other.ID, other.Section = "veiledning/kvalitet-yyyy", []string{"Formål", "Kvalitetsforbedring"}
	strange := approval
	strange.ID, strange.Source = "borte/rek", "borte" // no such source: nothing to quote it from
	a := ask(t, open(t, finds(covered, approval, again, strange, other, research), []corpus.Conflict{}...), kiveileder.Turn{Question: "Må vi søke?"})
	if diff := cmp.Diff([]string{approval.ID, other.ID, research.ID}, ids(a)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAtMostFiveCitations(t *testing.T) {
	a := ask(t, open(t, finds(covered, many(12)...)), kiveileder.Turn{Question: "Må vi søke?"})
	if diff := cmp.Diff([]string{"veiledning/n-1", "veiledning/n-2", "veiledning/n-3", "veiledning/n-4", "veiledning/n-5"}, ids(a)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// many gives passages that say different things.
func many(n int) []kiveileder.Passage {
	var out []kiveileder.Passage
	for i := range n {
		out = append(out, kiveileder.Passage{ID: fmt.Sprintf("veiledning/n-%d", i+1), Source: "veiledning", Text: fmt.Sprintf("Regel %d.", i+1)})
	}
	return out
}

func ids(a kiveileder.Answer) []string {
	var out []string
	for _, c := range a.Citations {
		out = append(out, c.Passage)
	}
	return out
}

func TestConflict(t *testing.T) {
	five := many(5)
	for _, c := range []struct {
		name  string
		found []kiveileder.Passage
		want  []string
		sides []int // nil: no conflict is told
	}{
		{"the other side is quoted beside it", []kiveileder.Passage{approval, research}, []string{approval.ID, research.ID, older.ID}, []int{0, 2}},
		{"it is there already", []kiveileder.Passage{approval, older}, []string{approval.ID, older.ID}, []int{0, 1}},
		{"also from the older side", []kiveileder.Passage{older}, []string{older.ID, approval.ID}, []int{1, 0}},
		{"in the last place when there are five", append([]kiveileder.Passage{approval}, five...), []string{approval.ID, "veiledning/n-1", "veiledning/n-2", "veiledning/n-3", older.ID}, []int{0, 4}},
		{"a side far down calls for nothing", append(five[:2:2], approval), []string{"veiledning/n-1", "veiledning/n-2", approval.ID}, nil},
		{"no side", []kiveileder.Passage{research, tools}, []string{research.ID, tools.ID}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := ask(t, open(t, finds(covered, c.found...)), kiveileder.Turn{Question: "Må vi søke?"})
			if diff := cmp.Diff(c.want, ids(a)); diff != "" {
				t.Errorf("citations (-want +got):\n%s", diff)
			}
			if c.sides == nil {
				if len(a.Conflicts) > 0 {
					t.Errorf("conflicts %+v, want none", a.Conflicts)
				}
				return
			}
			if diff := cmp.Diff([]kiveileder.Conflict{{Text: "Kildene er uenige.", Citations: c.sides}}, a.Conflicts); diff != "" {
				t.Errorf("conflicts (-want +got):\n%s", diff)
			}
			for _, q := range a.Citations {
				if q.Superseded != (q.Passage == older.ID) {
					t.Errorf("%s: superseded %v", q.Passage, q.Superseded)
				}
				if q.Passage == older.ID && q.Note != "Direktoratet for e-helse er nå en del av Helsedirektoratet. En nyere kilde sier noe annet." &&
					q.Note != "Direktoratet for e-helse heter nå Helsedirektoratet. En nyere kilde sier noe annet." {
					t.Errorf("note %q", q.Note)
				}
			}
		})
	}
}

func TestConflictLanguage(t *testing.T) {
	for l, want := range map[kiveileder.Language]string{"nb": "Kildene er uenige.", "en": "The sources disagree.", "nn": "Kildene er uenige."} {
		a := ask(t, open(t, finds(covered, approval)), kiveileder.Turn{Question: "REK", Language: l})
		if len(a.Conflicts) != 1 || a.Conflicts[0].Text != want {
			t.Errorf("%s: %+v, want %q", l, a.Conflicts, want)
		}
	}
}

// Three sides fit only as far as there is room; no side pushes another out.
func TestConflictOfThree(t *testing.T) {
	three := corpus.Conflict{
		Key:  "tre",
		Text: map[kiveileder.Language]string{"nb": "Tre syn."},
		Sides: []corpus.Side{
			{Source: "veiledning", Snippet: "forhåndsgodkjenning fra REK"},
			{Source: "rapport", Snippet: "Direktoratet for e-helse"},
			{Source: "rapport", Snippet: "hvem som har ansvaret"},
		},
	}
	a := ask(t, open(t, finds(covered, append([]kiveileder.Passage{approval}, many(5)...)...), three), kiveileder.Turn{Question: "REK"})
	if diff := cmp.Diff([]string{approval.ID, "veiledning/n-1", "veiledning/n-2", "veiledning/n-3", older.ID}, ids(a)); diff != "" {
		t.Errorf("citations (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]kiveileder.Conflict{{Text: "Tre syn.", Citations: []int{0, 4}}}, a.Conflicts); diff != "" {
		t.Errorf("conflicts (-want +got):\n%s", diff)
	}
}

// A side of two conflicts is marked once.
func TestSupersededTwice(t *testing.T) {
	conflict := func(key, snippet string) corpus.Conflict {
		return corpus.Conflict{Key: key, Text: map[kiveileder.Language]string{"nb": key}, Sides: []corpus.Side{
			{Source: "veiledning", Snippet: snippet},
			{Source: "rapport", Snippet: "Direktoratet for e-helse", Superseded: true},
		}}
	}
	a := ask(t, open(t, finds(covered, older, approval), conflict("en", "forhåndsgodkjenning"), conflict("to", "Trenger ikke REK")), kiveileder.Turn{Question: "REK"})
	if len(a.Conflicts) != 2 {
		t.Errorf("conflicts %+v, want two", a.Conflicts)
	}
	if n := strings.Count(a.Citations[0].Note, "En nyere kilde sier noe annet."); n != 1 {
		t.Errorf("note %q", a.Citations[0].Note)
	}
}
