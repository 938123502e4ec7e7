package lang

import (
	"fmt"
	"strings"
	"testing"
)

// examples are questions as people write them: whole, short, in key words,
// with typing errors, without æ, ø and å, and with terms of another language.
var examples = map[Language][]string{
	Bokmal: {
		"vi er en liten bedrift som lager en app for diabetes",
		"Vi vil teste en algoritme som leser mammografibilder. Hvem spør vi?",
		"Hvem spør vi?",
		"Kan et privat firma få tilgang til journaldata?",
		"Hva sier lovverket om nytte?",
		"Hvem spør vi om lov?",
		"Kan vi bruke KI på legevakta?",
		"ansvar ved feildiagnose",
		"chatbot på hjemmesiden",
		"talegjenkjenning legevakt",
		"hvor kan jeg klage",
		"triage i akuttmottak med deep learning",
		"pilotprosjekt i hjemmesykepleien",
		"åssen går vi fram",
		"hva gjor vi",
		"Hva gjør vi?",
		"kan vi bruke ChatGPT i journalen",
		"Trenger vi dispensasjon fra taushetsplikten for å trene en modell?",
		"for research use only i klinikken?",
		"Må vi ha DPIA?",
		"CE-merking",
		"CE-merking programvare klasse IIa",
		"taushetsplikt helsepersonell journal KI",
		"hvem har ansvaret når KI tar feil?",
		"Hvordan søker jeg om godkjenning fra REK?",
		"er det lov å lagre opptak av pasienter",
		"hvilke regler gjelder for egenutviklet programvare",
		"hvilekn regler gjelder for språkmodeler",
		"MDR",
		"AI Act",
		"ok",
		"hei",
		"takk",
		"",
		"113",
		"personvern",
		"ki i radiologi",
		"Kan legen bruke Copilot til å skrive notater uten samtykke?",
		"må vi melde avvik til helsetilsynet",
		"hva er forskjellen på deployer og provider?",
		"Hva betyr human oversight for oss på sykehuset?",
		"Jeg vil bruke machine learning på røntgenbilder",
		"kan jeg dele data med en leverandør i USA",
		"nar ma vi sporre pasienten",
		"vi har kjøpt et system, trenger vi databehandleravtale?",
		"pasientene våre er redde for KI, hva sier loven?",
		"in-house produksjon artikkel 5.5",
		"hvor lang tid tar det",
		"forklar enklere",
		"ja, det er medisinsk utstyr",
		"nei",
		"vet ikke",
	},
	Nynorsk: {
		"kan eg",
		"skal bebuarane informerast",
		"me er eit lite firma",
		"eg har ikkje fått svar",
		"kvar finn eg rettleiinga",
		"kan kommunen nytta dette",
		"kva gjer vi",
		"Kva gjer me no?",
		"korleis søkjer eg om løyve",
		"Kan vi nytte ChatGPT i journalen når pasienten ikkje veit det?",
		"skal me ha DPIA",
		"kven har ansvaret når KI tek feil?",
		"eg vil bruke språkmodellar på sjukehuset",
		"Kva reglar gjeld for eigenutvikla programvare?",
		"må me spørje pasientane",
		"Er det lov å lagre opptak av pasientar?",
		"treng vi løyve frå REK",
		"ikkje enno",
		"veit ikkje",
		"Kva er skilnaden på deployer og provider?",
		"opplysningar om pasientar",
		"helsetenesta og kunstig intelligens",
		"kvifor må vere CE-merka",
		"dei tilsette brukar Copilot",
		"Kor lenge skal dataene lagrast?",
		"Ein lege har laga eit verktøy. Kva no?",
		"korleis er det med teieplikta",
		"er tenesta medisinsk utstyr",
		"kan kommunane kjøpe KI saman",
		"kva slags samtykke trengst",
		"kven skal melda frå",
	},
	English: {
		"delete logs",
		"fines",
		"complaint",
		"contact",
		"record consultations",
		"our company is Danish but we sell to sykehus",
		"is epikrise a health record",
		"do we need dispensasjon from REK?",
		"what now",
		"Can we use ChatGPT in the patient record?",
		"who is responsible when AI is wrong",
		"hello",
		"thanks",
		"privacy rules",
		"is this a medical device?",
		"Does taushetsplikt apply to a vendor?",
		"patient data consent",
		"CE marking requirements",
		"how do I apply to REK",
		"we are a hospital in Bergen and want to train a model on journal data",
		"can i share data with helseforetak",
		"I don't know",
		"yes please",
		"what is the difference between deployer and provider",
		"wat are the rules for languge models",
		"Do we need to inform the patients?",
		"is it allowed",
		"explain more",
		"high-risk classification",
		"Must the kommune do a DPIA?",
		"incident reporting",
		"our startup sells software to fastlege offices",
		"which law",
	},
	Swedish: {
		"spela in samtal med patienten",
		"radera loggar",
		"hej, vi är ett litet företag",
		"omfattas tandläkare",
		"Vad gäller för AI i sjukvården?",
		"hur gör vi",
		"får vi använda ChatGPT i journalen",
		"Behöver vi tillstånd för forskning på patientuppgifter?",
		"är det lagligt att dela hälsodata",
		"vem är ansvarig när det blir fel",
		"Jag är läkare och vill använda en språkmodell",
		"måste patienten samtycka",
		"vad är medicinteknisk produkt",
		"tack så mycket",
		"Hur ansöker jag om etikprövning i Norge?",
		"vilka regler gäller",
		"jag vet inte",
		"kan vi träna en modell på våra journaler utan samtycke?",
		"vad kostar det",
		"sjukhuset vill köpa ett verktyg",
		"varför måste vi göra en bedömning",
	},
	Danish: {
		"optage samtaler med patienten",
		"hej, vi er en lille virksomhed",
		"er tandlæger omfattet af reglerne",
		"hvad nu",
		"skal patienten informeres om det",
		"Hvad gælder for AI i sundhedsvæsenet?",
		"hvad gør vi",
		"må vi bruge ChatGPT i journalen",
		"Skal vi have tilladelse til at bruge patientdata?",
		"hvem er ansvarlig når noget går galt",
		"Jeg er læge og vil gerne bruge en sprogmodel",
		"hvornår skal vi spørge patienten",
		"er det lovligt at dele helbredsoplysninger",
		"hvad er medicinsk udstyr",
		"mange tak",
		"hvad koster det",
		"jeg ved ikke hvad vi skal gøre",
		"sygehuset vil købe et værktøj",
		"Hvilke oplysninger kræver samtykke af patienten?",
		"kan lægen blive straffet",
		"hvordan ansøger man om godkendelse",
	},
}

