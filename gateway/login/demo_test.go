package login_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"kiveileder/gateway/login"
)

// newDemo starts the embedded service: plain HTTP on loopback, no provider.
func newDemo(t *testing.T) (*world, []login.Link) {
	t.Helper()
	w := newWorld(t)
	mux := http.NewServeMux()
	w.srv = httptest.NewServer(mux)
	t.Cleanup(w.srv.Close)
	l, err := login.New(login.Config{Origin: w.srv.URL, Store: w.store, Demo: true, Now: w.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	w.Login = l
	l.Routes(mux, nil)
	links, err := l.DemoLinks()
	if err != nil || len(links) < 5 {
		t.Fatal(links, err)
	}
	return w, links
}

func TestDemoLink(t *testing.T) {
	t.Parallel()
	w, links := newDemo(t)
	b := w.browser()
	if a := b.get("/login"); a.status != http.StatusUnauthorized || !strings.Contains(a.body, "lenkene") {
		t.Error(a)
	}
	a := b.get(links[1].URL)
	if a.status != http.StatusSeeOther || a.location != w.srv.URL+"/desk" {
		t.Fatal(a)
	}
	if me := b.get("/v1/me"); !strings.Contains(me.body, `"Ola Jurist"`) || !strings.Contains(me.body, `"hdir"`) {
		t.Error(me.body)
	}
	if a := w.browser().get(links[1].URL); a.status != http.StatusForbidden {
		t.Error("used twice", a)
	}
	out := b.do(http.MethodPost, "/logout", nil, map[string]string{"Origin": w.srv.URL, "X-CSRF-Token": b.cookie("ki-csrf")})
	if out.location != w.srv.URL+"/" {
		t.Error(out)
	}
	b.is(false)
	again, err := w.DemoLinks()
	if err != nil || again[1].Person.ID != links[1].Person.ID || again[1].URL == links[1].URL {
		t.Error(again[1], err)
	}
	w.clock.pass(31 * time.Minute)
	if a := w.browser().get(again[1].URL); a.status != http.StatusForbidden {
		t.Error("used too late", a)
	}
}

func TestDemoLinkRefused(t *testing.T) {
	t.Parallel()
	w, links := newDemo(t)
	at := links[0].URL
	for name, c := range map[string]struct {
		method, url string
		header      map[string]string
		want        int
	}{
		"a browser that looks ahead": {http.MethodGet, at, map[string]string{"Sec-Purpose": "prefetch;prerender"}, http.StatusBadRequest},
		"a HEAD":                     {http.MethodHead, at, nil, http.StatusBadRequest},
		"through a proxy":            {http.MethodGet, at, map[string]string{"X-Forwarded-For": "192.0.2.1"}, http.StatusNotFound},
		"by another name":            {http.MethodGet, at, map[string]string{"Host": "evil.example"}, http.StatusNotFound},
		"no token":                   {http.MethodGet, w.srv.URL + "/login/demo", nil, http.StatusForbidden},
		"another token":              {http.MethodGet, w.srv.URL + "/login/demo?token=x", nil, http.StatusForbidden},
	} {
		r, _ := http.NewRequestWithContext(t.Context(), c.method, c.url, nil)
		for k, v := range c.header {
			r.Header.Set(k, v)
			if k == "Host" {
				r.Host = v
			}
		}
		res, err := w.browser().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.want {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var in int
	for range 20 { // after all this it still works, for one of many
		wg.Go(func() {
			b := w.browser()
			a := b.get(at)
			mu.Lock()
			defer mu.Unlock()
			if a.status == http.StatusSeeOther {
				in++
			}
		})
	}
	wg.Wait()
	if in != 1 {
		t.Errorf("%d came in by one link", in)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	store := login.NewMemory()
	for name, cfg := range map[string]login.Config{
		"demo users on the net":    {Origin: "https://ki.example.no", Demo: true, Store: store},
		"plain HTTP on the net":    {Origin: "http://ki.example.no", Store: store},
		"a name like loopback":     {Origin: "http://127.0.0.1.example.no", Store: store},
		"an origin with a path":    {Origin: "https://ki.example.no/", Store: store},
		"an origin with a user":    {Origin: "https://a@ki.example.no", Store: store},
		"no origin":                {Store: store},
		"no store":                 {Origin: "https://ki.example.no"},
		"a provider that is wrong": {Origin: "https://ki.example.no", Store: store, Providers: []login.Provider{{}}},
	} {
		if _, err := login.New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	l, err := login.New(login.Config{Origin: "https://ki.example.no", Store: store})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.DemoLinks(); err == nil {
		t.Error("links where there are no demo users")
	}
}
