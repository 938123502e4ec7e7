package gateway

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"kiveileder"
)

const (
	// retryAfter is what a limited client is told to wait.
	retryAfter = 10 * time.Second
	// maxClients bounds the memory of the limits; the client not seen for the
	// longest time is forgotten first.
	maxClients = 50_000
)

// A limiter counts per client. A nil one lets everything pass.
type limiter struct {
	perMinute int
	clients   *lru.Cache[string, *rate.Limiter]
}

func newLimiter(perMinute int) *limiter {
	if perMinute <= 0 {
		return nil
	}
	c, err := lru.New[string, *rate.Limiter](maxClients)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &limiter{perMinute, c}
}

// allow takes one from the client's share: perMinute a minute, of which a
// third may come at once.
func (l *limiter) allow(client string) bool {
	if l == nil {
		return true
	}
	x, ok := l.clients.Get(client)
	if !ok {
		fresh := rate.NewLimiter(rate.Every(time.Minute/time.Duration(l.perMinute)), max(1, (l.perMinute+2)/3))
		if old, found, _ := l.clients.PeekOrAdd(client, fresh); found {
			x = old
		} else {
			x = fresh
		}
	}
	return x.Allow()
}

func (g *Gateway) limited(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !g.limits.allow(g.client(r)) {
			g.fail(w, r, g.tooMany(r))
			return
		}
		next(w, r)
	}
}

func (g *Gateway) tooMany(r *http.Request) error {
	return kiveileder.Errorf(kiveileder.CodeRateLimited, "%s", g.Texts.Get("error_rate", languageOf(r)))
}

// client gives what a client is counted by: its address, and of IPv6 the /64
// that one household has. Behind a proxy that is trusted it is the last
// address that the proxy added.
func (g *Gateway) client(r *http.Request) string {
	addr := r.RemoteAddr
	if g.cfg.TrustProxy {
		if f := r.Header.Values("X-Forwarded-For"); len(f) > 0 {
			parts := strings.Split(f[len(f)-1], ",")
			addr = parts[len(parts)-1]
		}
	}
	return clientKey(addr)
}

// clientKey makes one key of the ways an address is written: with a port or
// without, in brackets, as IPv4 in IPv6.
func clientKey(s string) string {
	s = strings.TrimSpace(s)
	if ap, err := netip.ParseAddrPort(s); err == nil {
		s = ap.Addr().String()
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return "unknown"
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return a.String()
	}
	return p.String()
}
