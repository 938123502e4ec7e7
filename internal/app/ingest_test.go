package app_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/internal/app"
)

const circular = `# Samtaleroboter

Kommunen skal merke samtaleroboter tydelig, slik at innbyggerne vet at de ikke snakker med et menneske.

# Logg

Hendelser loggføres i tolv måneder. Deretter slettes loggen, med mindre tilsynet bestemmer noe annet.
`

var about = kiveileder.Source{Title: "Rundskriv om roboter", Publisher: []string{"Kommunen"}, Updated: "2026-11-01", Kind: "guidance", Language: "nb"}

// take takes a document in; nothing may fail.
func take(t testing.TB, cfg app.Config, text string, replace bool) []kiveileder.Passage {
	t.Helper()
	_, ps, err := app.AddDocument(context.Background(), cfg, file(t, "rundskriv.md", text), about, replace, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ps
}

func TestAddDocument(t *testing.T) {
	cfg, e := install(t)
	before := start(t, cfg)
	var last, total int
	src, ps, err := app.AddDocument(context.Background(), cfg, file(t, "rundskriv.md", circular), about, false, func(d, n int) { last, total = max(last, d), n })
	if err != nil {
		t.Fatal(err)
	}
	if src.ID != "rundskriv-om-roboter" || len(ps) != 2 || last != total || total == 0 {
		t.Errorf("source %+v with %d passages, %d of %d texts embedded", src, len(ps), last, total)
	}
	e.texts()
	a := start(t, cfg)
	if sent := e.texts(); len(sent) > 0 {
		t.Errorf("at the start %q was embedded again", sent)
	}
	for question, text := range map[string]string{
		"Må samtaleroboter merkes tydelig?": "Kommunen skal merke samtaleroboter tydelig",
		"Når slettes loggen?":               "Hendelser loggføres i tolv måneder.",
		"Hva gjelder for CE-merking?":       "Medisinsk utstyr skal være CE-merket",
	} {
		if got := first(t, a, question).Text; !strings.HasPrefix(got, text) {
			t.Errorf("%q finds %q, want %q", question, got, text)
		}
	}
	got, ok := a.Source(src.ID)
	if !ok || got.Title != about.Title || got.Date() != "2026-11-01" || len(a.Sources()) != 2 || len(a.Passages(src.ID)) != 2 {
		t.Errorf("source %+v, %v", got, ok)
	}
	answer, err := a.Turn(context.Background(), kiveileder.Turn{Question: "Må samtaleroboter merkes tydelig?"})
	if err != nil {
		t.Fatal(err)
	}
	old, err := before.Turn(context.Background(), kiveileder.Turn{Question: "Må samtaleroboter merkes tydelig?"})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(answer.Versions.Corpus, old.Versions.Corpus+"+") {
		t.Errorf("versions %q before, %q after", old.Versions.Corpus, answer.Versions.Corpus)
	}
	if diff := cmp.Diff([]string{"./", "sources/", "sources/rundskriv-om-roboter/", "sources/rundskriv-om-roboter/meta.yaml", "sources/rundskriv-om-roboter/original.md",
		"sources/rundskriv-om-roboter/passages.jsonl", "sources/rundskriv-om-roboter/text.md", "vectors.gob"}, names(listing(t, cfg.Data))); diff != "" {
		t.Errorf("data folder (-want +got):\n%s", diff)
	}
	if orig := listing(t, cfg.Data)["sources/rundskriv-om-roboter/original.md"]; orig != circular {
		t.Errorf("the original was changed: %q", orig)
	}
}

// Vectors that are lost or of another model are made again.
func TestVectorsAreMadeAgain(t *testing.T) {
	cfg, e := install(t)
	take(t, cfg, circular, false)
	for name, spoil := range map[string]func(string) error{
		"lost":   os.Remove,
		"broken": func(f string) error { return os.WriteFile(f, []byte("gob?"), 0o644) },
		"empty":  func(f string) error { return os.Truncate(f, 0) },
	} {
		if err := spoil(filepath.Join(cfg.Data, "vectors.gob")); err != nil {
			t.Fatal(name, err)
		}
		e.texts()
		if got := first(t, start(t, cfg), "Når slettes loggen?").Source; got != "rundskriv-om-roboter" {
			t.Errorf("%s: finds %q", name, got)
		}
		if len(e.texts()) < 3 {
			t.Errorf("%s: nothing was embedded again", name)
		}
	}
}

func TestReplaceKeepsIDs(t *testing.T) {
	cfg, _ := install(t)
	first := take(t, cfg, circular, false)
	again := take(t, cfg, strings.Replace(circular, "i tolv måneder", "i seks måneder", 1)+"\n# Klage\n\nVedtaket kan påklages til statsforvalteren innen tre uker.\n", true)
	if len(again) != 3 || again[0].ID != first[0].ID || again[1].ID != first[1].ID {
		t.Errorf("ids %s, %s became %+v", first[0].ID, first[1].ID, again)
	}
	if !strings.Contains(again[1].Text, "seks måneder") {
		t.Errorf("text %q: want the new one", again[1].Text)
	}
	for name := range listing(t, cfg.Data) {
		if strings.Contains(name, ".old") || strings.Contains(name, ".ingest") {
			t.Errorf("%s was left behind", name)
		}
	}
	start(t, cfg)
}

// What can't be taken in is told in words that help, and changes nothing.
func TestAddDocumentErrors(t *testing.T) {
	cfg, _ := install(t)
	take(t, cfg, circular, false)
	underFile := cfg
	underFile.Data = filepath.Join(file(t, "occupied", "x"), "data")
	noCorpus := cfg
	noCorpus.Corpus = t.TempDir()
	away := cfg
	away.EmbedURL = "http://127.0.0.1:1" // nothing listens there
	away.EmbedModel = "another"
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	other := func(id string) kiveileder.Source {
		s := about
		s.ID = id
		return s
	}
	for _, c := range []struct {
		name string
		cfg  app.Config
		ctx  context.Context
		file string
		src  kiveileder.Source
		want string
	}{
		{"missing", cfg, nil, filepath.Join(t.TempDir(), "borte.md"), other("ny"), "no such file"},
		{"a folder", cfg, nil, t.TempDir(), other("ny"), "it is a folder"},
		{"empty", cfg, nil, file(t, "tom.md", ""), other("ny"), "the file is empty"},
		{"white space", cfg, nil, file(t, "blank.md", " \n\n\t\n"), other("ny"), "nothing but white space"},
		{"binary", cfg, nil, file(t, "x.md", "tekst\x00\x01\x02"), other("ny"), "binary data"},
		{"a picture", cfg, nil, file(t, "x.md", "\x89PNG\r\n\x1a\n"), other("ny"), "the file is a picture"},
		{"not UTF-8", cfg, nil, file(t, "x.md", "# Overskrift\n\ns\xf8knad om dispensasjon\n"), other("ny"), "line 3 holds characters that are not UTF-8"},
		{"no Word file", cfg, nil, file(t, "x.docx", "tekst"), other("ny"), "named .docx but is none"},
		{"a broken Word file", cfg, nil, file(t, "x.docx", "PK\x03\x04tekst"), other("ny"), "damaged"},
		{"unknown type", cfg, nil, file(t, "x.csv", "a;b\n"), other("ny"), "files of the type .csv are not read"},
		{"headings without text", cfg, nil, file(t, "x.md", "# Bare\n\n## Overskrifter\n"), other("ny"), "no text was found"},
		{"id twice", cfg, nil, file(t, "x.md", circular), other("rundskriv-om-roboter"), "is there already; use --replace"},
		{"id of the built-in corpus", cfg, nil, file(t, "x.md", circular), other("veiledning"), "part of the built-in corpus; choose another --id"},
		{"id with signs", cfg, nil, file(t, "x.md", circular), other("../ut"), "want small letters, digits and hyphens"},
		{"id with capitals", cfg, nil, file(t, "x.md", circular), other("Rundskriv"), "want small letters, digits and hyphens"},
		{"no title", cfg, nil, file(t, "x.md", circular), kiveileder.Source{ID: "ny"}, "title"},
		{"no title and no id", cfg, nil, file(t, "x.md", circular), kiveileder.Source{}, "want small letters"},
		{"data folder under a file", underFile, nil, file(t, "x.md", circular), other("ny"), "data folder"},
		{"corpus without a snapshot", noCorpus, nil, file(t, "x.md", circular), other("ny"), "kiveileder corpus build"},
		{"the endpoint is away", away, nil, file(t, "x.md", circular), other("ny"), "refused"},
		{"interrupted", cfg, cancelled, file(t, "x.md", circular+"\nNy tekst som ikke er sett før.\n"), other("ny"), "context canceled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.ctx == nil {
				c.ctx = context.Background()
			}
			for _, replace := range []bool{false, true} {
				if replace && strings.Contains(c.want, "--replace") {
					continue
				}
				_, ps, err := app.AddDocument(c.ctx, c.cfg, c.file, c.src, replace, nil)
				if err == nil || !strings.Contains(err.Error(), c.want) || ps != nil {
					t.Errorf("%d passages, error %v; want %q", len(ps), err, c.want)
				}
				if err != nil && !strings.Contains(err.Error(), filepath.Base(c.file)) {
					t.Errorf("error %v: want the file's name", err)
				}
			}
		})
	}
	before := names(listing(t, cfg.Data))
	t.Cleanup(func() { // when all of them are through
		if diff := cmp.Diff(before, names(listing(t, cfg.Data))); diff != "" {
			t.Errorf("data folder changed (-before +after):\n%s", diff)
		}
		if got := first(t, start(t, cfg), "Når slettes loggen?").Source; got != "rundskriv-om-roboter" {
			t.Errorf("afterwards finds %q", got)
		}
	})
}