// required is the share of examples that must come out right.
const required = 0.97

func TestDetect(t *testing.T) {
	total, wrong := 0, 0
	for want, texts := range examples {
		for _, text := range texts {
			total++
			got, confidence := DetectWithConfidence(text)
			if got != Detect(text) || confidence < 0 || confidence > 1 {
				t.Errorf("DetectWithConfidence(%q) = %s, %v", text, got, confidence)
			}
			if got != want {
				wrong++
				t.Logf("Detect(%q) = %s (%.2f), want %s %.2f", text, got, confidence, want, score(text))
			}
		}
	}
	if total < 120 {
		t.Errorf("%d examples, want 120", total)
	}
	if share := float64(total-wrong) / float64(total); share < required {
		t.Errorf("%d of %d right (%.3f), want %.2f", total-wrong, total, share, required)
	}
}

func TestDetectIsUnsureOfNothing(t *testing.T) {
	for _, text := range []string{"", "MDR", "2017/745", "???"} {
		if l, c := DetectWithConfidence(text); l != Bokmal || c > 0.3 {
			t.Errorf("DetectWithConfidence(%q) = %s, %.2f", text, l, c)
		}
	}
	if _, c := DetectWithConfidence("Hva skal vi gjøre når pasienten ikke vil?"); c < 0.3 {
		t.Errorf("confidence %.2f for a plain question", c)
	}
}

func TestDetectTakesAnything(t *testing.T) {
	for _, s := range []string{"\xff\xfe", strings.Repeat("å", 10_000), strings.Repeat("a ", 10_000), "\u0000", "---", "'''", "日本語"} {
		Detect(s)
	}
}

func TestFrame(t *testing.T) {
	want := map[Language]Language{Bokmal: Bokmal, Nynorsk: Nynorsk, English: English, Swedish: Bokmal, Danish: Bokmal, "": Bokmal, "de": Bokmal}
	for l, w := range want {
		if got := Frame(l); got != w {
			t.Errorf("Frame(%s) = %s, want %s", l, got, w)
		}
	}
}

func Example() {
	for _, q := range []string{"hva gjor vi", "korleis søkjer eg", "do we need dispensasjon from REK?", "Vad gäller?"} {
		fmt.Println(Detect(q), Frame(Detect(q)))
	}
	// Output:
	// nb nb
	// nn nn
	// en en
	// sv nb
}

func FuzzDetect(f *testing.F) {
	for _, texts := range examples {
		for _, s := range texts {
			f.Add(s)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, ca := DetectWithConfidence(s)
		b, cb := DetectWithConfidence(s)
		if a != b || ca != cb {
			t.Errorf("%q: %s %v, then %s %v", s, a, ca, b, cb)
		}
	})
}

func BenchmarkDetect(b *testing.B) {
	for _, q := range []string{
		"Trenger vi dispensasjon fra taushetsplikten for å trene en modell?",
		strings.Repeat("Xyzzyqwert plugh frobnikasjonene ", 30),
	} {
		b.Run(fmt.Sprint(len(q)), func(b *testing.B) {
			for b.Loop() {
				Detect(q)
			}
		})
	}
}
