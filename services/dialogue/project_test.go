package dialogue_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/retriever"
	"kiveileder/services/dialogue"
)

// What is told wins over what is read, nil forgets, and other facts stay.
func TestCorrections(t *testing.T) {
	k := newTalk(t)
	k.say("Slik er det.", known{"purpose": "health_research", "data_sources": "patient_record", "consent": "yes"})
	for _, c := range []struct {
		says  string
		facts known
		want  known
	}{
		{"", known{"consent": "no"}, known{"purpose": []string{"health_research"}, "data_sources": []string{"patient_record"}, "consent": "no"}},
		{"", known{"data_sources": []any{"health_registry"}, "consent": nil}, known{"purpose": []string{"health_research"}, "data_sources": []string{"health_registry"}}},
		{"Vi driver helseforskning.", known{"purpose": "statistics"}, known{"purpose": []string{"statistics"}, "data_sources": []string{"health_registry"}}},
		{"Vi driver helseforskning.", known{"purpose": nil}, known{"data_sources": []string{"health_registry"}}},
		{"", known{"purpose": []any{"statistics", "health_research"}}, known{"purpose": []string{"health_research", "statistics"}, "data_sources": []string{"health_registry"}}},
	} {
		a := k.say(c.says, c.facts)
		if diff := cmp.Diff(c.want, factsOf(a)); diff != "" {
			t.Errorf("%q with %v (-want +got):\n%s", c.says, c.facts, diff)
		}
	}
}

// factsOf gives an answer's facts as the rules use them: lists of strings,
// sorted.
func factsOf(a kiveileder.Answer) known {
	out := known{}
	for k, v := range a.Facts {
		if list, ok := v.([]any); ok {
			var ss []string
			for _, x := range list {
				ss = append(ss, x.(string))
			}
			v = ss
		}
		if list, ok := v.([]string); ok {
			v = slices.Sorted(slices.Values(list))
		}
		out[k] = v
	}
	return out
}

// Facts without a question answer the last question anew; without any they are
// no message.
func TestFactsAlone(t *testing.T) {
	k := newTalk(t)
	first := k.say("Må vi søke noen om dette?", known{"purpose": "health_research", "data_sources": "patient_record"})
	a := k.say("", known{"consent": "no"})
	if !a.Reply || a.Language != first.Language || !slices.Contains(outcomes(a.Findings), "rek_dispensation") {
		t.Error(brief(a))
	}
	if q := k.search.asked[1]; !strings.HasPrefix(q.Text, "Må vi søke noen om dette?") {
		t.Errorf("searched for %q", q.Text)
	}
	_, _, err := k.svc.Accept(t.Context(), "another", kiveileder.Post{ID: "1", Facts: known{"consent": "no"}})
	if kiveileder.ErrorCode(err) != kiveileder.CodeInvalid {
		t.Errorf("facts about nothing: %v", err)
	}
}

// New words take the place of old facts, unless they say "also".
func TestNewWords(t *testing.T) {
	for _, c := range []struct {
		says string
		want []string
	}{
		{"Prosjektet er helseforskning.", []string{"health_research"}},
		{"Vi driver også helseforskning.", []string{"health_research", "statistics"}},
		{"Vi driv òg helseforsking, i tillegg.", []string{"health_research", "statistics"}},
		{"We also do health research.", []string{"health_research", "statistics"}},
		{"Det er slik det er.", []string{"statistics"}},
	} {
		a := ask(t, real(t, finds(unsure)), kiveileder.Turn{Question: c.says, Known: known{"purpose": []any{"statistics"}, "linkage": true}})
		sound(t, a)
		if diff := cmp.Diff(known{"purpose": c.want, "linkage": true}, factsOf(a)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.says, diff)
		}
	}
}

// A follow-up goes on about the same project: its purposes are in the search
// and its facts in the answer.
func TestFollowUp(t *testing.T) {
	k := newTalk(t)
	k.say("Slik er det.", known{"purpose": []any{"health_research", "procurement"}})
	a := k.say("Og hva med søknaden?", nil)
	if diff := cmp.Diff([]string{"health_research", "procurement"}, factsOf(a)["purpose"]); diff != "" {
		t.Errorf("purposes (-want +got):\n%s", diff)
	}
	if q := k.search.asked[len(k.search.asked)-1].Text; !strings.Contains(q, "helseforskning") || !strings.Contains(q, "anskaffelse") {
		t.Errorf("searched for %q", q)
	}
}

