package conversation_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/internal/golden"
	"kiveileder/services/conversation"
)

func cited(n string, more ...func(*kiveileder.Citation)) kiveileder.Citation {
	c := kiveileder.Citation{
		Source: "formal-2024", Passage: "formal-2024/" + n, Title: "Avklare formål", Publisher: "Helsedirektoratet", Date: "2024-02-14",
		Section: []string{"Avklare formål", "Forskning"}, Quote: "Sitat " + n + ":\n• må *søke*\n# ikke en overskrift", URL: "/kilder/formal-2024#" + n,
	}
	for _, f := range more {
		f(&c)
	}
	return c
}

// project is a conversation with two answers that have findings, a question
// beside them, and one after.
func project(lang kiveileder.Language) kiveileder.Stream {
	old := func(c *kiveileder.Citation) { c.Superseded, c.Date, c.Publisher = true, "", "" }
	purpose := kiveileder.FactRead{Fact: "purpose", Value: []string{"health_research"}, Name: "Formål", Label: "helseforskning"}
	read := purpose
	read.Value, read.Words = []any{"health_research"}, "forske på *kreft*"
	findings := []kiveileder.Finding{
		{Outcome: "doubt", Kind: "unclear", Text: "Kildene sier ikke hvem som avgjør.", Rule: "R14", Quotes: []kiveileder.Citation{cited("c", old)}},
		{Outcome: "rek", Kind: "required", Text: "Dere må ha godkjenning\nfra REK.", Prepare: "Søk REK.", Authority: "REK", LegalBasis: []string{"helseforskningsloven § 9", "§ 33"},
			Rule: "R1, R3a", Purposes: []string{"helseforskning"}, Citations: []int{0}, Quotes: []kiveileder.Citation{cited("a"), cited("b")}},
		{Outcome: "dpia", Kind: "consider", Text: "Vurder personvernkonsekvensene.", Inferred: true, Rule: "X1", Quotes: []kiveileder.Citation{}},
		{Outcome: "later", Kind: "of_tomorrow", Text: "Et slag som ikke fantes.", Rule: "Z", Quotes: []kiveileder.Citation{}},
	}
	answer := kiveileder.Answer{
		Status: kiveileder.Clarify, Language: lang, Lead: "Dette følger av det du har fortalt.", Findings: findings,
		Citations: []kiveileder.Citation{cited("a"), cited("d"), cited("f")}, Conflicts: []kiveileder.Conflict{{Text: "De er uenige.", Citations: []int{1, 7}}},
		Read:        []kiveileder.FactRead{purpose, {Fact: "linkage", Value: true, Name: "Kobling", Label: "kobles"}},
		UnknownRead: []kiveileder.FactRead{{Fact: "consent", Value: "unknown", Name: "Samtykke", Label: "Vet ikke"}},
		Missing:     []string{"data_sources", "nobody_knows"}, Ask: &kiveileder.Ask{Fact: "data_sources", Question: "Hvor hentes opplysningene?"},
		Ifs: &kiveileder.Ifs{Fact: "data_sources", Question: "Hvor hentes opplysningene?", Cases: []kiveileder.If{
			{Value: []string{"patient_record"}, Label: "Journal", Findings: []kiveileder.Finding{{Outcome: "x", Kind: "required", Text: "Søk dispensasjon.", Quotes: []kiveileder.Citation{cited("e")}}}},
			{Value: []string{"directly"}, Label: "Deltakerne"},
		}},
		HandOver: &kiveileder.HandOver{Text: "Send det til ki.veiledning.", Email: "post@example.no"},
		Versions: kiveileder.Versions{Corpus: "c0ffee", Rules: "beef_1", Model: "e5"}, Notice: "Svaret er automatisk.",
	}
	first := kiveileder.Answer{Status: kiveileder.Clarify, Language: lang, Findings: findings[:1], Read: []kiveileder.FactRead{read}}
	plain := kiveileder.Answer{Status: kiveileder.Answered, Language: lang, Lead: "Dette sier kildene."}
	s := kiveileder.Stream{Epoch: "e"}
	for i, e := range []kiveileder.Entry{
		{Text: "Hva er KI?"}, {Answer: &plain, ReplyTo: 1, Thread: 1},
		{Text: "Vi vil *forske* på [navn].\n# Trenger vi REK?"}, {Answer: &first, ReplyTo: 3, Thread: 3},
		{Text: "Kobles sammen"}, {Answer: &answer, ReplyTo: 5, Thread: 3},
		{Text: "Takk!"}, {Answer: &plain, ReplyTo: 7, Thread: 7},
	} {
		e.Offset, e.At = int64(i+1), time.Date(2026, 11, 22, 10, 30+i, 0, 0, time.Local)
		s.Entries = append(s.Entries, e)
	}
	return s
}

