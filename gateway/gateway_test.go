package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/zap/zapcore"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/retriever"
	"kiveileder/web"
)

func TestPages(t *testing.T) {
	for _, c := range []struct {
		method, path, accept string
		status               int
		contentType, holds   string
	}{
		{"GET", "/", "text/html", 200, "text/html; charset=utf-8", "<title>"},
		{"HEAD", "/", "text/html", 200, "text/html; charset=utf-8", ""},
		{"GET", "/kilder", "text/html", 200, "text/html; charset=utf-8", "Avklare formål"},
		{"GET", "/kilder/formal-2024", "text/html", 200, "text/html; charset=utf-8", `id="helseforskning-gdnq"`},
		{"GET", "/kilder/ukjent", "text/html", 404, "text/html; charset=utf-8", "<html"},
		{"GET", "/kilder/ukjent", "application/json", 404, "application/json; charset=utf-8", `"not_found"`},
		{"GET", "/nowhere", "text/html,*/*;q=0.8", 404, "text/html; charset=utf-8", "<html"},
		{"GET", "/nowhere", "", 404, "application/json; charset=utf-8", "Siden finnes ikke"},
		{"GET", "/v1/nowhere", "text/html", 404, "application/json; charset=utf-8", `"not_found"`},
		{"GET", "/v1/ask", "*/*", 405, "application/json; charset=utf-8", `"invalid"`},
		{"DELETE", "/kilder", "*/*", 405, "application/json; charset=utf-8", `"invalid"`},
		{"GET", "/static/", "*/*", 404, "application/json; charset=utf-8", `"not_found"`},
		{"GET", "/static/app.js", "*/*", 200, "text/javascript; charset=utf-8", ""},
		{"GET", "/livez", "", 200, "application/json; charset=utf-8", `"ok"`},
		{"GET", "/readyz", "", 200, "application/json; charset=utf-8", `"c0ffee"`},
		{"GET", "/metrics", "", 200, "text/plain", "kiveileder_http_requests_total"},
		{"GET", "/openapi.json", "", 200, "application/json; charset=utf-8", `"openapi": "3.1.0"`},
		{"GET", "/asyncapi.json", "", 200, "application/json; charset=utf-8", `"asyncapi": "3.0.0"`},
	} {
		t.Run(c.method+" "+c.path+" "+c.accept, func(t *testing.T) {
			g, _ := open(t, gateway.Config{}, nil)
			do(g, call{path: "/livez"}) // something to count
			w := do(g, call{method: c.method, path: c.path, header: map[string]string{"Accept": c.accept}})
			if w.Code != c.status {
				t.Errorf("status %d, want %d", w.Code, c.status)
			}
			if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, c.contentType) {
				t.Errorf("content type %q, want %q", got, c.contentType)
			}
			if !strings.Contains(w.Body.String(), c.holds) {
				t.Errorf("body lacks %q: %.300s", c.holds, w.Body)
			}
			for name, want := range map[string]string{
				"X-Content-Type-Options":     "nosniff",
				"X-Frame-Options":            "DENY",
				"Referrer-Policy":            "same-origin",
				"Cross-Origin-Opener-Policy": "same-origin",
			} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if csp := w.Header().Get("Content-Security-Policy"); strings.HasPrefix(c.contentType, "text/html") != (csp == web.CSP) {
				t.Errorf("Content-Security-Policy %q", csp)
			}
		})
	}
}

// Only what carries the hash in its address may be kept for ever.
func TestStaticCaching(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	for path, kept := range map[string]bool{
		web.Asset("app.js"): true,
		"/static/app.js":    false,
		"/static/app.js?v1": false,
	} {
		w := do(g, call{path: path})
		if w.Code != http.StatusOK || strings.Contains(w.Header().Get("Cache-Control"), "immutable") != kept {
			t.Errorf("%s: status %d, Cache-Control %q; want immutable %v", path, w.Code, w.Header().Get("Cache-Control"), kept)
		}
	}
}

func TestReady(t *testing.T) {
	var cause error
	var away []string
	g, _ := open(t, gateway.Config{}, func(d *gateway.Deps) {
		d.Ready = func(context.Context) error { return cause }
		d.Degraded = func() []string { return away }
	})
	if w := do(g, call{path: "/readyz"}); w.Code != http.StatusOK {
		t.Errorf("ready: status %d", w.Code)
	}
	away = []string{"redis"}
	if w := do(g, call{path: "/readyz"}); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"degraded":["redis"]`) {
		t.Errorf("degraded: status %d, %s", w.Code, w.Body)
	}
	cause = errors.New("dial 10.0.0.7: refused")
	if w := do(g, call{path: "/readyz"}); w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "10.0.0.7") {
		t.Errorf("not ready: status %d, %s", w.Code, w.Body)
	}
	if w := do(g, call{path: "/livez"}); w.Code != http.StatusOK {
		t.Errorf("alive though not ready: status %d", w.Code)
	}
}

func TestPanic(t *testing.T) {
	broken := true
	g, logs := open(t, gateway.Config{}, func(d *gateway.Deps) {
		with(func(ctx context.Context, turn kiveileder.Turn) (kiveileder.Answer, error) {
			if broken {
				panic("index out of range")
			}
			return echo(ctx, turn)
		})(d)
		d.Searcher = fakeSearcher(func(context.Context, retriever.Query) (retriever.Result, error) { panic("index out of range") })
	})
	for _, w := range []interface{ Result() *http.Response }{post(g, `{"question":"Hei"}`), do(g, call{path: "/v1/search?q=x"})} {
		if res := w.Result(); res.StatusCode != http.StatusInternalServerError || res.Header.Get("X-Request-Id") == "" {
			t.Errorf("status %d, headers %v", res.StatusCode, res.Header)
		}
	}
	told := 0
	for _, l := range logs.FilterLevelExact(zapcore.ErrorLevel).All() {
		said := l.Message + fmt.Sprint(l.ContextMap())
		if strings.Contains(said, "panic") {
			told++
		}
		if strings.Contains(said, "index out of range") {
			t.Errorf("the log holds what was panicked with, which may be what somebody wrote: %s", said)
		}
	}
	if told != 2 {
		t.Errorf("%d panics logged, want 2", told)
	}
	broken = false
	if w := post(g, `{"question":"Hei"}`); w.Code != http.StatusOK {
		t.Errorf("after a panic: status %d", w.Code)
	}
}

// The figures name what is counted and cannot be blown up by a client.
func TestMetrics(t *testing.T) {
	g, _ := open(t, gateway.Config{}, with(func(ctx context.Context, turn kiveileder.Turn) (kiveileder.Answer, error) {
		if turn.Question == "feil" {
			return kiveileder.Answer{}, errors.New("no")
		}
		return echo(ctx, turn)
	}))
	post(g, `{"question":"Hei"}`)
	post(g, `{"question":"feil"}`)
	for _, m := range []string{"FOO", "BAR", "BREW"} {
		do(g, call{method: m, path: "/"})
	}
	text := do(g, call{path: "/metrics"}).Body.String()
	for _, want := range []string{
		`kiveileder_turns_total{status="answered"} 1`,
		`kiveileder_turns_total{status="error"} 1`,
		`kiveileder_http_requests_total{method="POST",role="gateway",route="/v1/ask",status="200"} 1`,
		`kiveileder_http_requests_total{method="POST",role="gateway",route="/v1/ask",status="500"} 1`,
		`kiveileder_http_requests_total{method="other",role="gateway",route="other",status="405"} 3`,
		`kiveileder_turn_seconds_count 1`,
		`kiveileder_sockets 0`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("metrics lack %s:\n%s", want, text)
		}
	}
}
