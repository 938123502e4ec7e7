package corpus

import (
	"io/fs"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
)

// whole is a corpus with one of everything.
func whole() fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"sources/a/meta.yaml":       "id: a\ntitle: Veiledning\nkind: guidance\npublisher: [DMP]\npublished: null\nupdated: 2024-02-14\nlanguage: nb\nformat: plain\n",
		"sources/a/passages.jsonl":  `{"id":"a/x","source":"a","section":["X"],"lead":"Det må:","text":"• søkes","notes":["1: En note."]}` + "\n\n",
		"sources/a/text.md":         "# Veiledning\n",
		"sources/b/meta.yaml":       "id: b\ntitle: Rapport\nkind: report\npublisher: []\npublished: 2021-01-01\nupdated: null\nlanguage: nb\nformat: markdown\n",
		"sources/b/passages.jsonl":  `{"id":"b/y","source":"b","section":[],"text":"Rapporten.","box":true,"restored":true}`,
		"questions/a.yaml":          "- passage: a/x\n  formal: [F1, F2]\n  everyday: [H]\n  keywords: [K]\n  situation: [S]\n  nynorsk: [N]\n  english: [E]\n",
		"questions/unanswered.yaml": "- topic: fees\n  title: Gebyr\n  agency: [DMP]\n  near: true\n  nb: [Hva koster det?]\n  nn: [Kva kostar det?]\n  en: [What does it cost?]\n",
		"questions/outside.yaml":    "- topic: weather\n  title: Været\n  nb: [Blir det regn?]\n",
		"questions/intents.yaml":    "- {intent: greeting, kind: smalltalk, nb: [Hei], en: [Hello]}\n",
		"glossary.yaml":             "agencies:\n  - key: dmp\n    name: DMP\n    former: [{name: Legemiddelverket}]\n",
		"conflicts.yaml":            "- key: k\n  sides: [{source: a, snippet: søkes}, {source: b, snippet: Rapporten, superseded: true}]\n  text: {nb: U, nn: U, en: D}\n",
		"asks.yaml":                 "- {ask: price, asks: pris, offers: kr}\n",
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func TestLoad(t *testing.T) {
	got, err := Load(whole())
	if err != nil {
		t.Fatal(err)
	}
	want := &Corpus{
		Sources: []Meta{
			{Source: kiveileder.Source{ID: "a", Title: "Veiledning", Kind: "guidance", Publisher: []string{"DMP"}, Updated: "2024-02-14", Language: "nb"}, Format: "plain"},
			{Source: kiveileder.Source{ID: "b", Title: "Rapport", Kind: "report", Publisher: []string{}, Published: "2021-01-01", Language: "nb"}, Format: "markdown"},
		},
		Passages: []kiveileder.Passage{
			{ID: "a/x", Source: "a", Section: []string{"X"}, Lead: "Det må:", Text: "• søkes", Notes: []string{"1: En note."}},
			{ID: "b/y", Source: "b", Section: []string{}, Text: "Rapporten.", Box: true, Restored: true},
		},
		Questions: []kiveileder.BankQuestion{
			{Passage: "a/x", Text: "F1", Lang: "nb", Style: "formal"},
			{Passage: "a/x", Text: "F2", Lang: "nb", Style: "formal"},
			{Passage: "a/x", Text: "H", Lang: "nb", Style: "everyday"},
			{Passage: "a/x", Text: "K", Lang: "nb", Style: "keywords"},
			{Passage: "a/x", Text: "S", Lang: "nb", Style: "situation"},
			{Passage: "a/x", Text: "N", Lang: "nn", Style: "nynorsk"},
			{Passage: "a/x", Text: "E", Lang: "en", Style: "english"},
		},
		Unanswered: []kiveileder.Negative{
			{Topic: "fees", Text: "Hva koster det?", Lang: "nb"},
			{Topic: "fees", Text: "Kva kostar det?", Lang: "nn"},
			{Topic: "fees", Text: "What does it cost?", Lang: "en"},
		},
		Outside: []kiveileder.Negative{{Topic: "weather", Text: "Blir det regn?", Lang: "nb"}},
		Topics: []kiveileder.Topic{
			{Key: "fees", Title: "Gebyr", Agency: []string{"DMP"}, Near: true},
			{Key: "weather", Title: "Været"},
		},
		Intents:  []Intent{{Intent: "greeting", Kind: "smalltalk", NB: []string{"Hei"}, EN: []string{"Hello"}}},
		Glossary: Glossary{Agencies: []Agency{{Key: "dmp", Name: "DMP", Former: []Former{{Name: "Legemiddelverket"}}}}},
		Conflicts: []Conflict{{
			Key: "k", Sides: []Side{{Source: "a", Snippet: "søkes"}, {Source: "b", Snippet: "Rapporten", Superseded: true}},
			Text: map[kiveileder.Language]string{"nb": "U", "nn": "U", "en": "D"},
		}},
		Asked: []Asked{{Ask: "price", Asks: "pris", Offers: "kr"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if p, ok := got.Passage("b/y"); !ok || p.Text != "Rapporten." {
		t.Errorf("passage %+v, %v", p, ok)
	}
	if _, ok := got.Passage("b/z"); ok {
		t.Error("a passage that is not there was found")
	}
}

// An error names the file, and where the reader knows it the line.
func TestLoadErrors(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		want             []string
	}{
		{"unknown key in meta.yaml", "sources/a/meta.yaml", "id: a\ntitle: A\nformat: plain\ncolour: red\n", []string{"sources/a: meta.yaml:", `"colour"`, "[4:"}},
		{"no title", "sources/a/meta.yaml", "id: a\nformat: plain\n", []string{"sources/a: meta.yaml:", "title"}},
		{"broken meta.yaml", "sources/a/meta.yaml", "id: [a\n", []string{"sources/a: meta.yaml:"}},
		{"empty meta.yaml", "sources/a/meta.yaml", "", []string{"sources/a: meta.yaml:"}},
		{"unknown key in a passage", "sources/b/passages.jsonl", "\n{\"id\":\"b/y\",\"colour\":1}", []string{"sources/b/passages.jsonl", "line 2", `"colour"`}},
		{"broken passage", "sources/b/passages.jsonl", `{"id":`, []string{"sources/b/passages.jsonl", "line 1"}},
		{"unknown style of question", "questions/a.yaml", "- passage: a/x\n  rude: [Hva?]\n", []string{"questions/a.yaml", `"rude"`, "[2:"}},
		{"questions are no list", "questions/a.yaml", "passage: a/x\n", []string{"questions/a.yaml"}},
		{"unknown key of a topic", "questions/unanswered.yaml", "- {topic: x, sv: [Vad?]}\n", []string{"questions/unanswered.yaml", `"sv"`}},
		{"unknown key outside", "questions/outside.yaml", "- {topic: x, agencies: [DMP]}\n", []string{"questions/outside.yaml", `"agencies"`}},
		{"unknown key of an intent", "questions/intents.yaml", "- {intent: x, type: smalltalk}\n", []string{"questions/intents.yaml", `"type"`}},
		{"unknown key in the glossary", "glossary.yaml", "words: []\n", []string{"glossary.yaml", `"words"`}},
		{"unknown key of a conflict", "conflicts.yaml", "- {key: x, parts: []}\n", []string{"conflicts.yaml", `"parts"`}},
		{"unknown key of what is asked", "asks.yaml", "- {ask: x, ask_for: y}\n", []string{"asks.yaml", `"ask_for"`}},
		{"a tab", "glossary.yaml", "terms:\n\t- term: x\n", []string{"glossary.yaml"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := whole()
			files[c.file] = &fstest.MapFile{Data: []byte(c.text)}
			_, err := Load(files)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error lacks %q: %v", want, err)
				}
			}
		})
	}
}

