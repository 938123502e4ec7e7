package gateway

import (
	"bytes"
	_ "embed"
	"io"
	"net/http"
	"strings"

	"kiveileder"
	"kiveileder/services/dialogue"
	"kiveileder/web"
)

// What the service speaks, for programs: HTTP and the frames. Tests hold both
// against the code.
var (
	//go:embed openapi.json
	openAPI []byte
	//go:embed asyncapi.json
	asyncAPI []byte
)

func described(description []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(description)
	}
}

func (g *Gateway) index(w http.ResponseWriter, r *http.Request) {
	g.page(w, r, http.StatusOK, func(out io.Writer) error {
		return web.Index(out, web.IndexData{
			MaxChars: dialogue.MaxQuestionChars, Mailbox: dialogue.Mailbox, Languages: []string{"nb", "nn", "en"},
		})
	})
}

func (g *Gateway) sources(w http.ResponseWriter, r *http.Request) {
	g.page(w, r, http.StatusOK, func(out io.Writer) error { return web.Sources(out, g.Library.Sources()) })
}

func (g *Gateway) source(w http.ResponseWriter, r *http.Request) {
	src, ok := g.Library.Source(r.PathValue("id"))
	if !ok {
		g.nothing(w, r)
		return
	}
	g.page(w, r, http.StatusOK, func(out io.Writer) error {
		return web.Source(out, web.SourceData{Source: src, Passages: g.Library.Passages(src.ID), Asked: g.Library.Asked(src.ID)})
	})
}

// nothing answers for a path that is not there: a page for people, JSON for
// programs.
func (g *Gateway) nothing(w http.ResponseWriter, r *http.Request) {
	if allowed := g.methods(r); len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		g.failAs(w, r, http.StatusMethodNotAllowed, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_method", languageOf(r))))
		return
	}
	if strings.HasPrefix(r.URL.Path, "/v1/") || !strings.Contains(r.Header.Get("Accept"), "html") {
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeNotFound, "%s", g.Texts.Get("error_not_found", languageOf(r))))
		return
	}
	g.page(w, r, http.StatusNotFound, web.NotFound)
}

// methods gives the methods that a path could have been asked with instead.
func (g *Gateway) methods(r *http.Request) []string {
	var allowed []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		other := &http.Request{Method: m, URL: r.URL, Host: r.Host}
		if _, pattern := g.mux.Handler(other); m != r.Method && pattern != "" && pattern != "/" {
			allowed = append(allowed, m)
		}
	}
	return allowed
}

// page renders whole before it sends, so that a template's error is a clean 500.
func (g *Gateway) page(w http.ResponseWriter, r *http.Request, status int, render func(io.Writer) error) {
	var b bytes.Buffer
	if err := render(&b); err != nil {
		g.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", web.CSP)
	h.Set("Cache-Control", "no-cache")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
}

var staticFiles = http.StripPrefix("/static/", http.FileServerFS(web.Static()))

func (g *Gateway) static(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/") { // a folder, which nobody needs to see
		g.nothing(w, r)
		return
	}
	if web.Immutable(r.URL.Path) {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	staticFiles.ServeHTTP(w, r)
}
