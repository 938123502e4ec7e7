package corpus

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite text.md and passages.jsonl of the sources")

// TestReingestSources proves that what lies in sources/ is what the readers
// make of the originals today, to the byte.
func TestReingestSources(t *testing.T) {
	for _, dir := range sourceDirs(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			if *update {
				if _, err := Reingest(dir); err != nil {
					t.Fatal(err)
				}
				return
			}
			copied := t.TempDir()
			if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			if _, err := Reingest(copied); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"text.md", "passages.jsonl"} {
				want, got := readFile(t, filepath.Join(dir, name)), readFile(t, filepath.Join(copied, name))
				if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
					t.Errorf("%s (-in the repository +read again; rewrite with -update):\n%s", name, diff)
				}
			}
		})
	}
}

func sourceDirs(t testing.TB) []string {
	t.Helper()
	dirs, err := filepath.Glob("sources/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("sources: %v, %v", dirs, err)
	}
	return dirs
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
