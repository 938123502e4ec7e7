package login

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"
)

const (
	beginTime = 10 * time.Minute // to sign in at the provider
	maxBegun  = 5                // logins that one browser may have under way
)

var b64 = base64.RawURLEncoding.Strict()

// A trip is one browser on its way to a provider and back. Its secret stands
// in a cookie of that browser alone; state, nonce and the code's verifier are
// made of it and of what the trip is for, so no part can be changed, taken
// from another trip, or used by another browser.
type trip struct {
	secret   []byte
	began    time.Time
	provider string
	to       string // where to go afterwards
}

func (t trip) derive(purpose string) string {
	h := hmac.New(sha256.New, t.secret)
	for _, part := range []string{purpose, strconv.FormatInt(t.began.Unix(), 10), t.provider, t.to} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return b64.EncodeToString(h.Sum(nil))
}

func (t trip) String() string {
	return strings.Join([]string{b64.EncodeToString(t.secret), strconv.FormatInt(t.began.Unix(), 10), t.provider, b64.EncodeToString([]byte(t.to))}, ".")
}

func readTrip(s string) (trip, bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 4 {
		return trip{}, false
	}
	secret, err1 := b64.DecodeString(parts[0])
	began, err2 := strconv.ParseInt(parts[1], 10, 64)
	to, err3 := b64.DecodeString(parts[3])
	if err1 != nil || err2 != nil || err3 != nil || len(secret) != 32 {
		return trip{}, false
	}
	return trip{secret, time.Unix(began, 0), parts[2], string(to)}, true
}

// begin sends the browser to a provider: GET /login?provider=…&to=….
func (l *Login) begin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	name, to := r.URL.Query().Get("provider"), l.ownPath(r.URL.Query().Get("to"))
	if name == "" && len(l.cfg.Providers) == 1 {
		name = l.cfg.Providers[0].Provider
	}
	if name == "" && len(l.cfg.Providers) > 1 {
		l.choose(w, to)
		return
	}
	c := l.clients[name]
	if c == nil && l.cfg.Demo && name == "" {
		l.refuse(w, r, "login", "demo", refusalAs(http.StatusUnauthorized, "link_needed", "login_demo"))
		return
	}
	if c == nil {
		l.refuse(w, r, "login", "", refusalAs(http.StatusNotFound, "no_provider", "not_found"))
		return
	}
	t := trip{secret: make([]byte, 32), began: l.cfg.Now(), provider: name, to: to}
	_, _ = rand.Read(t.secret) // never fails, see crypto/rand
	state := t.derive("state")
	away, err := c.authorize(r.Context(), state, t.derive("nonce"), t.derive("verifier"))
	if err != nil {
		l.refuse(w, r, "login", name, err)
		return
	}
	l.dropTrips(w, r)
	l.setCookie(w, tripCookie(state), t.String(), beginTime, true, http.SameSiteLaxMode)
	http.Redirect(w, r, away, http.StatusSeeOther)
}

// callback takes the browser back: what it brings must belong to a trip that
// this browser began, to this provider, not long ago, and be used once.
func (l *Login) callback(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the code
	c := l.clients[r.PathValue("provider")]
	if c == nil || r.Method != http.MethodGet { // a HEAD must not use the code up
		l.refuse(w, r, "login", "", refusalAs(http.StatusNotFound, "no_provider", "not_found"))
		return
	}
	p, to, err := l.finish(w, r, c)
	if err != nil {
		l.refuse(w, r, "login", c.Provider.Provider, err)
		return
	}
	s, err := l.open(w, r, p, c)
	if err != nil {
		l.refuse(w, r, "login", c.Provider.Provider, err)
		return
	}
	l.cfg.Log.Info("login", zap.String("provider", s.Provider), zap.String("session", s.Name))
	http.Redirect(w, r, l.cfg.Origin+to, http.StatusSeeOther)
}

