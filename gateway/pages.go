package gateway

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

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
		g.failAs(w, r, http.StatusMethodNotAllowed, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_method", LanguageOf(r))))
		return
	}
	if strings.HasPrefix(r.URL.Path, "/v1/") || !strings.Contains(r.Header.Get("Accept"), "html") {
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeNotFound, "%s", g.Texts.Get("error_not_found", LanguageOf(r))))
		return
	}
	g.page(w, r, http.StatusNotFound, web.NotFound)
}

// methods gives the methods that a path could have been asked with instead.
func (g *Gateway) methods(r *http.Request) []string {
	var allowed []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
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
	pageHead(w, "no-cache")
	out, packs := b.Bytes(), mayPack(w, r)
	if packs {
		out = pack(out, gzip.BestSpeed)
	}
	writeAll(w, status, out, packs)
}

// privatePage renders a page that is somebody's own: it is stored nowhere, and
// not packed.
func (g *Gateway) privatePage(w http.ResponseWriter, r *http.Request, status int, render func(io.Writer) error) {
	var b bytes.Buffer
	if err := render(&b); err != nil {
		g.fail(w, r, err)
		return
	}
	pageHead(w, "no-store")
	writeAll(w, status, b.Bytes(), false)
}

// pageHead says what every page says of itself.
func pageHead(w http.ResponseWriter, cache string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", web.CSP)
	h.Set("Cache-Control", cache)
}

// mayPack reports whether what is the same for everybody goes packed to a
// client, and tells caches that this depends on the client.
func mayPack(w http.ResponseWriter, r *http.Request) bool {
	w.Header().Add("Vary", "Accept-Encoding")
	return acceptsGzip(r)
}

// writeAll sends a body that is there whole, packed or not.
func writeAll(w http.ResponseWriter, status int, body []byte, packed bool) {
	h := w.Header()
	if packed {
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client went away; nobody is left to tell
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
	packs := mayPack(w, r) && r.Header.Get("Range") == ""
	if b := packed(strings.TrimPrefix(r.URL.Path, "/static/")); b != nil && packs {
		w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(r.URL.Path)))
		writeAll(w, http.StatusOK, b, true)
		return
	}
	staticFiles.ServeHTTP(w, r)
}

// packs are the files that are worth packing, packed once, by name.
var packs sync.Map

// packed gives a file of the pages packed, nil when it is not there or too
// small to be worth it.
func packed(name string) []byte {
	if b, ok := packs.Load(name); ok {
		return b.([]byte)
	}
	if mime.TypeByExtension(path.Ext(name)) == "" {
		return nil
	}
	raw, err := fs.ReadFile(web.Static(), name)
	if err != nil || len(raw) < 1000 {
		return nil
	}
	b := pack(raw, gzip.BestCompression)
	packs.Store(name, b)
	return b
}

func pack(raw []byte, level int) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		panic(err) // only for a level that does not exist
	}
	_, _ = z.Write(raw) // into memory
	_ = z.Close()
	return b.Bytes()
}

// acceptsGzip reports whether a client takes gzip. Only files and pages that
// are the same for everybody are packed: a packed answer that mixes a secret
// with what somebody sends would tell the secret by its length.
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(name) == "gzip" && strings.TrimRight(strings.ReplaceAll(q, " ", ""), "0.") != "q=" {
			return true
		}
	}
	return false
}
