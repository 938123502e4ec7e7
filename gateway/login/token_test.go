package login_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"

	"kiveileder/gateway/login"
)

// Who proved who they are too long ago, or did not say when, proves it again.
func TestMaxAge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, cfg *login.Config) {
		cfg.Providers[0].MaxAge = 3600
		cfg.Providers[0].Trusted = []string{"friend"}
	})
	for ago, in := range map[time.Duration]bool{30 * time.Minute: true, 62 * time.Minute: false, -1: false} {
		w.op.body = func(b map[string]any) {
			b["aud"], b["azp"] = []string{"veileder", "friend"}, "veileder"
			if ago >= 0 {
				b["auth_time"] = w.clock.now().Add(-ago).Unix()
			}
		}
		b := w.browser()
		if at := b.get("/login").location; !strings.Contains(at, "max_age=3600") {
			t.Error(at)
		}
		b.signIn("/")
		b.is(in)
	}
	w.op.body = func(b map[string]any) {
		b["aud"], b["auth_time"] = []string{"veileder", "friend"}, w.clock.now().Unix() // several, and none is named
	}
	if w.browser().signIn("/"); w.reasons()[len(w.reasons())-1] != "audience" {
		t.Error(w.reasons())
	}
}

// What a forger, or a provider that is not right, sends.
func TestBadTokens(t *testing.T) {
	t.Parallel()
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set := func(name string, v any) func(*op) {
		return func(o *op) { o.body = func(b map[string]any) { b[name] = v } }
	}
	ago := func(name string, d time.Duration) func(*op) {
		return func(o *op) { o.body = func(b map[string]any) { b[name] = o.clock.now().Add(-d).Unix() } }
	}
	for name, c := range map[string]struct {
		change func(o *op)
		reason string // "" when it must be let in
	}{
		"as it should be":             {func(*op) {}, ""},
		"signed by another key":       {func(o *op) { o.sign = func(h, b map[string]any) string { return signRS256(other, h, b) } }, "id_token"},
		"alg none":                    {func(o *op) { o.sign = unsigned }, "id_token"},
		"alg HS256 by the public key": {func(o *op) { o.sign = o.byPublicKey }, "id_token"},
		"alg that is not on the list": {func(o *op) { o.sign = o.pss }, "id_token"},
		"alg of another family":       {func(o *op) { o.head = func(h map[string]any) { h["alg"] = "PS256" } }, "id_token"},
		"changed after signing":       {func(o *op) { o.sign = o.tampered }, "id_token"},
		"no token at all":             {func(o *op) { o.sign = func(_, _ map[string]any) string { return "" } }, "no_id_token"},
		"no JWT":                      {func(o *op) { o.sign = func(_, _ map[string]any) string { return "tøys" } }, "no_id_token"},
		"an access token":             {func(o *op) { o.head = func(h map[string]any) { h["typ"] = "at+jwt" } }, "no_id_token"},
		"a logout token":              {func(o *op) { o.head = func(h map[string]any) { h["typ"] = "logout+jwt" } }, "no_id_token"},
		"another issuer":              {set("iss", "https://evil.example"), "id_token"},
		"for somebody else":           {set("aud", "other"), "id_token"},
		"also for somebody else":      {set("aud", []string{"veileder", "other"}), "audience"},
		"for us, and for a stranger": {func(o *op) {
			o.body = func(b map[string]any) { b["aud"], b["azp"] = []string{"veileder", "other"}, "veileder" }
		}, "audience"},
		"issued to another party":  {set("azp", "other"), "audience"},
		"issued to us":             {set("azp", "veileder"), ""},
		"another nonce":            {set("nonce", "x"), "nonce"},
		"no nonce":                 {set("nonce", ""), "nonce"},
		"no subject":               {set("sub", ""), "no_subject"},
		"expired":                  {ago("exp", 61*time.Second), "id_token"},
		"expired within the skew":  {ago("exp", 50*time.Second), ""},
		"not valid yet":            {ago("nbf", -10*time.Minute), "id_token"},
		"old":                      {ago("iat", 11*time.Minute), "issued_at"},
		"of a clock ahead":         {ago("iat", -50*time.Second), ""},
		"of a clock far ahead":     {ago("iat", -2*time.Minute), "issued_at"},
		"for another access token": {set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), "at_hash"},
		"a weak sign-in":           {set("acr", "low"), "require"},
		"no word of its strength":  {set("acr", nil), "require"},
		"a key that was changed":   {func(o *op) { o.kid = "k2" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.change(w.op)
			b := w.browser()
			a := b.signIn("/")
			b.is(c.reason == "")
			if c.reason == "" {
				return
			}
			if got := w.reasons(); len(got) == 0 || got[0] != c.reason {
				t.Errorf("reasons %q, want %s", got, c.reason)
			}
			if a.status != http.StatusForbidden || b.cookie("__Host-ki-session") != "" {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
}

func unsigned(h, b map[string]any) string {
	h["alg"] = "none"
	return part(h) + "." + part(b) + "."
}

// byPublicKey signs with what everybody knows, as if it were a shared secret.
func (o *op) byPublicKey(h, b map[string]any) string {
	h["alg"] = "HS256"
	der, err := x509.MarshalPKIXPublicKey(&o.key.PublicKey)
	if err != nil {
		panic(err)
	}
	text := part(h) + "." + part(b)
	m := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	m.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// pss signs well, but not as the configuration says.
func (o *op) pss(h, b map[string]any) string {
	h["alg"] = "PS256"
	text := part(h) + "." + part(b)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPSS(rand.Reader, o.key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

func (o *op) tampered(h, b map[string]any) string {
	good := strings.Split(signRS256(o.key, h, b), ".")
	b["groups"] = []string{"admin"}
	return good[0] + "." + part(b) + "." + good[2]
}
