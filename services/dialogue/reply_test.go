package dialogue_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/retriever"
)

// awaits is a turn in which a fact was asked for.
func awaits(fact, reply string) kiveileder.Turn {
	return kiveileder.Turn{
		Question: reply, Original: "Vi har et prosjekt hos oss.", History: []string{"Vi har et prosjekt hos oss."},
		Known: known{"data_sources": []any{"patient_record"}}, Awaited: fact, Asked: 1,
	}
}

// A question back is answered in many ways.
func TestReplies(t *testing.T) {
	for _, c := range []struct {
		fact, says string
		want       any // kiveileder.UnknownValue: the person can't tell
	}{
		// by the words of a button, as people write them, whatever the language
		{"consent", "Ja, fra alle", "yes"},
		{"consent", "ja fra alle", nil},
		{"consent", "  JA, FRA ALLE!  ", "yes"},
		{"consent", "Ja, frå alle", "yes"},
		{"consent", "Yes, from everyone", "yes"},
		{"consent", "Fra noen.", "partial"},
		{"data_sources", "Begge deler", []string{"patient_record", "health_registry"}},
		{"purpose", "Forskning på helse og sykdom", []string{"health_research"}},

		// by their first words
		{"consent", "Ja", "yes"},
		{"consent", "nei", "no"},
		{"data_identifiability", "Nei", "anonymous"},
		{"registry_scope", "ja", "hds"},
		{"uses_other_patients_data", "Nei", false},
		{"continuous_learning", "yes", true},

		// by yes and no, when the buttons say it in other words
		{"cross_institution", "Ja", true},
		{"cross_institution", "Nei.", false},
		{"cross_institution", "no", false},
		{"cross_institution", "Flere virksomheter", true},

		// by yes and no with what people add
		{"consent", "Ja, det har vi.", "yes"},
		{"consent", "Nei, det har vi ikke ennå", "no"},
		{"consent", "nei det har me ikkje", "no"},
		{"consent", "Yes, we do", "yes"},
		{"consent", "No, we haven't.", "no"},
		{"linkage", "ja, det skal vi", true},
		{"registry_scope", "Nei, det er det ikke", "other"},
		{"linkage", "Ja, det er ikke det", nil},
		{"linkage", "No har vi det", nil}, // nynorsk for now
		{"linkage", "Ja, men bare noen", nil},
		{"linkage", "Nei, de skal ikke kobles", false}, // goes on to say the same

		// by number
		{"consent", "1", "yes"},
		{"consent", "3.", "partial"},
		{"cross_institution", "1", false}, // the first button
		{"purpose", "12", []string{"procurement"}},
		{"consent", "4", kiveileder.UnknownValue},
		{"consent", "5", nil},
		{"consent", "0", nil},

		// by value
		{"consent", "partial", "partial"},
		{"linkage", "true", true},
		{"market_route", "in_house", "in_house"},
		{"purpose", "quality_registry", []string{"quality_registry"}},
		{"data_sources", "patient_record, health_registry", []string{"patient_record", "health_registry"}},

		// not known
		{"consent", "Vet ikke", kiveileder.UnknownValue},
		{"consent", "veit ikkje!", kiveileder.UnknownValue},
		{"linkage", "Don't know", kiveileder.UnknownValue},
		{"consent", "unknown", nil},

		// in words of one's own
		{"consent", "vi har ikke spurt noen", "no"},

		// not at all
		{"consent", "kanskje det", nil},
		{"no_such_fact", "Ja", nil},
		{"", "Ja", nil},
	} {
		t.Run(c.fact+": "+c.says, func(t *testing.T) {
			a := ask(t, real(t, finds(unsure)), awaits(c.fact, c.says))
			sound(t, a)
			if a.Reply != (c.want != nil) {
				t.Errorf("taken as a reply: %v", a.Reply)
			}
			want, unknown := c.want, []string(nil)
			switch {
			case c.want == kiveileder.UnknownValue:
				want, unknown = nil, []string{c.fact}
			case c.want == nil && c.fact == "data_sources":
				want = []string{"patient_record"}
			}
			if diff := cmp.Diff(want, a.Facts[c.fact]); diff != "" {
				t.Errorf("value (-want +got):\n%s", diff)
			}
			if !slices.Equal(a.Unknown, unknown) {
				t.Errorf("unknown %q, want %q", a.Unknown, unknown)
			}
			if c.fact != "data_sources" && a.Facts["data_sources"] == nil {
				t.Error("the other facts are gone")
			}
		})
	}
}

