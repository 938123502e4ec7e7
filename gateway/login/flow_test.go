package login_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiveileder/gateway/login"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	begun := b.get("/login?to=" + url.QueryEscape("/desk?filter=mine"))
	u, err := url.Parse(begun.location)
	if err != nil || begun.status != http.StatusSeeOther {
		t.Fatal(begun, err)
	}
	q := u.Query()
	for name, want := range map[string]string{
		"response_type": "code", "client_id": "veileder", "scope": "openid profile", "code_challenge_method": "S256",
		"redirect_uri": w.srv.URL + "/login/callback/plain",
	} {
		if q.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, q.Get(name), want)
		}
	}
	if len(q.Get("state")) < 43 || len(q.Get("nonce")) < 43 || len(q.Get("code_challenge")) != 43 || q.Get("state") == q.Get("nonce") {
		t.Errorf("weak: %v", q)
	}
	done := b.get(w.op.authorize(t, begun.location).String())
	if done.status != http.StatusSeeOther || done.location != w.srv.URL+"/desk?filter=mine" {
		t.Fatalf("%d %s %s", done.status, done.location, done.body)
	}
	for _, c := range done.cookies {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || c.Path != "/" || c.Domain != "" ||
			c.HttpOnly == (c.Name == "__Host-ki-csrf") || c.SameSite == http.SameSiteNoneMode || c.SameSite == 0 {
			t.Errorf("cookie %+v", c)
		}
	}
	var me struct {
		Person      login.Person
		Permissions []string
	}
	if err := json.Unmarshal([]byte(b.get("/v1/me").body), &me); err != nil {
		t.Fatal(err)
	}
	want := login.Person{ID: me.Person.ID, Name: "Kari Nordmann", Agency: "hdir", Roles: []login.Role{login.Asker, login.Lawyer}}
	if diff := cmp.Diff(want, me.Person); diff != "" {
		t.Fatal(diff)
	}
	if strings.Contains(me.Person.ID, "kari") || !strings.HasPrefix(me.Person.ID, "p-") {
		t.Errorf("the ID tells who it is: %s", me.Person.ID)
	}
	if id := b.cookie("__Host-ki-session"); strings.Contains(storeDump(t, w, me.Person.ID), id) {
		t.Error("the store has the session's id")
	}
}

// storeDump is all that the store holds of a person, as text.
func storeDump(t *testing.T, w *world, person string) string {
	t.Helper()
	all, err := w.store.List(t.Context(), person)
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	b, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"01019012345", "kari-subject", "sid-1"} {
		if bytes.Contains(b, []byte(bad)) || bytes.Contains(all[0].Sealed, []byte(bad)) {
			t.Errorf("%q is in the store", bad)
		}
	}
	return string(b)
}

