package login

import (
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
	"go.uber.org/zap"
)

//go:embed demo.yaml
var demoYAML []byte

// demoTime is how long a link for a demo user can be used.
const demoTime = 30 * time.Minute

// A Link signs a demo user in, once, until its time is over.
type Link struct {
	Person Person
	URL    string
	Until  time.Time
}

// demoLinks are the links that can still be used, by the hash of their token.
// They live in the process that printed them.
type demoLinks struct {
	mu   sync.Mutex // guards what follows
	open map[string]Link
}

// A demoPerson is a person as demo.yaml has it.
type demoPerson struct {
	Key    string `yaml:"key"`
	Name   string `yaml:"name"`
	Agency string `yaml:"agency"`
	Roles  []Role `yaml:"roles"`
}

// DemoLinks makes a new link for each demo user, for whoever started the
// service to open; they must not be logged. Those that it gave before stay good.
func (l *Login) DemoLinks() ([]Link, error) {
	if !l.cfg.Demo {
		return nil, errors.New("login: there are no demo users here")
	}
	var people []demoPerson
	if err := yaml.UnmarshalWithOptions(demoYAML, &people, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("login: demo.yaml: %w", err)
	}
	l.demo.mu.Lock()
	defer l.demo.mu.Unlock()
	if l.demo.open == nil {
		l.demo.open = map[string]Link{}
	}
	var links []Link
	for _, p := range people {
		token := rand.Text() + rand.Text()
		link := Link{
			Person: Person{ID: personID("demo", p.Key), Name: p.Name, Agency: p.Agency, Roles: p.Roles},
			URL:    l.cfg.Origin + "/login/demo?token=" + url.QueryEscape(token),
			Until:  l.cfg.Now().Add(demoTime),
		}
		l.demo.open[digest("link", token)] = link
		links = append(links, link)
	}
	return links, nil
}

// demoLogin signs in who opens a link: GET /login/demo?token=….
func (l *Login) demoLogin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	p, err := l.demoPerson(r)
	if err != nil {
		l.refuse(w, r, "login", "demo", err)
		return
	}
	s, err := l.open(w, r, proof{person: p}, nil)
	if err != nil {
		l.refuse(w, r, "login", "demo", err)
		return
	}
	l.cfg.Log.Info("login", zap.String("provider", "demo"), zap.String("session", s.Name))
	to := "/"
	if l.table.Has(p, "desk") {
		to = "/desk"
	}
	http.Redirect(w, r, l.cfg.Origin+to, http.StatusSeeOther)
}

func (l *Login) demoPerson(r *http.Request) (Person, error) {
	if !here(r) {
		return Person{}, refusalAs(http.StatusNotFound, "not_here", "not_found")
	}
	purpose := r.Header.Get("Sec-Purpose") + r.Header.Get("Purpose")
	if r.Method != http.MethodGet || strings.Contains(purpose, "prefetch") || strings.Contains(purpose, "preview") {
		return Person{}, refusalAs(http.StatusBadRequest, "prefetch", "login_failed") // a browser that looks ahead does not use it up
	}
	now := l.cfg.Now()
	l.demo.mu.Lock()
	defer l.demo.mu.Unlock()
	key := digest("link", r.URL.Query().Get("token"))
	link, ok := l.demo.open[key]
	delete(l.demo.open, key)
	if !ok || !now.Before(link.Until) {
		return Person{}, refusal("link", "login_link_used")
	}
	return link.Person, nil
}

// here says whether a request comes from this machine, through nobody, for a
// name of this machine: a proxy in front, or a name that somebody points at
// us, would let the world in.
func here(r *http.Request) bool {
	for _, h := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Forwarded", "Via"} {
		if r.Header.Get(h) != "" {
			return false
		}
	}
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return loopback(from) && loopback(strings.Trim(host, "[]"))
}