func nameOf(fact string, _ kiveileder.Language) string {
	return map[string]string{"data_sources": "Datakilder"}[fact]
}

func sheet(t *testing.T, lang kiveileder.Language) conversation.Sheet {
	t.Helper()
	s, ok := conversation.NewSheet(project(lang), "https://ki.example.no", nameOf)
	if !ok {
		t.Fatal("no sheet")
	}
	return s
}

// The sheet as a document, in each language; read the diff when it changes.
func TestSheetMarkdown(t *testing.T) {
	for _, lang := range kiveileder.Languages {
		golden.Check(t, "sheet."+string(lang)+".md", sheet(t, lang).Markdown())
	}
}

func TestSheetJSON(t *testing.T) {
	s := sheet(t, "nb")
	s.At = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC) // the machine's own time zone is none of the file's
	for i := range s.Questions {
		s.Questions[i].At = s.At
	}
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "sheet.json", string(b)+"\n")
}

func TestSheetIsOfTheNewestFindings(t *testing.T) {
	s := sheet(t, "nb")
	var got []string
	for _, q := range s.Questions {
		got = append(got, q.Text)
	}
	for _, p := range s.Path {
		got = append(got, p.Kind)
	}
	want := []string{"Vi vil *forske* på [navn].\n# Trenger vi REK?", "Kobles sammen", "required", "consider", "unclear", "of_tomorrow"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a fact was read from is said by the answer that read it, until the fact
// is changed.
func TestSheetSaysWhereFactsAreFrom(t *testing.T) {
	want := []conversation.KnownFact{
		{Fact: "purpose", Name: "Formål", Label: "helseforskning", Words: "forske på *kreft*"},
		{Fact: "linkage", Name: "Kobling", Label: "kobles", Told: true},
		{Fact: "consent", Name: "Samtykke", Label: "Vet ikke"},
	}
	if diff := cmp.Diff(want, sheet(t, "nb").Facts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	changed := project("nb")
	changed.Entries[3].Answer.Read[0].Value = []any{"statistics"}
	s, _ := conversation.NewSheet(changed, "", nil)
	if f := s.Facts[0]; !f.Told || f.Words != "" {
		t.Errorf("a fact that was another: %+v", f)
	}
}

func TestNoSheetWithoutFindings(t *testing.T) {
	s := project("nb")
	s.Entries = s.Entries[:2]
	for _, s := range []kiveileder.Stream{{}, s} {
		if got, ok := conversation.NewSheet(s, "", nil); ok {
			t.Errorf("a sheet: %+v", got)
		}
	}
}

// What is stored stays as it is.
func TestSheetChangesNothing(t *testing.T) {
	s := project("nb")
	if _, ok := conversation.NewSheet(s, "https://ki.example.no", nameOf); !ok {
		t.Fatal("no sheet")
	}
	if diff := cmp.Diff(project("nb"), s); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What somebody writes cannot begin a line with what means something.
func TestSheetHoldsText(t *testing.T) {
	s := project("nb")
	s.Entries[4].Text = "> sitat\n</script>\n[a](javascript:b)\n| tabell |"
	got, _ := conversation.NewSheet(s, "", nil)
	md := got.Markdown()
	for _, bad := range []string{"\n# Trenger", "\n> > ", "</script>", "[a](", "\n| t"} {
		if strings.Contains(md, bad) {
			t.Errorf("%q stands in\n%s", bad, md)
		}
	}
}
