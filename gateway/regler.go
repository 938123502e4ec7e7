package gateway

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"

	"kiveileder"
	"kiveileder/services/rules"
	"kiveileder/web"
	"kiveileder/web/rulebook"
)

// rulePages keeps the page of the rules, made once for a rule set and a
// language: the rules are many, and running their cases takes seconds.
type rulePages struct {
	mu    sync.Mutex
	set   *rules.Set
	maker *rulebook.Maker
	pages map[kiveileder.Language]rulePage
}

// A rulePage is a page, packed, with the tag that it is known by.
type rulePage struct {
	packed []byte
	tag    string
}

// of gives the page of a rule set. Whoever comes while it is made waits.
func (p *rulePages) of(set *rules.Set, l Library, lang kiveileder.Language) (rulePage, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.set != set {
		p.set, p.maker, p.pages = set, rulebook.Open(set, l), map[kiveileder.Language]rulePage{}
		debug.FreeOSMemory() // running the cases needs many times what stays
	}
	if page, ok := p.pages[lang]; ok {
		return page, nil
	}
	book, err := p.maker.Book(lang)
	if err != nil {
		return rulePage{}, fmt.Errorf("page of the rules: %w", err)
	}
	var b bytes.Buffer
	if err := web.Rules(&b, book); err != nil {
		return rulePage{}, err
	}
	sum := sha256.Sum256(b.Bytes())
	page := rulePage{pack(b.Bytes(), gzip.BestCompression), `"` + hex.EncodeToString(sum[:12]) + `"`}
	p.pages[lang] = page
	return page, nil
}

// regler answers GET /regler?lang=nb|nn|en, in the language that the client
// prefers when the address names none.
func (g *Gateway) regler(w http.ResponseWriter, r *http.Request) {
	var set *rules.Set
	if g.RuleSet != nil {
		set = g.RuleSet()
	}
	if set == nil {
		g.nothing(w, r)
		return
	}
	lang, ok := g.pageLanguage(w, r)
	if !ok {
		return
	}
	page, err := g.rulePages.of(set, g.Library, lang)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", web.CSP)
	h.Set("Cache-Control", "no-cache")
	h.Set("Etag", page.tag)
	h.Add("Vary", "Accept-Encoding")
	if r.Header.Get("If-None-Match") == page.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if !acceptsGzip(r) {
		z, err := gzip.NewReader(bytes.NewReader(page.packed))
		if err != nil {
			g.fail(w, r, err)
			return
		}
		_, _ = io.Copy(w, z) // the client went away; nobody is left to tell
		return
	}
	h.Set("Content-Encoding", "gzip")
	h.Set("Content-Length", strconv.Itoa(len(page.packed)))
	_, _ = w.Write(page.packed)
}
