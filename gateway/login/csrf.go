package login

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"slices"
	"strings"
)

// csrfToken gives what a page must send along: a value bound to the session's
// id, which other sites neither know nor can make.
func csrfToken(id string) string {
	n := rand.Text()
	return n + "." + csrfMark(id, n)
}

func csrfMark(id, n string) string {
	h := hmac.New(sha256.New, []byte(id))
	h.Write([]byte("csrf " + n))
	return b64.EncodeToString(h.Sum(nil))
}

// ours says whether a request that changes something comes from our own page:
// by what the browser says of its origin, and by the token that it has both
// from the cookie and from the page.
func (l *Login) ours(r *http.Request) bool {
	if safe(r.Method) {
		return true
	}
	site, origins := r.Header.Get("Sec-Fetch-Site"), r.Header.Values("Origin")
	switch {
	case site != "" && site != "same-origin":
		return false
	case len(origins) > 1, len(origins) == 1 && origins[0] != l.cfg.Origin:
		return false
	case site == "" && len(origins) == 0: // every browser says one of them
		return false
	}
	sent := r.Header.Get("X-CSRF-Token")
	if sent == "" && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		r.Body = http.MaxBytesReader(nil, r.Body, 1<<20)
		sent = r.PostFormValue("csrf")
	}
	n, mark, ok := strings.Cut(sent, ".")
	id := l.sessionID(r)
	return ok && id != "" && slices.ContainsFunc(l.cookies(r, csrfCookie), func(c string) bool { return same(c, sent) }) && same(csrfMark(id, n), mark)
}

// renewCSRF gives a browser that reads a token that fits its session, when it
// has lost it or somebody has planted another: loading the page helps.
func (l *Login) renewCSRF(w http.ResponseWriter, r *http.Request) {
	id := l.sessionID(r)
	if !safe(r.Method) || id == "" {
		return
	}
	for _, c := range l.cookies(r, csrfCookie) {
		if n, mark, ok := strings.Cut(c, "."); ok && same(csrfMark(id, n), mark) {
			return
		}
	}
	l.setCookie(w, csrfCookie, csrfToken(id), l.cfg.Limits.Absolute, false, http.SameSiteStrictMode)
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}