// Everything but the sources may be missing or empty; a source may not lack
// its passages.
func TestLoadWithLess(t *testing.T) {
	for name := range whole() {
		t.Run("without "+name, func(t *testing.T) {
			files := whole()
			delete(files, name)
			_, err := Load(files)
			if missing := strings.HasSuffix(name, "passages.jsonl"); (err != nil) != missing {
				t.Errorf("error %v, want one: %v", err, missing)
			}
		})
		if strings.HasPrefix(name, "sources/") {
			continue
		}
		t.Run("empty "+name, func(t *testing.T) {
			files := whole()
			files[name] = &fstest.MapFile{Data: []byte("# ingen ennå\n")}
			if _, err := Load(files); err != nil {
				t.Error(err)
			}
		})
	}
	if c, err := Load(fstest.MapFS{}); err != nil || len(c.Sources) > 0 {
		t.Errorf("nothing at all: %+v, %v", c, err)
	}
}

// A file that is there but can't be read is no missing file.
func TestLoadUnreadable(t *testing.T) {
	for _, name := range []string{"glossary.yaml", "questions/a.yaml", "conflicts.yaml"} {
		if _, err := Load(locked{whole(), name}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v, want its name", name, err)
		}
	}
}

type locked struct {
	fs.FS
	name string
}

