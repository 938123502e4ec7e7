// Package web holds the pages that people see: the chat, the list of sources
// and each source as a document whose every passage has an address.
//
// The pages are templates rendered here, with styles and scripts written in
// src/ and bundled into static/ by scripts/web. What is bundled is committed,
// so that a build of the program needs nothing but Go. The pages ask no other
// host for anything; [CSP] holds browsers to that. Their words stand in
// texts.json in three languages: rendered in bokmål here, and changed by the
// browser when the reader prefers another.
package web

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"kiveileder"
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

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"asset": Asset,
	"t":     text,
	"date":  dateInWords,
	"join":  strings.Join,
}).ParseFS(templateFiles, "templates/*.html"))

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

// NotFound writes the page for an address that leads nowhere. The caller sets
// the status.
func NotFound(w io.Writer) error {
	return render(w, "notfound.html", page{Title: text("not_found_title"), TitleKey: "not_found_title", Script: "page.js"})
}

// page is what every template gets; Data is the page's own.
type page struct {
	Title    string
	TitleKey string // the title's text, when it is one of ours
	Script   string
	Chat     bool
	Data     any
}

// render writes a page only when all of it could be made, so that a reader
// never gets half a document.
func render(w io.Writer, name string, p page) error {
	var b strings.Builder
	if err := templates.ExecuteTemplate(&b, name, p); err != nil {
		return fmt.Errorf("web: %s: %w", name, err)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
