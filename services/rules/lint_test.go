package rules

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"kiveileder"
)

// passages are what the small rule set quotes.
var passages = []kiveileder.Passage{
	{ID: "guide/apply", Source: "guide", Text: "• Det må\nsøkes."},
	{ID: "guide/free", Source: "guide", Text: "Det må ikke søkes. Det er uklart. Spør."},
}

// change replaces words of a file, which must stand there once.
func change(t *testing.T, files fstest.MapFS, name, old, with string) {
	t.Helper()
	f := files[name]
	if f == nil || strings.Count(string(f.Data), old) != 1 {
		t.Fatalf("%s: %q is not there once", name, old)
	}
	files[name] = &fstest.MapFile{Data: []byte(strings.Replace(string(f.Data), old, with, 1))}
}

// TestMessages holds what is said of bad files. Each archive says which words
// of the small rule set are replaced ("file", "old", "new" in turn), and what
// Load or Lint say then.
func TestMessages(t *testing.T) {
	archives, err := filepath.Glob("testdata/messages/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files := smallFiles(t)
			want := -1
			for i, f := range ar.Files {
				switch f.Name {
				case "file":
					change(t, files, strings.TrimSpace(string(f.Data)), strings.TrimSuffix(string(ar.Files[i+1].Data), "\n"), strings.TrimSuffix(string(ar.Files[i+2].Data), "\n"))
				case "want":
					want = i
				}
			}
			got := ""
			if s, err := Load(files); err != nil {
				got = err.Error() + "\n"
			} else {
				for _, p := range Lint(s, passages) {
					got += p.String() + "\n"
				}
				rep := s.RunCases()
				for _, p := range append(rep.Failed, rep.Uncovered...) {
					got += p.String() + "\n"
				}
			}
			if *update && want >= 0 {
				ar.Files[want].Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(ar.Files[want].Data), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func smallFiles(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS("testdata/small"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join("testdata/small", name))
		files[name] = &fstest.MapFile{Data: b}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestSmallIsClean(t *testing.T) {
	s := small(t)
	for _, p := range Lint(s, passages) {
		t.Error(p)
	}
	rep := s.RunCases()
	for _, p := range append(rep.Failed, rep.Uncovered...) {
		t.Error(p)
	}
}
