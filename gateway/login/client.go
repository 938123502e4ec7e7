package login

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"
)

const (
	callTime  = 10 * time.Second // for one call to a provider
	callBytes = 1 << 20          // the most that a provider may answer
	retryTime = 5 * time.Second  // before a provider that was away is asked again
)

// skew is how far a provider's clock may be off.
const skew = time.Minute

// A client talks to one provider, which it gets to know at the first use.
type client struct {
	Provider
	redirect string       // where the provider sends people back to
	http     *http.Client // for metadata and keys
	tokens   *http.Client // for what shows or uses a token
	now      func() time.Time

	mu    sync.Mutex // guards what follows
	known *known
	tried time.Time
	err   error
}

// known is what a provider says of itself.
type known struct {
	provider   *oidc.Provider
	verifier   *oidc.IDTokenVerifier
	oauth      oauth2.Config
	IssParam   bool     `json:"authorization_response_iss_parameter_supported"`
	EndSession string   `json:"end_session_endpoint"`
	PAR        string   `json:"pushed_authorization_request_endpoint"`
	Challenges []string `json:"code_challenge_methods_supported"`
	Auth       string   `json:"authorization_endpoint"`
	Token      string   `json:"token_endpoint"`
	UserInfo   string   `json:"userinfo_endpoint"`
	Keys       string   `json:"jwks_uri"`
	ClientAlgs []string `json:"token_endpoint_auth_signing_alg_values_supported"` // that our own signature may be of
}

func newClient(p Provider, redirect string, h *http.Client, now func() time.Time) (*client, error) {
	if h == nil {
		h = &http.Client{}
	}
	calm := *h
	calm.Timeout = callTime
	calm.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if calm.Transport == nil {
		calm.Transport = http.DefaultTransport
	}
	calm.Transport = &calmly{next: calm.Transport}
	c := &client{Provider: p, redirect: redirect, http: &calm, tokens: &calm, now: now}
	if p.DPoP {
		d, err := newDPoP(calm.Transport, now)
		if err != nil {
			return nil, err
		}
		d.sign = c.assertion
		bound := calm
		bound.Transport = d
		c.tokens = &bound
	}
	return c, nil
}

// meet gives what the provider says of itself, asking it once. While it is
// away it is asked every few seconds.
func (c *client) meet(ctx context.Context) (*known, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known != nil {
		return c.known, nil
	}
	if c.err != nil && c.now().Sub(c.tried).Abs() < retryTime {
		return nil, c.err
	}
	k, err := c.discover(ctx)
	if err != nil {
		away := &refused{"discovery", "login_away", http.StatusServiceUnavailable, clip(err.Error())}
		if ctx.Err() == nil { // who gave up says nothing of the provider
			c.tried, c.err = c.now(), away
		}
		return nil, away
	}
	c.known, c.err = k, nil
	return k, nil
}

// clip keeps the beginning of what a provider's metadata is blamed for.
func clip(s string) string { return s[:min(len(s), 200)] }

func (c *client) discover(ctx context.Context) (*known, error) {
	p, err := oidc.NewProvider(oidc.ClientContext(ctx, c.http), c.Issuer)
	if err != nil {
		return nil, err
	}
	k := &known{provider: p}
	if err := p.Claims(k); err != nil {
		return nil, err
	}
	secure := strings.HasPrefix(c.Issuer, "https:")
	for _, at := range []string{k.Auth, k.Token, k.Keys, k.EndSession, k.PAR, k.UserInfo} {
		if u, err := url.Parse(at); at != "" && (err != nil || secure && u.Scheme != "https") {
			return nil, errors.New("an endpoint without https")
		}
	}
	switch {
	case k.Auth == "" || k.Token == "" || k.Keys == "":
		return nil, errors.New("an endpoint is missing")
	case len(k.Challenges) > 0 && !slices.Contains(k.Challenges, "S256"):
		return nil, errors.New("no PKCE")
	case c.Provider.PAR && k.PAR == "":
		return nil, errors.New("no pushed requests")
	}
	c.http.Transport.(*calmly).mind(k.Keys)
	k.verifier = p.Verifier(&oidc.Config{
		ClientID: c.ClientID, SupportedSigningAlgs: c.Algs,
		Now: func() time.Time { return c.now().Add(-skew) },
	})
	k.oauth = oauth2.Config{ClientID: c.ClientID, RedirectURL: c.redirect, Scopes: c.Scopes, Endpoint: p.Endpoint()}
	switch c.Provider.Auth {
	case "client_secret_basic":
		k.oauth.ClientSecret, k.oauth.Endpoint.AuthStyle = c.Secret, oauth2.AuthStyleInHeader
	case "client_secret_post":
		k.oauth.ClientSecret, k.oauth.Endpoint.AuthStyle = c.Secret, oauth2.AuthStyleInParams
	default:
		k.oauth.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return k, nil
}

// authorize gives the address that the browser is sent to.
func (c *client) authorize(ctx context.Context, state, nonce, verifier string) (string, error) {
	k, err := c.meet(ctx)
	if err != nil {
		return "", err
	}
	opts := []oauth2.AuthCodeOption{oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)}
	if len(c.ACR) > 0 {
		opts = append(opts, oauth2.SetAuthURLParam("acr_values", strings.Join(c.ACR, " ")))
	}
	if c.MaxAge > 0 {
		opts = append(opts, oauth2.SetAuthURLParam("max_age", fmt.Sprint(c.MaxAge)))
	}
	for name, v := range c.Params {
		opts = append(opts, oauth2.SetAuthURLParam(name, v))
	}
	to := k.oauth.AuthCodeURL(state, opts...)
	if !c.Provider.PAR {
		return to, nil
	}
	return c.push(ctx, k, to)
}

