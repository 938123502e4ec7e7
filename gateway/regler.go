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
	pageHead(w, "no-cache")
	w.Header().Set("Etag", page.tag)
	packs := mayPack(w, r)
	if r.Header.Get("If-None-Match") == page.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := page.packed
	if !packs {
		if body, err = unpack(body); err != nil {
			g.fail(w, r, err)
			return
		}
	}
	writeAll(w, http.StatusOK, body, packs)
}

func unpack(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
