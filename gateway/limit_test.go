package gateway_test

import (
	"net/http"
	"testing"

	"kiveileder/gateway"
)

// A third of a minute's share may come at once: of 6 a minute 2.
func TestRateLimit(t *testing.T) {
	for _, c := range []struct {
		name  string
		trust bool
		calls []call
		want  []int
	}{
		{"one client", false,
			[]call{{from: "192.0.2.1:1"}, {from: "192.0.2.1:2"}, {from: "192.0.2.1:3"}},
			[]int{200, 200, 429}},
		{"each client for itself", false,
			[]call{{from: "192.0.2.1:1"}, {from: "192.0.2.1:1"}, {from: "192.0.2.2:1"}, {from: "192.0.2.1:1"}},
			[]int{200, 200, 200, 429}},
		{"IPv6 by household", false,
			[]call{{from: "[2001:db8:1:2::1]:1"}, {from: "[2001:db8:1:2:ffff::2]:1"}, {from: "[2001:db8:1:2::3]:1"}, {from: "[2001:db8:1:3::1]:1"}},
			[]int{200, 200, 429, 200}},
		{"a header that anybody can set counts for nothing", false,
			[]call{forwarded("203.0.113.1"), forwarded("203.0.113.2"), forwarded("203.0.113.3")},
			[]int{200, 200, 429}},
		{"behind a proxy the address that it added counts", true,
			[]call{forwarded("203.0.113.1"), forwarded("203.0.113.1"), forwarded("203.0.113.1"), forwarded("203.0.113.2")},
			[]int{200, 200, 429, 200}},
		{"what the client put before it does not", true,
			[]call{forwarded("1.1.1.1, 203.0.113.1"), forwarded("2.2.2.2,203.0.113.1"), forwarded("3.3.3.3, 203.0.113.1")},
			[]int{200, 200, 429}},
		{"behind a proxy that adds nothing, its own address", true,
			[]call{{from: "192.0.2.1:1"}, {from: "192.0.2.1:1"}, {from: "192.0.2.1:1"}},
			[]int{200, 200, 429}},
		{"behind a proxy, IPv6 by household", true,
			[]call{forwarded("2001:db8::1"), forwarded("2001:db8::2"), forwarded("2001:db8::3")},
			[]int{200, 200, 429}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, _ := open(t, gateway.Config{RatePerMinute: 6, TrustProxy: c.trust}, nil)
			for i, x := range c.calls {
				x.path = "/v1/search?q=x"
				if i%2 == 1 { // both count against the same share
					x.method, x.path, x.body = http.MethodPost, "/v1/ask", `{"question":"Hei"}`
				}
				w := do(g, x)
				if w.Code != c.want[i] {
					t.Errorf("request %d: status %d, want %d", i+1, w.Code, c.want[i])
				}
				if limited := w.Code == http.StatusTooManyRequests; limited != (w.Header().Get("Retry-After") == "10") {
					t.Errorf("request %d: Retry-After %q", i+1, w.Header().Get("Retry-After"))
				}
			}
		})
	}
}

func forwarded(list string) call {
	return call{from: "192.0.2.9:1", header: map[string]string{"X-Forwarded-For": list}}
}

func TestRateLimitSpares(t *testing.T) {
	g, _ := open(t, gateway.Config{RatePerMinute: 1}, nil)
	do(g, call{path: "/v1/search?q=x"})
	for _, path := range []string{"/", "/kilder", "/livez", "/readyz", "/metrics"} {
		if w := do(g, call{path: path}); w.Code != http.StatusOK {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
}

func TestNoRateLimit(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	for range 500 {
		if w := do(g, call{path: "/v1/search?q=x"}); w.Code != http.StatusOK {
			t.Fatalf("status %d", w.Code)
		}
	}
}
