package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io"
	"io/fs"
	"strings"
)

//go:embed static
var staticFiles embed.FS

// version is the first part of every asset's path: a hash of all assets. They
// are few and change together, so that one hash in the folder serves as well
// as one in each name.
var version = "v-" + hashOf(staticFS())

// Asset gives the address of a file in static/, with a hash that changes
// whenever a file does: it may be cached for ever.
func Asset(name string) string { return "/static/" + version + "/" + name }

// Immutable reports whether a path under /static/ carries the hash, so that
// what is served there never changes: "public, max-age=31536000, immutable".
func Immutable(path string) bool {
	return strings.HasPrefix(strings.TrimPrefix(path, "/static/"), version+"/")
}

// Static gives the files to be served under /static/: by the hashed names that
// Asset gives, and by their plain names. Names with another version's hash do
// not exist, so that no cache keeps a file under a wrong hash.
func Static() fs.FS { return versioned{staticFS()} }

type versioned struct{ files fs.FS }

func (v versioned) Open(name string) (fs.File, error) {
	if name == version {
		name = "."
	}
	return v.files.Open(strings.TrimPrefix(name, version+"/"))
}

func staticFS() fs.FS {
	sub, err := fs.Sub(staticFiles, "static")
	if err != nil {
		panic(err) // unreachable: the folder is embedded above
	}
	return sub
}

func hashOf(files fs.FS) string {
	h := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		io.WriteString(h, path)
		h.Write([]byte{0})
		h.Write(b)
		return nil
	})
	if err != nil {
		panic(err) // unreachable: the files are in memory
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}
