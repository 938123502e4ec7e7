package web

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kiveileder"
)

var example = SourceData{
	Source: kiveileder.Source{
		ID: "formal-2024", Title: "Avklare formål <b>", Kind: "guidance", Updated: "2024-02-14", Language: "nb",
		Publisher: []string{"Helsedirektoratet", "FHI"}, URL: "javascript:alert(1)", Note: "Plain \"text\".",
	},
	Passages: []kiveileder.Passage{
		{ID: "formal-2024/forst-aaaa", Section: []string{"Formål", "Forskning"}, Text: "Forskning er\n• ny kunnskap\n• om helse"},
		{ID: "formal-2024/andre-bbbb", Section: []string{"Formål", "Forskning"}, Text: "<script>alert('x')</script>"},
		{ID: "formal-2024/tredje-cccc", Section: []string{"Formål", "Beredskap"}, Restored: true, Text: "1. Først\n2. Så"},
		{ID: "formal-2024/fjerde-dddd", Section: []string{"Om siden"}, Box: true, Text: "Med register menes en samling.", Notes: []string{"62: FAIR er et akronym. Se https://a.no/fair."}},
		{ID: "formal-2024/femte-eeee", Text: "Uten overskrift."},
	},
}

func source(t *testing.T, d SourceData) string {
	t.Helper()
	var b bytes.Buffer
	if err := Source(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEveryPassageHasAnAddress(t *testing.T) {
	html := source(t, example)
	for _, p := range example.Passages {
		for _, want := range []string{`<section id="` + p.Anchor() + `"`, `href="#` + p.Anchor() + `"`} {
			if strings.Count(html, want) != 1 {
				t.Errorf("%s: %q stands %d times", p.ID, want, strings.Count(html, want))
			}
		}
	}
}

func TestHostileTextIsEscaped(t *testing.T) {
	html := source(t, example)
	for _, bad := range []string{"<script>alert", "<b>", "javascript:alert"} {
		if strings.Contains(html, bad) {
			t.Errorf("page contains %q", bad)
		}
	}
	if !strings.Contains(html, "&lt;script&gt;alert") {
		t.Error("the text is lost")
	}
}

func TestSourceReadsAsADocument(t *testing.T) {
	html := source(t, example)
	for _, want := range []string{
		"<p>Forskning er</p><ul><li>ny kunnskap</li><li>om helse</li></ul>",
		`<ol start="1"><li>Først</li><li>Så</li></ol>`,
		`<h2 id="del-1">Formål</h2>`,
		`<h3 id="del-2">Forskning</h3>`,
		`<a href="#del-3">Beredskap</a>`,
		`<aside class="box"><p>Med register`,
		`<a id="ref-1-1" href="#note-1" aria-label="Fotnote 62">62</a>`,
		`<li id="note-1"><span class="nr">62</span> <span>FAIR er et akronym. Se <a href="https://a.no/fair" rel="noopener">https://a.no/fair</a>.</span>`,
		`<a class="up" href="#ref-1-1"`,
		"Helsedirektoratet, FHI",
		"14. februar 2024",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("page lacks %q", want)
		}
	}
	if n := strings.Count(html, ">Formål</h2>"); n != 1 {
		t.Errorf("a heading that does not change is written %d times", n)
	}
	restored := regexp.MustCompile(`<h3 id="del-3">Beredskap <small[^>]*>\(overskrift satt inn av oss, mangler i kilden\)`)
	if !restored.MatchString(html) {
		t.Error("the restored heading is not marked")
	}
	if n := strings.Count(html, "satt inn av oss"); n != 1 {
		t.Errorf("%d headings are marked as restored", n)
	}
}

func TestHeadingThatRepeatsTheTitleIsLeftOut(t *testing.T) {
	d := SourceData{Source: kiveileder.Source{Title: "Formål"}, Passages: example.Passages[:3]}
	html := source(t, d)
	if strings.Contains(html, ">Formål</h2>") {
		t.Error("the title comes twice")
	}
	if !strings.Contains(html, ">Forskning</h2>") {
		t.Error("the headings below the title have not moved up")
	}
}

func TestFootnotesStandUnderOneHeading(t *testing.T) {
	path := []string{"Innspill", "Trygghet"}
	html := source(t, SourceData{Passages: []kiveileder.Passage{
		{ID: "x/a", Section: path, Text: "Tekst"},
		{ID: "x/b", Section: []string{"Innspill", "Trygghet", "Fotnote 7"}, Text: "Sju"},
		{ID: "x/c", Section: []string{"Annet", "Fotnote 9"}, Text: "Ni"},
	}})
	for want, times := range map[string]int{
		`<h2 id="fotnoter">`: 1, ">Innspill</h2>": 1, ">Annet</h2>": 0, ">Fotnote 7</h3>": 1, ">Fotnote 9</h3>": 1,
		`<p class="where">Innspill › Trygghet › Fotnote 7</p>`: 1,
	} {
		if n := strings.Count(html, want); n != times {
			t.Errorf("%q stands %d times, want %d", want, n, times)
		}
	}
}

func TestBlocks(t *testing.T) {
	kinds := func(bs []block) string {
		var s []string
		for _, b := range bs {
			s = append(s, b.Kind+strings.Repeat("+", max(0, len(b.Items)-1)))
		}
		return strings.Join(s, " ")
	}
	for _, c := range []struct {
		text   string
		goesOn bool
		want   string
	}{
		{"en linje", false, "p"},
		{"to\nlinjer", false, "p p"},
		{"• a\n• b\n\nc", false, "ul+ p"},
		{"Slik:\n1. a\n2. b\nOg:\n3. c", false, "p ol+ p ol"},
		{"1. a\n1. b", false, "ol ol"},
		{"28. juni 2019 mottok direktoratet", false, "p"},
		{"1. januar 2023 trådte loven i kraft", false, "p"},
		{"7. sju\n8. åtte", true, "ol+"},
		{"7. sju", false, "p"},
		{"§ 10.Bruk: utstyret", false, "p"},
		{"Slik:\na. en\nb. to\n1. tre", false, "p ol+ ol"},
		{"i. e. noe annet", false, "p"},
	} {
		if got := kinds(blocks(c.text, c.goesOn)); got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
	if b := blocks("7. sju", true); b[0].Start != 7 {
		t.Errorf("the list goes on from %d", b[0].Start)
	}
}

func TestDateIn(t *testing.T) {
	for _, c := range []struct {
		iso  string
		lang kiveileder.Language
		want string
	}{
		{"2024-02-14", "nb", "14. februar 2024"}, {"2024-02-14", "nn", "14. februar 2024"}, {"2024-02-14", "en", "14 February 2024"},
		{"2019", "nb", "2019"}, {"", "en", ""},
	} {
		if got := dateIn(c.iso, c.lang); got != c.want {
			t.Errorf("%q in %s: %q, want %q", c.iso, c.lang, got, c.want)
		}
	}
}

// pages gives every page, rendered.
func pages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{"source": source(t, example)}
	add := func(name string, f func(*bytes.Buffer) error) {
		var b bytes.Buffer
		if err := f(&b); err != nil {
			t.Fatal(err)
		}
		out[name] = b.String()
	}
	add("index", func(b *bytes.Buffer) error {
		return Index(b, IndexData{MaxChars: 4000, Mailbox: "post@example.no", Languages: []string{"nb", "nn", "en"}})
	})
	add("sources", func(b *bytes.Buffer) error { return Sources(b, []kiveileder.Source{example.Source, {ID: "x"}}) })
	add("no sources", func(b *bytes.Buffer) error { return Sources(b, nil) })
	add("rules", func(b *bytes.Buffer) error { return Rules(b, exampleBook("nn")) })
	add("desk", func(b *bytes.Buffer) error {
		return Desk(b, DeskData{Person: "p-1", Name: "<b>Kari", Agency: "hdir", Demo: true})
	})
	add("not found", func(b *bytes.Buffer) error { return NotFound(b) })
	return out
}

func TestPagesKeepToThePolicy(t *testing.T) {
	inline := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script(?:>|\s+(?:[^s>]|s[^r])[^>]*>\s*\S)`)
	elsewhere := regexp.MustCompile(`(?:src|<link[^>]+href)="(?:https?:)?//`)
	for name, html := range pages(t) {
		if m := inline.FindString(html); m != "" && !strings.Contains(m, "src=") {
			t.Errorf("%s: inline %q", name, m)
		}
		if m := elsewhere.FindString(html); m != "" {
			t.Errorf("%s: asks another host: %q", name, m)
		}
	}
	if strings.Contains(CSP, "unsafe") {
		t.Error("the policy allows unsafe things")
	}
}

func TestAssetsResolve(t *testing.T) {
	files := Static()
	asset := regexp.MustCompile(`"/static/([^"]+)"`)
	found := 0
	for page, html := range pages(t) {
		for _, m := range asset.FindAllStringSubmatch(html, -1) {
			found++
			if _, err := fs.Stat(files, m[1]); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
	if found == 0 {
		t.Fatal("no page uses an asset")
	}
	if !Immutable(Asset("app.css")) || Immutable("/static/app.css") {
		t.Error("only names with the hash may be kept for ever")
	}
	if _, err := fs.Stat(files, "app.css"); err != nil {
		t.Errorf("by its plain name: %v", err)
	}
	if _, err := fs.Stat(files, "v-000000000000/app.css"); err == nil {
		t.Error("another version's name resolves")
	}
}

func TestTextsExistInThreeLanguages(t *testing.T) {
	if len(texts) == 0 {
		t.Fatal("no texts")
	}
	values := regexp.MustCompile(`\{\w+\}`)
	for key, byLang := range texts {
		if got := slices.Sorted(maps.Keys(byLang)); !slices.Equal(got, []string{"en", "nb", "nn"}) {
			t.Errorf("%s: languages %v", key, got)
		}
		want := values.FindAllString(byLang["nb"], -1)
		for lang, s := range byLang {
			if strings.TrimSpace(s) == "" {
				t.Errorf("%s: empty in %s", key, lang)
			}
			if got := values.FindAllString(s, -1); !slices.Equal(got, want) {
				t.Errorf("%s: values %v in %s, %v in nb", key, got, lang, want)
			}
		}
	}
}

// TestTextsAreKnown holds that templates ask for texts that are there, and
// that no text is left over. (In the scripts the compiler holds it.)
func TestTextsAreKnown(t *testing.T) {
	used := map[string]bool{}
	collect := func(files fs.FS, pattern string, keys *regexp.Regexp) {
		names, err := fs.Glob(files, pattern)
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, err)
		}
		for _, name := range names {
			b, err := fs.ReadFile(files, name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range keys.FindAllStringSubmatch(string(b), -1) {
				used[m[1]] = true
			}
		}
	}
	collect(templateFiles, "templates/*.html", regexp.MustCompile(`[{(]tv? "(\w+)"`))
	collect(templateFiles, "templates/*.html", regexp.MustCompile(`data-t(?:-\w+)?="(\w+)"`))
	for key := range used {
		if _, ok := texts[key]; !ok {
			t.Errorf("unknown text %q", key)
		}
	}
	collect(os.DirFS("src"), "*.ts", regexp.MustCompile(`'(\w+)'`))
	collect(os.DirFS("src"), "desk/*.ts", regexp.MustCompile(`'(\w+)'`))
	for _, key := range slices.Concat(examples, []string{"sources", "rules", "not_found_title", "footnotes", "desk_title"}) {
		used[key] = true
	}
	prefixes := []string{"status_", "finding_", "kind_", "version_", "origin_", "part_", "desk_state_", "desk_event_", "desk_mail_", "desk_role_", "desk_why_", "desk_contact_", "desk_field_", "desk_kind_", "desk_topic_"} // completed at run time
	for key := range texts {
		if !used[key] && !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) }) {
			t.Errorf("text %q is not used", key)
		}
	}
}

