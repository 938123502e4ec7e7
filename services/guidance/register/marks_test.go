package register_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
)

// marked writes a text with its marks: "Hos <sykehus:Aker sykehus> er det slik".
func marked(t testing.TB, text string, c guidance.Case) string {
	t.Helper()
	var b strings.Builder
	runes := []rune(text)
	at := 0
	for _, m := range register.Propose(guidance.PublishedData{Answer: text}, c, func(url string) bool { return strings.Contains(url, "helsedirektoratet.no") }) {
		if m.Field != "answer" || m.Start < at || m.End > len(runes) || string(runes[m.Start:m.End]) != m.Text {
			t.Fatalf("%q: mark %+v after %d", text, m, at)
		}
		b.WriteString(string(runes[at:m.Start]) + "<" + m.Kind + ":" + m.Text + ">")
		at = m.End
	}
	return b.String() + string(runes[at:])
}

func TestPropose(t *testing.T) {
	c := guidance.Case{Received: guidance.ReceivedData{
		Question: "Vi på avdelingen vil ta i bruk Lungeblikk og RadSvar fra en leverandør. Må vi søke REK?", Project: "Prosjektet kalles Morgenrøde.",
	}}
	for _, text := range []string{
		"Ved <sykehus:Kongsvinger sykehus> er det slik.",
		"<sykehus:Universitetssykehuset Nord-Norge> og <foretak:Helse Fonna HF> må søke REK etter helseforskningsloven § 9.",
		"<kommune:Time kommune> har ansvaret, ikke en annen kommune.",
		"Legene i <sted:Bergen> og ved <sykehus:Bodøs legevakt>, <sted:Bodø>s eneste.",
		"<foretak:OUS> bruker <system:DIPS> fra <firma:Bildehjelp AS>.",
		"De tar i bruk <fra saken:Lungeblikk> og <fra saken:RadSvar>, kalt <fra saken:Morgenrøde>.",
		"Fristen er <dato:3.5.2026>, etter KI-forordningen artikkel 50.",
		"Studien har <antall:14 pasienter> og koster <beløp:1,5 millioner kroner>.",
		"Se <saksnummer:KI-2026-0042> og <saksnummer:sak 2026/12345>, jf. forordning (EU) 2016/679.",
		"Organisasjonen er <orgnummer:983 974 732>.",
		"Les <nettadresse:https://sykehus.example/ki>, eller https://www.helsedirektoratet.no/ki.",
		"Pasient <navn:Kari Nordmann>, tlf <telefon:46 77 88 99>, skal spørres.",
		"Skriv til <epost:kari.nordmann@example.no> eller ring <telefon:+47 99 88 77 66>.",
		"Fødselsnummer <fodselsnummer:13097248022> og pasient <markør:[navn]> står der.",
		"Helsedirektoratet, Datatilsynet og DMP sier at EU-reglene gjelder i Norge.",
		"Hver kommune har ansvar. Et sykehus kan be om råd. Alle universitetssykehus må det. En pasient kan si nei, og noen pasienter gjør det.",
		"Vi viser til personvernforordningen artikkel 6 nr. 1 og § 3-2. Leverandøren må CE-merke utstyret før 2027. Kommunen og sykehuset avtaler det. Modellen KI-systemet bruker, er MDR klasse IIa.",
		"",
	} {
		raw := text
		for _, k := range []string{"sykehus", "foretak", "kommune", "sted", "system", "firma", "fra saken", "dato", "antall", "beløp", "saksnummer", "orgnummer", "nettadresse", "navn", "telefon", "epost", "fodselsnummer", "markør"} {
			raw = strings.ReplaceAll(raw, "<"+k+":", "")
		}
		raw = strings.ReplaceAll(raw, ">", "")
		if d := cmp.Diff(text, marked(t, raw, c)); d != "" {
			t.Error(d)
		}
	}
}

func TestProposeSaysWhatAndWhere(t *testing.T) {
	d := guidance.PublishedData{
		Title: "Om Ål kommune", Sections: []guidance.Section{{}, {Text: "Ring 99 88 77 66 eller tlf. 46 77 88 99."}},
		Asked: map[kiveileder.Language][]string{"en": {"What about Bergen?"}},
	}
	want := []register.Mark{
		{Field: "title", Start: 3, End: 13, Kind: "kommune", Text: "Ål kommune", Suggest: "en kommune"},
		{Field: "sections[1].text", Start: 5, End: 16, Kind: "telefon", Text: "99 88 77 66", Suggest: "[telefon]", Strict: true},
		{Field: "sections[1].text", Start: 28, End: 39, Kind: "telefon", Text: "46 77 88 99", Suggest: "[telefon]", Strict: true},
		{Field: "asked.en[0]", Start: 11, End: 17, Kind: "sted", Text: "Bergen", Suggest: "et sted"},
	}
	if diff := cmp.Diff(want, register.Propose(d, guidance.Case{}, nil)); diff != "" {
		t.Error(diff)
	}
	if fields := d.Unsafe(); !slices.Equal(fields, []string{"sections[1].text"}) {
		t.Errorf("what is refused: %v", fields)
	}
	d.Sections = nil
	if fields := d.Unsafe(); fields != nil {
		t.Errorf("names of places are for a person to judge: %v", fields)
	}
}

// Whatever a text holds, marks lie in it and do not overlap.
func TestProposeAnything(t *testing.T) {
	words := []string{"Kari", "Nordmann", "pasient", "tlf", "99 88 77 66", "a@b.no", "13097248022", "[navn]", "[", "]", "æøå", "\xff", "\u200b", "Bergen", "kommune", "AS", "3.5.2026", ".", ",", "\n", " ", " ", "Storgata 1, 0155 Oslo", "konto 1234.56.78903"}
	rapid.Check(t, func(r *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 14).Draw(r, "words"), rapid.SampledFrom([]string{"", " "}).Draw(r, "between"))
		if utf8.ValidString(text) {
			marked(t, text, guidance.Case{Received: guidance.ReceivedData{Question: text}})
			return
		}
		register.Propose(guidance.PublishedData{Answer: text}, guidance.Case{}, nil)
	})
}