func TestCallback(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(w *world, b *browser, q url.Values)
		reason string
	}{
		"without a state":           {func(_ *world, _ *browser, q url.Values) { q.Del("state") }, "state"},
		"with another state":        {func(_ *world, _ *browser, q url.Values) { q.Set("state", strings.Repeat("A", 43)) }, "state"},
		"with two states":           {func(_ *world, _ *browser, q url.Values) { q.Add("state", "x") }, "query"},
		"with two codes":            {func(_ *world, _ *browser, q url.Values) { q.Add("code", "x") }, "query"},
		"without a code":            {func(_ *world, _ *browser, q url.Values) { q.Del("code") }, "no_code"},
		"with a made-up code":       {func(_ *world, _ *browser, q url.Values) { q.Set("code", "x") }, "exchange"},
		"without iss, though told":  {func(_ *world, _ *browser, q url.Values) { q.Del("iss") }, "iss"},
		"with another's iss":        {func(_ *world, _ *browser, q url.Values) { q.Set("iss", "https://evil.example") }, "iss"},
		"with a longer iss":         {func(w *world, _ *browser, q url.Values) { q.Set("iss", w.op.URL+"/") }, "iss"},
		"denied":                    {func(_ *world, _ *browser, q url.Values) { q.Set("error", "access_denied") }, "denied"},
		"with an error":             {func(_ *world, _ *browser, q url.Values) { q.Set("error", "<script>") }, "provider_error"},
		"after too long":            {func(w *world, _ *browser, _ url.Values) { w.clock.pass(11 * time.Minute) }, "too_late"},
		"from before it began":      {func(w *world, _ *browser, _ url.Values) { w.clock.pass(-2 * time.Minute) }, "too_late"},
		"in another browser":        {func(_ *world, b *browser, _ url.Values) { b.Jar = nil }, "state"},
		"with somebody else's code": {injectCode, "exchange"},
		"the same, without PKCE":    {func(w *world, b *browser, q url.Values) { w.op.noPKCE = true; injectCode(w, b, q) }, "nonce"},
		"with a changed way back":   {changeTrip, "state"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := w.browser()
			back := w.op.authorize(t, b.get("/login").location)
			q := back.Query()
			c.change(w, b, q)
			back.RawQuery = q.Encode()
			a := b.get(back.String())
			if got := w.reasons(); len(got) != 1 || got[0] != c.reason {
				t.Errorf("reasons %q, want %s", got, c.reason)
			}
			if a.status != http.StatusForbidden || b.cookie("__Host-ki-session") != "" || strings.Contains(a.body, "script") {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
}

// injectCode puts the code of another's login into this one.
func injectCode(w *world, _ *browser, q url.Values) {
	other := w.browser()
	q.Set("code", w.op.authorize(w.t, other.get("/login").location).Query().Get("code"))
}

// changeTrip changes where the browser will be sent, in its own cookie.
func changeTrip(_ *world, b *browser, q url.Values) {
	name := "__Host-ki-login-" + q.Get("state")[:8]
	parts := strings.Split(b.cookie(name), ".")
	parts[3] = base64.RawURLEncoding.EncodeToString([]byte("/elsewhere"))
	b.plant(name, strings.Join(parts, "."))
}

func TestReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	back := w.op.authorize(t, b.get("/login").location)
	name := "__Host-ki-login-" + back.Query().Get("state")[:8]
	trip := b.cookie(name)
	if a := b.get(back.String()); a.status != http.StatusSeeOther {
		t.Fatal(a)
	}
	if b.cookie(name) != "" {
		t.Error("the trip's cookie stays")
	}
	thief := w.browser()
	thief.plant(name, trip) // even with the cookie
	if a := thief.get(back.String()); a.status != http.StatusForbidden {
		t.Error(a)
	}
	if diff := cmp.Diff([]string{"replay"}, w.reasons()); diff != "" {
		t.Error(diff)
	}
	w.op.mu.Lock()
	defer w.op.mu.Unlock()
	if w.op.tokens != 1 {
		t.Errorf("the provider was asked %d times", w.op.tokens)
	}
}

// An answer of one provider does nothing at the address of another.
func TestMixUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, cfg *login.Config) {
		evil := newOP(w.t, w.clock)
		cfg.Providers = append(cfg.Providers, w.provider("evil", evil))
	})
	b := w.browser()
	back := w.op.authorize(t, b.get("/login?provider=plain").location)
	back.Path = "/login/callback/evil"
	if a := b.get(back.String()); a.status != http.StatusForbidden || w.reasons()[0] != "state" {
		t.Fatal(a.status, a.body, w.reasons())
	}
	if a := b.get("/login"); a.status != http.StatusOK || !strings.Contains(a.body, "provider=plain") || !strings.Contains(a.body, "provider=evil") {
		t.Error("no choice between two", a.body)
	}
	for _, path := range []string{"/login?provider=none", "/login/callback/none"} {
		if a := b.get(path); a.status != http.StatusNotFound {
			t.Error(path, a.status)
		}
	}
}

func TestOpenRedirect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for to, want := range map[string]string{
		"/desk":                         "/desk",
		"/desk/KI-2026-0042?a=b&c":      "/desk/KI-2026-0042?a=b&c",
		"/desk?to=//evil.example":       "/desk?to=//evil.example",
		"/desk/":                        "/desk/",
		"":                              "/",
		"desk":                          "/",
		"https://evil.example":          "/",
		"//evil.example":                "/",
		"///evil.example":               "/",
		"/\\evil.example":               "/",
		"/\t/evil.example":              "/",
		"/%2f/evil.example":             "/",
		"/%5cevil.example":              "/",
		"/..//evil.example":             "/",
		"/.//evil.example":              "/",
		"/a/../../evil":                 "/",
		"javascript:alert(1)":           "/",
		"/desk\r\nSet-Cookie: a=b":      "/",
		"/desk#fragment":                "/",
		"/login":                        "/",
		"/login/demo?token=x":           "/",
		"/logout":                       "/",
		"/å":                            "/",
		"/" + strings.Repeat("a", 2000): "/",
	} {
		if a := w.browser().signIn(to); a.location != w.srv.URL+want {
			t.Errorf("to %q: sent to %q", to, a.location)
		}
	}
}

// Several tabs sign in at once; who begins again and again does not fill up.
func TestTabs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	first, second := b.get("/login?to=/a").location, b.get("/login?to=/b").location
	if a := b.get(w.op.authorize(t, second).String()); a.location != w.srv.URL+"/b" {
		t.Error(a)
	}
	if a := b.get(w.op.authorize(t, first).String()); a.location != w.srv.URL+"/a" {
		t.Error(a)
	}
	for range 30 {
		b.get("/login")
	}
	u, _ := url.Parse(w.srv.URL)
	if n := len(b.jar.Cookies(u)); n > 8 {
		t.Errorf("%d cookies", n)
	}
}