func (l locked) Open(name string) (fs.File, error) {
	if name == l.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.FS.Open(name)
}

func TestHash(t *testing.T) {
	before, err := Hash(whole())
	if err != nil || len(before) != 16 {
		t.Fatal(before, err)
	}
	for _, c := range []struct {
		name  string
		same  bool
		alter func(fstest.MapFS)
	}{
		{"nothing", true, func(fstest.MapFS) {}},
		{"the readable text", true, func(f fstest.MapFS) { f["sources/a/text.md"] = &fstest.MapFile{Data: []byte("x")} }},
		{"an original", true, func(f fstest.MapFS) { f["sources/a/original.txt"] = &fstest.MapFile{Data: []byte("x")} }},
		{"a document that is being taken in", true, func(f fstest.MapFS) { f[".ingest-1/meta.yaml"] = &fstest.MapFile{} }},
		{"a passage", false, func(f fstest.MapFS) { f["sources/a/passages.jsonl"].Data[9] ^= 1 }},
		{"a question", false, func(f fstest.MapFS) { f["questions/a.yaml"].Data = append(f["questions/a.yaml"].Data, '\n') }},
		{"a file less", false, func(f fstest.MapFS) { delete(f, "glossary.yaml") }},
		{"a new file", false, func(f fstest.MapFS) { f["questions/b.yaml"] = &fstest.MapFile{} }},
		{"two contents swapped", false, func(f fstest.MapFS) {
			f["glossary.yaml"], f["asks.yaml"] = f["asks.yaml"], f["glossary.yaml"]
		}},
	} {
		files := maps.Clone(whole())
		c.alter(files)
		after, err := Hash(files)
		if err != nil || (after == before) != c.same {
			t.Errorf("%s: %s became %s, %v; want the same: %v", c.name, before, after, err, c.same)
		}
	}
}

func TestTexts(t *testing.T) {
	texts, err := LoadTexts(fstest.MapFS{"texts.yaml": {Data: []byte("hello: {nb: Hei, en: Hello}\nlong: {nb: \"Høyst %d tegn\"}\n")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		key  string
		lang kiveileder.Language
		args []any
		want string
	}{
		{"hello", "en", nil, "Hello"},
		{"hello", "nn", nil, "Hei"},
		{"hello", "", nil, "Hei"},
		{"long", "nb", []any{7}, "Høyst 7 tegn"},
		{"nothing", "nb", nil, "nothing"},
	} {
		if got := texts.Get(c.key, c.lang, c.args...); got != c.want {
			t.Errorf("Get(%q, %q) = %q, want %q", c.key, c.lang, got, c.want)
		}
	}
	if !texts.Has("hello") || texts.Has("nothing") {
		t.Error("Has")
	}
	for name, files := range map[string]fstest.MapFS{
		"missing": {},
		"empty":   {"texts.yaml": {}},
		"broken":  {"texts.yaml": {Data: []byte("hello: [")}},
	} {
		if _, err := LoadTexts(files); err == nil || !strings.Contains(err.Error(), "texts.yaml") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWants(t *testing.T) {
	ws, err := Wants([]Asked{
		{Ask: "duration", Asks: `\b(hvor lenge|uker)\b`, Offers: `\b(dag(er)?|måned(er)?|år|\d+ uker)\b`},
		{Ask: "own", Asks: `\b(vårt?|område\w*)\b`},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		p    *Pattern
		text string
		want bool
	}{
		{ws[0].Asks, "HVOR LENGE tar det?", true},
		{ws[0].Asks, "hvor lengere", false},
		{ws[0].Offers, "Innen tre måneder.", true},
		{ws[0].Offers, "Innen tre ÅR", true},
		{ws[0].Offers, "året etter", false},
		{ws[0].Offers, "oppdager", false},
		{ws[1].Asks, "er verktøyet vårt lovlig", true},
		{ws[1].Asks, "fagområdet", false},
		{ws[1].Asks, "områdeplan", true},
	} {
		if got := c.p.MatchString(c.text); got != c.want {
			t.Errorf("%q: %v, want %v", c.text, got, c.want)
		}
	}
	if ws[1].Offers != nil {
		t.Error("no pattern for what is offered, and yet there is one")
	}
	if _, err := Wants([]Asked{{Ask: "x", Asks: "("}}); err == nil || !strings.Contains(err.Error(), "asks.yaml x") {
		t.Errorf("broken pattern: %v", err)
	}
}
