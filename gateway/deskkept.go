package gateway

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kiveileder"
	"kiveileder/gateway/login"
	"kiveileder/services/guidance"
)

// kinds of what a person keeps, before the colon of its key.
var keptKinds = []string{"draft", "view", "note"}

// keptList answers GET /v1/desk/kept?prefix=view:.
func (g *Gateway) keptList(w http.ResponseWriter, r *http.Request) {
	p, _ := login.PersonOf(r.Context())
	prefix, ok := keptKey(r.URL.Query().Get("prefix"))
	if !ok {
		g.failKept(w, r)
		return
	}
	stored, err := g.Desk.Kept(r.Context(), p.ID, prefix)
	kept := map[string]json.RawMessage{}
	for key, v := range stored {
		if name, err := url.PathUnescape(key); err == nil {
			kept[name] = v
		}
	}
	g.give(w, r, map[string]any{"kept": kept}, err)
}

// keptPut answers PUT /v1/desk/kept/{key}, and keptDelete DELETE.
func (g *Gateway) keptPut(w http.ResponseWriter, r *http.Request) {
	var v json.RawMessage
	if err := g.decodeUpTo(w, r, &v, maxKept, "error_case_size"); err != nil {
		g.fail(w, r, err)
		return
	}
	g.keep(w, r, v)
}

func (g *Gateway) keptDelete(w http.ResponseWriter, r *http.Request) { g.keep(w, r, nil) }

func (g *Gateway) keep(w http.ResponseWriter, r *http.Request, v json.RawMessage) {
	p, _ := login.PersonOf(r.Context())
	key, ok := keptKey(r.PathValue("key"))
	if !ok || strings.HasSuffix(key, ":") {
		g.failKept(w, r)
		return
	}
	if err := g.Desk.Keep(r.Context(), p.ID, key, v); err != nil {
		g.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// keptKey gives a key, or what keys begin with, as it is stored: in printable
// ASCII, whatever the name is. It is false for what is not of a kind that people
// keep: what the service notes of them has other keys.
func keptKey(s string) (key string, ok bool) {
	kind, name, ok := strings.Cut(s, ":")
	key = kind + ":" + url.PathEscape(name)
	return key, ok && slices.Contains(keptKinds, kind) && len(key) <= guidance.MaxKeptKey &&
		utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

func (g *Gateway) failKept(w http.ResponseWriter, r *http.Request) {
	g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "draft:…, view:…, note:…"))
}