// The fact itself, with or without words, replies; it wins over the words.
func TestReplyByFact(t *testing.T) {
	for _, c := range []struct {
		says  string
		facts known
		want  any
	}{
		{"", known{"consent": "no"}, "no"},
		{"Ja", known{"consent": "no"}, "no"},
		{"Nei", known{"linkage": true}, "no"},
		{"", known{"consent": kiveileder.UnknownValue}, nil},
		{"", known{"consent": []any{"partial"}}, "partial"},
	} {
		turn := awaits("consent", c.says)
		turn.Facts = c.facts
		a := ask(t, real(t, finds(unsure)), turn)
		sound(t, a)
		if !a.Reply || a.Facts["consent"] != c.want {
			t.Errorf("%q with %v: reply %v, %s", c.says, c.facts, a.Reply, brief(a))
		}
	}
}

// A reply is answered as the question that was asked back about: that is
// searched for, without what came after it.
func TestReplySearchesForTheQuestion(t *testing.T) {
	s := finds(unsure)
	ask(t, real(t, s), kiveileder.Turn{
		Question: "Nei", Original: "Må vi søke?", History: []string{"Hei", "Må vi søke?"}, Awaited: "consent",
		Known: known{"purpose": []any{"health_research"}}, Asked: 1,
	})
	want := retriever.Query{Text: "Må vi søke? helseforskning", History: []string{"Hei"}, K: s.asked[0].K}
	if diff := cmp.Diff(want, s.asked[0]); diff != "" {
		t.Errorf("search (-want +got):\n%s", diff)
	}
}

// Words that give the fact and ask something are a new question: it must not
// be passed over.
func TestReplyThatAsks(t *testing.T) {
	turn := awaits("consent", "Vi har ikke spurt noen. Hvor lenge kan opplysningene lagres?")
	turn.Known["purpose"] = []any{"health_research"}
	a := ask(t, real(t, finds(unsure)), turn)
	sound(t, a)
	if a.Reply || a.Facts["consent"] != "no" || a.Status != kiveileder.Escalate || !strings.HasPrefix(a.Lead, "Det du spør om") {
		t.Errorf("reply %v, %s, %q", a.Reply, brief(a), a.Lead)
	}
	turn.Question = "Vi har ikke spurt noen."
	if a = ask(t, real(t, finds(unsure)), turn); !a.Reply || a.Status != kiveileder.Answered {
		t.Errorf("reply %v, %s", a.Reply, brief(a))
	}
}

// A short reply is in the language of the question that it belongs to.
func TestReplyLanguage(t *testing.T) {
	for original, want := range map[string]kiveileder.Language{
		"We are doing research on records from our hospital.":         kiveileder.English,
		"Vi skal forske på journalar frå sjukehuset vårt, ikkje meir": kiveileder.Nynorsk,
		"Vi skal forske på journaler fra sykehuset vårt, ikke mer":    kiveileder.Bokmal,
	} {
		turn := awaits("consent", "1")
		turn.Original = original
		if a := ask(t, real(t, finds(unsure)), turn); a.Language != want {
			t.Errorf("%q: %s", original, a.Language)
		}
	}
}

// At most three questions come in a row; then the result so far, with what
// would follow from each reply to the next.
func TestThreeQuestions(t *testing.T) {
	k := newTalk(t)
	facts := known{"purpose": "quality_registry"}
	a := k.say("Vi skal opprette et register.", facts)
	for n, reply := range []string{"Nei", "Ja", "Ja"} {
		if a.Status != kiveileder.Clarify || a.Asked != n+1 {
			t.Fatalf("question %d: %s", n+1, brief(a))
		}
		a = k.say(reply, nil)
	}
	if a.Status != kiveileder.Answered || a.Ask != nil || a.Ifs == nil || a.Ifs.Fact != "qr_dpo_consulted" || !strings.HasPrefix(a.Lead, "Dette er resultatet så langt") {
		t.Fatalf("after three: %s, %q", brief(a), a.Lead)
	}
	got := map[any][]string{}
	for _, c := range a.Ifs.Cases {
		got[c.Value] = outcomes(c.Findings)
	}
	// Without the officer's advice consent is needed; with it one more fact is open.
	if diff := cmp.Diff(map[any][]string{true: {}, false: {"quality_registry_consent"}}, got); diff != "" {
		t.Errorf("ifs (-want +got):\n%s", diff)
	}
	// An if is taken up by its fact; the questions go on, in a new row.
	if a = k.say("", known{"qr_dpo_consulted": true}); a.Status != kiveileder.Clarify || a.Asked != 1 || asked(a) != "qr_controller_eligible" {
		t.Errorf("after the if: %s", brief(a))
	}
	if a = k.say("Ja", nil); a.Status != kiveileder.Answered || !slices.Contains(outcomes(a.Findings), "quality_registry_exception") {
		t.Errorf("at the end: %s", brief(a))
	}
}

