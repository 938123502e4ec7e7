package gateway_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"kiveileder/gateway"
	"kiveileder/services/rules"
	"kiveileder/web"
)

// smallSet is a rule set with one rule.
func smallSet(t *testing.T, title string) *rules.Set {
	t.Helper()
	all := func(s string) string { return `{nb: "` + s + ` nb", nn: "` + s + ` nn", en: "` + s + ` en"}` }
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	s, err := rules.Load(fstest.MapFS{
		"facts.yaml":     file("- {fact: linkage, type: bool, label: " + all("Kobling") + ", ask: " + all("Kobles de?") + "}"),
		"outcomes.yaml":  file("- {outcome: ask_rek, kind: required, text: " + all("Søk REK") + ", step: 20, quotes: [{source: formal-2024, passage: formal-2024/helseforskning-gdnq, text: Må ha}]}"),
		"derived.yaml":   file("conditions: []"),
		"one/rules.yaml": file("module: one\ntitle: " + all("Emne") + "\nrules:\n- {id: R1, title: " + all(title) + ", when: linkage, outcomes: [ask_rek], cites: [ask_rek.1], review: drafted}"),
		"one/tests.yaml": file("- {name: koblet, facts: {linkage: true}, expect: {must: [ask_rek]}}"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRegler(t *testing.T) {
	var set atomic.Pointer[rules.Set]
	set.Store(smallSet(t, "Første"))
	g, _ := open(t, gateway.Config{}, func(d *gateway.Deps) { d.RuleSet = set.Load })
	for _, c := range []struct{ path, accept, lang string }{
		{"/regler", "", "nb"},
		{"/regler", "en-GB,en;q=0.9", "en"},
		{"/regler?lang=nn", "en", "nn"},
	} {
		w := do(g, call{path: c.path, header: map[string]string{"Accept-Language": c.accept}})
		body, h := w.Body.String(), w.Header()
		if w.Code != 200 || h.Get("Content-Language") != c.lang || h.Get("Content-Security-Policy") != web.CSP || !strings.Contains(h.Get("Vary"), "Accept-Language") {
			t.Errorf("%s for %q: %d %v", c.path, c.accept, w.Code, h)
		}
		for _, want := range []string{`<html lang="` + c.lang + `"`, `id="R1"`, "Første " + c.lang, "Søk REK " + c.lang, set.Load().Hash(), `href="/kilder/formal-2024#helseforskning-gdnq"`, "koblet"} {
			if !strings.Contains(body, want) {
				t.Errorf("%s for %q lacks %q", c.path, c.accept, want)
			}
		}
	}
}

// The page is known by a tag, and made anew for other rules alone.
func TestReglerIsKept(t *testing.T) {
	var set atomic.Pointer[rules.Set]
	set.Store(smallSet(t, "Første"))
	g, _ := open(t, gateway.Config{}, func(d *gateway.Deps) { d.RuleSet = set.Load })
	first := do(g, call{path: "/regler", header: map[string]string{"Accept-Encoding": "gzip"}})
	tag := first.Header().Get("Etag")
	z, err := gzip.NewReader(first.Body)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(z); err != nil || !strings.Contains(string(b), "Første") {
		t.Errorf("packed: %v", err)
	}
	if w := do(g, call{path: "/regler", header: map[string]string{"If-None-Match": tag}}); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("the same again: %d", w.Code)
	}
	set.Store(smallSet(t, "Ny"))
	w := do(g, call{path: "/regler", header: map[string]string{"If-None-Match": tag}})
	if w.Code != 200 || !strings.Contains(w.Body.String(), "Ny nb") || w.Header().Get("Etag") == tag {
		t.Errorf("with other rules: %d %v", w.Code, w.Header())
	}
}

func TestReglerIsNotThere(t *testing.T) {
	none, _ := open(t, gateway.Config{}, nil)
	empty, _ := open(t, gateway.Config{}, func(d *gateway.Deps) { d.RuleSet = func() *rules.Set { return nil } })
	some, _ := open(t, gateway.Config{}, func(d *gateway.Deps) { d.RuleSet = func() *rules.Set { return smallSet(t, "x") } })
	for name, c := range map[string]struct {
		g    *gateway.Gateway
		path string
	}{"no rules": {none, "/regler"}, "none today": {empty, "/regler"}, "another language": {some, "/regler?lang=sv"}} {
		if w := do(c.g, call{path: c.path, header: map[string]string{"Accept": "text/html"}}); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}
