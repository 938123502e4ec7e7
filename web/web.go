// Package web holds the pages that people see: the chat, the list of sources
// and each source as a document whose every passage has an address.
//
// The pages are templates rendered here, with styles and scripts written in
// src/ and bundled into static/ by scripts/web. What is bundled is committed,
// so that a build of the program needs nothing but Go. The pages ask no other
// host for anything; [CSP] holds browsers to that. Their words stand in
// texts.json in three languages: rendered in bokmål here, and changed by the
// browser when the reader prefers another. The page of the rules is made of
// words that the browser does not have: it is rendered in each language.
package web

import (
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"kiveileder"
	"kiveileder/web/rulebook"
)

// CSP is the value of the header Content-Security-Policy that every page is
// served with: files of this host alone, nothing inline, no framing. Trusted
// Types make the browser refuse HTML made from strings, but for the templates
// of Lit, whose strings are constants of the script.
const CSP = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types lit-html"

//go:embed templates
var templateFiles embed.FS

// templates are the pages by the language of their words.
var templates = func() map[kiveileder.Language]*template.Template {
	out := map[kiveileder.Language]*template.Template{}
	for _, lang := range kiveileder.Languages {
		out[lang] = template.Must(template.New("").Funcs(template.FuncMap{
			"asset":  Asset,
			"t":      func(key string) string { return textIn(key, lang) },
			"tv":     func(key string, values ...any) string { return filled(textIn(key, lang), values...) },
			"date":   func(iso string) string { return dateIn(iso, lang) },
			"kind":   func(kind string) string { return textIn("finding_"+kind, lang) },
			"colour": colour,
			"anchor": rulebook.Anchor,
			"minus":  func(a, b int) int { return a - b },
			"join":   strings.Join,
		}).ParseFS(templateFiles, "templates/*.html"))
	}
	return out
}()

// examples are the texts of the questions to start from: one answered outright,
// one that depends on the purpose, one of each kind of rule.
var examples = []string{"example_1", "example_2", "example_3", "example_4", "example_5", "example_6"}

// IndexData is what the chat needs to know of the service.
type IndexData struct {
	MaxChars  int      // most characters of a question
	Mailbox   string   // where a person is reached
	Languages []string // of the page's own words: nb, nn, en
}

// SourceData is a document with its passages in the order of the document.
type SourceData struct {
	Source   kiveileder.Source
	Passages []kiveileder.Passage
	// Asked are questions that people ask which a passage answers, by its id;
	// the first [MaxAsked] are shown below it. It may be nil.
	Asked map[string][]string
}

// MaxAsked is how many questions are shown below one passage.
const MaxAsked = 3

// Index writes the chat page.
func Index(w io.Writer, d IndexData) error {
	return render(w, "index.html", page{Script: "app.js", Chat: true, Data: struct {
		IndexData
		Examples []string
	}{d, examples}})
}

// Source writes the page of one source.
func Source(w io.Writer, d SourceData) error {
	return render(w, "source.html", page{
		Title:  d.Source.Title,
		Script: "page.js",
		Data:   newDocument(d),
	})
}

// Sources writes the list of sources, in the order given.
func Sources(w io.Writer, list []kiveileder.Source) error {
	return render(w, "sources.html", page{Title: text("sources"), TitleKey: "sources", Script: "page.js", Data: list})
}

// Rules writes the page of the rules, in the book's language.
func Rules(w io.Writer, b rulebook.Book) error {
	return render(w, "rules.html", page{Lang: b.Lang, Rendered: true, Title: textIn("rules", b.Lang), TitleKey: "rules", Script: "page.js", Data: b})
}

// colour gives the colour of a kind of outcome, as answer.ts does.
func colour(kind string) string {
	switch kind {
	case "required":
		return "info"
	case "permitted", "not_required":
		return "success"
	case "unclear":
		return "warning"
	}
	return "neutral"
}

// NotFound writes the page for an address that leads nowhere. The caller sets
// the status.
func NotFound(w io.Writer) error {
	return render(w, "notfound.html", page{Title: text("not_found_title"), TitleKey: "not_found_title", Script: "page.js"})
}

// page is what every template gets; Data is the page's own.
type page struct {
	Lang     kiveileder.Language // bokmål when empty
	Rendered bool                // in that language, and not put into another by the browser
	Title    string
	TitleKey string // the title's text, when it is one of ours
	Script   string
	Chat     bool
	Prev     string // addresses of the pages before and after, where there are several
	Next     string
	Data     any
}

// render writes a page only when all of it could be made, so that a reader
// never gets half a document.
func render(w io.Writer, name string, p page) error {
	var b strings.Builder
	p.Lang = cmp.Or(p.Lang, kiveileder.Bokmal)
	if err := templates[p.Lang].ExecuteTemplate(&b, name, p); err != nil {
		return fmt.Errorf("web: %s: %w", name, err)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
