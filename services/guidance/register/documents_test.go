package register_test

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever"
	"kiveileder/retriever/builtin"
	"kiveileder/retriever/embed"
	"kiveileder/retriever/embed/e5"
	"kiveileder/services/dialogue"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
)

// files gives every file in a folder with its text.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	if err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		out[name] = string(b)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func documents(t *testing.T, day string, entries ...register.Entry) register.Documents {
	t.Helper()
	d, err := register.NewDocuments(day, strings.ToUpper, nil, entries...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func put(t *testing.T, dir string, d register.Documents, want int) {
	t.Helper()
	n, err := d.Put(dir)
	if err != nil || n != want {
		t.Fatalf("%d changed, %v; want %d", n, err, want)
	}
	if stand, err := d.Stand(os.DirFS(dir)); err != nil || !stand {
		t.Fatalf("after Put they do not stand: %v", err)
	}
}

// holds loads what stands in a folder beside the built-in corpus.
func holds(t *testing.T, dir string) *corpus.Corpus {
	t.Helper()
	c, err := corpus.Load(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	s, err := builtin.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range slices.Concat(corpus.Lint(c, s.Corpus), corpus.LintOriginals(os.DirFS(dir), c)) {
		t.Error(p)
	}
	return c
}

func TestDocuments(t *testing.T) {
	dir := t.TempDir()
	one := entry(t, "KI-2026-0042", "2026-11-22", chest)
	other := chest // the same questions once more
	other.Asked = map[kiveileder.Language][]string{"nb": {"Hva gjør [navn] nå?"}, "nn": chest.Asked["nn"], "en": chest.Asked["en"]}
	other.Title, other.Answer = "Nyere", "Nei – «slik» er det. § 9: \"sitat\" & <b>."
	two := entry(t, "KI-2026-0043", "2026-11-23", other)
	put(t, dir, documents(t, "2026-11-23", one, two), 2)
	c := holds(t, dir)
	src := c.Sources[0].Source
	want := kiveileder.Source{
		ID: "svar-ki-2026-0042", Title: chest.Title, Kind: "answer", Publisher: []string{"HDIR", "DMP"}, Published: "2026-11-22", Language: "nb",
		URL: "/svar/KI-2026-0042", Note: src.Note,
	}
	if d := cmp.Diff(want, src); d != "" {
		t.Error(d)
	}
	p := c.Passages[0]
	if p.ID != "svar-ki-2026-0042/svar" || p.Text != chest.Answer || src.Place(p) != "/svar/KI-2026-0042#svar" {
		t.Errorf("%+v at %s", p, src.Place(p))
	}
	for _, q := range c.Questions { // the newest has what both ask
		if !strings.HasPrefix(q.Passage, "svar-ki-2026-0043/") && q.Text != chest.Title {
			t.Errorf("the older one asks %+v", q)
		}
	}
	if len(c.Questions) != 7 {
		t.Errorf("questions %+v", c.Questions)
	}
	l := corpus.NewLibrary(c)
	if _, ok := l.Source(src.ID); !ok || len(l.Sources()) > 0 {
		t.Error("an answer is not to be found, or stands among the sources")
	}

	// the same entries in another order, on another machine: the same bytes
	elsewhere := t.TempDir()
	put(t, elsewhere, documents(t, "2026-11-23", two, one), 2)
	if d := cmp.Diff(files(t, dir), files(t, elsewhere)); d != "" {
		t.Error(d)
	}
	put(t, dir, documents(t, "2026-11-24", two, one), 0)

	// what is no answer any more goes, all else stays
	mine := filepath.Join(dir, "sources", "eget", "meta.yaml")
	for name, text := range map[string]string{
		mine: "{id: eget, title: Eget, kind: guidance, format: plain}", filepath.Join(dir, "sources", "eget", "passages.jsonl"): "",
		filepath.Join(dir, "sources", "eget", "original.txt"): "x",
		filepath.Join(dir, "vectors.gob"):                     "x",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	two.Status = guidance.UnderReview
	put(t, dir, documents(t, "2026-11-24", one, two), 2) // and the older one gets its questions
	if c := holds(t, dir); len(c.Questions) != 6 || len(c.Sources) != 2 {
		t.Errorf("%d questions, %d sources", len(c.Questions), len(c.Sources))
	}
	put(t, dir, documents(t, "2027-07-01", one, two), 1)
	if got := slices.Sorted(maps.Keys(files(t, dir))); !slices.Equal(got, []string{"sources/eget/meta.yaml", "sources/eget/original.txt", "sources/eget/passages.jsonl", "vectors.gob"}) {
		t.Errorf("left: %v", got)
	}
}

// A Put that did not end is mended by the next.
func TestPutMends(t *testing.T) {
	dir := t.TempDir()
	d := documents(t, "2026-11-22", entry(t, "KI-2026-0042", "2026-11-22", chest))
	put(t, dir, d, 1)
	whole := files(t, dir)
	for name, hurt := range map[string]func() error{
		"no questions yet": func() error { return os.Remove(filepath.Join(dir, "questions/svar-ki-2026-0042.yaml")) },
		"no source yet":    func() error { return os.RemoveAll(filepath.Join(dir, "sources/svar-ki-2026-0042")) },
		"the old one aside": func() error {
			return os.Rename(filepath.Join(dir, "sources/svar-ki-2026-0042"), filepath.Join(dir, ".old-svar-ki-2026-0042"))
		},
		"a half one beside": func() error { return os.MkdirAll(filepath.Join(dir, ".svar-1/x"), 0o755) },
		"a half one inside": func() error { return os.Remove(filepath.Join(dir, "sources/svar-ki-2026-0042/passages.jsonl")) },
		"other questions":   func() error { return os.WriteFile(filepath.Join(dir, "questions/svar-ki-2026-0042.yaml"), nil, 0o644) },
	} {
		if err := hurt(); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Put(dir); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(whole, files(t, dir)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// No question stands twice beside what an installation has taken in itself.
func TestQuestionsOfOthers(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"sources/eget/meta.yaml":      "{id: eget, title: Eget, kind: guidance, format: plain}",
		"sources/eget/passages.jsonl": `{"id":"eget/a","source":"eget","section":["Eget"],"text":"Ja."}`,
		"sources/eget/original.txt":   "Ja.",
		"questions/eget.yaml":         "[{passage: eget/a, formal: [\"må vi søkje rek\"]}]",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	taken, err := register.Asked(os.DirFS(dir))
	if err != nil || len(taken) != 1 {
		t.Fatal(taken, err)
	}
	d, err := register.NewDocuments("2026-11-22", nil, taken, entry(t, "KI-2026-0042", "2026-11-22", chest))
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, d, 1)
	holds(t, dir)
	if again, err := register.Asked(os.DirFS(dir)); err != nil || !slices.Equal(again, taken) {
		t.Errorf("%v, %v", again, err)
	}
	if none, err := register.Asked(os.DirFS(t.TempDir())); err != nil || len(none) > 0 {
		t.Error(none, err)
	}
}

// once embeds each text once: two retrievers are asked the same.
type once struct {
	embed.Embedder
	mu   sync.Mutex
	made map[string][]float32
}

func (o *once) Embed(ctx context.Context, kind embed.Kind, texts []string) ([][]float32, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out [][]float32
	for _, text := range texts {
		key := kind.String() + text
		if o.made[key] == nil {
			v, err := o.Embedder.Embed(ctx, kind, []string{text})
			if err != nil {
				return nil, err
			}
			o.made[key] = v[0]
		}
		out = append(out, o.made[key])
	}
	return out, nil
}

// answerOf gives what the dialogue answers to a question.
func answerOf(t *testing.T, r *retriever.Retriever, c *corpus.Corpus, question string) kiveileder.Answer {
	t.Helper()
	texts, err := corpus.LoadTexts(corpus.Files)
	if err != nil {
		t.Fatal(err)
	}
	signals, err := corpus.LoadSignals(corpus.Files)
	if err != nil {
		t.Fatal(err)
	}
	d := dialogue.New(dialogue.Deps{
		Search: r, Library: corpus.NewLibrary(c), Texts: texts, Signals: signals, Today: func() string { return "2026-11-23" },
	})
	a, err := d.Turn(context.Background(), kiveileder.Turn{Question: question})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// With the real model: the next one who asks finds the answer first, and those
// who ask of other things find what they found before.
func TestFound(t *testing.T) {
	if testing.Short() {
		t.Skip("loads the model")
	}
	ctx := context.Background()
	s, err := builtin.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	model, err := e5.Default()
	if err != nil {
		t.Fatal(err)
	}
	e := &once{Embedder: model, made: map[string][]float32{}}
	dir := t.TempDir()
	helmet := guidance.PublishedData{
		Title:    "Tale til tekst i ambulansen",
		Question: "Kan ambulansepersonell bruke tale til tekst med kunstig intelligens når de skriver journal underveis?",
		Answer:   "Ja, når virksomheten har vurdert risikoen og den som har skrevet, leser gjennom teksten før den lagres i journalen.",
		Sections: []guidance.Section{{Question: "Hvor lenge kan lydopptaket lagres?", Text: "Lydopptaket slettes når teksten er godkjent. Det er ikke en del av journalen når alt som har betydning, står i teksten."}},
		Agencies: []string{"hdir"},
		Asked: map[kiveileder.Language][]string{
			"nb": {"Er det lov med diktering i sykebilen?"}, "nn": {"Kan vi diktere journalen i ambulansen?"}, "en": {"May paramedics dictate notes to a speech recogniser?"},
		},
	}
	put(t, dir, documents(t, "2026-11-22", entry(t, "KI-2026-0042", "2026-11-22", helmet)), 1)
	added := holds(t, dir)
	with, all, err := retriever.Extend(ctx, s, e, added, retriever.Cache{})
	if err != nil {
		t.Fatal(err)
	}
	first := func(r *retriever.Retriever, q string) (string, retriever.Result) {
		t.Helper()
		res, err := r.Search(ctx, retriever.Query{Text: q, K: 1})
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Hits) == 0 {
			return "", res
		}
		return res.Hits[0].Passage.ID, res
	}
	for q, want := range map[string]string{
		helmet.Question: "svar-ki-2026-0042/svar",
		"Kan ambulansepersonell bruke tale til tekst når de skriver journal?": "svar-ki-2026-0042/svar",
		"Kan vi bruke KI til å gjøre tale om til tekst i ambulansejournalen?": "svar-ki-2026-0042/svar",
		"Får ambulansearbeidere diktere til journalen med KI mens de kjører?": "svar-ki-2026-0042/svar",
		"Kan me bruke talegjenkjenning i ambulansen for å skrive journal?":    "svar-ki-2026-0042/svar",
		"Can the ambulance crew use speech to text for the patient record?":   "svar-ki-2026-0042/svar",
		"Når må vi slette lydopptaket fra dikteringen i ambulansen?":          "svar-ki-2026-0042/del-1",
	} {
		got, res := first(with, q)
		if got != want {
			t.Errorf("%q finds %s first, want %s", q, got, want)
		}
		t.Logf("%q: %v, answers %.2f", q, res.Verdict.Class, res.Verdict.Answers)
	}
	a := answerOf(t, with, all, helmet.Question)
	want := kiveileder.Citation{
		Source: "svar-ki-2026-0042", Passage: "svar-ki-2026-0042/svar", Title: helmet.Title, Publisher: "HDIR", Date: "2026-11-22",
		Section: []string{helmet.Title, helmet.Question}, Quote: helmet.Answer, URL: "/svar/KI-2026-0042#svar",
		Note: "Dette er et svar som ki.veiledning har gitt og publisert. Det er veiledning, ikke lov.",
	}
	if a.Status != kiveileder.Answered || len(a.Citations) == 0 {
		t.Fatalf("%q is answered by %+v", helmet.Question, a)
	}
	if d := cmp.Diff(want, a.Citations[0]); d != "" {
		t.Error(d)
	}
	without, _, err := retriever.Extend(ctx, s, e, &corpus.Corpus{}, retriever.Cache{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i := 7; i < len(s.Corpus.Questions) && n < 30; i += len(s.Corpus.Questions) / 30 {
		q := s.Corpus.Questions[i].Text
		was, _ := first(without, q)
		if now, _ := first(with, q); now != was {
			t.Errorf("%q found %s first, and now %s", q, was, now)
		}
		n++
	}
	if n < 30 {
		t.Errorf("only %d questions of the bank were asked", n)
	}
}
