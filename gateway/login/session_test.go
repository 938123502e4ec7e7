package login_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"kiveileder/gateway/login"
)

const sessionCookie, csrfCookie = "__Host-ki-session", "__Host-ki-csrf"

func TestLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	busy, idle := w.browser().in(), w.browser().in()
	for range 20 { // 9 h 40 min, a use each 29 minutes
		w.clock.pass(29 * time.Minute)
		busy.is(true)
	}
	idle.is(false)
	if w.endings() != 1 {
		t.Errorf("%d were told of", w.endings())
	}
	w.clock.pass(19 * time.Minute)
	busy.is(true)
	w.clock.pass(time.Minute) // ten hours
	busy.is(false)
	w.browser().in()
	w.clock.pass(time.Hour)
	if n, err := w.Expire(t.Context()); n != 1 || err != nil || w.endings() != 3 {
		t.Error(n, err, w.endings())
	}
}

// A clock that jumps back lengthens nothing and ends nobody.
func TestClockJumpsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser().in()
	w.clock.pass(20 * time.Minute)
	b.is(true)
	w.clock.pass(-time.Hour)
	b.is(true)
	w.clock.pass(time.Hour + 31*time.Minute)
	b.is(false)
}

func TestFixation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	attacker := w.browser().in()
	planted := attacker.cookie(sessionCookie)
	victim := w.browser()
	for _, id := range []string{strings.Repeat("A", 43), planted} {
		victim.plant(sessionCookie, id)
		victim.in()
		if got := victim.cookie(sessionCookie); got == id {
			t.Fatal("the planted id was taken")
		}
	}
	attacker.is(false) // what was planted has ended
	victim.is(true)
	before := victim.cookie(sessionCookie)
	victim.in()
	if victim.cookie(sessionCookie) == before {
		t.Error("the id stays the same at the next login")
	}
	old := w.browser()
	old.plant(sessionCookie, before)
	old.is(false)
}

func TestForgedSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.browser().in().cookie(sessionCookie)
	other := "A"
	if id[:1] == other {
		other = "B"
	}
	for name, header := range map[string]string{
		"none":                  "",
		"cut":                   sessionCookie + "=" + id[:42],
		"changed":               sessionCookie + "=" + other + id[1:],
		"long":                  sessionCookie + "=" + strings.Repeat("A", 10_000),
		"two":                   sessionCookie + "=" + id + "; " + sessionCookie + "=" + strings.Repeat("A", 43),
		"without the prefix":    "ki-session=" + id,
		"in other letters":      "__host-ki-session=" + id,
		"another kind of quote": sessionCookie + "='" + id + "'",
	} {
		if a := w.browser().do(http.MethodGet, "/v1/me", nil, map[string]string{"Cookie": header}); a.status != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	if a := w.browser().do(http.MethodGet, "/v1/me", nil, map[string]string{"Cookie": sessionCookie + "=" + id}); a.status != http.StatusOK {
		t.Error("the right one", a.status)
	}
}

