package export

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/internal/golden"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/arkiv"
	"kiveileder/services/rules"
)

const secret = "Hemmelig vurdering"

var (
	asker = guidance.Actor{ID: "k1", Role: guidance.Asker}
	anne  = guidance.Actor{ID: "anne", Name: "Anne Jurist", Role: guidance.Lawyer, Agency: "hdir"}
	bodil = guidance.Actor{ID: "bodil", Name: "Bodil Jurist", Role: guidance.Lawyer, Agency: "dmp"}
	dina  = guidance.Actor{ID: "dina", Name: "Dina Leder", Role: guidance.Lead, Agency: "hdir"}
	svc   = guidance.Actor{ID: "system", Role: guidance.System}
)

// a log as a list of what happened, a day apart
type happened struct {
	who  guidance.Actor
	kind guidance.Kind
	data any
}

func snapshot(t testing.TB, log ...happened) guidance.Snapshot {
	t.Helper()
	s := guidance.Snapshot{ID: "c1", Number: "KI-2026-0042"}
	at := time.Date(2026, 6, 8, 7, 0, 0, 0, time.UTC)
	for i, h := range log {
		s.Log = append(s.Log, guidance.Event{Seq: int64(i + 1), ID: fmt.Sprint("e", i), At: at, Actor: h.who, Kind: h.kind, Data: h.data})
		at = at.Add(24 * time.Hour)
	}
	var err error
	if s.Case, err = guidance.Fold(s.Log); err != nil {
		t.Fatal(err)
	}
	if s, err = guidance.ForAgency(s, anne); err != nil {
		t.Fatal(err)
	}
	return s
}

var (
	draft = guidance.Draft{
		Sections:   []guidance.Section{{Question: "Må vi søke REK?", Text: "Ja, før dere begynner.\n\nSe § 9 – «forhåndsgodkjenning»."}},
		Quotes:     []rules.Quote{{Source: "formal-2024", Passage: "p12", Text: "Medisinsk og helsefaglig forskning skal være forhåndsgodkjent."}},
		References: []string{"helseforskningsloven § 9", "GDPR art. 9"},
	}
	wrong = guidance.Draft{Sections: []guidance.Section{{Text: "Nei. " + secret}}}
)

