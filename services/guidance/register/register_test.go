package register_test

import (
	"encoding/json"
	"encoding/xml"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
	"kiveileder/services/rules"
)

func at(day string) time.Time {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return t.Add(10 * time.Hour)
}

// published is a case as it stands after it was published.
func published(day string, d guidance.PublishedData) guidance.Case {
	return guidance.Case{
		Title: "SECRET title", Received: guidance.ReceivedData{Question: "SECRET question", Asker: "SECRET key"}, Asker: "SECRET asker",
		Holder: &guidance.Actor{ID: "SECRET", Name: "SECRET name"}, Notes: []guidance.Remark{{Text: "SECRET note"}},
		Answers:     []guidance.Answer{{Seq: 8, At: at(day), Draft: guidance.Draft{Sections: []guidance.Section{{Text: "SECRET draft"}}}}},
		Publication: &guidance.Publication{PublishedData: d, Seq: 9, At: at(day)},
	}
}

func entry(t *testing.T, number, day string, d guidance.PublishedData) register.Entry {
	t.Helper()
	e, ok := register.FromCase(number, published(day, d))
	if !ok {
		t.Fatalf("%s has no entry", number)
	}
	return e
}

var chest = guidance.PublishedData{
	Title: "Lungerøntgen og forhåndsgodkjenning", Question: "Må vi søke REK før vi prøver ut en modell på gamle lungerøntgenbilder?",
	Answer: "Ja, når formålet er forskning.",
	Sections: []guidance.Section{
		{Question: "Når er det forskning?", Text: "Formålet avgjør. Dette teller:\n- ny kunnskap om helse\n- en forskningsprotokoll"},
		{Question: "Hva med taushetsplikten?", Text: "Etter helsepersonelloven § 29 kan det gis dispensasjon."},
	},
	Quotes:     []rules.Quote{{Source: "formal-2024", Passage: "formal-2024/helseforskning-gdnq", Text: "Må ha etisk forhåndsgodkjenning"}},
	References: []string{"helseforskningsloven § 9"}, Agencies: []string{"hdir", "dmp"}, Topics: []string{"research"}, ValidUntil: "2027-06-30",
	Asked: map[kiveileder.Language][]string{"nn": {"Må vi søkje REK?"}, "en": {"Do we need approval?"}},
}

func TestEntryStands(t *testing.T) {
	e := entry(t, "KI-2026-0042", "2026-11-22", chest)
	if e.Status != guidance.Valid || e.URL != "/svar/KI-2026-0042" || e.Language != "nb" || e.Quotes[0].URL != "/kilder/formal-2024#helseforskning-gdnq" {
		t.Errorf("%+v", e)
	}
	if got := e.On("2027-06-30"); got.Status != guidance.Valid {
		t.Errorf("on its last day it is %s", got.Status)
	}
	over := e.On("2027-07-01")
	if text, l := over.Why(kiveileder.English); text != "The answer was valid until 30 June 2027." || l != kiveileder.English {
		t.Errorf("in English: %q, %s", text, l)
	}
	if over.Status != guidance.UnderReview || over.Reason != "Svaret gjaldt til og med 30.6.2027." || register.Day(over.Updated) != "2027-07-01" {
		t.Errorf("after it %+v", over)
	}
	c := published("2026-11-22", chest)
	c.Publication.Withdrawn, c.Publication.Since = "Feil.", at("2026-12-01")
	c.Publication.Earlier = []time.Time{at("2026-01-01")}
	gone, ok := register.FromCase("KI-2026-0042", c)
	if !ok || gone.Status != guidance.Retracted || gone.Reason != "Feil." || register.Day(gone.Published) != "2026-01-01" || register.Day(gone.Current) != "2026-11-22" {
		t.Errorf("withdrawn: %+v", gone)
	}
	if got := gone.On("2030-01-01"); got.Status != guidance.Retracted {
		t.Errorf("withdrawn and over: %s", got.Status)
	}
	for _, number := range []string{"", "KI", "KI-2026-1/..", "../KI-2026-0001"} {
		if _, ok := register.FromCase(number, c); ok {
			t.Errorf("%q has an entry", number)
		}
	}
	if _, ok := register.FromCase("KI-2026-0042", guidance.Case{}); ok {
		t.Error("a case that was never published has an entry")
	}
}

