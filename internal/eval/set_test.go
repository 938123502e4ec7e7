package eval

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	got, err := Parse([]byte(`{"id":"r1","q":"Må vi søke?","history":["Hei"],"lang":"nb","style":"everyday","doc":"004","gold":["søke REK"],"alt":[{"doc":"003","snippet":"sende søknad"}],"section":"Helseforskning","section_only":["søke REK"]}

{"id":"t1","q":"Hei","expect":"smalltalk","also":["clarify"],"pii":["01013870000"]}
{"id":"f1","facts":{"purpose":["statistics"]},"text":"Vi lager statistikk.","expect":{"must":["x"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 {
		t.Fatalf("%d cases, want 3", len(got))
	}
	if c := got[0]; c.Q != "Må vi søke?" || c.Gold[0] != "søke REK" || c.Alt[0].Snippet != "sende søknad" || c.History[0] != "Hei" || c.expected() != "" {
		t.Errorf("retrieval case %+v", c)
	}
	if c := got[1]; c.expected() != "smalltalk" || c.Also[0] != "clarify" || c.PII[0] != "01013870000" {
		t.Errorf("routing case %+v", c)
	}
	if c := got[2]; c.Text != "Vi lager statistikk." || c.expected() != "" {
		t.Errorf("rule case %+v", c)
	}
	if _, err := Parse([]byte("{\"id\":\"a\"}\n\n{\"id\":")); err == nil || !strings.Contains(err.Error(), "line 3") {
		t.Errorf("error %v, want its line", err)
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"Må søke REK, jf. § 9.":                              "måsøkerekjf9",
		"helse-\nforskning":                                  "helseforskning",
		"helse\u00adforskning og  personvern\u2011vurdering": "helseforskningogpersonvernvurdering",
		"**fett** og _kursiv_ •":                             "fettogkursiv",
		"":                                                   "",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestRight(t *testing.T) {
	plain := Case{Gold: []string{"forhåndsgodkjenning fra REK"}}
	only := Case{
		Gold: []string{"må ha samtykke", "kun under statistikk"}, SectionOnly: []string{"Må ha  samtykke"}, Section: "Helseforskning",
		SectionAnchor: "Forskning på helse",
	}
	loose := Case{Gold: []string{"forhåndsgodkjenning"}, GoldLoose: []string{"søke"}, Section: "Annen forskning"}
	alt := Case{Gold: []string{"finnes ikke"}, Alt: plain.Alt}
	alt.Alt = append(alt.Alt, struct {
		Doc     string `json:"doc"`
		Snippet string `json:"snippet"`
	}{"003", "sendes til komiteen"})
	for _, c := range []struct {
		name    string
		of      Case
		quote   string
		section []string
		want    bool
	}{
		{"the words", plain, "Prosjektet må ha forhåndsgodkjenning fra REK.", nil, true},
		{"hyphens, line breaks and blanks", plain, "må ha for-\nhånds\u00adgodkjenning  fra\u00a0«REK»", nil, true},
		{"marks and capitals", plain, "• **Forhåndsgodkjenning** FRA REK", nil, true},
		{"other words", plain, "Prosjektet må ha godkjenning fra REK.", nil, false},
		{"half of them", plain, "forhåndsgodkjenning fra", nil, false},
		{"nothing", plain, "", nil, false},

		{"another source's words", alt, "Søknaden sendes til komiteen.", nil, true},
		{"neither", alt, "Søknaden sendes til departementet.", nil, false},

		{"under its own heading", only, "Må ha samtykke.", []string{"Formål", "Helseforskning"}, true},
		{"under another heading", only, "Må ha samtykke.", []string{"Formål", "Annen forskning"}, false},
		{"the heading is further up", only, "Må ha samtykke.", []string{"Helseforskning", "Særlig"}, false},
		{"no heading", only, "Må ha samtykke.", nil, false},
		{"no heading, but the words that mark the place", only, "Forskning på helse: må ha samtykke.", nil, true},
		{"a snippet that stands only once needs no heading", only, "Kun under statistikk.", nil, true},

		{"loose under its heading", loose, "Dere må søke.", []string{"Formål", "Annen forskning"}, true},
		{"loose under another", loose, "Dere må søke.", []string{"Formål", "Helseforskning"}, false},
		{"strict beside loose", loose, "Krever forhåndsgodkjenning.", []string{"Formål", "Helseforskning"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.of.Right(c.quote, c.section); got != c.want {
				t.Errorf("Right = %v, want %v", got, c.want)
			}
		})
	}
}

// A case is not changed by being looked at: it is looked at for every hit.
func TestRightChangesNothing(t *testing.T) {
	gold := make([]string, 1, 4)
	gold[0] = "søke"
	c := Case{Gold: gold, GoldLoose: []string{"loose"}}
	c.Right("x", nil)
	if diff := cmp.Diff([]string{"søke", "", "", ""}, gold[:4]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
