package dialogue_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/services/dialogue"
)

// A fact that the rules do not know is refused by its name before it is stored.
func TestCheckFacts(t *testing.T) {
	d := real(t, finds(unsure))
	for _, c := range []struct {
		facts known
		names string // "" when they are fine
	}{
		{known{"colour": "blue"}, "colour"},
		{known{"colour": nil}, "colour"},
		{known{"colour": kiveileder.UnknownValue}, "colour"},
		{known{"consent": "maybe"}, "consent"},
		{known{"purpose": []any{"health_research", "world_peace"}}, "world_peace"},
		{known{"purpose": map[string]any{}}, "purpose"},
		{known{"linkage": 1.0}, "linkage"},
		{known{"consent": nil, "linkage": kiveileder.UnknownValue, "purpose": []any{kiveileder.UnknownValue}}, ""},
		{known{"linkage": "no", "purpose": "statistics", "consent": []any{"no"}}, ""},
		{nil, ""},
	} {
		err := d.Check(&kiveileder.Turn{Question: "Hei", Facts: maps.Clone(c.facts)})
		if c.names == "" {
			if err != nil {
				t.Errorf("%v: %v", c.facts, err)
			}
			continue
		}
		if kiveileder.ErrorCode(err) != kiveileder.CodeInvalid || !strings.Contains(kiveileder.ErrorMessage(err), c.names) {
			t.Errorf("%v: %v, want it to name %s", c.facts, err, c.names)
		}
	}
}

// A conversation may be older than the rules: what they do not know any more
// does not stand in its way.
func TestFactsOfOlderRules(t *testing.T) {
	a := ask(t, real(t, finds(unsure)), kiveileder.Turn{
		Question: "Slik er det.", Facts: known{"consent": "no"}, Unknown: []string{"gone"}, Awaited: "gone", Original: "Hei",
		Known: known{"purpose": []any{"health_research"}, "gone": true, "linkage": "sometimes", "data_sources": []any{"patient_record"}},
	})
	sound(t, a)
	if diff := cmp.Diff(known{"purpose": []string{"health_research"}, "data_sources": []string{"patient_record"}, "consent": "no"}, factsOf(a)); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

// A turn is the caller's: making it changes nothing of it.
func TestTurnIsNotChanged(t *testing.T) {
	turn := func() kiveileder.Turn {
		return kiveileder.Turn{
			Question: "Vi driver også helseforskning, uten samtykke.", Original: "Slik er det.", Awaited: "consent",
			History: []string{"Slik er det."}, Unknown: []string{"linkage", "consent", "device_class"},
			Known: known{"purpose": []string{"statistics"}, "question_topic": []any{"gdpr_details"}, "gone": true},
			Facts: known{"linkage": true, "registry_scope": nil, "data_sources": kiveileder.UnknownValue},
		}
	}
	mine := turn()
	ask(t, real(t, finds(unsure)), mine)
	if diff := cmp.Diff(turn(), mine); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
}

// Without rules there are the sources alone.
func TestWithoutRules(t *testing.T) {
	hit := passageOf(t, "Må ha etisk forhåndsgodkjenning fra REK")
	s := finds(covered, hit)
	d := dialogue.New(dialogue.Deps{
		Search: s, Library: builtInLibrary(t), Texts: texts(t), Signals: signals(t), Versions: versions, Today: func() string { return "2026-11-22" },
	})
	for _, turn := range []kiveileder.Turn{
		{Question: "Må vi søke REK?"},
		{Question: "Må vi søke REK?", Facts: known{"whatever": true}},
		{Original: "Må vi søke REK?", Facts: known{"whatever": true}, Awaited: "whatever"},
	} {
		a := ask(t, d, turn)
		if a.Status != kiveileder.Answered || len(a.Findings)+len(a.Missing) > 0 || a.Citations[0].Passage != hit.ID {
			t.Errorf("%+v: %s", turn, brief(a))
		}
		if q := s.asked[len(s.asked)-1].Text; q != "Må vi søke REK?" {
			t.Errorf("searched for %q", q)
		}
	}
	if _, err := d.Evaluate(known{}, time.Time{}, kiveileder.Bokmal); kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
		t.Errorf("evaluated by nothing: %v", err)
	}
}