// Each reply has its if, in the words of the buttons.
func TestIfsForEachReply(t *testing.T) {
	turn := kiveileder.Turn{Question: "Slik er prosjektet.", Facts: known{"purpose": "health_research", "data_sources": "patient_record"}, Asked: 3}
	a := ask(t, real(t, finds(unsure)), turn)
	sound(t, a)
	want := []string{"Ja, fra alle", "Nei", "Fra noen"}
	var got []string
	for _, c := range a.Ifs.Cases {
		got = append(got, c.Label)
		adds := map[any]string{"yes": "no_dispensation_needed", "no": "rek_dispensation", "partial": "consent_possible_basis"}[c.Value]
		if !slices.Contains(outcomes(c.Findings), adds) {
			t.Errorf("%s adds %q, want %s", c.Label, outcomes(c.Findings), adds)
		}
		if slices.Contains(outcomes(c.Findings), "rek_prior_approval") {
			t.Errorf("%s adds what stands already", c.Label)
		}
	}
	if a.Ifs.Fact != "consent" || !slices.Equal(got, want) {
		t.Errorf("ifs of %s: %q", a.Ifs.Fact, got)
	}
}

// Whoever cannot tell is not asked again, and the case goes to people.
func TestUnknown(t *testing.T) {
	k := newTalk(t)
	if a := k.say("Vi skal forske.", known{"purpose": "health_research", "data_sources": "patient_record"}); asked(a) != "consent" {
		t.Fatal(brief(a))
	}
	a := k.say("Vet ikke", nil)
	if a.Status != kiveileder.Escalate || a.Ask != nil || a.Ifs == nil || a.Ifs.Fact != "consent" || !slices.Equal(a.Unknown, []string{"consent"}) {
		t.Fatal(brief(a))
	}
	if a.UnknownRead[0].Label != "Vet ikke" || a.UnknownRead[0].Name == "" {
		t.Errorf("chips %+v", a.UnknownRead)
	}
	// another fact changes nothing about that
	if a = k.say("", known{"cross_institution": true}); a.Status != kiveileder.Escalate || a.Ask != nil {
		t.Errorf("later: %s", brief(a))
	}
	// what is not open any more does not hand over
	if a = k.say("", known{"data_identifiability": "synthetic"}); a.Status != kiveileder.Answered || len(a.Missing) > 0 {
		t.Errorf("when it does not matter: %s", brief(a))
	}
	// once it is known it is known
	if a = k.say("", known{"data_identifiability": nil, "consent": "yes"}); a.Status != kiveileder.Answered || len(a.Unknown) > 0 {
		t.Errorf("known after all: %s", brief(a))
	}
	// and what is forgotten may be asked for again
	k.say("", known{"consent": kiveileder.UnknownValue})
	if a = k.say("", known{"consent": nil}); asked(a) != "consent" || len(a.Unknown) > 0 {
		t.Errorf("forgotten: %s", brief(a))
	}
}

// What one could not tell has no part in it when something else is open.
func TestUnknownElsewhere(t *testing.T) {
	a := ask(t, real(t, finds(unsure)), kiveileder.Turn{
		Question: "Slik er det.", Facts: known{"purpose": "health_research", "data_sources": "patient_record"}, Unknown: []string{"device_class"}, Asked: 3,
	})
	if sound(t, a); a.Status != kiveileder.Answered || a.Ifs == nil {
		t.Error(brief(a))
	}
}

// Too little said, again and again: there are three questions, not a hundred.
func TestUnderspecifiedThreeTimes(t *testing.T) {
	k := newTalk(t)
	k.search.result.Verdict = retriever.Verdict{Class: retriever.Underspecified}
	for n := range 3 {
		if a := k.say("Må vi søke?", nil); a.Asked != n+1 || asked(a) != "purpose" {
			t.Fatalf("%d: %s", n, brief(a))
		}
	}
	if a := k.say("Må vi søke?", nil); a.Status != kiveileder.Escalate || len(a.Citations) == 0 {
		t.Error(brief(a))
	}
}
