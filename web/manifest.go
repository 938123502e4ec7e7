package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ManifestName is the file in static/ that ties what was built to its sources.
const ManifestName = "manifest.json"

// A Manifest says what the built files were made of, so that a test notices a
// change of the sources that was not built.
type Manifest struct {
	Inputs  string            `json:"inputs"`  // [InputsHash] of the sources
	Outputs map[string]string `json:"outputs"` // name in static/ to [HashOf] its bytes
}

// InputsHash gives a hash of all that the built files depend on: the sources,
// the texts, and the exact versions of what is bundled with them. dir is this
// package's folder.
func InputsHash(dir string) (string, error) {
	h := sha256.New()
	add := func(path string) error {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(b)
		h.Write([]byte(filepath.ToSlash(rel)))
		h.Write(sum[:])
		return nil
	}
	err := filepath.WalkDir(filepath.Join(dir, "src"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return add(path)
	})
	err = errors.Join(err, add(filepath.Join(dir, "texts.json")), add(filepath.Join(dir, "texts-desk.json")), add(filepath.Join(dir, "texts-case.json")), add(filepath.Join(dir, "templates", "desk.html")), add(filepath.Join(dir, "package-lock.json")))
	return hex.EncodeToString(h.Sum(nil)), err
}

// HashOf gives the hash that a manifest keeps of a file.
func HashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
