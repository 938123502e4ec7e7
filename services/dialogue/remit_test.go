package dialogue_test

import (
	"slices"
	"strings"
	"testing"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever"
	"kiveileder/retriever/builtin"
	"kiveileder/retriever/embed/e5"
	cases "kiveileder/services/guidance"
)

// What people ask, and whom it must and must not be proposed to: the agencies
// behind ki.veiledning by their keys, and for others what is said of who would
// know.
var remits = []struct{ question, must, mustNot string }{
	{"Hvem avgjør om en triageapp er medisinsk utstyr?", "dmp", "hdir datatilsynet"},
	{"Who decides whether a triage app is a medical device?", "dmp", "hdir datatilsynet"},
	{"Kven avgjer om ein app er medisinsk utstyr?", "dmp", "hdir datatilsynet"},
	{"Må programvare som stiller diagnose, CE-merkes?", "dmp", "datatilsynet hdir"},
	{"Do we need CE marking if we build the software only for our own hospital?", "dmp", "datatilsynet hdir"},
	{"Hvilken risikoklasse får programvare etter MDR?", "dmp", "hdir"},
	{"Hva krever klinisk utprøving av en algoritme?", "dmp", "datatilsynet"},
	{"Er vi produsent når vi endrer en modell vi har kjøpt?", "dmp", "datatilsynet"},
	{"Kan sjukehuset lage eigentilverka utstyr saman med eit anna sjukehus?", "dmp", "datatilsynet"},
	{"Hvor melder vi en alvorlig hendelse med KI-utstyr?", "dmp", "datatilsynet"},
	{"Which notified body can assess our AI software?", "dmp", "datatilsynet helsetilsynet"},
	{"Må vi lage DPIA før vi tar i bruk KI i hjemmetjenesten?", "datatilsynet", "dmp"},
	{"Må vi gjere personvernkonsekvensvurdering før piloten?", "datatilsynet", "dmp"},
	{"What is the legal basis under GDPR article 9 for training on patient data?", "datatilsynet", "dmp helsetilsynet"},
	{"Kan vi lagre lydopptak av konsultasjonar i skya i USA?", "datatilsynet", "dmp helsetilsynet"},
	{"Kan vi dele anonymiserte røntgenbilder med et firma i USA?", "datatilsynet", "dmp"},
	{"Trenger vi databehandleravtale med leverandøren av språkmodellen?", "datatilsynet", "dmp"},
	{"Er en helautomatisk avgjørelse om triagering lov etter personvernforordningen artikkel 22?", "datatilsynet", "hdir"},
	{"How long may we keep the training data before deletion?", "datatilsynet", "dmp"},
	{"Er syntetiske data personopplysninger?", "datatilsynet", "dmp"},
	{"Can a patient demand that their data be removed from a trained model under the GDPR?", "datatilsynet", "dmp"},
	{"Hvem fører tilsyn med bruken av KI på sykehus?", "helsetilsynet", "datatilsynet dmp"},
	{"Who supervises the use of AI in hospitals?", "helsetilsynet", "datatilsynet"},
	{"Er det forsvarlig å la en språkmodell skrive epikrisen?", "helsetilsynet", "dmp"},
	{"Kva krev forsvarlegkravet når ein sjukepleiar bruker KI?", "helsetilsynet", "dmp datatilsynet"},
	{"Skal sykepleiere ha opplæring i KI?", "helsetilsynet", "dmp datatilsynet"},
	{"Må internkontrollen vår omfatte KI-verktøy?", "helsetilsynet", "dmp"},
	{"Hvordan sikrer vi pasientsikkerheten når modellen tar feil?", "helsetilsynet", "datatilsynet"},
	{"Hvor lenge gjelder en dispensasjon fra taushetsplikten?", "hdir", "dmp datatilsynet"},
	{"Kan vi få dispensasjon etter helsepersonelloven § 29 til å utvikle et beslutningsstøtteverktøy?", "hdir", "dmp datatilsynet"},
	{"Korleis søkjer vi om fritak frå teieplikta til kvalitetsforbetring?", "hdir", "dmp datatilsynet"},
	{"Do we need to tell the patient that a doctor uses AI?", "hdir", "dmp"},
	{"Må pasienten informeres om at vi bruker kunstig intelligens?", "hdir", "dmp"},
	{"Kan kommunen bruke journaldata til å planlegge bemanningen?", "hdir", "dmp helsetilsynet"},
	{"Gjelder dokumentasjonsplikten for svar fra et KI-verktøy?", "hdir", "dmp datatilsynet"},
	{"Kan sykehuset bruke pasientjournaler til å trene en egen KI-modell uten samtykke?", "hdir", "dmp"},
	{"Hva koster det å søke REK?", "hdir REK", "dmp datatilsynet Helsedataservice"},
	{"Hvor lang tid bruker Helsedataservice på en søknad om NPR-data?", "hdir Helsedataservice", "dmp REK"},
	{"Må vi søke DSA om godkjenning når KI-en styrer stråledosen?", "hdir DSA", "datatilsynet"},
	{"Er en app som sjekker føflekker medisinsk utstyr, og trenger vi DPIA?", "dmp datatilsynet", "hdir"},
	{"Både dispensasjon fra taushetsplikten og GDPR: hva må være på plass før treningen?", "hdir datatilsynet", "dmp"},
	{"Hei, kan noen hjelpe oss i gang med KI?", "hdir", "dmp datatilsynet Nkom"},
	{"Kan vi få en jurist til å se på prosjektet vårt?", "hdir", "Nkom"},
	{"Kan vi sende data til en leverandør i Sverige?", "datatilsynet", "Nkom Digdir"},
	{"Hva skjer hvis vi ikke følger reglene, får vi bot?", "datatilsynet", "dmp"},
	{"Kan ansatte bli overvåket av KI på jobb?", "datatilsynet", "dmp"},
	{"Do nurses need special training before they use AI tools?", "helsetilsynet", "dmp"},
	{"Pasienten fikk feil diagnose av KI, hva gjør vi?", "helsetilsynet", "datatilsynet"},
	{"Er Direktoratet for e-helse fortsatt ansvarlig?", "hdir", "helsetilsynet Helsetilsynet"},
	{"Når gjelder KI-forordningen for sykehus?", "hdir", "dmp"},
}