func TestCSRF(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, other := w.browser().in(), w.browser().in()
	token := b.cookie(csrfCookie)
	for name, c := range map[string]struct {
		header map[string]string // over those of our own page
		ok     bool
	}{
		"our page":                    {nil, true},
		"our page, an older browser":  {map[string]string{"Sec-Fetch-Site": ""}, true},
		"our page, without an origin": {map[string]string{"Origin": ""}, true},
		"neither says":                {map[string]string{"Sec-Fetch-Site": "", "Origin": ""}, false},
		"another site":                {map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		"a neighbour":                 {map[string]string{"Sec-Fetch-Site": "same-site"}, false},
		"typed by hand":               {map[string]string{"Sec-Fetch-Site": "none"}, false},
		"another origin":              {map[string]string{"Sec-Fetch-Site": "", "Origin": "https://evil.example"}, false},
		"the origin, and more":        {map[string]string{"Sec-Fetch-Site": "", "Origin": w.srv.URL + ".evil.example"}, false},
		"the origin over http":        {map[string]string{"Sec-Fetch-Site": "", "Origin": strings.Replace(w.srv.URL, "https", "http", 1)}, false},
		"no origin":                   {map[string]string{"Sec-Fetch-Site": "", "Origin": "null"}, false},
		"no token":                    {map[string]string{"X-CSRF-Token": ""}, false},
		"another's token":             {map[string]string{"X-CSRF-Token": other.cookie(csrfCookie)}, false},
		"half a token":                {map[string]string{"X-CSRF-Token": token[:10]}, false},
		"a token that is not ours":    {map[string]string{"X-CSRF-Token": "A.A"}, false},
	} {
		extra := map[string]string{}
		for k, v := range c.header {
			extra[k] = v
		}
		want := map[bool]int{true: http.StatusOK, false: http.StatusForbidden}[c.ok]
		if a := b.change(http.MethodDelete, "/v1/me/sessions", extra); a.status != want {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		if other = w.browser().in(); !c.ok && name == "another's token" {
			continue
		}
	}
	own := b.cookie(csrfCookie)
	b.plant(csrfCookie, "")
	if a := b.change(http.MethodDelete, "/v1/me/sessions", map[string]string{"X-CSRF-Token": own}); a.status != http.StatusForbidden {
		t.Error("a token without its cookie was believed")
	}
	// the other half planted by a neighbour: the pair fits, the session does not
	b.plant(csrfCookie, other.cookie(csrfCookie))
	if a := b.change(http.MethodDelete, "/v1/me/sessions", nil); a.status != http.StatusForbidden {
		t.Error("a planted pair was believed")
	}
	b.is(true) // loading a page mends it
	if a := b.change(http.MethodDelete, "/v1/me/sessions", nil); a.status != http.StatusOK {
		t.Error("the token was not renewed", a)
	}
	// a form of our page has the token as a field
	b = w.browser().in()
	form := url.Values{"csrf": {b.cookie(csrfCookie)}}.Encode()
	a := b.do(http.MethodPost, "/logout", strings.NewReader(form), map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin", "Origin": w.srv.URL,
	})
	if a.status != http.StatusSeeOther {
		t.Error("a form", a.status, a.body)
	}
}

type listed struct {
	Sessions []struct {
		Name    string
		Device  string
		Current bool
		Ends    time.Time
	}
}

func (b *browser) sessions() listed {
	b.w.t.Helper()
	var l listed
	if err := json.Unmarshal([]byte(b.get("/v1/me/sessions").body), &l); err != nil {
		b.w.t.Fatal(err)
	}
	return l
}

func TestOwnSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	here, there := w.browser().in(), w.browser().in()
	w.op.body = func(b map[string]any) { b["sub"] = "ola-subject" }
	ola := w.browser().in()
	if n := len(ola.sessions().Sessions); n != 1 {
		t.Fatalf("ola sees %d", n)
	}
	list := here.sessions().Sessions
	if len(list) != 2 {
		t.Fatalf("%+v", list)
	}
	for _, s := range list {
		if a := ola.change(http.MethodDelete, "/v1/me/sessions/"+s.Name, nil); a.status != http.StatusNotFound {
			t.Fatal("another's session was ended", a)
		}
		if !s.Current {
			if a := here.change(http.MethodDelete, "/v1/me/sessions/"+s.Name, nil); a.status != http.StatusNoContent {
				t.Fatal(a)
			}
		}
	}
	there.is(false)
	here.is(true)
	if w.endings() != 1 {
		t.Errorf("%d were told of", w.endings())
	}
	w.op.body = nil
	more := w.browser().in()
	if a := here.change(http.MethodDelete, "/v1/me/sessions", nil); a.body != "{\"ended\":1}\n" {
		t.Error(a.body)
	}
	more.is(false)
	here.is(true)
	own := here.sessions().Sessions[0]
	if a := here.change(http.MethodDelete, "/v1/me/sessions/"+own.Name, nil); a.status != http.StatusNoContent || here.cookie(sessionCookie) != "" {
		t.Error("one's own session", a)
	}
	ola.is(true)
}

// What a socket asks before each message.
func TestUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser().in()
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, w.srv.URL, nil)
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: b.cookie(sessionCookie)})
	s, err := w.Session(r)
	if err != nil {
		t.Fatal(err)
	}
	w.clock.pass(20 * time.Minute)
	if err := w.Use(t.Context(), s.Key); err != nil {
		t.Fatal(err)
	}
	w.clock.pass(20 * time.Minute)
	b.is(true) // the socket kept it alive
	if n, err := w.EndPerson(t.Context(), s.Person.ID); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if err := w.Use(t.Context(), s.Key); err == nil {
		t.Error("an ended session can be used")
	}
	b.is(false)
}

func TestDevices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0":                                      "Firefox, Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0": "Edge, Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1":             "Safari, iPhone",
		"<script>": "", "": "",
	} {
		b := w.browser()
		back := w.op.authorize(t, b.get("/login").location)
		b.do(http.MethodGet, back.String(), nil, map[string]string{"User-Agent": agent})
		for _, s := range b.sessions().Sessions {
			if s.Current && s.Device != want {
				t.Errorf("%q is shown as %q", agent, s.Device)
			}
		}
	}
}

// Who is not let in makes one line in the log, which says what for.
func TestRefusedIsLoggedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if status := w.try("DELETE /v1/people/{person}/sessions", login.Lawyer, ""); status != http.StatusForbidden {
		t.Fatalf("status %d", status)
	}
	lines := w.logs.FilterMessage("refused").All()
	if len(lines) != 1 || lines[0].ContextMap()["permission"] != "access" || lines[0].ContextMap()["reason"] != "role" || lines[0].ContextMap()["session"] == nil {
		t.Errorf("%d lines: %v", len(lines), lines)
	}
}
