package app_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kiveileder/internal/app"
	"kiveileder/retriever"
)

// The repository's own corpus has no fault, and enough of what the sources do
// not answer to tell it from what they do.
func TestLintOfTheRepository(t *testing.T) {
	if testing.Short() {
		t.Skip("compares all questions with each other")
	}
	t.Parallel()
	for _, id := range []string{"formal-2024", "allmennpraksis-2024", "regelverk-2023", "radiologi-2021", "felles-plan-2019"} {
		if _, err := os.Stat(filepath.Join("..", "..", "corpus", "questions", id+".yaml")); err != nil {
			t.Skipf("the bank of %s is not there yet: the corpus is not linted", id)
		}
	}
	r, err := app.LintCorpus(filepath.Join("..", "..", "corpus"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Problems {
		t.Error(p)
	}
	if r.Sources < 5 || r.Unanswered < 400 || r.Outside < 250 {
		t.Errorf("%d sources, %d unanswered, %d outside; want at least 5, 400, 250", r.Sources, r.Unanswered, r.Outside)
	}
}

func TestLintCorpus(t *testing.T) {
	dir := smallCorpus(t)
	has := func(want string) {
		t.Helper()
		r, err := app.LintCorpus(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r.Problems {
			if strings.Contains(string(p), want) {
				return
			}
		}
		t.Errorf("problems %q, want %q", r.Problems, want)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r, err := app.LintCorpus(dir)
	if err != nil || len(r.Problems) > 0 || r.Sources != 1 || r.Passages != 2 || r.Questions != 12 || r.Unanswered != 3 || r.Outside != 3 {
		t.Errorf("report %+v, %v", r, err)
	}
	write("eval/own.jsonl", `{"id":"q1","q":"Blir det regn i morgen?"}`)
	has("near copy of test question q1")
	write("sources/veiledning/original.md", "# Forskning\n\nNoe helt annet.\n")
	has("not in the original")
	write("texts.yaml", "greeting: {nb: Hei}\n")
	has("texts.yaml greeting: no text in en")

	write("eval/own.jsonl", `{"id":`)
	if _, err := app.LintCorpus(dir); err == nil || !strings.Contains(err.Error(), "own.jsonl: line 1") {
		t.Errorf("broken test set: %v", err)
	}
	if _, err := app.LintCorpus(t.TempDir()); err == nil || !strings.Contains(err.Error(), "texts.yaml") {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestBuildCorpus(t *testing.T) {
	ctx := context.Background()
	cfg, e := install(t)
	out := filepath.Join(cfg.Corpus, "snapshot.bin")
	first, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	// Built again, nothing is embedded and the snapshot is the same.
	n, err := app.BuildCorpus(ctx, cfg, cfg.Corpus, out, false, nil)
	if err != nil || n == 0 {
		t.Fatal(n, err)
	}
	if again, _ := os.ReadFile(out); string(again) != string(first) || len(e.texts()) > 0 {
		t.Error("building again embeds again or gives another snapshot")
	}
	// Read from the originals again, it stays what it is in words.
	if _, err := app.BuildCorpus(ctx, cfg, cfg.Corpus, out, true, nil); err != nil {
		t.Fatal(err)
	}
	if got := start(t, cfg).Passages("veiledning"); len(got) != 2 || got[1].ID != "veiledning/utstyr" {
		t.Errorf("passages %+v", got)
	}
	// A fault stops the build and leaves the old snapshot.
	before, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	appendTo(t, filepath.Join(cfg.Corpus, "questions", "outside.yaml"), "  nn: [Hva koster en søknad?]\n")
	if _, err := app.BuildCorpus(ctx, cfg, cfg.Corpus, out, false, nil); err == nil || !strings.Contains(err.Error(), "the corpus has 1 problems") {
		t.Errorf("error %v", err)
	}
	if after, _ := os.ReadFile(out); string(after) != string(before) {
		t.Error("the snapshot was changed")
	}
	if _, err := retriever.ReadSnapshot(before); err != nil {
		t.Error(err)
	}
}
