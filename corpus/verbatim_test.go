package corpus

import (
	"os"
	"path/filepath"
	"testing"

	"kiveileder"
)

func TestVerbatimSources(t *testing.T) {
	dirs, err := filepath.Glob("sources/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal(err, dirs)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			m, o, ps := openSource(t, dir)
			for _, p := range ps {
				if err := o.Verbatim(p); err != nil {
					t.Error(err)
				}
			}
			_ = m
		})
	}
}

// openSource reads a source with its original, as it is in the repository.
func openSource(t *testing.T, dir string) (Meta, *Original, []kiveileder.Passage) {
	t.Helper()
	mb, err := os.ReadFile(filepath.Join(dir, "meta.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := parseMeta(mb)
	if err != nil {
		t.Fatal(err)
	}
	original, err := os.ReadFile(filepath.Join(dir, "original.txt"))
	if err != nil {
		t.Fatal(err)
	}
	o, err := NewOriginal(m, original)
	if err != nil {
		t.Fatal(err)
	}
	pb, err := os.ReadFile(filepath.Join(dir, "passages.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	ps, err := parsePassages(pb)
	if err != nil {
		t.Fatal(err)
	}
	return m, o, ps
}