// A message that says too little of a project that was described is judged by
// what is known; there is nothing else to ask.
func TestUnderspecifiedWithFacts(t *testing.T) {
	tooLittle := retriever.Verdict{Class: retriever.Underspecified}
	project := known{"purpose": []any{"health_research"}, "data_sources": []any{"patient_record"}}
	a := ask(t, real(t, finds(tooLittle)), kiveileder.Turn{Question: "Hva må vi gjøre?", Known: project})
	if sound(t, a); a.Status != kiveileder.Clarify || asked(a) != "consent" || len(a.Findings) == 0 {
		t.Error(brief(a))
	}
	project["consent"] = "no"
	a = ask(t, real(t, finds(tooLittle)), kiveileder.Turn{Question: "Hva må vi gjøre?", Known: project})
	if sound(t, a); a.Status != kiveileder.Answered || !slices.Contains(outcomes(a.Findings), "rek_dispensation") {
		t.Error(brief(a))
	}
}

// A program that keeps no facts sends the history: it is read. What is known
// takes its place, also when that is nothing.
func TestHistoryIsRead(t *testing.T) {
	turn := kiveileder.Turn{Question: "Hva må vi gjøre?", History: []string{"Vi driver helseforskning.", "Takk"}}
	if a := ask(t, real(t, finds(unsure)), turn); !slices.Equal(a.Facts["purpose"].([]string), []string{"health_research"}) {
		t.Error(brief(a))
	}
	for _, known := range []known{{}, {"linkage": true}} {
		turn.Known = known
		if a := ask(t, real(t, finds(unsure)), turn); a.Facts["purpose"] != nil || len(a.Facts) != len(known) {
			t.Errorf("with %v: %s", known, brief(a))
		}
	}
}

// What is known and the history of nothing are two things, for the cache too.
func TestCacheTellsNothingFromHistory(t *testing.T) {
	c := dialogue.NewCache(real(t, finds(unsure)), 10)
	turn := kiveileder.Turn{Question: "Hva må vi gjøre?", History: []string{"Vi driver helseforskning."}}
	if a := ask(t, c, turn); a.Facts["purpose"] == nil {
		t.Error(brief(a))
	}
	turn.Known = known{}
	if a := ask(t, c, turn); a.Facts["purpose"] != nil {
		t.Error(brief(a))
	}
}

// What was asked in words is asked once; a reply to a question back is still
// about it.
func TestTopicIsOfOneMessage(t *testing.T) {
	k := newTalk(t)
	a := k.say("Dette er det vi lurer på.", known{"question_topic": "gdpr_details", "purpose": "health_research", "data_sources": "patient_record"})
	if !slices.Contains(outcomes(a.Findings), "datatilsynet_interpretation") || asked(a) != "consent" {
		t.Fatal(brief(a))
	}
	for _, r := range a.Read {
		if r.Fact == "question_topic" {
			t.Errorf("a topic is no fact of the project: %+v", r)
		}
	}
	if a = k.say("Vi har ikke spurt noen.", nil); !a.Reply || !slices.Contains(outcomes(a.Findings), "datatilsynet_interpretation") {
		t.Errorf("after a reply in words: %s", brief(a))
	}
	if a = k.say("", known{"consent": "yes"}); !slices.Contains(outcomes(a.Findings), "datatilsynet_interpretation") {
		t.Errorf("after a correction: %s", brief(a))
	}
	if a = k.say("Da har vi alt på plass.", known{"linkage": true}); a.Facts["question_topic"] != nil || slices.Contains(outcomes(a.Findings), "datatilsynet_interpretation") {
		t.Errorf("after another message: %s", brief(a))
	}
}