func TestAddDocumentTooLarge(t *testing.T) {
	cfg, _ := install(t)
	name := file(t, "stor.md", circular)
	if err := os.Truncate(name, 65<<20); err != nil {
		t.Fatal(err)
	}
	if _, _, err := app.AddDocument(context.Background(), cfg, name, about, false, nil); err == nil || !strings.Contains(err.Error(), "65 MB, at most 64 MB") {
		t.Errorf("error %v", err)
	}
}

func TestAddDocumentUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read every file: that an unreadable one is told of is not tested")
	}
	cfg, _ := install(t)
	name := file(t, "hemmelig.md", circular)
	if err := os.Chmod(name, 0); err != nil {
		t.Fatal(err)
	}
	if _, _, err := app.AddDocument(context.Background(), cfg, name, about, false, nil); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("error %v", err)
	}
}

// What a crash left behind stands in nobody's way.
func TestAddDocumentAfterACrash(t *testing.T) {
	cfg, _ := install(t)
	take(t, cfg, circular, false)
	for _, left := range []string{".old-rundskriv-om-roboter/x", ".ingest-123/meta.yaml", ".new-vectors"} {
		name := filepath.Join(cfg.Data, left)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("halv"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	start(t, cfg)
	take(t, cfg, circular, true)
	start(t, cfg)
}

// Other formats arrive through the same door.
func TestAddDocumentFormats(t *testing.T) {
	cfg, _ := install(t)
	for name, text := range map[string]string{
		"side.html": "<!doctype html><html><head><title>X</title></head><body><h1>Samtaleroboter</h1><p>Kommunen skal merke samtaleroboter tydelig.</p></body></html>",
		"notat.txt": "Samtaleroboter\n\nKommunen skal merke samtaleroboter tydelig.\n",
	} {
		src := about
		src.ID = strings.NewReplacer(".", "-").Replace(name)
		_, ps, err := app.AddDocument(context.Background(), cfg, file(t, name, text), src, false, nil)
		if err != nil || !slices.ContainsFunc(ps, func(p kiveileder.Passage) bool { return strings.Contains(p.Text, "merke samtaleroboter tydelig.") }) {
			t.Errorf("%s: %+v, %v", name, ps, err)
		}
	}
	start(t, cfg)
}