// TestTopicsHaveWords holds that no topic is shown at the desk as the name of a
// folder, which is what the service calls them.
func TestTopicsHaveWords(t *testing.T) {
	folders, err := filepath.Glob("../corpus/rules/*/rules.yaml")
	if err != nil || len(folders) == 0 {
		t.Fatal("no rules", err)
	}
	for _, f := range folders {
		if name := filepath.Base(filepath.Dir(f)); texts["desk_topic_"+name] == nil {
			t.Errorf("topic %s has no words", name)
		}
	}
}

func TestQuestionsStandBelowTheirPassage(t *testing.T) {
	d := example
	d.Asked = map[string][]string{"formal-2024/forst-aaaa": {"Hva er forskning & utvikling?", "To?", "Tre?", "Fire?"}}
	html := source(t, d)
	if want := `<a href="/?q=Hva%20er%20forskning%20%26%20utvikling%3f">Hva er forskning &amp; utvikling?</a>`; !strings.Contains(html, want) {
		t.Errorf("page lacks %q", want)
	}
	if strings.Contains(html, "Fire?") {
		t.Error("more than three are shown")
	}
	if n := strings.Count(html, `class="asked"`); n != 1 {
		t.Errorf("%d passages have questions", n)
	}
}

func TestFootnoteOfTwoPassagesIsListedOnce(t *testing.T) {
	d := SourceData{Passages: []kiveileder.Passage{
		{ID: "x/a", Text: "A", Notes: []string{"1: Se loven."}},
		{ID: "x/b", Text: "B", Notes: []string{"1: Se loven.", "2: javascript:alert(1)"}},
	}}
	html := source(t, d)
	for want, times := range map[string]int{
		`<li id="note-1">`: 1, `href="#note-1"`: 2, `href="#ref-1-1"`: 1, `href="#ref-1-2"`: 1, `<h2 id="fotnoter">`: 1, `href="javascript`: 0,
	} {
		if n := strings.Count(html, want); n != times {
			t.Errorf("%q stands %d times, want %d", want, n, times)
		}
	}
}