// Who describes a project is in the field, whatever the words are near to; a
// single fact that happens to be read, or one that the program sends along, is
// no description.
func TestStrayFact(t *testing.T) {
	declined := retriever.Verdict{Class: retriever.Declined, Topic: "weather"}
	thanks := retriever.Verdict{Class: retriever.Smalltalk, Intent: "thanks"}
	described := "Vi driver helseforskning med opplysninger fra pasientjournaler, uten samtykke."
	for _, c := range []struct {
		name, says string
		verdict    retriever.Verdict
		facts      known
		want       kiveileder.Status
	}{
		{"declined", "Er det helseforskning å se på skyer?", declined, nil, kiveileder.Declined},
		{"small talk", "Takk, dette er helseforskning!", thanks, nil, kiveileder.Smalltalk},
		{"declined, with facts sent along", "Blir det regn?", declined, known{"purpose": "health_research", "consent": "no", "data_sources": "patient_record"}, kiveileder.Declined},
		{"small talk, with facts sent along", "Takk!", thanks, known{"purpose": "health_research", "consent": "no", "data_sources": "patient_record"}, kiveileder.Smalltalk},
		{"declined, but a project", described, declined, nil, kiveileder.Answered},
		{"small talk, but a project", described, thanks, nil, kiveileder.Answered},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := ask(t, real(t, finds(c.verdict)), kiveileder.Turn{Question: c.says, Facts: c.facts})
			if sound(t, a); a.Status != c.want {
				t.Error(brief(a))
			}
		})
	}
	// A reply is in the field too.
	turn := awaits("consent", "Ja")
	turn.Known["purpose"] = []any{"health_research"}
	if a := ask(t, real(t, finds(thanks)), turn); a.Status != kiveileder.Answered {
		t.Errorf("a reply: %s", brief(a))
	}
}

// Disputes and personal cases are for people, however well the project is
// described.
func TestPeopleFirst(t *testing.T) {
	hit := passageOf(t, "Må ha etisk forhåndsgodkjenning fra REK før prosjektet kan iverksettes")
	project := known{"purpose": "health_research", "data_sources": "patient_record", "consent": "no"}
	for _, c := range []struct {
		says, lead string
	}{
		{"Jeg er ikke enig i det svaret.", "Takk for at du sier fra"},
		{"REK sier én ting og personvernombudet noe annet.", "Takk for at du sier fra"},
		{"Legen mener prosjektet er forskning, men sjefen sier det er kvalitetssikring. Hvem har rett?", "Takk for at du sier fra"},
		{"Eg er ueinig i det svaret, det kan ikkje vere slik.", "Takk for at du seier frå"},
		{"I disagree with your answer, that is not how it is.", "Thank you for saying so"},
		{"Pasient Kari Nordmann (01013870000) er med i prosjektet. Må vi søke?", "Dette gjelder en bestemt person"},
	} {
		a := ask(t, real(t, finds(covered, hit)), kiveileder.Turn{Question: c.says, Facts: project})
		sound(t, a)
		if a.Status != kiveileder.Escalate || !strings.HasPrefix(a.Lead, c.lead) || len(a.Citations)+len(a.Findings) > 0 {
			t.Errorf("%q: %s, %q", c.says, brief(a), a.Lead)
		}
	}
}

// A personal case stays one when facts are added to it.
func TestPersonalCaseWithFacts(t *testing.T) {
	k := newTalk(t)
	for _, facts := range []known{{"purpose": "health_research"}, {"consent": "no", "data_sources": "patient_record"}} {
		text := "Pasient Kari Nordmann (01013870000) er med i prosjektet."
		if facts["consent"] != nil {
			text = ""
		}
		a := k.say(text, facts)
		if a.Status != kiveileder.Escalate || len(a.Citations)+len(a.Findings) > 0 || !strings.HasPrefix(a.Lead, "Dette gjelder en bestemt person") {
			t.Errorf("%q: %s", text, brief(a))
		}
	}
	if q := k.search.asked[1].Text; strings.Contains(q, "[") {
		t.Errorf("searched for %q", q)
	}
	if a := k.say("Vi driver med forskning.", known{"purpose": "health_research"}); len(a.Findings) == 0 {
		t.Errorf("another message: %s", brief(a))
	}
}
