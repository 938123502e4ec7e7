package dialogue_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"kiveileder"
	"kiveileder/retriever"
)

// Who decides is asked in many ways, and what is decided on by somebody else is
// another matter.
func TestAsksWhoDecides(t *testing.T) {
	s := signals(t)
	for text, want := range map[string]string{
		"Hvem søker vi om dispensasjon hos?":                                    "dispensation",
		"Hvem må vi søke hos for å få bruke journaldata?":                       "dispensation",
		"Kven gjev løyve til å bruke registerdata, kven søkjer vi til?":         "dispensation",
		"Kva organ avgjer søknaden om registerdata?":                            "dispensation",
		"Hvem skal vi søge hos?":                                                "dispensation",
		"Who do we ask for an exemption from the duty of confidentiality?":      "dispensation",
		"Which authority decides on access to health registries?":               "dispensation",
		"Where do we send the application?":                                     "dispensation",
		"Kven gir førehandsgodkjenning?":                                        "approval",
		"Who approves research projects on health data?":                        "approval",
		"Trenger vi både REK og Helsedirektoratet?":                             "dispensation approval",
		"Hvem godkjenner klinisk utprøving av programvare?":                     "trial",
		"Må vi søke om dispensasjon?":                                           "",
		"Kven i føretaket må underskrive dispensasjonsskjemaet?":                "",
		"Hvem har ansvaret når verktøyet svikter?":                              "",
		"Hva koster det å søke dispensasjon?":                                   "",
		"Who is liable when the tool fails?":                                    "",
		"Hvor lenge gjelder en dispensasjon fra taushetsplikten til forskning?": "",
	} {
		if got := strings.Join(s.Decided(text), " "); got != want {
			t.Errorf("%q asks who decides on %q, want %q", text, got, want)
		}
	}
}

// What the sources answer by naming who decides is quoted first; an answer that
// names another is not.
func TestWhoDecidesIsQuotedFirst(t *testing.T) {
	names, other := passageOf(t, "For forskningsformål er myndighet til å treffe vedtak"), passageOf(t, "Søknadsskjema for dispensasjon fra taushetsplikten (PDF)")
	for _, c := range []struct {
		found kiveileder.Passage
		says  string
		want  string
	}{
		{names, "Hvem avgjør søknader om dispensasjon til forskning på journaler?", "For forskningsformål er myndighet til å treffe vedtak"},
		{other, "Hvem avgjør søknader om dispensasjon til forskning på journaler?", "Det må søkes dispensasjon fra taushetsplikten fra REK"},
		{other, "Hvor finner vi søknadsskjema for dispensasjon til forskning på journaler?", "Søknadsskjema for dispensasjon"},
	} {
		a := ask(t, real(t, finds(covered, c.found)), kiveileder.Turn{Question: c.says})
		if a.Status != kiveileder.Answered || len(a.Citations) == 0 || !strings.Contains(a.Citations[0].Quote, c.want) {
			t.Errorf("%q: %s, first %+v", c.says, a.Status, a.Citations)
		}
		if !strings.HasPrefix(a.Lead, "REK avgjør søknader om dispensasjon fra taushetsplikten til forskning.") {
			t.Errorf("%q: lead %q", c.says, a.Lead)
		}
	}
}

// The purpose's words help a short question to its answer, and are no answer
// themselves.
func TestPurposeIsNoAnswer(t *testing.T) {
	explained, answer := passageOf(t, "Klinisk beslutningsstøtteverktøy er alle typer hjelpemidler"), passageOf(t, "Risikoklassen avgjør om samsvarsvurdering")
	search := searches(func(q retriever.Query) retriever.Result {
		if strings.Contains(strings.ToLower(q.Text), "beslutningsstøtteverktøy") {
			return finds(covered, explained, answer).result
		}
		return finds(retriever.Verdict{Class: retriever.Covered, Answers: .8}, answer).result
	})
	a := ask(t, real(t, search), kiveileder.Turn{Question: "who does the conformity assessment?", Known: known{"purpose": []string{"clinical_decision_support"}}})
	if len(a.Citations) == 0 || a.Citations[0].Passage != answer.ID || a.Confidence != .8 {
		t.Errorf("%v at %v", a.Citations, a.Confidence)
	}
}

// searches is a searcher made of a function.
type searches func(retriever.Query) retriever.Result

func (f searches) Search(_ context.Context, q retriever.Query) (retriever.Result, error) {
	return f(q), nil
}

// Who disagrees with a tool does not disagree with us; who says that we did not
// answer does.
func TestDispute(t *testing.T) {
	d := real(t, finds(unsure, passageOf(t, "Må ha etisk forhåndsgodkjenning fra REK")))
	for text, want := range map[string]string{
		"Dette var ikke svar på spørsmålet mitt":                       "Takk for at du sier fra",
		"Du har misforstått meg":                                       "Takk for at du sier fra",
		"Det er ikkje det eg spurde om, de svarte ikkje på spørsmålet": "Takk for at du seier frå",
		"You did not answer my question":                               "Thank you for saying so",
		"Jeg er uenig i svaret":                                        "Takk for at du sier fra",
	} {
		if a := ask(t, d, kiveileder.Turn{Question: text}); a.Status != kiveileder.Escalate || !strings.HasPrefix(a.Lead, want) {
			t.Errorf("%q: %s %q", text, a.Status, a.Lead)
		}
	}
	a := ask(t, d, kiveileder.Turn{Question: "Hvem har ansvaret når jeg som lege er uenig med algoritmen?"})
	if a.Status != kiveileder.Answered || !slices.Equal(outcomes(a.Findings), []string{"clinician_responsible"}) || !strings.Contains(a.Citations[0].Quote, "Helsepersonellet er ansvarlig") {
		t.Errorf("%s: %q", a.Status, a.Lead)
	}
}

