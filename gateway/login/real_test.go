package login_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"kiveileder/gateway/login"
)

var providerDir = filepath.Join("testdata", "provider")

// installProvider installs the package when it is not there, once for all tests.
var installProvider = sync.OnceValue(func() error {
	if _, err := os.Stat(filepath.Join(providerDir, "node_modules", ".package-lock.json")); err == nil {
		return nil
	}
	npm := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	npm.Dir = providerDir
	if out, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return nil
})

// realProvider starts the npm package oidc-provider, with two clients: one
// with a secret, one that signs and pushes its requests. It skips the test
// when there is no Node, and installs the package when it is not there.
func realProvider(t *testing.T, origin string, key *ecdsa.PrivateKey) (issuer string) {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s: signing in at a real provider is not tested", tool)
		}
	}
	if err := installProvider(); err != nil {
		t.Skipf("%v: signing in at a real provider is not tested", err)
	}
	client := func(id string, more map[string]any) map[string]any {
		c := map[string]any{
			"client_id": id, "redirect_uris": []string{origin + "/login/callback/" + id}, "post_logout_redirect_uris": []string{origin + "/"},
			"grant_types": []string{"authorization_code"}, "response_types": []string{"code"},
			"backchannel_logout_uri": origin + "/login/backchannel/" + id, "backchannel_logout_session_required": true,
		}
		for k, v := range more {
			c[k] = v
		}
		return c
	}
	settings, err := json.Marshal(map[string]any{
		"clients": []any{
			client("secret", map[string]any{"client_secret": testSecret, "token_endpoint_auth_method": "client_secret_basic"}),
			client("signed", map[string]any{
				"token_endpoint_auth_method": "private_key_jwt", "require_pushed_authorization_requests": true, "dpop_bound_access_tokens": true,
				"jwks": jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "ours", Algorithm: "ES256", Use: "sig"}}},
			}),
		},
		"key": jose.JSONWebKey{Key: opKey(), KeyID: "first", Algorithm: "RS256", Use: "sig"},
		"people": map[string]any{
			"kari": map[string]any{"name": "Kari Nordmann", "groups": []string{"jurister"}, "acr": "high"},
			"ola":  map[string]any{"name": "Ola Nordmann", "groups": []string{}, "acr": "substantial"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // whatever happens to it
	t.Cleanup(cancel)
	node := exec.CommandContext(ctx, "node", "server.mjs", string(settings))
	node.Dir = providerDir
	node.Env = append(os.Environ(), "NODE_TLS_REJECT_UNAUTHORIZED=0") // the service of the test has a certificate of its own making
	node.Stderr = os.Stderr
	if !testing.Verbose() {
		node.Stderr = nil
	}
	stdin, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); cancel(); _ = node.Wait() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal("the provider did not start", err)
	}
	return strings.TrimSpace(line)
}

// newRealWorld is the service with the real provider.
func newRealWorld(t *testing.T) *world {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(t, func(w *world, cfg *login.Config) {
		secret := w.provider("secret", w.op)
		secret.Issuer = realProvider(w.t, w.srv.URL, key)
		secret.ClientID, secret.ACR = "secret", []string{"high"}
		signed := secret
		signed.Provider, signed.ClientID, signed.Auth, signed.Secret, signed.Key, signed.KeyID = "signed", "signed", "private_key_jwt", "", key, "ours"
		signed.PAR, signed.DPoP, signed.UserInfo = true, true, true
		cfg.Providers, cfg.Now = []login.Provider{secret, signed}, time.Now
	})
}

// surf follows an address through the provider, as the person given, until it
// comes back to the service.
func (b *browser) surf(at, as string) answer {
	b.w.t.Helper()
	page := regexp.MustCompile(`/sign-in/[^/]+$`)
	for range 10 {
		if at == "" {
			b.w.t.Fatal("not sent to the provider", b.w.logs.All())
		}
		a := b.get(at)
		next := a.location
		if next == "" {
			b.w.t.Fatalf("%s leads nowhere: %d %s", at, a.status, a.body)
		}
		u, err := url.Parse(next)
		if err != nil {
			b.w.t.Fatal(err)
		}
		base, _ := url.Parse(at)
		next = base.ResolveReference(u).String()
		if strings.HasPrefix(next, b.w.srv.URL) {
			return b.get(next)
		}
		if page.MatchString(next) {
			next += as
		}
		at = next
	}
	b.w.t.Fatal("round in circles")
	return answer{}
}

