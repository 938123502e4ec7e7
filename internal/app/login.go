package app

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"

	"kiveileder/gateway"
	"kiveileder/gateway/login"
)

// openLogin lets people sign in: at the providers of the configuration, or,
// where one process listens on this machine alone and nothing else is set, by
// links. With neither, nobody signs in and there is no desk.
func (a *App) openLogin() error {
	cfg := login.Config{
		Origin: a.cfg.Origin, Store: a.sessions, Language: gateway.LanguageOf, Log: a.log.Named("login"),
		Refuse: func(w http.ResponseWriter, r *http.Request, status int, code, message string) {
			a.gateway.Load().Refuse(w, r, status, code, message) // nobody asks before there is one
		},
		OnEnd: func(ctx context.Context, ended []login.Session) {
			if g := a.gateway.Load(); g != nil {
				g.EndSessions(ctx, ended)
			}
		},
	}
	var err error
	switch {
	case a.cfg.Login != "":
		if cfg.Origin == "" {
			return errors.New("KIVEILEDER_LOGIN needs KIVEILEDER_ORIGIN, where browsers find the service")
		}
		if cfg.Providers, err = a.providers(); err != nil {
			return err
		}
	case a.trial():
		cfg.Origin, cfg.Demo = a.origin(), true
	default:
		return nil
	}
	if a.login, err = login.New(cfg); err != nil {
		return fmt.Errorf("KIVEILEDER_LOGIN or KIVEILEDER_ORIGIN: %w", err)
	}
	return nil
}

// trial reports whether this is one process that listens on this machine alone,
// with nothing said of logins, nor of a proxy through which others come.
func (a *App) trial() bool {
	return a.role == Everything && a.cfg.DatabaseURL == "" && a.cfg.Login == "" && a.cfg.Origin == "" && !a.cfg.TrustProxy && alone(a.listens)
}

// origin gives where browsers find the service, empty when nobody knows.
func (a *App) origin() string {
	if a.trial() {
		return "http://" + a.listens
	}
	return a.cfg.Origin
}

// alone reports whether an address is on this machine alone.
func alone(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}

// providers reads whom people sign in at, with their secrets.
func (a *App) providers() ([]login.Provider, error) {
	b, err := os.ReadFile(a.cfg.Login)
	if err != nil {
		return nil, fmt.Errorf("KIVEILEDER_LOGIN: %w", err)
	}
	var agencies []string
	if set := a.state.Load().rules; set != nil {
		for _, ag := range set.Agencies {
			if ag.InService {
				agencies = append(agencies, ag.Key)
			}
		}
	}
	list, err := login.ReadProviders(b, agencies)
	if err != nil {
		return nil, fmt.Errorf("KIVEILEDER_LOGIN %s: %w", a.cfg.Login, err)
	}
	for i := range list {
		if err := a.cfg.loginSecret(&list[i]); err != nil {
			return nil, fmt.Errorf("KIVEILEDER_LOGIN_SECRETS: %w", err)
		}
	}
	return list, nil
}

// loginSecret reads a provider's secret or key, if there is one.
func (c Config) loginSecret(p *login.Provider) error {
	if c.LoginSecrets == "" {
		return nil
	}
	read := func(ending string) ([]byte, error) {
		b, err := os.ReadFile(filepath.Join(c.LoginSecrets, p.Provider+ending))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return b, err
	}
	secret, err := read(".secret")
	if err != nil {
		return err
	}
	p.Secret = strings.TrimSpace(string(secret))
	key, err := read(".pem")
	if err != nil || key == nil {
		return err
	}
	block, _ := pem.Decode(key)
	if block == nil {
		return fmt.Errorf("%s.pem holds no key", p.Provider)
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return fmt.Errorf("%s.pem: %w", p.Provider, err)
	}
	signer, ok := k.(crypto.Signer)
	if !ok {
		return fmt.Errorf("%s.pem: a key that signs is needed", p.Provider)
	}
	p.Key, p.KeyID = signer, block.Headers["kid"]
	return nil
}

// printLinks prints links by which the people of a trial sign in. They open a
// session each, once, so they go to whoever started the service, not to a log.
func (a *App) printLinks(out io.Writer) error {
	if a.login == nil || !a.trial() {
		return nil
	}
	links, err := a.login.DemoLinks()
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "Sign in to try the desk (each link once, for half an hour):")
	for _, l := range links {
		who := l.Person.Name
		if l.Person.Agency != "" {
			who += ", " + l.Person.Agency
		}
		fmt.Fprintf(out, "  %-24s %s\n", who, l.URL)
	}
	return nil
}

// signOutInterval is how often sessions are looked for that are over.
const signOutInterval = time.Minute

// signOut ends sessions that are over, and closes their sockets.
func (a *App) signOut(ctx context.Context) {
	t := time.NewTicker(signOutInterval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if _, err := a.login.Expire(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("sessions that are over not ended", zap.Error(err))
		}
	}
}
