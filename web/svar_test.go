package web

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/internal/golden"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/register"
	"kiveileder/services/rules"
)

// exampleAnswer has one of everything that an answer may hold.
func exampleAnswer() register.Entry {
	day := time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC) // the day after, in Norway
	e, _ := register.FromCase("KI-2026-0042", guidance.Case{Publication: &guidance.Publication{
		Seq: 9, At: day, Earlier: []time.Time{day.AddDate(0, -1, 0)}, Confirmed: day.AddDate(0, 1, 0),
		PublishedData: guidance.PublishedData{
			Title: "Lungerøntgen <b>", Question: "Må vi søke \"REK\"?", Answer: "Ja, & det straks.",
			Sections: []guidance.Section{
				{Question: "Når?", Text: "Før dere begynner:\n- en søknad\n- en <script>alert(1)</script>"},
				{Text: strings.Repeat("En lang setning om formål og helseopplysninger. ", 30)},
			},
			Quotes:     []rules.Quote{{Source: "formal-2024", Passage: "formal-2024/a-1", Text: "Må ha <i>forhåndsgodkjenning</i>"}},
			References: []string{"helseforskningsloven § 9"}, Agencies: []string{"hdir", "dmp"}, ValidUntil: "2028-06-30",
		},
	}})
	return e
}

func nameOf(key string) string {
	return map[string]string{"hdir": "Helsedirektoratet"}[key] + " <" + key + ">"
}

func answerPage(t *testing.T, lang kiveileder.Language, change func(*register.Entry)) string {
	t.Helper()
	e := exampleAnswer()
	if change != nil {
		change(&e)
	}
	var b bytes.Buffer
	if err := Answer(&b, AnswerData{Lang: lang, Entry: e, Name: nameOf}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func answersPage(t *testing.T, lang kiveileder.Language, words string, entries ...register.Entry) string {
	t.Helper()
	var b bytes.Buffer
	if err := Answers(&b, AnswersData{Lang: lang, Words: words, Entries: entries, Name: nameOf}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// mainOf gives what a page has between header and footer.
func mainOf(html string) string {
	_, got, _ := strings.Cut(html, "<main")
	got, _, _ = strings.Cut(got, "</main>")
	return got
}

// The pages as they are; read the diff when they change.
func TestAnswersGolden(t *testing.T) {
	gone, review := exampleAnswer(), exampleAnswer()
	gone.Number, gone.URL, gone.Status, gone.Reason = "KI-2026-0043", "/svar/KI-2026-0043", guidance.Retracted, "Feil <b>."
	review.Number, review.URL, review.Status, review.Reason = "KI-2026-0044", "/svar/KI-2026-0044", guidance.UnderReview, "Regelen R1 er endret."
	for _, lang := range kiveileder.Languages {
		golden.Check(t, "svar."+string(lang)+".html", mainOf(answerPage(t, lang, nil)))
		golden.Check(t, "svar-liste."+string(lang)+".html", mainOf(answersPage(t, lang, "", exampleAnswer(), gone, review)))
	}
	golden.Check(t, "svar-trukket.nb.html", mainOf(answerPage(t, "", func(e *register.Entry) { *e = gone })))
}

func TestAnswerSaysHowItStands(t *testing.T) {
	for name, c := range map[string]struct {
		status guidance.Standing
		want   string
		not    []string
	}{
		"valid":     {guidance.Valid, `data-color="success">Gjelder<`, []string{"box warn", "box bad"}},
		"review":    {guidance.UnderReview, `<section class="box warn"`, []string{"box bad", ">Gjelder<"}},
		"withdrawn": {guidance.Retracted, `<section class="box bad"`, []string{"box warn", ">Gjelder<"}},
	} {
		html := answerPage(t, "nb", func(e *register.Entry) { e.Status, e.Reason = c.status, "Derfor." })
		if !strings.Contains(html, c.want) || strings.Contains(html, "Derfor.") != (c.status != guidance.Valid) {
			t.Errorf("%s: the page lacks %q or the reason", name, c.want)
		}
		for _, not := range c.not {
			if strings.Contains(html, not) {
				t.Errorf("%s: the page has %q", name, not)
			}
		}
	}
}

// Every part that the corpus quotes has an address on the page, once.
func TestAnswerPartsHaveAddresses(t *testing.T) {
	e := exampleAnswer()
	html := answerPage(t, "nn", nil)
	if len(e.Parts()) < 4 {
		t.Fatalf("%d parts", len(e.Parts()))
	}
	for _, p := range e.Parts() {
		if n := strings.Count(html, `id="`+p.Anchor+`"`); n != 1 {
			t.Errorf("%s stands %d times", p.Anchor, n)
		}
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(html, -1) {
		if ids[m[1]] {
			t.Errorf("the id %s is there twice", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`(?:href="#|labelledby="|for=")([^"]+)"`).FindAllStringSubmatch(html, -1) {
		if !ids[m[1]] {
			t.Errorf("something leads to #%s, which is not there", m[1])
		}
	}
}

// What anybody wrote, and what anybody searched for, is text.
func TestAnswersAreEscaped(t *testing.T) {
	for name, html := range map[string]string{
		"answer": answerPage(t, "en", func(e *register.Entry) {
			e.References = []string{`javascript:alert(1)"><script>`}
			e.Quotes[0].URL = "javascript:alert(1)"
		}),
		"list": answersPage(t, "en", `"><script>alert(1)</script>`, exampleAnswer()),
	} {
		for _, bad := range []string{"<script>alert", "<b>", "<i>", `href="javascript:`, "<hdir>", `""`} {
			if strings.Contains(mainOf(html), bad) {
				t.Errorf("%s: the page contains %q", name, bad)
			}
		}
	}
}

func TestAnswersTellWhatWasFound(t *testing.T) {
	for want, html := range map[string]string{
		"Ingen svar er publisert ennå.":           answersPage(t, "nb", ""),
		"Ingen svar passer til «rek &amp; ros».":  answersPage(t, "nb", "rek & ros"),
		"1 svar på søket «rek».":                  answersPage(t, "nn", "rek", exampleAnswer()),
		`<a href="/svar/KI-2026-0042" lang="nb">`: answersPage(t, "en", "", exampleAnswer()),
		`value="rek"`:            answersPage(t, "nb", "rek"),
		`name="lang" value="nn"`: answersPage(t, "nn", ""),
		`<html lang="en" data-color-scheme="auto" data-rendered="en">`: answersPage(t, "en", ""),
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q:\n%s", want, mainOf(html))
		}
	}
}

func TestAnswerPagesKeepToThePolicy(t *testing.T) {
	inline := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script>`)
	for _, html := range []string{answerPage(t, "nb", nil), answersPage(t, "nb", "x", exampleAnswer())} {
		if m := inline.FindString(html); m != "" {
			t.Errorf("inline %q", m)
		}
		if n := strings.Count(html, "<h1"); n != 1 {
			t.Errorf("%d headings of the first level", n)
		}
	}
}
