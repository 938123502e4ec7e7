package login_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// One key for all tests: making one takes time.
var opKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// An op is a provider that does as the test says, also what no provider should.
type op struct {
	*httptest.Server
	clock    *clock
	key      *rsa.PrivateKey
	kid      string
	client   string
	noPKCE   bool // does not look at the verifier
	meta     func(m map[string]any)
	head     func(h map[string]any) // of ID tokens
	body     func(b map[string]any)
	sign     func(head, body map[string]any) string
	userinfo map[string]any

	mu     sync.Mutex
	asked  map[string]url.Values // by code
	keys   int                   // how often the keys were fetched
	tokens int
}

func newOP(t *testing.T, c *clock) *op {
	o := &op{clock: c, key: opKey(), kid: "k1", client: "veileder", asked: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", o.discovery)
	mux.HandleFunc("GET /keys", o.jwks)
	mux.HandleFunc("POST /token", o.token)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, o.userinfo) })
	o.Server = httptest.NewServer(mux)
	t.Cleanup(o.Close)
	return o
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (o *op) discovery(w http.ResponseWriter, _ *http.Request) {
	m := map[string]any{
		"issuer": o.URL, "authorization_endpoint": o.URL + "/auth", "token_endpoint": o.URL + "/token", "jwks_uri": o.URL + "/keys",
		"userinfo_endpoint": o.URL + "/userinfo", "end_session_endpoint": o.URL + "/end",
		"authorization_response_iss_parameter_supported": true, "code_challenge_methods_supported": []string{"S256"},
		"id_token_signing_alg_values_supported": []string{"RS256", "PS256", "HS256", "none"},
	}
	if o.meta != nil {
		o.meta(m)
	}
	writeJSON(w, m)
}

func (o *op) jwks(w http.ResponseWriter, _ *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.keys++
	e := base64.RawURLEncoding.EncodeToString([]byte{1, 0, 1})
	writeJSON(w, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "kid": o.kid, "use": "sig", "alg": "RS256", "e": e, "n": base64.RawURLEncoding.EncodeToString(o.key.N.Bytes()),
	}}})
}

func (o *op) token(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	o.mu.Lock()
	o.tokens++
	q := o.asked[r.Form.Get("code")]
	delete(o.asked, r.Form.Get("code"))
	o.mu.Unlock()
	sum := sha256.Sum256([]byte(r.Form.Get("code_verifier")))
	id, secret, _ := r.BasicAuth()
	switch {
	case id != o.client || secret != testSecret:
		w.WriteHeader(http.StatusUnauthorized)
		writeJSON(w, map[string]any{"error": "invalid_client"})
		return
	case q == nil, q.Get("redirect_uri") != r.Form.Get("redirect_uri"),
		!o.noPKCE && q.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]):
		w.WriteHeader(http.StatusBadRequest)
		writeJSON(w, map[string]any{"error": "invalid_grant", "error_description": "Kari Nordmann 01019012345"})
		return
	}
	writeJSON(w, map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 60, "id_token": o.idToken(q.Get("nonce"))})
}

func (o *op) idToken(nonce string) string {
	now := o.clock.now()
	head := map[string]any{"alg": "RS256", "typ": "JWT", "kid": o.kid}
	body := map[string]any{
		"iss": o.URL, "aud": o.client, "sub": "kari-subject", "sid": "sid-1", "nonce": nonce, "name": "Kari Nordmann",
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "acr": "high", "groups": []string{"jurister"}, "pid": "01019012345",
	}
	if o.head != nil {
		o.head(head)
	}
	if o.body != nil {
		o.body(body)
	}
	if o.sign != nil {
		return o.sign(head, body)
	}
	return signRS256(o.key, head, body)
}

func part(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func signRS256(key *rsa.PrivateKey, head, body map[string]any) string {
	text := part(head) + "." + part(body)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// authorize does what the provider's page does for somebody who signs in, and
// gives the address that the browser is sent back to.
func (o *op) authorize(t *testing.T, at string) *url.URL {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil || !strings.HasPrefix(at, o.URL+"/auth?") {
		t.Fatalf("not sent to the provider: %q, %v", at, err)
	}
	q := u.Query()
	code := rand.Text()
	o.mu.Lock()
	o.asked[code] = q
	o.mu.Unlock()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		t.Fatal(err)
	}
	back.RawQuery = url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {o.URL}}.Encode()
	return back
}