// A hand-over is proposed for whom its question belongs to, under any answer.
func TestHandOverGoesWhereItBelongs(t *testing.T) {
	if testing.Short() {
		t.Skip("reads the model")
	}
	snap, err := builtin.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	model, err := e5.Default()
	if err != nil {
		t.Fatal(err)
	}
	search, _, err := retriever.Extend(t.Context(), snap, model, &corpus.Corpus{}, retriever.Cache{})
	if err != nil {
		t.Fatal(err)
	}
	d := real(t, search)
	set, _ := ruleSet(t)
	for _, c := range remits {
		a := ask(t, d, kiveileder.Turn{Question: c.question})
		var would []string
		if a.HandOver != nil {
			would = a.HandOver.Agencies
		}
		p := cases.Propose(set, a.Findings, would)
		all := slices.Concat(p.Agencies, would)
		for _, want := range strings.Fields(c.must) {
			if !slices.Contains(all, want) {
				t.Errorf("%s\n\tgoes to %q, names %q: not %s (%s)", c.question, p.Agencies, would, want, a.Status)
			}
		}
		for _, not := range strings.Fields(c.mustNot) {
			if slices.Contains(all, not) {
				t.Errorf("%s\n\tgoes to %q, names %q: should not %s (%s)", c.question, p.Agencies, would, not, a.Status)
			}
		}
	}
}

// Whoever the words of a question name is known to the rules.
func TestRemitsNameAgencies(t *testing.T) {
	set, _ := ruleSet(t)
	all := signals(t).Remits
	if len(all) < 5 {
		t.Errorf("only %d remits", len(all))
	}
	for _, r := range all {
		if _, ok := set.Agency(r.Agency); !ok {
			t.Errorf("signals.yaml: remits: no agency %q in rules/agencies.yaml", r.Agency)
		}
	}
}

func TestRemit(t *testing.T) {
	s := signals(t)
	for question, want := range map[string]string{
		"":                            "",
		"Hva er kunstig intelligens?": "",
		"Trenger vi CE-merking?":      "dmp",
		"Hvem har personvernombud og databehandleravtale?":        "datatilsynet",
		"Medisinsk utstyr, CE-merking, MDR og litt personvern":    "dmp", // less than half the words
		"Personvern og medisinsk utstyr":                          "dmp datatilsynet",
		"GDPR, DPIA og medisinsk utstyr":                          "datatilsynet dmp",
		"Journalen lagres av en språkmodell":                      "datatilsynet hdir", // hints alone
		"Journalen lagres av en språkmodell. Gjelder GDPR?":       "datatilsynet",
		"DPIA, CE-merking, taushetsplikt, tilsyn: hva gjelder nå": "dmp datatilsynet helsetilsynet",
	} {
		if got := strings.Join(s.Remit(question), " "); got != want {
			t.Errorf("%q belongs with %q, want %q", question, got, want)
		}
	}
}