func (l *Login) finish(w http.ResponseWriter, r *http.Request, c *client) (proof, string, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return proof{}, "", refusal("query", "login_failed")
	}
	for _, name := range []string{"state", "code", "iss", "error"} { // one of two would be read here and the other elsewhere
		if len(q[name]) > 1 {
			return proof{}, "", refusal("query", "login_failed")
		}
	}
	state := q.Get("state")
	t, ok := l.tripOf(r, state)
	if !ok || t.provider != c.Provider.Provider {
		return proof{}, "", refusal("state", "login_begin_again")
	}
	l.setCookie(w, tripCookie(state), "", -1, true, http.SameSiteLaxMode)
	if age := l.cfg.Now().Sub(t.began); age > beginTime || age < -skew {
		return proof{}, "", refusal("too_late", "login_begin_again")
	}
	k, err := c.meet(r.Context())
	if err != nil {
		return proof{}, "", err
	}
	if iss := q.Get("iss"); k.IssParam && iss == "" || iss != "" && iss != c.Issuer { // RFC 9207: another issuer's answer
		return proof{}, "", refusal("iss", "login_failed")
	}
	if e := q.Get("error"); e != "" {
		if e == "access_denied" {
			return proof{}, "", refusal("denied", "login_cancelled")
		}
		return proof{}, "", refusal("provider_error", "login_failed")
	}
	code := q.Get("code")
	if code == "" {
		return proof{}, "", refusal("no_code", "login_failed")
	}
	first, err := l.cfg.Store.Once(r.Context(), digest("trip", state), t.began.Add(beginTime+skew))
	if err != nil {
		return proof{}, "", err
	}
	if !first {
		return proof{}, "", refusal("replay", "login_begin_again")
	}
	p, err := c.exchange(r.Context(), code, t.derive("nonce"), t.derive("verifier"))
	return p, l.ownPath(t.to), err
}

// tripOf finds the trip that a state belongs to among the browser's cookies.
func (l *Login) tripOf(r *http.Request, state string) (trip, bool) {
	if len(state) != b64.EncodedLen(sha256.Size) {
		return trip{}, false
	}
	for _, v := range l.cookies(r, tripCookie(state)) {
		if t, ok := readTrip(v); ok && same(t.derive("state"), state) {
			return t, true
		}
	}
	return trip{}, false
}

const tripPrefix = "ki-login-"

// tripCookie names the cookie after the state, so that several tabs can sign
// in at once. A state that is no name is nobody's.
func tripCookie(state string) string { return tripPrefix + state[:8] }

// dropTrips forgets what was begun and not ended when it is too much.
func (l *Login) dropTrips(w http.ResponseWriter, r *http.Request) {
	var begun []string
	for _, c := range r.Cookies() {
		if name, ok := strings.CutPrefix(c.Name, l.prefix()); ok && strings.HasPrefix(name, tripPrefix) {
			begun = append(begun, name)
		}
	}
	if len(begun) < maxBegun {
		return
	}
	for _, name := range begun {
		l.setCookie(w, name, "", -1, true, http.SameSiteLaxMode)
	}
}

// ownPath gives a path of this service that somebody can be sent to after the
// login, "/" for all that is not clearly one.
func (l *Login) ownPath(to string) string {
	if to == "" || len(to) > 1000 || to[0] != '/' || strings.ContainsAny(to, "\\#") ||
		strings.ContainsFunc(to, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "/"
	}
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || strings.Contains(u.EscapedPath(), "//") {
		return "/"
	}
	clean := path.Clean(u.Path)
	if strings.Contains(u.Path, "//") || strings.Contains(u.Path, "\\") || clean != strings.TrimSuffix(u.Path, "/") && u.Path != "/" {
		return "/"
	}
	if slices.ContainsFunc([]string{"/login", "/logout"}, func(p string) bool { return clean == p || strings.HasPrefix(clean, p+"/") }) {
		return "/" // round in circles
	}
	return to
}

var choosePage = template.Must(template.New("choose").Parse(`<!doctype html>
<html lang="nb"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Logg inn</title>
<main><h1>Logg inn</h1>
<ul>{{range .Providers}}<li><a href="/login?provider={{.Provider}}&amp;to={{$.To}}">{{or .Label .Provider}}</a></li>{{end}}</ul></main>
</html>
`))

// choose lets people say where they sign in.
func (l *Login) choose(w http.ResponseWriter, to string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
	_ = choosePage.Execute(w, map[string]any{"Providers": l.cfg.Providers, "To": to}) // the client went away
}