// Nothing of a case gets out but what was published.
func TestNothingElseGetsOut(t *testing.T) {
	e := entry(t, "KI-2026-0042", "2026-11-22", chest)
	docs, err := register.NewDocuments("2026-11-22", nil, nil, e)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := docs.Put(dir); err != nil {
		t.Fatal(err)
	}
	feed, err := register.Feed(register.Site{}, []register.Entry{e})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	all := string(feed) + string(b)
	for _, text := range files(t, dir) {
		all += text
	}
	if strings.Contains(all, "SECRET") {
		t.Errorf("something else got out: %s", all)
	}
}

func TestBegin(t *testing.T) {
	c := guidance.Case{Title: "REK", Received: guidance.ReceivedData{Question: "Må vi?"}, Topics: []string{"research"}}
	if got := register.Begin(c); got.Question != "Må vi?" || len(got.Sections) > 0 {
		t.Errorf("without an answer %+v", got)
	}
	c.Answers = []guidance.Answer{{Seq: 5, Agencies: []string{"hdir"}, Draft: guidance.Draft{
		Sections: []guidance.Section{{Text: "Se helseforskningsloven § 9 og helsepersonellova §29."}}, References: []string{"Helsepersonelloven § 29"},
	}}}
	if got := register.Begin(c).References; !slices.Equal(got, []string{"Helsepersonelloven § 29", "helseforskningsloven § 9"}) {
		t.Errorf("references %q", got)
	}
	c.Publication = &guidance.Publication{PublishedData: chest, Seq: 6}
	if got := register.Begin(c); got.Title != chest.Title {
		t.Errorf("published before, it begins with %q", got.Title)
	}
	c.Answers = append(c.Answers, guidance.Answer{Seq: 9, Draft: guidance.Draft{Sections: []guidance.Section{{Text: "Nytt."}}}})
	if got := register.Begin(c); got.Sections[0].Text != "Nytt." {
		t.Errorf("after a new answer it begins with %+v", got)
	}
}

// The asker's own questions are proposed as ways to ask, when they ask the same.
func TestBeginOwnWords(t *testing.T) {
	said := func(texts ...string) (out []guidance.Line) {
		for i, s := range texts {
			out = append(out, guidance.Line{Text: s, Automated: i%2 == 1})
		}
		return out
	}
	c := guidance.Case{Received: guidance.ReceivedData{
		Question: "Må vi søke REK når vi trener en modell på lungerøntgenbilder?",
		Transcript: said(
			"Hei. Vi har mange lungerøntgenbilder. Må vi til REK for å trene en modell på lungerøntgenbilder?", "Er det forskning? Da må dere søke REK for lungerøntgenbilder og modell.",
			"Hva er klokka?", "Det vet jeg ikke.",
			"Må vi søke REK når vi trener en modell på lungerøntgenbilder?", "Det kommer an på.",
			"Kan [navn] trene en modell på lungerøntgenbilder uten REK?", "Ja.",
			"må vi søke rek for modell på lungerøntgenbilder?",
		),
	}}
	want := []string{"Må vi til REK for å trene en modell på lungerøntgenbilder?", "må vi søke rek for modell på lungerøntgenbilder?"}
	if got := register.Begin(c).Asked[kiveileder.Bokmal]; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	c.Received.Language = kiveileder.English
	if got := register.Begin(c).Asked; got != nil {
		t.Errorf("in English %q", got)
	}
}

