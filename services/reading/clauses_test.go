package reading

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// What is denied or doubted in one main clause is not in the next.
func TestMainClauses(t *testing.T) {
	r := reader(t)
	for text, want := range map[string]string{
		"Registeret står på listen til Helsedataservice, og vi har ikke samtykke.":        "registry_scope=hds",
		"Registeret står på listen til Helsedataservice og vi har ikke samtykke.":         "registry_scope=hds",
		"Registeret er på lista til Helsedataservice, men vi har aldri spurt pasientane.": "registry_scope=hds",
		"Registeret står ikke på listen til Helsedataservice, og vi har ikke samtykke.":   "registry_scope=other",
		"På lista til Helsedataservice er registeret ikkje.":                              "registry_scope=other",
		"Vi har ikke samtykke, og verktøyet er CE-merket.":                                "market_route=ce_marked",
		"Vi har ikke samtykke og verktøyet er CE-merket.":                                 "market_route=ce_marked",
		"We do not have consent, and the tool that we bought is CE marked.":               "market_route=ce_marked",
		"Verktøyet er ikke CE-merket, og vi har samtykke.":                                "market_route=none",
		"Vi har ikke samtykke, og vi vil koble NPR og Kreftregisteret.":                   "linkage=yes",
		"Vi har samtykke, og NPR og Kreftregisteret skal ikke kobles.":                    "linkage=no",
		"Vi kobler ikke NPR og Kreftregisteret.":                                          "linkage=no",
		"Verktøyet skal prøves ut klinisk på pasienter, og vi har ikke samtykke.":         "clinical_trial=yes",
		"Vi har ikke bestemt når vi begynner, men dataene er helt anonyme.":               "data_identifiability=anonymous",
		"Vi har ikke bestemt om dataene skal være anonyme.":                               "data_identifiability=unsure",
		"Vi har samtykke frå alle, og verktøyet avgjer utan at legen er med.":             "consent=yes",
		"Det er ikke innhentet samtykke, og verktøyet bruker ikke data om andre.":         "consent=no",
		"The registry is on the Helsedataservice list, and the tool is not automated.":    "registry_scope=hds",
		"We use a tool for sepsis, and a patient was seriously harmed.":                   "serious_incident=yes",
		"Noen har samtykket, men andre har ikke gjort det.":                               "consent=partial",
	} {
		fact, value, _ := strings.Cut(want, "=")
		got := ""
		for _, x := range r.Read(text) {
			if x.Fact == fact {
				got = strings.NewReplacer("true", "yes", "false", "no").Replace(valueText(x.Value))
			}
		}
		if got != value {
			t.Errorf("%q: %s=%s, want %s", text, fact, got, value)
		}
	}
}

var (
	english  = regexp.MustCompile(`(?i)\b(the|we|is|are|of|and|to|a)\b`)
	fragment = regexp.MustCompile(`^[^A-ZÆØÅ]|:|[^.]$`) // no whole sentence
)

// beside reads each rule's own examples with another clause beside, of something
// else: what they say stands as it was. A value must never become another one;
// said is how often one was said, lost how often it was not read any more.
func beside(t *testing.T, r *Reader) (said, lost int) {
	t.Helper()
	for _, ru := range r.rules {
		for _, text := range ru.Yes {
			if !ru.apart || ru.fact == "consent" || fragment.MatchString(text) {
				continue
			}
			first, size := utf8.DecodeRuneInString(text)
			body := strings.TrimSuffix(text, ".")
			small := string(unicode.ToLower(first)) + body[size:]
			if second, _ := utf8.DecodeRuneInString(body[size:]); unicode.IsUpper(second) || english.MatchString(text) && strings.HasPrefix(text, "I ") {
				small = body // "NPR"
			}
			with := []string{
				body + ", og vi har ikke samtykke.", "Vi har ikke samtykke, og " + small + ".", "Vi har ikkje samtykke, men " + small + ".",
				body + ", men vi har ikke bestemt når vi begynner.", "Vi har ikkje bestemt når vi begynner, men " + small + ".",
			}
			if english.MatchString(text) {
				with = []string{
					body + ", and we do not have consent.", "We do not have consent, and " + small + ".",
					body + ", but we have not decided when to start.", "We have not decided when to start, but " + small + ".",
				}
			}
			for _, x := range r.Read(text) {
				if x.Fact != ru.fact {
					continue
				}
				for _, text := range with {
					said++
					switch got, ok := Merge(r.Read(text))[ru.fact]; {
					case !ok:
						lost++
					case got != x.Value:
						t.Errorf("%s: %v becomes %v in %q", ru.ID, x.key(), got, text)
					}
				}
			}
		}
	}
	return said, lost
}