func TestRealProvider(t *testing.T) {
	t.Parallel()
	w := newRealWorld(t)
	for _, client := range []string{"secret", "signed"} {
		t.Run(client, func(t *testing.T) {
			b := w.browser()
			a := b.surf(b.get("/login?to=/desk&provider="+client).location, "/as/kari")
			if a.status != http.StatusSeeOther || a.location != w.srv.URL+"/desk" {
				t.Fatalf("%d %s %s %v", a.status, a.location, a.body, w.reasons())
			}
			if me := b.get("/v1/me"); !strings.Contains(me.body, `"name":"Kari Nordmann","agency":"hdir","roles":["asker","lawyer"]`) {
				t.Error(me.body)
			}
			b.logOutThere()
		})
	}
}

// logOutThere logs out here, and at the provider that the browser is sent to.
func (b *browser) logOutThere() {
	t := b.w.t
	t.Helper()

	before := b.w.endings()
	held := b.cookie(sessionCookie)
	there := b.change(http.MethodPost, "/logout", nil)
	if there.status != http.StatusSeeOther || strings.HasPrefix(there.location, b.w.srv.URL) {
		t.Fatal(there)
	}
	if b.w.endings() != before+1 {
		t.Error("the session did not end here")
	}
	out := b.leave(there.location)
	if out.location != b.w.srv.URL+"/" {
		t.Errorf("sent to %q %s", out.location, out.body)
	}
	b.plant(sessionCookie, held)
	b.is(false)
}

// leave says yes to the provider that asks whether to log out.
func (b *browser) leave(at string) answer {
	b.w.t.Helper()
	form := b.get(at)
	action := regexp.MustCompile(`action="([^"]+)"`).FindStringSubmatch(form.body)
	xsrf := regexp.MustCompile(`name="xsrf" value="([^"]+)"`).FindStringSubmatch(form.body)
	if action == nil || xsrf == nil {
		b.w.t.Fatal("the provider does not ask", form.status, form.body)
	}
	return b.do(http.MethodPost, action[1], strings.NewReader(url.Values{"xsrf": {xsrf[1]}, "logout": {"yes"}}.Encode()),
		map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
}

// The provider's own word ends the session here, in a browser that knows
// nothing of it.
func TestRealBackChannel(t *testing.T) {
	t.Parallel()
	w := newRealWorld(t)
	b := w.browser()
	b.surf(b.get("/login?provider=secret").location, "/as/kari") // one session at the provider, two clients, two sessions here
	first := b.cookie(sessionCookie)
	two := w.browser()
	for _, c := range b.jar.Cookies(mustURL(w.srv.URL)) {
		if !strings.HasPrefix(c.Name, "__Host-") { // the provider's, for cookies know no ports
			two.jar.SetCookies(mustURL(w.srv.URL), []*http.Cookie{c})
		}
	}
	two.surf(two.get("/login?provider=signed").location, "/as/kari")
	two.is(true)
	b.is(true)
	there := two.change(http.MethodPost, "/logout", nil).location
	two.leave(there)
	if b.cookie(sessionCookie) != first {
		t.Error("the other browser did something")
	}
	b.is(false)
	if w.endings() != 2 {
		t.Errorf("%d sessions were told of", w.endings())
	}
}

func mustURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

func TestRealProviderRefused(t *testing.T) {
	t.Parallel()
	w := newRealWorld(t)
	for as, want := range map[string]string{"/no": "denied", "/as/ola": "require"} {
		b := w.browser()
		a := b.surf(b.get("/login?provider=secret").location, as)
		if got := w.reasons(); a.status != http.StatusForbidden || got[len(got)-1] != want {
			t.Errorf("%s: %d %s, %v", as, a.status, a.body, got)
		}
		b.is(false)
	}
}