// everything is a case in which all kinds of things happened.
func everything(t testing.TB) guidance.Snapshot {
	at := time.Date(2026, 6, 8, 6, 58, 0, 0, time.UTC)
	return snapshot(t,
		happened{asker, guidance.Received, guidance.ReceivedData{
			Title: "Gjenbruk av røntgenbilder", Question: "Må vi søke REK?\nVi er i tvil.", Project: "Bilde-KI", Agency: "REK", Publish: true, HasContact: true,
			Transcript: []guidance.Line{{At: at, Text: "Må vi søke REK?"}, {At: at, Automated: true, Text: "Kildene avgjør det ikke."}},
			Facts:      map[string]any{"purpose": []any{"health_research", "quality"}, "consent": false, "patients": 12.0},
			Findings: []kiveileder.Finding{{Outcome: "rek_prior_approval", Kind: "required", Text: "Søk om forhåndsgodkjenning.", Prepare: "Skriv protokoll.", Authority: "REK", LegalBasis: []string{"helseforskningsloven § 9"},
				Rule: "r1", Inferred: true, Quotes: []kiveileder.Citation{{Title: "Formålet", Publisher: "Helsedirektoratet", Date: "2024-02-14", Section: []string{"1", "Formål"}, Lead: "Dette gjelder:", Quote: "forskning på mennesker"}}}},
			Unclear: []string{"device_class"}, Passages: []kiveileder.Citation{{Source: "s", Passage: "p1", Title: "Rapport", Quote: "Et utdrag."}},
			Agencies: []string{"hdir"}, Topics: []string{"research"}, Versions: kiveileder.Versions{Corpus: "c1", Rules: "r1", Model: "m1", Build: "b1"},
		}},
		happened{anne, guidance.Claimed, guidance.ClaimedData{}},
		happened{anne, guidance.Assessed, guidance.AssessedData{Text: secret}},
		happened{anne, guidance.Invited, guidance.InvitedData{Agency: "dmp", Reason: secret}},
		happened{bodil, guidance.Noted, guidance.NotedData{Agency: "dmp", Text: secret}},
		happened{anne, guidance.Noted, guidance.NotedData{Agency: "hdir", All: true, Text: secret}},
		happened{anne, guidance.Asked, guidance.AskedData{Text: "Har dere samtykke?", Fact: "consent"}},
		happened{asker, guidance.Replied, guidance.RepliedData{Task: 7, Text: "Ja, fra alle.", Facts: map[string]any{"consent": true}}},
		happened{asker, guidance.Added, guidance.AddedData{Text: "Prosjektet er utvidet."}},
		happened{anne, guidance.DraftSaved, guidance.DraftSavedData{Draft: wrong, Hash: wrong.Hash()}},
		happened{anne, guidance.Submitted, guidance.SubmittedData{Hash: wrong.Hash()}},
		happened{bodil, guidance.Signed, guidance.SignedData{Agency: "dmp", Hash: wrong.Hash(), Verdict: guidance.Return, Reason: secret}},
		happened{anne, guidance.Extended, guidance.ExtendedData{Target: "answer", Until: at.AddDate(1, 0, 0), Reason: secret}},
		happened{anne, guidance.DraftSaved, guidance.DraftSavedData{Base: 1, Draft: draft, Hash: draft.Hash()}},
		happened{anne, guidance.Submitted, guidance.SubmittedData{Hash: draft.Hash()}},
		happened{anne, guidance.Signed, guidance.SignedData{Agency: "hdir", Hash: draft.Hash(), Verdict: guidance.Approve}},
		happened{bodil, guidance.Signed, guidance.SignedData{Agency: "dmp", Hash: draft.Hash(), Verdict: guidance.Reserve, Reason: "Gjelder ikke utstyr i klasse III."}},
		happened{anne, guidance.Sent, guidance.SentData{Hash: draft.Hash()}},
		happened{svc, guidance.Undelivered, guidance.UndeliveredData{Mail: "m1", Reason: secret}},
		happened{anne, guidance.Published, guidance.PublishedData{Title: "Forskning på bilder", Question: "Må man søke REK?", Sections: draft.Sections, Agencies: []string{"hdir", "dmp"}, ValidUntil: "2030-12-31",
			Asked: map[kiveileder.Language][]string{"nb": {secret}}}},
		happened{svc, guidance.ReviewBegan, guidance.ReviewBeganData{Reason: secret}},
		happened{anne, guidance.Unpublished, guidance.UnpublishedData{Reason: "Loven er endret."}},
		happened{dina, guidance.Reopened, guidance.ReopenedData{Reason: secret}},
		happened{anne, guidance.Referred, guidance.ReferredData{To: "REK", Reason: "REK avgjør dette."}},
	)
}

var options = Options{
	Agency: func(key string) (string, string) {
		return map[string]string{"hdir": "Helsedirektoratet", "dmp": "Direktoratet for medisinske produkter"}[key], map[string]string{"hdir": "983544622"}[key]
	},
	Contact: &guidance.Contact{Name: "Kari Prøve", Email: "kari@example.org", Phone: "99887766", Conversation: "samtale-nøkkel"},
	Source: func(source, passage string) string {
		return map[string]string{"formal-2024": "Om formålet, Helsedirektoratet, 2024"}[source]
	},
	Fact: func(key string, value any, _ kiveileder.Language) (string, string) {
		words := map[string]string{"consent": "Samtykke", "true": "Ja", "false": "Nei"}
		return words[key], words[fmt.Sprint(value)]
	},
}

