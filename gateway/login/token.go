package login

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// freshTime is how old an ID token may be when it comes.
const freshTime = 10 * time.Minute

// A proof is what a login came to.
type proof struct {
	person  Person
	subject string // a hash
	sid     string // a hash
	raw     string // the ID token
}

// exchange takes a code to the provider and gives who it is. Everything that
// is not as it must be is a refusal.
func (c *client) exchange(ctx context.Context, code, nonce, verifier string) (proof, error) {
	k, err := c.meet(ctx)
	if err != nil {
		return proof{}, err
	}
	form := url.Values{}
	if c.Provider.Auth == "private_key_jwt" {
		if err := c.prove(form); err != nil {
			return proof{}, err
		}
	}
	opts := []oauth2.AuthCodeOption{oauth2.VerifierOption(verifier)}
	for name := range form {
		opts = append(opts, oauth2.SetAuthURLParam(name, form.Get(name)))
	}
	ctx = oidc.ClientContext(ctx, c.tokens)
	token, err := k.oauth.Exchange(ctx, code, opts...)
	if err != nil {
		return proof{}, exchangeRefusal(err)
	}
	raw, _ := token.Extra("id_token").(string)
	said, err := c.check(ctx, k, raw, token.AccessToken, nonce)
	if err != nil {
		return proof{}, err
	}
	if c.Provider.UserInfo {
		if err := c.more(ctx, k, token, said); err != nil {
			return proof{}, err
		}
	}
	who, err := c.person(said)
	if err != nil {
		return proof{}, err
	}
	p := proof{person: who, raw: raw, subject: c.hash("subject", said.text("sub"))}
	if sid := said.text("sid"); sid != "" {
		p.sid = c.hash("sid", sid)
	}
	return p, nil
}

// hash gives the one-way name of what the provider says.
func (c *client) hash(purpose, v string) string { return digest(purpose, c.Issuer, v) }

// check holds an ID token against the standard and the configuration.
func (c *client) check(ctx context.Context, k *known, raw, access, nonce string) (claims, error) {
	if raw == "" || !slices.Contains([]string{"", "jwt"}, typOf(raw)) {
		return nil, refusal("no_id_token", "login_failed")
	}
	token, err := k.verifier.Verify(ctx, raw) // signature by an allowed alg, iss, aud, exp, nbf
	if err != nil {
		return nil, refusal("id_token", "login_failed")
	}
	var body json.RawMessage
	if err := token.Claims(&body); err != nil {
		return nil, refusal("id_token", "login_failed")
	}
	said, err := readClaims(body)
	if err != nil {
		return nil, refusal("id_token", "login_failed")
	}
	azp, now := said.text("azp"), c.now()
	switch {
	case !same(token.Nonce, nonce):
		return nil, refusal("nonce", "login_failed")
	case token.Subject == "":
		return nil, refusal("no_subject", "login_failed")
	case !c.allFor(token.Audience), azp != "" && azp != c.ClientID, len(token.Audience) > 1 && azp == "":
		return nil, refusal("audience", "login_failed")
	case token.IssuedAt.After(now.Add(skew)), token.IssuedAt.Before(now.Add(-freshTime)):
		return nil, refusal("issued_at", "login_failed")
	case token.AccessTokenHash != "" && token.VerifyAccessToken(access) != nil:
		return nil, refusal("at_hash", "login_failed")
	case c.MaxAge > 0 && !said.since("auth_time", now.Add(-time.Duration(c.MaxAge)*time.Second-skew)):
		return nil, refusal("auth_time", "login_failed")
	}
	return said, nil
}

// allFor says whether a token is for us and for nobody we don't know.
func (c *client) allFor(audience []string) bool {
	for _, a := range audience {
		if a != c.ClientID && !slices.Contains(c.Trusted, a) {
			return false
		}
	}
	return slices.Contains(audience, c.ClientID)
}

// more adds what the provider tells beside the token; the token's own goes first.
func (c *client) more(ctx context.Context, k *known, token *oauth2.Token, said claims) error {
	info, err := k.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return refusalAs(http.StatusServiceUnavailable, "userinfo", "login_away")
	}
	if !same(info.Subject, said.text("sub")) {
		return refusal("userinfo_subject", "login_failed")
	}
	var body json.RawMessage
	if err := info.Claims(&body); err != nil {
		return refusal("userinfo", "login_failed")
	}
	extra, err := readClaims(body)
	if err != nil {
		return refusal("userinfo", "login_failed")
	}
	for name, v := range extra {
		if _, there := said[name]; !there {
			said[name] = v
		}
	}
	return nil
}

// plainWord is what the standard's error codes look like.
var plainWord = regexp.MustCompile(`^[a-z_]{1,40}$`)

// exchangeRefusal tells a provider that is away from one that says no.
func exchangeRefusal(err error) error {
	var r *oauth2.RetrieveError
	if errors.As(err, &r) && r.Response != nil && r.Response.StatusCode < http.StatusInternalServerError {
		return &refused{"exchange", "login_failed", http.StatusForbidden, plainWord.FindString(r.ErrorCode)}
	}
	return refusalAs(http.StatusServiceUnavailable, "exchange_away", "login_away")
}

func readClaims(b []byte) (claims, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var c claims
	err := d.Decode(&c)
	return c, err
}

func (c claims) text(name string) string {
	s, _ := c[name].(string)
	return s
}

// since says whether a time is given and not before t.
func (c claims) since(name string, t time.Time) bool {
	n, ok := c[name].(json.Number)
	if !ok {
		return false
	}
	seconds, err := n.Int64()
	return err == nil && !time.Unix(seconds, 0).Before(t)
}

// typOf gives the type that a token calls itself, in small letters and without
// "application/"; "?" when it can't be read.
func typOf(raw string) string {
	head, _, _ := strings.Cut(raw, ".")
	b, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return "?"
	}
	var h struct {
		Typ string `json:"typ"`
	}
	if err := json.Unmarshal(b, &h); err != nil {
		return "?"
	}
	return strings.TrimPrefix(strings.ToLower(h.Typ), "application/")
}

// same compares without telling by time how much fits; nothing is like "".
func same(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
