// Package login knows who asks. People sign in at an OpenID Connect provider
// (Ansattporten, Entra ID, HelseID: presets.yaml), or in the embedded service
// through links that are printed at its start. What is known of them then
// stands in a session, and permissions.yaml says what a role may do.
//
// Nothing in here logs who somebody is: not a name, a subject, a token or an
// address, and no text that a provider or a browser sent.
package login

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"go.uber.org/zap"

	"kiveileder"
)

// Config is what a Login needs.
type Config struct {
	Origin    string     // where browsers find the service, as https://ki.example.no; http is for loopback alone
	Providers []Provider // of ReadProviders; none when people come by links
	Store     Store
	Limits    Limits // zero: DefaultLimits
	Demo      bool   // one-time links for the people of demo.yaml; for an origin on loopback alone

	// OnEnd is told of sessions that have ended before their time: their
	// sockets must be closed. It may be nil.
	OnEnd func(ctx context.Context, ended []Session)

	// Refuse writes a refusal; nil gives JSON. The message may be shown.
	Refuse func(w http.ResponseWriter, r *http.Request, status int, code, message string)

	Language func(r *http.Request) kiveileder.Language // of refusals; nil: bokmål
	HTTP     *http.Client                              // calls providers; nil: one with short limits
	Now      func() time.Time                          // nil: time.Now
	Log      *zap.Logger                               // nil: none
}

// A Login signs people in and out and says who they are.
type Login struct {
	cfg      Config
	origin   *url.URL
	clients  map[string]*client // by the provider's name
	table    *Table
	demo     demoLinks
	insecure bool // plain HTTP on loopback: cookies without Secure, which Safari would drop
}

// New checks the configuration. It calls nobody: a provider that is away holds
// up those who sign in there and nobody else.
func New(cfg Config) (*Login, error) {
	origin, err := url.Parse(cfg.Origin)
	switch {
	case err != nil:
		return nil, fmt.Errorf("login: origin: %w", err)
	case origin.Host == "" || origin.User != nil || origin.Path != "" || origin.RawQuery != "" || origin.Fragment != "":
		return nil, fmt.Errorf("login: origin %q is not scheme://host[:port]", cfg.Origin)
	case origin.Scheme != "https" && !(origin.Scheme == "http" && loopback(origin.Hostname())):
		return nil, fmt.Errorf("login: origin %q is neither https nor on loopback", cfg.Origin)
	case cfg.Demo && !loopback(origin.Hostname()):
		return nil, errors.New("login: links for demo users are for loopback alone")
	case cfg.Store == nil:
		return nil, errors.New("login: no store")
	}
	if err := Lint(cfg.Providers, nil); err != nil {
		return nil, err
	}
	cfg.Limits = cmp.Or(cfg.Limits, DefaultLimits)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = zap.NewNop()
	}
	if cfg.Language == nil {
		cfg.Language = func(*http.Request) kiveileder.Language { return kiveileder.Bokmal }
	}
	if cfg.Refuse == nil {
		cfg.Refuse = refuseJSON
	}
	table, err := LoadTable()
	if err != nil {
		return nil, err
	}
	l := &Login{cfg: cfg, origin: origin, clients: map[string]*client{}, table: table, insecure: origin.Scheme == "http"}
	for _, p := range cfg.Providers {
		if l.clients[p.Provider], err = newClient(p, cfg.Origin+"/login/callback/"+p.Provider, cfg.HTTP, cfg.Now); err != nil {
			return nil, fmt.Errorf("login: provider %s: %w", p.Provider, err)
		}
	}
	return l, nil
}

// Routes adds what signs in and out, and what people see and end of their own
// sessions. What anybody may ask for, and a provider is asked for in turn, goes
// through limit; nil for none.
func (l *Login) Routes(mux *http.ServeMux, limit func(http.HandlerFunc) http.HandlerFunc) {
	if limit == nil {
		limit = func(h http.HandlerFunc) http.HandlerFunc { return h }
	}
	mux.HandleFunc("GET /login", limit(l.begin))
	mux.HandleFunc("GET /login/callback/{provider}", limit(l.callback))
	mux.HandleFunc("POST /login/backchannel/{provider}", limit(l.backChannel))
	if l.cfg.Demo {
		mux.HandleFunc("GET /login/demo", limit(l.demoLogin))
	}
	for pattern, h := range map[string]http.HandlerFunc{
		"POST /logout":                        l.logout,
		"GET /v1/me":                          l.me,
		"GET /v1/me/sessions":                 l.sessions,
		"DELETE /v1/me/sessions":              l.revokeOthers,
		"DELETE /v1/me/sessions/{name}":       l.revoke,
		"GET /v1/people":                      l.people,
		"DELETE /v1/people/{person}/sessions": l.endPerson,
	} {
		mux.Handle(pattern, l.Protect(pattern, nil, h))
	}
}

// loopback says whether a host is this machine, by its name or number alone.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