func exported(t testing.TB, s guidance.Snapshot, o Options) arkiv.Case {
	t.Helper()
	c, err := Case(s, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	return c
}

func written(t testing.TB, name string, c arkiv.Case) string {
	t.Helper()
	var b bytes.Buffer
	media, file, err := Write(&b, name, c)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(file, "KI-2026-0042.") || media == "" {
		t.Errorf("%s: %s, file %q", name, media, file)
	}
	return b.String()
}

// listing gives the files of a package with their sizes, then the message without ids and sums.
func listing(t testing.TB, pkg string) string {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(pkg), int64(len(pkg)))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "-- %s (%d bytes)\n", f.Name, len(content))
	}
	return b.String()
}

// text reads a PDF back as a reader does.
func text(t testing.TB, pdf string) string {
	t.Helper()
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext (poppler-utils) is not here: the PDF is not read back")
	}
	file := filepath.Join(t.TempDir(), "case.pdf")
	if err := os.WriteFile(file, []byte(pdf), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool, "-enc", "UTF-8", "-raw", file, "-").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

func TestGolden(t *testing.T) {
	c := exported(t, everything(t), options)
	golden.Check(t, "case.html", written(t, "html", c))
	golden.Check(t, "case.json", written(t, "json", c))
	golden.Check(t, "package.txt", listing(t, written(t, "noark", c)))
	golden.Check(t, "case.txt", strings.ReplaceAll(text(t, written(t, "pdf", c)), "\f", "\n---- page ----\n"))
}

// What is internal goes out in no format, and neither do the phone number and the key of the conversation.
func TestStaysIn(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(formats)) {
		c := exported(t, everything(t), options)
		out := written(t, name, c)
		switch name {
		case "noark":
			z, err := zip.NewReader(strings.NewReader(out), int64(len(out)))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range z.File {
				r, _ := f.Open()
				b, _ := io.ReadAll(r)
				out += string(b)
			}
		case "pdf":
			if _, err := exec.LookPath("pdftotext"); err == nil {
				out = text(t, out)
			}
		}
		for _, bad := range []string{secret, "Hemmelig", "99887766", "samtale-nøkkel"} {
			if strings.Contains(out, bad) {
				t.Errorf("%s has %q", name, bad)
			}
		}
	}
}

// Without a contact the asker stands there without a name.
func TestNoContact(t *testing.T) {
	o := options
	o.Contact = nil
	for _, p := range exported(t, everything(t), o).Entries[0].Parties {
		if p.Name == "Kari Prøve" || p.Email != "" {
			t.Errorf("%+v", p)
		}
	}
	o.Contact = &guidance.Contact{Email: "kari@example.org"}
	if p := exported(t, everything(t), o).Entries[0].Parties[0]; p.Name != "Den som spurte" || p.Email != "kari@example.org" {
		t.Errorf("%+v", p)
	}
}

// The sheet says who signed, with the reservation, and is screened by itself; the answer says nothing of it.
func TestSheet(t *testing.T) {
	c := exported(t, everything(t), options)
	i := slices.IndexFunc(c.Entries, func(e arkiv.Entry) bool { return e.Title == "Svar" })
	answer, sheet := c.Entries[i].Documents[0], c.Entries[i].Documents[1]
	for _, want := range []string{"Anne Jurist", "Bodil Jurist", "Gjelder ikke utstyr i klasse III.", draft.Hash(), "Internt dokument"} {
		if !strings.Contains(string(sheet.Content), want) {
			t.Errorf("the sheet lacks %q", want)
		}
		if strings.Contains(string(answer.Content), want) {
			t.Errorf("the answer has %q", want)
		}
	}
	if sheet.Screening == nil || answer.Screening != nil {
		t.Errorf("screened: sheet %v, answer %v", sheet.Screening, answer.Screening)
	}

	h := draft.Hash()
	s := snapshot(t, happened{asker, guidance.Received, guidance.ReceivedData{Question: "?", Agencies: []string{"hdir", "dmp"}}}, happened{anne, guidance.Assessed, guidance.AssessedData{}},
		happened{anne, guidance.DraftSaved, guidance.DraftSavedData{Draft: draft, Hash: h}}, happened{anne, guidance.Submitted, guidance.SubmittedData{Hash: h}},
		happened{anne, guidance.Signed, guidance.SignedData{Agency: "hdir", Hash: h, Verdict: guidance.Reserve, Reason: "Foreløpig."}}, happened{anne, guidance.Signed, guidance.SignedData{Agency: "hdir", Hash: h, Verdict: guidance.Approve}},
		happened{dina, guidance.Bypassed, guidance.BypassedData{Hash: h, Agencies: []string{"dmp"}, Reason: "DMP har ferie."}}, happened{anne, guidance.Sent, guidance.SentData{Hash: h}})
	c = exported(t, s, options)
	got := string(c.Entries[1].Documents[1].Content)
	if !strings.Contains(got, "Dina Leder") || !strings.Contains(got, "DMP har ferie.") || strings.Contains(got, "Foreløpig.") {
		t.Errorf("the last word counts, and who did without one:\n%s", got)
	}
	if c.Closed.IsZero() || c.ClosedBy != "Anne Jurist" {
		t.Errorf("closed %v by %q", c.Closed, c.ClosedBy)
	}
}

