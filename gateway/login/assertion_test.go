package login_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"kiveileder/gateway/login"
)

// What shows that it is us is signed as the provider says that it takes it; of
// one that says nothing RS256 is believed to be taken, which all know.
func TestClientSignature(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key   crypto.Signer
		force string
		takes []string
		want  jose.SignatureAlgorithm
	}{
		"RSA, it says nothing":      {opKey(), "", nil, jose.RS256},
		"RSA, it takes RS256 alone": {opKey(), "", []string{"RS256", "ES256"}, jose.RS256},
		"RSA, it takes both":        {opKey(), "", []string{"RS256", "PS256"}, jose.PS256},
		"RSA, it takes neither":     {opKey(), "", []string{"ES384"}, jose.RS256},
		"PS256 is forced":           {opKey(), "PS256", []string{"RS256"}, jose.PS256},
		"RS256 is forced":           {opKey(), "RS256", []string{"PS256"}, jose.RS256},
		"P-256":                     {p256, "", nil, jose.ES256},
	} {
		t.Run(name, func(t *testing.T) {
			pushed := make(chan url.Values, 1)
			at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_ = r.ParseForm()
				pushed <- r.Form
				w.WriteHeader(http.StatusCreated)
				_ = json.NewEncoder(w).Encode(map[string]any{"request_uri": "urn:x", "expires_in": 60})
			}))
			defer at.Close()
			w := newWorld(t, func(w *world, cfg *login.Config) {
				w.op.meta = func(m map[string]any) {
					m["pushed_authorization_request_endpoint"] = at.URL
					if c.takes != nil {
						m["token_endpoint_auth_signing_alg_values_supported"] = c.takes
					}
				}
				p := &cfg.Providers[0]
				p.Auth, p.Secret, p.Key, p.KeyID, p.ClientAlg, p.PAR = "private_key_jwt", "", c.key, "ours", c.force, true
			})
			if a := w.browser().get("/login?to=/"); !strings.Contains(a.location, "request_uri=urn") {
				t.Fatalf("%d %s, %v", a.status, a.location, w.reasons())
			}
			signed, err := jose.ParseSigned((<-pushed).Get("client_assertion"), []jose.SignatureAlgorithm{jose.PS256, jose.RS256, jose.ES256})
			if err != nil {
				t.Fatal(err)
			}
			if got := signed.Signatures[0].Header.Algorithm; got != string(c.want) {
				t.Errorf("signed by %s, want %s", got, c.want)
			}
			if _, err := signed.Verify(c.key.Public()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestClientAlgIsLinted(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Skip(err) // a Go that makes none so small
	}
	for alg, key := range map[string]crypto.Signer{"ES256": opKey(), "HS256": opKey(), "RS256": small} {
		p := login.Provider{
			Provider: "plain", Issuer: "https://op.example.no", ClientID: "veileder", Auth: "private_key_jwt", Key: key, ClientAlg: alg, Scopes: []string{"openid"},
			Algs: []string{"RS256"}, ID: []string{"sub"}, Everyone: []login.Role{login.Asker},
		}
		_, err := login.New(login.Config{Origin: "https://ki.example.no", Store: login.NewMemory(), Providers: []login.Provider{p}, Now: time.Now})
		if err == nil || !strings.Contains(err.Error(), "the client's key") && !strings.Contains(err.Error(), "client_alg") {
			t.Errorf("%s: %v", alg, err)
		}
	}
}