func TestReferences(t *testing.T) {
	for text, want := range map[string][]string{
		"Etter helsepersonelloven § 29 og helsepersonellova §29 i dag":     {"helsepersonelloven § 29"},
		"jf. helse- og omsorgstjenesteloven § 3-1, MDR artikkel 2 nr. 1":   {"helse- og omsorgstjenesteloven § 3-1", "MDR artikkel 2 nr. 1"},
		"pasient- og brukerrettighetsloven § 4-1 første ledd":              {"pasient- og brukerrettighetsloven § 4-1 første ledd"},
		"KI-forordningen art. 50 gjelder, og personvernforordningen art 9": {"KI-forordningen art. 50"},
		"loven sier mye, § 9 også":                                         nil,
	} {
		if got := register.References(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestParts(t *testing.T) {
	long := strings.Repeat("Dette er en setning om helseopplysninger og formål. ", 40)
	d := chest
	d.Sections = append(slices.Clone(d.Sections), guidance.Section{Text: long + "\n\n" + strings.Repeat("x", 2000)})
	e := entry(t, "KI-2026-0042", "2026-11-22", d)
	anchors := map[string]bool{}
	for _, p := range e.Parts() {
		if n := len([]rune(p.Text)); n == 0 || n > kiveileder.MaxQuoteChars {
			t.Errorf("%s has %d characters", p.Anchor, n)
		}
		if anchors[p.Anchor] {
			t.Errorf("%s is there twice", p.Anchor)
		}
		anchors[p.Anchor] = true
	}
	for _, a := range []string{"svar", "del-1", "del-2", "del-3", "del-3-2"} {
		if !anchors[a] {
			t.Errorf("no part %s: %v", a, anchors)
		}
	}
	if got := e.Parts()[1].Text; got != "Formålet avgjør. Dette teller:\n• ny kunnskap om helse\n• en forskningsprotokoll" {
		t.Errorf("%q", got)
	}
}

func TestSearch(t *testing.T) {
	d := func(title, question, answer string, refs ...string) guidance.PublishedData {
		return guidance.PublishedData{Title: title, Question: question, Answer: answer, References: refs}
	}
	old := entry(t, "KI-2025-0001", "2025-01-01", d("Samtykke til opptak", "Må pasienten samtykke?", "Ja.", "pasient- og brukerrettighetsloven § 4-1"))
	rek := entry(t, "KI-2026-0002", "2026-02-01", d("REK ved kvalitetssikring", "Må vi søke REK?", "Nei, kvalitetssikring er ikke forskning."))
	eir := entry(t, "KI-2026-0003", "2026-03-01", d("Ærlighet om øvelser", "Får vi bruke åpne data?", "Ja."))
	gone := entry(t, "KI-2026-0004", "2026-04-01", d("Forskning og REK", "Må forskere søke REK?", "Ja."))
	gone.Status = guidance.Retracted
	all := []register.Entry{old, rek, gone, eir}
	for words, want := range map[string]string{
		"":                      "4 3 2 1",
		"  ":                    "4 3 2 1",
		"rek":                   "2 4",
		"REK kvalitetssikring":  "2",
		"kvalitetsikring":       "2", // an error in typing
		"aerlighet oevelser":    "3",
		"ÅPNE DATA":             "3",
		"ki-2025-0001":          "1",
		"KI-2030-0001":          "",
		"§ 4-1":                 "1",
		"romfart":               "",
		"'; DROP TABLE <b> %_ ": "",
	} {
		var got []string
		for _, e := range register.NewFinder(all).Find(words) {
			got = append(got, strings.TrimLeft(e.Number[8:], "0"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %v, want %q", words, got, want)
		}
	}
}

var isUUID = regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString

func TestFeed(t *testing.T) {
	d := chest
	d.Title, d.Answer = "<b>REK & \"søknad\"</b>\x00", "]]> <script>"
	e := entry(t, "KI-2026-0042", "2026-11-22", d)
	gone := entry(t, "KI-2026-0043", "2026-11-20", chest)
	gone.Status, gone.Reason, gone.Updated = guidance.Retracted, "Feil.", at("2026-11-23")
	b, err := register.Feed(register.Site{Origin: "https://ki.example.no", Name: func(k string) string { return "N " + k }}, []register.Entry{e, gone})
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		XMLName xml.Name
		ID      string `xml:"id"`
		Updated string `xml:"updated"`
		Links   []struct {
			Rel  string `xml:"rel,attr"`
			Href string `xml:"href,attr"`
		} `xml:"link"`
		Entries []struct {
			ID        string   `xml:"id"`
			Title     string   `xml:"title"`
			Published string   `xml:"published"`
			Updated   string   `xml:"updated"`
			Authors   []string `xml:"author>name"`
			Content   string   `xml:"content"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal(b, &f); err != nil {
		t.Fatalf("%v:\n%s", err, b)
	}
	if f.XMLName.Space != "http://www.w3.org/2005/Atom" || f.Updated != "2026-11-23T10:00:00Z" || f.Links[0].Rel != "self" || len(f.Entries) != 2 {
		t.Errorf("%+v", f)
	}
	first, second := f.Entries[0], f.Entries[1]
	if !isUUID(first.ID) || first.ID == second.ID || !strings.HasPrefix(first.Title, "Trukket tilbake: ") || strings.Contains(first.Content, "forskning") {
		t.Errorf("withdrawn: %+v", first)
	}
	if second.Title != `<b>REK & "søknad"</b>` || !strings.Contains(second.Content, "]]> <script>") || !slices.Equal(second.Authors, []string{"N hdir", "N dmp"}) {
		t.Errorf("%+v", second)
	}
	if strings.Contains(string(b), "<script>") || strings.Contains(string(b), "<b>") {
		t.Errorf("markup in the feed:\n%s", b)
	}
	again, err := register.Feed(register.Site{Origin: "https://elsewhere.example.no"}, []register.Entry{gone, e})
	if err != nil || !strings.Contains(string(again), "<id>"+second.ID+"</id>") {
		t.Errorf("an id changes with the address, or: %v", err)
	}
	empty, err := register.Feed(register.Site{Began: at("2026-01-01")}, nil)
	if err != nil || !strings.Contains(string(empty), "<updated>2026-01-01T10:00:00Z</updated>") {
		t.Errorf("%s %v", empty, err)
	}
}

// ruleSet gives the rules that ship.
func ruleSet(t *testing.T) *rules.Set {
	t.Helper()
	dir, err := fs.Sub(corpus.Files, "rules")
	if err != nil {
		t.Fatal(err)
	}
	s, err := rules.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNear(t *testing.T) {
	of := func(question string, facts map[string]any, unclear ...string) guidance.Case {
		return guidance.Case{Received: guidance.ReceivedData{
			Question: question, Facts: facts, Unclear: unclear, Passages: []kiveileder.Citation{{Passage: "a/1"}, {Passage: "a/2"}},
		}}
	}
	me := register.TraceCase("c0", "KI-2026-0001", of("Må vi søke REK for lungerøntgen etter helseforskningsloven § 9?",
		map[string]any{"purpose": []any{"research"}, "consent": false, "linking": "unknown"}, "x_unclear"))
	asks := func(question string) guidance.Case {
		return guidance.Case{Received: guidance.ReceivedData{Question: question}}
	}
	for name, c := range map[string]struct {
		other guidance.Case
		score float64 // 0: not near
		why   []string
	}{
		"itself in other words":   {asks("Lungerøntgen: søke REK?"), .13, []string{"spørsmålet ligner"}},
		"nothing":                 {asks("Hvem fører tilsyn med apotek?"), 0, nil},
		"the same question words": {asks("Må vi etter ikke hva for dere?"), 0, nil},
		"the paragraph alone":     {asks("Gjelder helseforskningslova §9 første ledd?"), .12, []string{"samme paragraf: helseforskningsloven § 9"}},
		"another paragraph of it": {asks("Gjelder helseforskningsloven § 33?"), 0, nil},
		"all but the words":       {of("Noe annet", map[string]any{"purpose": []any{"research"}, "consent": false, "linking": "unknown"}, "x_unclear"), .3, []string{"samme uavklarte spørsmål: x_unclear", "like opplysninger: consent: nei, purpose: research", "like treff i kildene: 2"}},
		"facts that nobody knows": {of("Noe annet", map[string]any{"linking": "unknown"}), 0, nil},
		"passages alone":          {of("Noe annet", nil), 0, nil},
		"the same open outcome":   {of("Noe annet", nil, "x_unclear"), .15, []string{"samme uavklarte spørsmål: x_unclear", "like treff i kildene: 2"}},
	} {
		got := register.Near(me, []register.Trace{register.TraceCase("c1", "KI-2026-0002", c.other), me}, nil)
		switch {
		case c.score == 0 && len(got) > 0:
			t.Errorf("%s: near by %+v", name, got)
		case c.score > 0 && (len(got) != 1 || got[0].Score < c.score || got[0].Score > c.score+.25):
			t.Errorf("%s: %+v, want about %v", name, got, c.score)
		case c.score > 0:
			if d := cmp.Diff(c.why, in(got[0], kiveileder.Bokmal)); d != "" {
				t.Errorf("%s:\n%s", name, d)
			}
		}
	}
	e := entry(t, "KI-2026-0042", "2026-11-22", chest)
	got := register.Near(me, []register.Trace{register.TraceEntry(e)}, ruleSet(t))
	if len(got) != 1 || got[0].Number != "KI-2026-0042" || !slices.Contains(in(got[0], kiveileder.English), "same paragraph: helseforskningsloven § 9") {
		t.Errorf("the published answer: %+v", got)
	}
	got = register.Near(me, []register.Trace{register.TraceCase("c1", "KI-2026-0002", of("Noe annet", map[string]any{"consent": false, "purpose": []any{"research"}}))}, nil)
	if len(got) != 1 || !slices.Contains(in(got[0], kiveileder.Nynorsk), "like opplysningar: consent: nei, purpose: research") || !slices.Contains(in(got[0], kiveileder.English), "same facts: consent: no, purpose: research") {
		t.Errorf("the same facts: %+v", got)
	}
}

// in gives why something is near, in a language.
func in(m register.Match, l kiveileder.Language) (why []string) {
	for _, w := range m.Why {
		why = append(why, w[l])
	}
	return why
}