// The same snapshot gives the same bytes, in every format.
func TestSameBytes(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(formats)) {
		first := written(t, name, exported(t, everything(t), options))
		if again := written(t, name, exported(t, everything(t), options)); first != again {
			t.Errorf("%s: two times, two files", name)
		}
	}
	s := everything(t)
	before := written(t, "noark", exported(t, s, options))
	s.Log = append(s.Log, guidance.Event{Seq: int64(len(s.Log) + 1), ID: "n", At: s.Case.Changed.Add(time.Hour), Actor: anne, Kind: guidance.Noted, Data: guidance.NotedData{Agency: "hdir", Text: "x"}})
	var err error
	if s.Case, err = guidance.Fold(s.Log); err != nil {
		t.Fatal(err)
	}
	if written(t, "noark", exported(t, s, options)) != before {
		t.Error("a note made another package")
	}
}

// A case whose texts are gone can still be exported.
func TestAnonymised(t *testing.T) {
	s := snapshot(t, happened{asker, guidance.Received, guidance.ReceivedData{Asker: "k1", Agencies: []string{"hdir"}}}, happened{asker, guidance.Added, guidance.AddedData{}}, happened{asker, guidance.Withdrawn, guidance.WithdrawnData{}},
		happened{svc, guidance.Anonymised, guidance.AnonymisedData{Reason: "Frist."}})
	c := exported(t, s, Options{})
	if c.Title != "Henvendelse" || !strings.Contains(string(c.Entries[1].Documents[0].Content), "Innholdet er slettet.") {
		t.Errorf("%+v", c)
	}
	for _, name := range slices.Sorted(maps.Keys(formats)) {
		written(t, name, c)
	}
}

func TestLanguages(t *testing.T) {
	s := everything(t)
	s.Case.Received.Language = kiveileder.English
	for lang, want := range map[kiveileder.Language]string{"": "Henvendelse", kiveileder.Nynorsk: "Førespurnad", kiveileder.English: "Enquiry"} {
		o := options
		o.Language = lang
		c := exported(t, s, o)
		page := written(t, "html", c)
		if c.Entries[0].Title != want || strings.Contains(page, `lang="en">Må vi søke REK?`) == (lang == kiveileder.English) {
			t.Errorf("%q: %s", lang, c.Entries[0].Title)
		}
		written(t, "pdf", c)
	}
}

func TestWriteRefuses(t *testing.T) {
	var b bytes.Buffer
	if _, _, err := Write(&b, "docx", arkiv.Case{}); kiveileder.ErrorCode(err) != kiveileder.CodeInvalid {
		t.Errorf("an unknown format: %v", err)
	}
	if _, _, err := Write(&b, "noark", arkiv.Case{}); err == nil {
		t.Error("an empty package")
	}
	if b.Len() > 0 {
		t.Errorf("%d bytes were written", b.Len())
	}
	if _, file, err := Write(io.Discard, "pdf", arkiv.Case{Number: "x\r\nSet-Cookie: a"}); err != nil || file != "sak.pdf" {
		t.Errorf("%q, %v", file, err)
	}
}