// push sends a request ahead (RFC 9126), so that the browser carries a
// reference alone.
func (c *client) push(ctx context.Context, k *known, request string) (string, error) {
	away := refusalAs(http.StatusServiceUnavailable, "par", "login_away")
	u, err := url.Parse(request)
	if err != nil {
		return "", away
	}
	form := u.Query()
	if err := c.prove(form); err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, k.PAR, strings.NewReader(form.Encode()))
	if err != nil {
		return "", away
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if c.Provider.Auth == "client_secret_basic" {
		req.SetBasicAuth(url.QueryEscape(c.ClientID), url.QueryEscape(c.Secret))
	}
	res, err := c.tokens.Do(req)
	if err != nil {
		return "", away
	}
	defer res.Body.Close()
	var pushed struct {
		RequestURI string `json:"request_uri"`
		Error      string `json:"error"`
	}
	if err := json.NewDecoder(res.Body).Decode(&pushed); err != nil || res.StatusCode != http.StatusCreated || pushed.RequestURI == "" {
		return "", &refused{"par", "login_away", http.StatusServiceUnavailable, plainWord.FindString(pushed.Error)}
	}
	to, err := url.Parse(k.Auth)
	if err != nil {
		return "", away
	}
	q := to.Query()
	q.Set("client_id", c.ClientID)
	q.Set("request_uri", pushed.RequestURI)
	to.RawQuery = q.Encode()
	return to.String(), nil
}

// prove adds to a form what shows that it is us, where that is not a header.
func (c *client) prove(form url.Values) error {
	switch c.Provider.Auth {
	case "client_secret_post":
		form.Set("client_secret", c.Secret)
	case "private_key_jwt":
		assertion, err := c.assertion()
		if err != nil {
			return err
		}
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion)
	}
	return nil
}

// assertion signs that it is us (RFC 7523), for one call, to this issuer.
func (c *client) assertion() (string, error) {
	c.mu.Lock()
	var takes []string
	if c.known != nil { // always: the provider was met before it is shown anything
		takes = c.known.ClientAlgs
	}
	c.mu.Unlock()
	alg, err := algOf(c.Key, c.ClientAlg, takes)
	if err != nil {
		return "", err
	}
	opts := (&jose.SignerOptions{}).WithType("JWT")
	if c.KeyID != "" {
		opts.WithHeader("kid", c.KeyID)
	}
	now := c.now()
	signed, err := sign(alg, c.Key, map[string]any{
		"iss": c.ClientID, "sub": c.ClientID, "aud": c.Issuer, "jti": rand.Text(),
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}, opts)
	if err != nil {
		return "", fmt.Errorf("login: the client's key: %w", err)
	}
	return signed, nil
}

// algOf says how a key signs: as force says, when it is not empty; else as the
// provider takes it. With RSA that is PS256 where it is said to be taken, and
// RS256, which all know, where nothing is said.
func algOf(key crypto.Signer, force string, takes []string) (jose.SignatureAlgorithm, error) {
	var can []jose.SignatureAlgorithm
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() >= 2048 {
			can = []jose.SignatureAlgorithm{jose.PS256, jose.RS256}
		}
	case *ecdsa.PrivateKey:
		if k.Curve == elliptic.P256() {
			can = []jose.SignatureAlgorithm{jose.ES256}
		}
	}
	if len(can) == 0 {
		return "", errors.New("neither RSA of 2048 bits nor P-256")
	}
	if force != "" {
		if !slices.Contains(can, jose.SignatureAlgorithm(force)) {
			return "", fmt.Errorf("it does not sign %s", force)
		}
		return jose.SignatureAlgorithm(force), nil
	}
	for _, alg := range can {
		if slices.Contains(takes, string(alg)) {
			return alg, nil
		}
	}
	return can[len(can)-1], nil
}
