package login_test

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"kiveileder/gateway/login"
)

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// logoutToken makes a token as a provider does, changed by the test; a nil
// value takes a claim away.
func (o *op) logoutToken(head, body map[string]any) string {
	now := o.clock.now()
	h := map[string]any{"alg": "RS256", "typ": "logout+jwt", "kid": o.kid}
	b := map[string]any{
		"iss": o.URL, "aud": o.client, "sub": "kari-subject", "sid": "sid-1", "jti": rand.Text(),
		"iat": now.Unix(), "exp": now.Add(2 * time.Minute).Unix(), "events": map[string]any{logoutEvent: map[string]any{}},
	}
	for to, from := range map[*map[string]any]map[string]any{&h: head, &b: body} {
		for k, v := range from {
			(*to)[k] = v
			if v == nil {
				delete(*to, k)
			}
		}
	}
	if o.sign != nil {
		return o.sign(h, b)
	}
	return signRS256(o.key, h, b)
}

// logout sends a logout token from the provider.
func (w *world) logout(head, body map[string]any) answer {
	return w.sendLogout(w.op.logoutToken(head, body))
}

func (w *world) sendLogout(token string) answer {
	return w.browser().do(http.MethodPost, "/login/backchannel/plain", strings.NewReader(url.Values{"logout_token": {token}}.Encode()),
		map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
}

func TestBackChannelLogout(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		head, body map[string]any
		ends       bool
		reason     string
	}{
		"session and subject":        {ends: true},
		"session alone":              {body: map[string]any{"sub": nil}, ends: true},
		"subject alone":              {body: map[string]any{"sid": nil}, ends: true},
		"another session":            {body: map[string]any{"sid": "sid-2"}},
		"another subject":            {body: map[string]any{"sub": "ola", "sid": nil}},
		"another's session":          {body: map[string]any{"sub": "ola"}},
		"neither":                    {body: map[string]any{"sub": nil, "sid": nil}, reason: "token"},
		"no events":                  {body: map[string]any{"events": nil}, reason: "token"},
		"another event":              {body: map[string]any{"events": map[string]any{"x": map[string]any{}}}, reason: "token"},
		"an event that is no object": {body: map[string]any{"events": map[string]any{logoutEvent: "x"}}, reason: "events"},
		"a nonce":                    {body: map[string]any{"nonce": "x"}, reason: "token"},
		"no jti":                     {body: map[string]any{"jti": nil}, reason: "token"},
		"no exp":                     {body: map[string]any{"exp": nil}, reason: "token"},
		"an ID token's typ":          {head: map[string]any{"typ": "JWT"}, reason: "typ"},
		"no typ":                     {head: map[string]any{"typ": nil}, reason: "typ"},
		"typ in full":                {head: map[string]any{"typ": "application/logout+jwt"}, ends: true},
		"for somebody else":          {body: map[string]any{"aud": "other"}, reason: "token"},
		"also for somebody else":     {body: map[string]any{"aud": []string{"veileder", "other"}}, reason: "audience"},
		"another issuer":             {body: map[string]any{"iss": "https://evil.example"}, reason: "token"},
		"expired":                    {body: map[string]any{"exp": time.Now().Add(-2 * time.Minute).Unix()}, reason: "token"},
		"old":                        {body: map[string]any{"iat": time.Now().Add(-time.Hour).Unix()}, reason: "issued_at"},
		"of a clock far ahead":       {body: map[string]any{"iat": time.Now().Add(time.Hour).Unix()}, reason: "issued_at"},
		"good for years":             {body: map[string]any{"exp": time.Now().Add(10_000 * time.Hour).Unix()}, reason: "expiry"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := w.browser().in()
			a := w.logout(c.head, c.body)
			if want := map[bool]int{true: http.StatusOK, false: http.StatusBadRequest}[c.reason == ""]; a.status != want {
				t.Errorf("%d %s, want %d", a.status, a.body, want)
			}
			if got := strings.Join(w.reasons(), " "); got != c.reason {
				t.Errorf("reasons %q, want %q", got, c.reason)
			}
			b.is(!c.ends)
			if c.ends != (w.endings() == 1) {
				t.Errorf("%d were told of", w.endings())
			}
		})
	}
}

func TestForgedLogout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser().in()
	for name, sign := range map[string]func(h, b map[string]any) string{"none": unsigned, "HS256": w.op.byPublicKey, "tampered": w.op.tampered} {
		w.op.sign = sign
		if a := w.logout(nil, nil); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	w.op.sign = nil
	if a := w.sendLogout(w.op.idToken("")); a.status != http.StatusBadRequest { // an ID token does not log out
		t.Error(a)
	}
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	for name, c := range map[string]struct {
		path, body string
		header     map[string]string
		want       int
	}{
		"no token":            {"plain", "", form, http.StatusBadRequest},
		"two tokens":          {"plain", "logout_token=a&logout_token=b", form, http.StatusBadRequest},
		"in the address":      {"plain?logout_token=" + w.op.logoutToken(nil, nil), "", form, http.StatusBadRequest},
		"as JSON":             {"plain", `{"logout_token":"x"}`, map[string]string{"Content-Type": "application/json"}, http.StatusBadRequest},
		"too much":            {"plain", "logout_token=" + strings.Repeat("a", 100_000), form, http.StatusBadRequest},
		"an unknown provider": {"none", "logout_token=x", form, http.StatusNotFound},
	} {
		if a := w.browser().do(http.MethodPost, "/login/backchannel/"+c.path, strings.NewReader(c.body), c.header); a.status != c.want {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	b.is(true)
}

func TestReplayedLogout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.browser().in()
	token := w.op.logoutToken(nil, map[string]any{"sid": nil})
	if a := w.sendLogout(token); a.status != http.StatusOK {
		t.Fatal(a)
	}
	b := w.browser().in()
	if a := w.sendLogout(token); a.status != http.StatusBadRequest {
		t.Error(a)
	}
	b.is(true)
}

func TestLogout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser().in()
	if a := b.get("/logout"); a.status != http.StatusMethodNotAllowed {
		t.Error("a link logs out", a.status)
	}
	a := b.change(http.MethodPost, "/logout", nil)
	to, err := url.Parse(a.location)
	if err != nil || a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, w.op.URL+"/end?") {
		t.Fatal(a, err)
	}
	q := to.Query()
	if q.Get("client_id") != "veileder" || q.Get("post_logout_redirect_uri") != w.srv.URL+"/" || strings.Count(q.Get("id_token_hint"), ".") != 2 {
		t.Error(q)
	}
	b.is(false)
	if w.endings() != 1 || b.cookie(sessionCookie) != "" || b.cookie(csrfCookie) != "" {
		t.Error(w.endings(), "cookies stay")
	}
	b.in()
	if a := b.change(http.MethodPost, "/logout", map[string]string{"Accept": "application/json"}); a.status != http.StatusOK || !strings.Contains(a.body, "/end?") {
		t.Error("a script", a)
	}
}

// A provider without a logout of its own: out here, and home.
func TestLogoutHere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, cfg *login.Config) {
		w.op.meta = func(m map[string]any) { delete(m, "end_session_endpoint") }
	})
	b := w.browser().in()
	if a := b.change(http.MethodPost, "/logout", nil); a.location != w.srv.URL+"/" {
		t.Error(a)
	}
	b.is(false)
}
