package login

import (
	"crypto"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

//go:embed presets.yaml
var presetsYAML []byte

// A Provider is where people sign in, and what its claims mean here.
type Provider struct {
	Provider  string              `yaml:"provider"` // its name here, and in the address that it sends people back to
	Label     string              `yaml:"label"`    // its name for people
	Preset    string              `yaml:"preset"`
	Tenant    string              `yaml:"tenant"` // stands for {tenant}
	Issuer    string              `yaml:"issuer"`
	ClientID  string              `yaml:"client_id"`
	Auth      string              `yaml:"client_auth"` // none, client_secret_basic, client_secret_post, private_key_jwt
	ClientAlg string              `yaml:"client_alg"`  // of private_key_jwt: PS256, RS256 or ES256; empty: what the provider says that it takes
	Scopes    []string            `yaml:"scopes"`
	ACR       []string            `yaml:"acr_values"` // asked for; require says what must come
	MaxAge    int                 `yaml:"max_age"`    // seconds since somebody last proved who they are; 0: any
	Params    map[string]string   `yaml:"params"`     // added to the request, as authorization_details
	PAR       bool                `yaml:"par"`        // push the request (RFC 9126) instead of showing it to the browser
	DPoP      bool                `yaml:"dpop"`       // bind tokens to a key of ours (RFC 9449)
	UserInfo  bool                `yaml:"userinfo"`   // claims that the ID token lacks come from there
	Hint      bool                `yaml:"hint"`
	Algs      []string            `yaml:"algs"`
	Typs      []string            `yaml:"typs"`
	Trusted   []string            `yaml:"trusted_audiences"` // who else a token may be for
	ID        []string            `yaml:"id"`
	Name      []string            `yaml:"name"`
	Require   map[string][]string `yaml:"require"`
	Everyone  []Role              `yaml:"everyone"` // roles of all who can sign in there
	Grants    []Grant             `yaml:"grants"`

	// These never stand in the file.
	Secret string        `yaml:"-"`
	Key    crypto.Signer `yaml:"-"` // of private_key_jwt: RSA of 2048 bits or more, or P-256
	KeyID  string        `yaml:"-"`
}

// A Grant gives roles to whom all of When fits: path of a claim, and values
// of which one must be there.
type Grant struct {
	When   map[string][]string `yaml:"when"`
	Agency string              `yaml:"agency"`
	Roles  []Role              `yaml:"roles"`
}

// ReadProviders reads an installation's list of providers over their presets
// and lints it. agencies are those that can be named; nil for any.
func ReadProviders(data []byte, agencies []string) ([]Provider, error) {
	var list []fromPreset
	if err := yaml.UnmarshalWithOptions(data, &list, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("login: providers: %w", err)
	}
	var all []Provider
	for _, p := range list {
		all = append(all, filled(Provider(p)))
	}
	return all, lintWith(all, agencies, false)
}

// fromPreset is a Provider that is read over its preset.
type fromPreset Provider

// UnmarshalYAML reads the preset and then what is said beside it.
func (p *fromPreset) UnmarshalYAML(b []byte) error {
	var named struct {
		Preset string `yaml:"preset"`
	}
	if err := yaml.Unmarshal(b, &named); err != nil {
		return err
	}
	base := Provider{}
	if named.Preset != "" {
		presets, err := readPresets()
		if err != nil {
			return err
		}
		i := slices.IndexFunc(presets, func(q Provider) bool { return q.Preset == named.Preset })
		if i < 0 {
			return fmt.Errorf("no preset %q", named.Preset)
		}
		base = presets[i]
	}
	var own Provider
	if err := yaml.UnmarshalWithOptions(b, &own, yaml.Strict()); err != nil {
		return err
	}
	require := base.Require // what a preset requires can be added to, by key
	if err := yaml.UnmarshalWithOptions(b, &base, yaml.Strict()); err != nil {
		return err
	}
	base.Require = map[string][]string{}
	for _, from := range []map[string][]string{require, own.Require} {
		for k, v := range from {
			base.Require[k] = v
		}
	}
	*p = fromPreset(base)
	return nil
}

func readPresets() ([]Provider, error) {
	var all []Provider
	if err := yaml.UnmarshalWithOptions(presetsYAML, &all, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("login: presets: %w", err)
	}
	return all, nil
}

// filled puts the tenant where it belongs.
func filled(p Provider) Provider {
	if p.Tenant == "" {
		return p
	}
	put := func(s string) string { return strings.ReplaceAll(s, "{tenant}", p.Tenant) }
	p.Issuer = put(p.Issuer)
	require := map[string][]string{}
	for k, values := range p.Require {
		for _, v := range values {
			require[k] = append(require[k], put(v))
		}
	}
	p.Require = require
	return p
}

var (
	goodName   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)
	goodTenant = regexp.MustCompile(`^[A-Za-z0-9.-]{1,64}$`)
	goodAlgs   = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
	clientAlgs = []string{"PS256", "RS256", "ES256"}
	goodAuths  = []string{"none", "client_secret_basic", "client_secret_post", "private_key_jwt"}
	reserved   = []string{
		"client_id", "client_secret", "response_type", "response_mode", "redirect_uri", "scope", "state", "nonce", "request",
		"request_uri", "code_challenge", "code_challenge_method", "acr_values", "max_age", "client_assertion", "client_assertion_type",
	}
)

