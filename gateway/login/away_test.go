package login_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"kiveileder/gateway/login"
)

func TestProviderAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.op.meta = func(m map[string]any) { m["issuer"] = "https://evil.example" }
	b := w.browser()
	if a := b.get("/login"); a.status != http.StatusServiceUnavailable || b.cookie("__Host-ki-session") != "" {
		t.Fatal(a)
	}
	w.op.meta = nil
	if a := b.get("/login"); a.status != http.StatusServiceUnavailable {
		t.Error("asked again at once")
	}
	w.clock.pass(6 * time.Second)
	b.in()
	begun := b.get("/login").location
	back := w.op.authorize(t, begun)
	w.op.Close()
	if a := b.get(back.String()); a.status != http.StatusServiceUnavailable {
		t.Error(a)
	}
	b.is(true) // the session from before lives
}

func TestUserInfo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, cfg *login.Config) { cfg.Providers[0].UserInfo = true })
	w.op.body = func(b map[string]any) { delete(b, "name"); delete(b, "groups") }
	w.op.userinfo = map[string]any{"sub": "kari-subject", "name": "Kari\u202e  Nordmann\n", "groups": "jurister", "acr": "low"}
	b := w.browser().in()
	if a := b.get("/v1/me"); !strings.Contains(a.body, `"name":"Kari Nordmann","agency":"hdir"`) {
		t.Error(a.body)
	}
	w.op.userinfo["sub"] = "ola"
	if a := w.browser().signIn("/"); a.status != http.StatusForbidden {
		t.Error("another's claims were taken", a)
	}
}

// Anybody can send tokens of unknown keys; the provider is not asked each time.
func TestKeysAreFetchedCalmly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.browser().in()
	for range 20 {
		a := w.logout(map[string]any{"kid": "unknown"}, nil)
		if a.status != http.StatusBadRequest {
			t.Fatal(a)
		}
	}
	w.op.mu.Lock()
	defer w.op.mu.Unlock()
	if w.op.keys > 2 {
		t.Errorf("the keys were fetched %d times", w.op.keys)
	}
}

// A provider whose word of itself is not as it must be is not used.
func TestBadMetadata(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(m map[string]any){
		"PKCE without hashing": func(m map[string]any) { m["code_challenge_methods_supported"] = []string{"plain"} },
		"no keys":              func(m map[string]any) { delete(m, "jwks_uri") },
		"too much":             func(m map[string]any) { m["more"] = strings.Repeat("a", 2<<20) },
		"another issuer":       func(m map[string]any) { m["issuer"] = "https://evil.example" },
	} {
		w := newWorld(t)
		w.op.meta = change
		if a := w.browser().get("/login"); a.status != http.StatusServiceUnavailable {
			t.Errorf("%s: %d %s", name, a.status, a.location)
		}
	}
}
