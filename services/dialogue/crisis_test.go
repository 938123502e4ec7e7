package dialogue_test

import (
	"errors"
	"strings"
	"testing"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever"
)

// Whatever the search makes of it: somebody in danger gets the numbers to call.
func TestCrisis(t *testing.T) {
	for _, q := range []string{
		"Jeg vil dø", "jeg vil ikke leve mer", "Eg orkar ikkje leve lenger", "Jeg tenker på å ta livet mitt", "Tenkjer på sjølvmord", "I want to kill myself",
	} {
		for _, class := range []retriever.Class{retriever.Covered, retriever.Smalltalk, retriever.Uncertain, retriever.WantsPerson} {
			a := ask(t, open(t, finds(retriever.Verdict{Class: class, Intent: "ok"}, research), []corpus.Conflict{}...), kiveileder.Turn{Question: q})
			if a.Status != kiveileder.Declined || !strings.Contains(a.Lead, "113") {
				t.Errorf("%q judged %s: %s %q", q, class, a.Status, a.Lead)
			}
		}
	}
	a := ask(t, open(t, finds(covered, research), []corpus.Conflict{}...), kiveileder.Turn{Question: "Kan KI forutse hvor lenge pasienter lever?"})
	if a.Status != kiveileder.Answered {
		t.Errorf("a question about patients' lives: %s", a.Status)
	}
}

// Whoever may be in danger gets the numbers also when the search is down, and
// when the words come as the reply to a question back.
func TestCrisisComesFirst(t *testing.T) {
	down := &fakeSearcher{err: errors.New("the search is away")}
	for _, turn := range []kiveileder.Turn{
		{Question: "Jeg vil dø"},
		{Question: "Nei, jeg orker ikke leve lenger", Original: "Moren min Kari Nordmann ble feilbehandlet. Må vi ha samtykke?", Awaited: "consent"},
		{Question: "Det er forskning, og jeg vil dø", Original: "Må vi søke?", Awaited: "purpose", Known: map[string]any{"consent": "no"}},
	} {
		a, err := open(t, down).Turn(t.Context(), turn)
		if err != nil || a.Status != kiveileder.Declined || !strings.Contains(a.Lead, "113") {
			t.Errorf("%s: %s %q, %v", turn.Question, a.Status, a.Lead, err)
		}
		if turn.Known != nil && a.Facts["consent"] != "no" {
			t.Errorf("%s: facts %v are lost", turn.Question, a.Facts)
		}
	}
}
