package login

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// dpop shows with each call of a token's that we hold a key (RFC 9449), so
// that a token which is stolen on the way is good for nobody. The key lives as
// long as the process: a token is used at once and then thrown away.
type dpop struct {
	next http.RoundTripper
	now  func() time.Time
	key  *ecdsa.PrivateKey
	sign func() (string, error) // makes a new client assertion, for each is good once

	mu    sync.Mutex // guards nonce
	nonce string     // what the provider last wanted to see
}

func newDPoP(next http.RoundTripper, now func() time.Time) (*dpop, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err // unreachable
	}
	return &dpop{next: next, now: now, key: key}, nil
}

// RoundTrip implements http.RoundTripper. When the provider wants a nonce the
// call is made once more.
func (d *dpop) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := d.try(r)
	if err != nil || res.StatusCode != http.StatusBadRequest && res.StatusCode != http.StatusUnauthorized {
		return res, err
	}
	wanted := res.Header.Get("DPoP-Nonce")
	if wanted == "" || r.Body != nil && r.GetBody == nil {
		return res, nil
	}
	b, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		return nil, err
	}
	if !strings.Contains(string(b)+res.Header.Get("WWW-Authenticate"), "use_dpop_nonce") {
		res.Body = io.NopCloser(strings.NewReader(string(b)))
		return res, nil
	}
	again := r.Clone(r.Context())
	if r.Body != nil {
		if err := d.refill(again); err != nil {
			return nil, err
		}
	}
	return d.try(again)
}

// refill gives a request its form once more, with an assertion of its own.
func (d *dpop) refill(r *http.Request) error {
	body, err := r.GetBody()
	if err != nil {
		return err
	}
	defer body.Close()
	b, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	form, err := url.ParseQuery(string(b))
	if err != nil {
		return err
	}
	if form.Has("client_assertion") {
		assertion, err := d.sign()
		if err != nil {
			return err
		}
		form.Set("client_assertion", assertion)
	}
	text := form.Encode()
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	return nil
}

func (d *dpop) try(r *http.Request) (*http.Response, error) {
	proof, err := d.proof(r)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Header.Set("DPoP", proof)
	res, err := d.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if n := res.Header.Get("DPoP-Nonce"); n != "" {
		d.mu.Lock()
		d.nonce = n
		d.mu.Unlock()
	}
	return res, nil
}

// proof signs the method and the address, and the token that goes along.
func (d *dpop) proof(r *http.Request) (string, error) {
	at := *r.URL
	at.RawQuery, at.Fragment = "", ""
	body := map[string]any{"jti": rand.Text(), "htm": r.Method, "htu": at.String(), "iat": d.now().Unix()}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "DPoP "); ok {
		sum := sha256.Sum256([]byte(token))
		body["ath"] = b64.EncodeToString(sum[:])
	}
	d.mu.Lock()
	if d.nonce != "" {
		body["nonce"] = d.nonce
	}
	d.mu.Unlock()
	return sign(jose.ES256, d.key, body, (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
}

// sign makes a JWT.
func sign(alg jose.SignatureAlgorithm, key crypto.Signer, body map[string]any, opts *jose.SignerOptions) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, opts)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(body)
	if err != nil {
		return "", err // unreachable
	}
	signed, err := signer.Sign(b)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}
