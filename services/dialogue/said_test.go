package dialogue_test

import (
	"context"
	"strings"
	"testing"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever"
)

// What people try first means the same whatever examples it is near to.
func TestPlainMessages(t *testing.T) {
	thanks := retriever.Verdict{Class: retriever.Smalltalk, Intent: "thanks"}
	d := open(t, finds(thanks, research))
	for text, want := range map[string]kiveileder.Status{
		"hjelp": kiveileder.Smalltalk, "Hjelp!": kiveileder.Smalltalk, "HELP": kiveileder.Smalltalk,
		"Hva kan jeg spørre om?": kiveileder.Smalltalk, "Kva kan du svare på?": kiveileder.Smalltalk, "What can I ask about?": kiveileder.Smalltalk,
		"?": kiveileder.Smalltalk, "nei": kiveileder.Smalltalk,
		"KI": kiveileder.Clarify, "AI?": kiveileder.Clarify, "kunstig intelligens": kiveileder.Clarify, "ChatGPT": kiveileder.Answered,
		"Vet ikke": kiveileder.Clarify, "pasientjournal": kiveileder.Clarify,
	} {
		a := ask(t, d, kiveileder.Turn{Question: text})
		if a.Status != want || strings.Contains(a.Lead, "hyggelig") || a.Lead == "" {
			t.Errorf("%q is %s: %q", text, a.Status, a.Lead)
		}
	}
	for _, text := range []string{"Takk for hjelpen!", "Hva er kunstig intelligens?", "Nei, vi har ikke samtykke", "Hjelp til å søke REK", "Gjelder loven?"} {
		if intent := signals(t).Means(text); intent != "" {
			t.Errorf("%q means %q", text, intent)
		}
	}
}

// Every intent has a text in each language.
func TestPlainMessagesHaveTexts(t *testing.T) {
	for _, m := range signals(t).Said {
		if m.Intent != corpus.Vague && !texts(t).Has(m.Intent) {
			t.Errorf("signals.yaml: said: no text %q in texts.yaml", m.Intent)
		}
	}
}

// A search word says nothing of a product: only a message about one does.
func TestSearchWordsAreNoFacts(t *testing.T) {
	d := open(t, finds(unsure, research))
	for _, text := range []string{"CE-merking", "CE-merket", "CE marking", "klasse IIa", "Hvordan får man CE-merke?", "CE-merkjing av programvare"} {
		if a := ask(t, d, kiveileder.Turn{Question: text}); len(a.Findings) > 0 || len(a.Facts) > 0 {
			t.Errorf("%q: %d findings from %v", text, len(a.Findings), a.Facts)
		}
	}
	for _, text := range []string{"Verktøyet er CE-merket.", "Vi bruker et CE-merket verktøy på pasientene. Hva gjelder?"} {
		if a := ask(t, d, kiveileder.Turn{Question: text}); a.Facts["market_route"] != "ce_marked" {
			t.Errorf("%q: read %v", text, a.Facts)
		}
	}
}

// Who asks of a machine in health care is not sent away, whatever the search
// thinks of its name; whoever asks for something else is.
func TestNewMachinesAreInTheField(t *testing.T) {
	outside := retriever.Verdict{Class: retriever.Declined, Topic: "ai-general-technology", TopicTitle: "KI i sin alminnelighet"}
	d := open(t, finds(outside, research))
	for text, want := range map[string]kiveileder.Status{
		"Kan me nytte Gemini til å tolke blodprøver?":    kiveileder.Escalate,
		"May we use Claude in the clinic?":               kiveileder.Escalate,
		"Hvilken språkmodell er best til å skrive dikt?": kiveileder.Declined,
		"Hvor finner jeg nærmeste sykehus?":              kiveileder.Declined,
	} {
		a := ask(t, d, kiveileder.Turn{Question: text})
		if a.Status != want {
			t.Errorf("%q is %s, want %s", text, a.Status, want)
		}
		if a.HandOver != nil && a.HandOver.Topic != "" {
			t.Errorf("%q is handed over under %q", text, a.HandOver.Topic)
		}
	}
}

// An old source is called old under an answer by rules as well.
func TestOldSourceIsCalledOldBesideRules(t *testing.T) {
	old := passageOf(t, "Helse Sør-Øst RHF lage en sammenhengende og strømlinjeformet prosess")
	a := ask(t, real(t, finds(retriever.Verdict{Class: retriever.Covered, Answers: .9}, old)), kiveileder.Turn{Question: "Finnes det en veileder for anskaffelse av KI-verktøy?"})
	if a.Status != kiveileder.Answered || len(a.Citations) == 0 || a.Citations[0].Date > "2022" || !strings.Contains(a.Lead, "2021") {
		t.Errorf("%s: %q before %+v", a.Status, a.Lead, a.Citations)
	}
}

// That a language model is no medical device does not settle what it may be
// used for: where the sources are far away, a person looks.
func TestKindOfToolDoesNotSettleItsUse(t *testing.T) {
	for answers, want := range map[float64]kiveileder.Status{.02: kiveileder.Escalate, .5: kiveileder.Answered} {
		v := retriever.Verdict{Class: retriever.Uncertain, Answers: answers, Unanswered: .46}
		a := ask(t, open(t, finds(v, research)), kiveileder.Turn{Question: "Kan vi bruke Gemini til å tolke blodprøver?"})
		if a.Status != want || len(a.Findings) == 0 {
			t.Errorf("at %v it is %s: %q", answers, a.Status, a.Lead)
		}
	}
}

// What has nothing to do with the project that is known stays what it is: the
// purpose that goes along with a search makes no question of it.
func TestAsideStaysAside(t *testing.T) {
	search := &byPurpose{
		without: retriever.Result{Verdict: retriever.Verdict{Class: retriever.Smalltalk, Intent: "thanks"}},
		with:    finds(covered, research).result,
	}
	d := open(t, search)
	known := map[string]any{"purpose": []any{"quality_registry"}}
	if a := ask(t, d, kiveileder.Turn{Question: "Tusen takk for svaret", Known: known}); a.Status != kiveileder.Smalltalk || len(a.Citations) > 0 {
		t.Errorf("thanks are %s: %q with %d quotes", a.Status, a.Lead, len(a.Citations))
	}
	search.without = finds(unsure, research).result
	if a := ask(t, d, kiveileder.Turn{Question: "Og hva med søknaden?", Known: known}); a.Status != kiveileder.Answered {
		t.Errorf("a question about the project is %s", a.Status)
	}
}

// byPurpose finds one thing for a search with the purpose's words, another
// without.
type byPurpose struct{ with, without retriever.Result }

func (b *byPurpose) Search(_ context.Context, q retriever.Query) (retriever.Result, error) {
	if strings.Contains(q.Text, "kvalitetsregister") {
		return b.with, nil
	}
	return b.without, nil
}
