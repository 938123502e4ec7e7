package retriever

import (
	"strings"
	"testing"
)

// The forms of questions do what forms.yaml says of them, and a broken pattern
// is told.
func TestForms(t *testing.T) {
	if _, err := readForms(formsFile); err != nil {
		t.Error(err)
	}
	for text, want := range map[string]string{
		"forms: [{form: x, begins: '('}]":                    "missing",
		"forms: [{form: x, begins: 'hva', finds: [hvem]}]":   "has the forms",
		"forms: [{form: x, begins: 'hva', ignores: [hva]}]":  "has the form",
		"machine: {words: 'ki', finds: [journalen]}":         "not found",
		"machine: {words: 'ki', ignores: ['bruker vi KI?']}": "found in",
		"other: 1": "other",
	} {
		if _, err := readForms([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestFormOf(t *testing.T) {
	for text, want := range map[string]string{
		"Kan vi bruke KI i ambulansen?":                                       "",
		"Vi har en app. Hvor lenge kan vi lagre opptaket?":                    "duration",
		"Vi vil gjette hvem som uteblir, er det medisinsk utstyr?":            "",
		"Hei, hvem har ansvaret?":                                             "who",
		"Kva kostar det, og kven betaler?":                                    "what who",
		"Fra hvilken alder kan ungdom samtykke?":                              "age",
		"How do we apply?":                                                    "how",
		"saksbehandlingstid":                                                  "",
		"Når notatet er ferdig, må opptaket slettes?":                         "",
		"Do we have to tell patients which vendor made the tool?":             "",
		"leverandøren slipper ny versjon hver måned, må vi vurdere hver gang": "",
	} {
		if got := strings.Join(asked.of(text), " "); got != want {
			t.Errorf("%q has the forms %q, want %q", text, got, want)
		}
	}
}
