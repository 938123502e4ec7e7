package login_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"kiveileder/gateway/login"
)

// A clock is moved by the test.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

const testSecret = "a-secret-of-the-client"

// A world is the service with a provider.
type world struct {
	*login.Login
	t     *testing.T
	clock *clock
	op    *op
	store *login.Memory
	srv   *httptest.Server
	logs  *observer.ObservedLogs

	mu    sync.Mutex
	ended []login.Session
}

// newWorld starts both; change may change what is configured.
func newWorld(t *testing.T, change ...func(w *world, cfg *login.Config)) *world {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	w := &world{t: t, clock: &clock{t: time.Now().Truncate(time.Second)}, store: login.NewMemory(), logs: logs}
	w.op = newOP(t, w.clock)
	mux := http.NewServeMux()
	w.srv = httptest.NewTLSServer(mux)
	t.Cleanup(w.srv.Close)
	h := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(h.CloseIdleConnections)
	cfg := login.Config{
		Origin: w.srv.URL, Store: w.store, Now: w.clock.now, Log: zap.New(core), HTTP: h,
		Providers: []login.Provider{w.provider("plain", w.op)},
		OnEnd: func(_ context.Context, all []login.Session) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.ended = append(w.ended, all...)
		},
	}
	for _, c := range change {
		c(w, &cfg)
	}
	l, err := login.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.Login = l
	l.Routes(mux, nil)
	w.protect(mux)
	t.Cleanup(w.noneLogged)
	return w
}

func (w *world) provider(name string, o *op) login.Provider {
	return login.Provider{
		Provider: name, Issuer: o.URL, ClientID: o.client, Secret: testSecret, Auth: "client_secret_basic",
		Scopes: []string{"openid", "profile"}, Algs: []string{"RS256"}, Typs: []string{"logout+jwt"},
		ID: []string{"sub"}, Name: []string{"name"}, Require: map[string][]string{"acr": {"high"}}, Hint: true,
		Everyone: []login.Role{login.Asker},
		Grants:   []login.Grant{{When: map[string][]string{"groups": {"jurister"}}, Agency: "hdir", Roles: []login.Role{login.Lawyer}}},
	}
}

// protect serves all routes of the table but those of the package itself:
// case "c-hdir" is hdir's, asked by "owner", worked on by "member".
func (w *world) protect(mux *http.ServeMux) {
	for _, r := range w.Table().Routes {
		var locate login.Locate
		for _, p := range w.Table().Permissions {
			if p.Permission == r.Permission && p.On == "one" {
				locate = w.locate
			}
		}
		if strings.Contains(r.Route, "/v1/me") || strings.Contains(r.Route, "/v1/people") || r.Route == "POST /logout" {
			continue
		}
		mux.Handle(r.Route, w.Protect(r.Route, locate, http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			p, _ := login.PersonOf(r.Context())
			_, _ = io.WriteString(out, p.Agency)
		})))
	}
}

func (w *world) locate(r *http.Request) (login.Resource, error) {
	id := r.PathValue("case")
	if id == "none" {
		return login.Resource{}, login.ErrNoSession
	}
	owner, agencies, _ := strings.Cut(id, "@") // who asked @ agencies, who is on it
	agencies, members, _ := strings.Cut(agencies, "@")
	return login.Resource{Owner: owner, Agencies: strings.Split(agencies, "+"), Members: strings.Split(members, "+")}, nil
}

// noneLogged holds that no log line has anything of people or secrets.
func (w *world) noneLogged() {
	for _, e := range w.logs.All() {
		line := e.Message + fmt.Sprint(e.ContextMap())
		for _, bad := range []string{"Kari", "Nordmann", "kari-subject", "01019012345", "sid-1", testSecret, "eyJ", "127.0.0.1:", "state=", "code="} {
			if bad == "127.0.0.1:" && strings.Contains(line, "discovery") {
				continue // the provider's own address
			}
			if strings.Contains(line, bad) {
				w.t.Errorf("%q is in the log: %s", bad, line)
			}
		}
	}
}

func (w *world) reasons() []string {
	var all []string
	for _, e := range w.logs.All() {
		if r, ok := e.ContextMap()["reason"].(string); ok {
			all = append(all, r)
		}
	}
	return all
}

func (w *world) endings() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.ended)
}

// A browser keeps cookies and follows nothing by itself.
type browser struct {
	*http.Client
	w   *world
	jar *cookiejar.Jar
}

func (w *world) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	c := *w.srv.Client()
	c.Jar = jar
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{&c, w, jar}
}

// answer is what came back.
type answer struct {
	status   int
	location string
	body     string
	header   http.Header
	cookies  []*http.Cookie
}

func (b *browser) do(method, path string, body io.Reader, header map[string]string) answer {
	b.w.t.Helper()
	to := path
	if strings.HasPrefix(path, "/") {
		to = b.w.srv.URL + path
	}
	r, err := http.NewRequestWithContext(b.w.t.Context(), method, to, body)
	if err != nil {
		b.w.t.Fatal(err)
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	res, err := b.Do(r)
	if err != nil {
		b.w.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.w.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header.Get("Location"), string(text), res.Header, res.Cookies()}
}

func (b *browser) get(path string) answer { return b.do(http.MethodGet, path, nil, nil) }

// change sends what a page of ours sends when it changes something.
func (b *browser) change(method, path string, extra map[string]string) answer {
	header := map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": b.w.srv.URL, "X-CSRF-Token": b.cookie("__Host-ki-csrf")}
	maps.Copy(header, extra)
	maps.DeleteFunc(header, func(_, v string) bool { return v == "" })
	return b.do(method, path, nil, header)
}

func (b *browser) cookie(name string) string {
	u, _ := url.Parse(b.w.srv.URL)
	for _, c := range b.jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (b *browser) plant(name, value string) {
	u, _ := url.Parse(b.w.srv.URL)
	b.jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: true}})
}

// signIn goes to the provider and back.
func (b *browser) signIn(to string) answer {
	b.w.t.Helper()
	begun := b.get("/login?to=" + url.QueryEscape(to))
	return b.get(b.w.op.authorize(b.w.t, begun.location).String())
}

// in signs in and holds that it worked.
func (b *browser) in() *browser {
	b.w.t.Helper()
	if a := b.signIn("/"); a.status != http.StatusSeeOther || a.location != b.w.srv.URL+"/" {
		b.w.t.Fatalf("signing in: %d %s %s, %v", a.status, a.location, a.body, b.w.reasons())
	}
	return b
}

// is holds whether somebody is signed in.
func (b *browser) is(in bool) {
	b.w.t.Helper()
	want := map[bool]int{true: http.StatusOK, false: http.StatusUnauthorized}[in]
	if a := b.get("/v1/me"); a.status != want {
		b.w.t.Fatalf("GET /v1/me: %d %s, want %d", a.status, a.body, want)
	}
}
