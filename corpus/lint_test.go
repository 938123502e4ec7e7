package corpus

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"kiveileder"
)

// Each file in testdata/lint is a small corpus with a fault and, under golden,
// what the lint says of it. "-- base/... --" is a corpus that it is added to,
// "-- tests --" holds test questions, an id and a question on each line.
func TestLint(t *testing.T) {
	files, err := filepath.Glob("testdata/lint/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("testdata/lint: no files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var problems []string
			for _, p := range lintArchive(t, a) {
				problems = append(problems, string(p))
			}
			got := strings.Join(problems, "\n")
			if got != "" {
				got += "\n"
			}
			at := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == "golden" })
			if at < 0 {
				t.Fatal("no golden")
			}
			if *update {
				a.Files[at].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(a.Files[at].Data), got); diff != "" {
				t.Errorf("(-want +got; rewrite with -update):\n%s", diff)
			}
		})
	}
}

// lintArchive puts every lint that the archive has files for to work.
func lintArchive(t *testing.T, a *txtar.Archive) []Problem {
	t.Helper()
	files, under := fstest.MapFS{}, fstest.MapFS{}
	tests := map[string]string{}
	for _, f := range a.Files {
		switch name, isBase := strings.CutPrefix(f.Name, "base/"); {
		case isBase:
			under[name] = &fstest.MapFile{Data: f.Data}
		case f.Name == "tests":
			for line := range strings.Lines(string(f.Data)) {
				id, q, _ := strings.Cut(strings.TrimSpace(line), " ")
				tests[id] = q
			}
		default:
			files[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	load := func(files fstest.MapFS) *Corpus {
		c, err := Load(files)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := load(files)
	var base *Corpus
	if len(under) > 0 {
		base = load(under)
	}
	out := Lint(c, base)
	if strings.Contains(string(a.Comment), "LintBank") {
		out = append(out, LintBank(c)...)
	}
	if strings.Contains(string(a.Comment), "LintOriginals") {
		out = append(out, LintOriginals(files, c)...)
	}
	if files["texts.yaml"] != nil {
		texts, err := LoadTexts(files)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, LintTexts(texts)...)
	}
	return append(out, LintCopies(c, tests)...)
}

// What is near a test question, and what only shares its subject.
func TestLintCopies(t *testing.T) {
	tests := map[string]string{
		"d1": "Må sykehuset søke REK om forhåndsgodkjenning før vi trener modellen på røntgenbilder?",
		"d2": "God dag",
	}
	for _, c := range []struct {
		name, question string
		copied         bool
	}{
		{"the same", "Må sykehuset søke REK om forhåndsgodkjenning før vi trener modellen på røntgenbilder?", true},
		{"other signs, letters and order", "sykehuset soke REK forhaandsgodkjenning, foer vi trener modellen paa rontgenbilder", true},
		{"a word more and one less", "Må sykehuset søke REK om forhåndsgodkjenning når vi trener modellen på gamle røntgenbilder?", true},
		{"the same subject in other words", "Trenger et helseforetak klarsignal fra REK for å bruke bilder i utvikling?", false},
		{"one word shared", "Hvem er REK?", false},
		{"a long question that holds some of the words", "Vi er et sykehus som vil samarbeide med tre kommuner og et universitet om en modell, og lurer på om REK eller noen andre må si ja", false},
		{"a short greeting", "God dag", true},
		{"a greeting and more", "God dag, hva er helsehjelp?", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, in := range []*Corpus{
				{Questions: []kiveileder.BankQuestion{{Passage: "x/y", Text: c.question}}},
				{Unanswered: []kiveileder.Negative{{Topic: "fees", Text: c.question}}},
				{Outside: []kiveileder.Negative{{Topic: "fees", Text: c.question}}},
			} {
				ps := LintCopies(in, tests)
				if (len(ps) > 0) != c.copied {
					t.Errorf("problems %q, want a copy: %v", ps, c.copied)
				}
			}
		})
	}
}

func TestLintBankMinima(t *testing.T) {
	long := strings.Repeat("Dette avsnittet har innhold. ", 6)
	for _, c := range []struct {
		name       string
		text       string
		nb, nn, en int
		fine       bool
	}{
		{"enough", long, MinQuestions - MinNynorsk - MinEnglish, MinNynorsk, MinEnglish, true},
		{"one too few", long, MinQuestions - MinNynorsk - MinEnglish - 1, MinNynorsk, MinEnglish, false},
		{"too little nynorsk", long, MinQuestions, MinNynorsk - 1, MinEnglish, false},
		{"too little English", long, MinQuestions, MinNynorsk, MinEnglish - 1, false},
		{"none", long, 0, 0, 0, false},
		{"none, but a passage without substance", "Kort.", 0, 0, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := &Corpus{Passages: []kiveileder.Passage{{ID: "a/b", Source: "a", Text: c.text}}}
			for lang, n := range map[kiveileder.Language]int{"nb": c.nb, "nn": c.nn, "en": c.en} {
				for i := range n {
					in.Questions = append(in.Questions, kiveileder.BankQuestion{Passage: "a/b", Lang: lang, Text: fmt.Sprintf("Spørsmål %d?", i)})
				}
			}
			if ps := LintBank(in); (len(ps) == 0) != c.fine {
				t.Errorf("problems %q, want fine: %v", ps, c.fine)
			}
		})
	}
}
