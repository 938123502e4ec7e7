package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io/fs"
	"testing"
)

// TestStaticBelongsToTheSources notices a change of the sources that was not
// built, and a built file that was changed by hand, without Node.
func TestStaticBelongsToTheSources(t *testing.T) {
	b, err := fs.ReadFile(Static(), ManifestName)
	if err != nil {
		t.Fatal(err)
	}
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	inputs, err := InputsHash(".")
	if err != nil {
		t.Fatal(err)
	}
	if inputs != m.Inputs {
		t.Error("the sources were changed and not built: go run ./scripts/web")
	}
	if len(m.Outputs) == 0 {
		t.Error("the manifest names no files")
	}
	for name, want := range m.Outputs {
		b, err := fs.ReadFile(Static(), name)
		if err != nil {
			t.Error(err)
		} else if HashOf(b) != want {
			t.Errorf("%s was not built from the sources", name)
		}
	}
}

// TestWeight holds what the chat page loads, as it goes over the line.
func TestWeight(t *testing.T) {
	const kilo = 1024
	for what, c := range map[string]struct {
		files []string
		most  int
	}{
		"scripts of the chat": {[]string{"boot.js", "app.js"}, 40 * kilo},
		"scripts of a source": {[]string{"boot.js", "page.js"}, 12 * kilo},
		"styles":              {[]string{"app.css"}, 30 * kilo},
		"scripts of the desk": {[]string{"boot.js", "desk.js", "desk-nb.json"}, 48 * kilo},
		"an administrator's":  {[]string{"desk-admin.js"}, 4 * kilo}, // after those of the desk
		"styles of the desk":  {[]string{"desk.css"}, 30 * kilo},
	} {
		var zipped bytes.Buffer
		for _, name := range c.files {
			b, err := fs.ReadFile(Static(), name)
			if err != nil {
				t.Fatal(err)
			}
			w := gzip.NewWriter(&zipped)
			if _, err := w.Write(b); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("%s: %.1f KB gzip", what, float64(zipped.Len())/kilo)
		if zipped.Len() > c.most {
			t.Errorf("%s: %d bytes gzip, at most %d", what, zipped.Len(), c.most)
		}
	}
}