// Lint says what is wrong with providers, all of it: one that would let in
// who should stay out is not used. agencies are those that can be named; nil
// for any.
func Lint(providers []Provider, agencies []string) error { return lintWith(providers, agencies, true) }

// lintWith also looks for secrets when they should be there.
func lintWith(providers []Provider, agencies []string, secrets bool) error {
	var errs []error
	seen := map[string]bool{}
	for i, p := range providers {
		bad := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("login: provider %d (%s): %s", i+1, p.Provider, fmt.Sprintf(format, args...)))
		}
		if !goodName.MatchString(p.Provider) {
			bad("its name has other characters than a-z, 0-9 and -")
		}
		if seen[p.Provider] {
			bad("there are two of this name")
		}
		seen[p.Provider] = true
		p.lint(bad, agencies)
		if secrets {
			p.lintSecrets(bad)
		}
	}
	return errors.Join(errs...)
}

func (p Provider) lint(bad func(string, ...any), agencies []string) {
	u, err := url.Parse(p.Issuer)
	switch {
	case p.Tenant != "" && !goodTenant.MatchString(p.Tenant):
		bad("tenant: %q", p.Tenant)
	case strings.Contains(p.Issuer, "{tenant}"):
		bad("tenant is missing")
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		bad("issuer %q is no address", p.Issuer)
	case u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())):
		bad("issuer %q is not https", p.Issuer)
	}
	if p.ClientID == "" {
		bad("client_id is missing")
	}
	if !slices.Contains(goodAuths, p.Auth) {
		bad("client_auth %q is none of %v", p.Auth, goodAuths)
	}
	if p.ClientAlg != "" && !slices.Contains(clientAlgs, p.ClientAlg) {
		bad("client_alg %q is none of %v", p.ClientAlg, clientAlgs)
	}
	if !slices.Contains(p.Scopes, "openid") {
		bad("scopes lack openid")
	}
	if len(p.Algs) == 0 {
		bad("algs are missing")
	}
	for _, a := range p.Algs {
		if !slices.Contains(goodAlgs, a) {
			bad("algs: %s must not be believed", a)
		}
	}
	for k := range p.Params {
		if slices.Contains(reserved, k) {
			bad("params: %s is not for the file to set", k)
		}
	}
	if len(p.ID) == 0 {
		bad("id is missing")
	}
	for _, path := range slices.Concat(p.ID, p.Name, p.Scopes) {
		if numbersPeople(path) {
			bad("%q is a fødselsnummer, which is not needed here", path)
		}
	}
	if len(p.Everyone) == 0 && len(p.Grants) == 0 {
		bad("nobody who signs in gets a role")
	}
	for _, r := range p.Everyone {
		if r != Asker {
			bad("everyone: %s is not for everyone", r)
		}
	}
	for i, g := range p.Grants {
		g.lint(func(format string, args ...any) { bad("grant %d: %s", i+1, fmt.Sprintf(format, args...)) }, agencies)
	}
}

func (p Provider) lintSecrets(bad func(string, ...any)) {
	switch {
	case strings.HasPrefix(p.Auth, "client_secret") && len(p.Secret) < 16:
		bad("the client's secret is missing, or short")
	case p.Auth == "private_key_jwt" && p.Key == nil:
		bad("the client's key is missing")
	case p.Key != nil:
		if _, err := algOf(p.Key, p.ClientAlg, nil); err != nil {
			bad("the client's key: %v", err)
		}
	}
}

func (g Grant) lint(bad func(string, ...any), agencies []string) {
	if len(g.When) == 0 {
		bad("it has no condition")
	}
	for path, values := range g.When {
		if len(values) == 0 || slices.Contains(values, "") {
			bad("%q has no value", path)
		}
		if numbersPeople(path) {
			bad("%q is a fødselsnummer, which is not needed here", path)
		}
	}
	if len(g.Roles) == 0 {
		bad("it gives no role")
	}
	if g.Agency != "" && agencies != nil && !slices.Contains(agencies, g.Agency) {
		bad("no agency %q", g.Agency)
	}
	for _, r := range g.Roles {
		switch {
		case !slices.Contains(Roles, r):
			bad("no role %q", r)
		case r.ofAgency() && g.Agency == "":
			bad("%s needs an agency", r)
		}
	}
}

// numbersPeople says whether a claim or scope gives a national number.
func numbersPeople(name string) bool {
	last := name[strings.LastIndexAny(name, "/:> ")+1:]
	return last == "pid" || last == "pid_pseudonym" || strings.Contains(strings.ToLower(name), "fodselsnummer")
}
