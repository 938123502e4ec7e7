package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/internal/app"
	"kiveileder/retriever"
	"kiveileder/retriever/embed"
	"kiveileder/retriever/embed/embedtest"
)

// dim is the length of the vectors in these tests.
const dim = 48

// An endpoint is an embedding endpoint that compares letters; it remembers
// what it was sent.
type endpoint struct {
	url  string
	mu   sync.Mutex // guards sent
	sent []string
}

func openEndpoint(t testing.TB) *endpoint {
	t.Helper()
	e := &endpoint{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Input []string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		e.mu.Lock()
		e.sent = append(e.sent, in.Input...)
		e.mu.Unlock()
		vs, err := embedtest.Hash(dim).Embed(r.Context(), embed.Query, in.Input)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		type item struct {
			Index     int       `json:"index"`
			Embedding []float32 `json:"embedding"`
		}
		var out struct {
			Data []item `json:"data"`
		}
		for i, v := range vs {
			out.Data = append(out.Data, item{i, v})
		}
		_ = json.NewEncoder(w).Encode(out)
	}))
	t.Cleanup(s.Close)
	e.url = s.URL
	return e
}

// texts gives what was sent since the last call.
func (e *endpoint) texts() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := e.sent
	e.sent = nil
	return out
}

// smallCorpus lays out a corpus of one source with its bank.
func smallCorpus(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("sources/veiledning/meta.yaml", "id: veiledning\ntitle: Veiledning\nkind: guidance\npublisher: [DMP]\npublished: null\nupdated: 2026-02-14\nlanguage: nb\nformat: markdown\n")
	write("sources/veiledning/original.md", "# Forskning\n\nHelseforskning må ha forhåndsgodkjenning fra komiteen.\n\n# Utstyr\n\nMedisinsk utstyr skal være CE-merket før bruk.\n")
	write("sources/veiledning/passages.jsonl", `{"id":"veiledning/forskning","source":"veiledning","section":["Forskning"],"text":"Helseforskning må ha forhåndsgodkjenning fra komiteen."}
{"id":"veiledning/utstyr","source":"veiledning","section":["Utstyr"],"text":"Medisinsk utstyr skal være CE-merket før bruk."}
`)
	var bank strings.Builder
	for id, subject := range map[string][]string{
		"veiledning/forskning": {"helseforskning", "forhåndsgodkjenning fra komiteen"},
		"veiledning/utstyr":    {"medisinsk utstyr", "CE-merking"},
	} {
		fmt.Fprintf(&bank, "- passage: %s\n  formal:\n", id)
		for _, s := range subject {
			for _, form := range []string{"Hva gjelder for %s?", "Når må vi tenke på %s?", "Hvem svarer på spørsmål om %s?"} {
				fmt.Fprintf(&bank, "    - "+form+"\n", s)
			}
		}
	}
	write("questions/veiledning.yaml", bank.String())
	write("questions/unanswered.yaml", "- topic: fees\n  title: Gebyr\n  nb: [Hva koster en søknad?, Hvor stort er gebyret?, Må vi betale avgift?]\n")
	write("questions/outside.yaml", "- topic: weather\n  title: Været\n  nb: [Blir det regn i morgen?, Kommer det snø til jul?, Hvor varmt er det?]\n")
	write("questions/intents.yaml", "- {intent: greeting, kind: smalltalk, nb: [Hei, God dag, Hallo]}\n")
	for _, name := range []string{"texts.yaml"} {
		b, err := fs.ReadFile(corpus.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		write(name, string(b))
	}
	return dir
}

// install builds the small corpus and gives the configuration that serves it
// on a free port, with an empty data folder.
func install(t testing.TB) (app.Config, *endpoint) {
	t.Helper()
	e := openEndpoint(t)
	dir := smallCorpus(t)
	cfg := app.Config{
		Base: app.Base{Corpus: dir, Data: t.TempDir(), EmbedURL: e.url, EmbedModel: "hash", EmbedDim: dim},
		Addr: "127.0.0.1:0", CacheSize: 10,
	}
	if _, err := app.BuildCorpus(context.Background(), cfg, dir, filepath.Join(dir, "snapshot.bin"), false, nil); err != nil {
		t.Fatal(err)
	}
	e.texts()
	return cfg, e
}

// start makes the app; nothing may fail.
func start(t testing.TB, cfg app.Config) *app.App {
	t.Helper()
	a, err := app.New(context.Background(), cfg, app.Silent())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// first gives the passage that a search finds first.
func first(t testing.TB, a *app.App, question string) kiveileder.Passage {
	t.Helper()
	r, err := a.Search(context.Background(), retriever.Query{Text: question, K: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Hits) == 0 {
		return kiveileder.Passage{}
	}
	return r.Hits[0].Passage
}

// file writes a document.
func file(t testing.TB, name, text string) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(f, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return f
}

// listing gives the files under a folder with their contents.
func listing(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil || d.IsDir() {
			out[rel+"/"] = ""
			return err
		}
		b, err := os.ReadFile(name)
		out[rel] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func names(m map[string]string) []string {
	var out []string
	for n := range m {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}