// What the rules settle is answered whoever asks: one person as well as a team.
func TestOnePersonAsks(t *testing.T) {
	d := real(t, finds(retriever.Verdict{Class: retriever.Uncertain, Answers: .2, Unanswered: .85}, passageOf(t, "Må ha etisk forhåndsgodkjenning fra REK")))
	for text, want := range map[string]kiveileder.Status{
		"I am a PhD student using fully anonymised ECGs. Do I need REK approval?":  kiveileder.Answered,
		"We are using fully anonymised ECGs in research. Do we need REK approval?": kiveileder.Answered,
		"My PhD uses anonymised ECGs. How long may I keep them?":                   kiveileder.Escalate,
	} {
		if a := ask(t, d, kiveileder.Turn{Question: text}); a.Status != want {
			t.Errorf("%q: %s %q", text, a.Status, a.Lead)
		}
	}
}

// That a tool is no medical device does not make it lawful to put patients'
// data into it.
func TestPatientsDataInATool(t *testing.T) {
	d := real(t, finds(retriever.Verdict{Class: retriever.Uncertain, Answers: .4, Unanswered: .5}, passageOf(t, "Generelle språkmodeller (ChatGPT osv)")))
	for _, text := range []string{
		"Kan eg leggje inn pasienten si historie i ChatGPT?",
		"Kan vi sende pasientdata til ChatGPT?",
		"Er det lov å lime inn noe om en pasient i ChatGPT?",
		"May I paste something about a patient into ChatGPT?",
	} {
		if a := ask(t, d, kiveileder.Turn{Question: text}); a.Status == kiveileder.Answered {
			t.Errorf("%q: %s %q", text, a.Status, a.Lead)
		}
	}
}

// A lead fits what follows: a question back for something else than the purpose
// is not led in by it, and where the rules only say who knows, that is said.
func TestLeads(t *testing.T) {
	d := real(t, finds(retriever.Verdict{Class: retriever.Underspecified}, passageOf(t, "CE-merket medisinsk utstyr")))
	a := ask(t, d, kiveileder.Turn{Question: "Kan vi lage vår egen programvare på sykehuset uten CE-merke?"})
	if a.Ask == nil || a.Ask.Fact == "purpose" || a.Lead != "Det kommer an på dette:" {
		t.Errorf("%s: %q, asks %+v", a.Status, a.Lead, a.Ask)
	}
	d = real(t, finds(unsure, passageOf(t, "Det er Datatilsynet som har fortolkningsmyndigheten")))
	a = ask(t, d, kiveileder.Turn{Question: "Må vi ha databehandleravtale?"})
	if a.Status != kiveileder.Answered || !strings.HasPrefix(a.Lead, "Dette går ikke kildene nærmere inn på") {
		t.Errorf("%s: %q with %q", a.Status, a.Lead, outcomes(a.Findings))
	}
}

// Whether Normen holds, or whom to tell, is the same for every purpose: that is
// not asked for.
func TestPurposeIsNotAskedForInVain(t *testing.T) {
	found := passageOf(t, "Norm for informasjonssikkerhet")
	for _, c := range []struct {
		says    string
		answers float64
		want    kiveileder.Status
	}{
		{"Gjelder Normen for oss?", .72, kiveileder.Answered},
		{"Må vi informere Datatilsynet om prosjektet?", .35, kiveileder.Escalate},
		{"Hvem skal vi spørre om dette er medisinsk utstyr?", .84, kiveileder.Answered},
		{"Må vi ha samtykke?", .72, kiveileder.Clarify},
	} {
		a := ask(t, real(t, finds(retriever.Verdict{Class: retriever.Underspecified, Answers: c.answers}, found)), kiveileder.Turn{Question: c.says})
		if a.Status != c.want {
			t.Errorf("%q: %s %q", c.says, a.Status, a.Lead)
		}
	}
}

// Who goes on with another purpose wants to know of that: its words come before
// what is near to the old one.
func TestAnotherPurposeComesFirst(t *testing.T) {
	old := passageOf(t, "Etablering av medisinsk kvalitetsregister krever ikke")
	a := ask(t, real(t, finds(covered, old)), kiveileder.Turn{
		Question: "og i forskning?", History: []string{"Hva gjør personvernombudet i et kvalitetsregister?"}, Known: known{"purpose": []string{"quality_registry"}},
	})
	if len(a.Citations) == 0 || a.Citations[0].Passage == old.ID || !slices.Contains(outcomes(a.Findings), "dpo_assessment") {
		t.Errorf("%q first: %+v", outcomes(a.Findings), a.Citations)
	}
}
