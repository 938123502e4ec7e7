package gateway

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"kiveileder"
)

// maxClients bounds the memory of the limits; the client not seen for the
// longest time is forgotten first.
const maxClients = 50_000

// A limitedError refuses what comes too fast, and says when to try again.
type limitedError struct {
	after time.Duration
	text  string
}

func (e *limitedError) Error() string { return "rate limited: " + e.text }
func (e *limitedError) Unwrap() error {
	return &kiveileder.Error{Code: kiveileder.CodeRateLimited, Message: e.text}
}

// seconds is for Retry-After: at least one.
func (e *limitedError) seconds() int { return max(1, int((e.after+time.Second-1)/time.Second)) }

// A Limiter counts what clients ask for.
type Limiter interface {
	// Take takes one from a client's share: so many a minute, of which a third
	// may come at once. It gives 0, or, when nothing is left, how long to wait.
	Take(ctx context.Context, client string) time.Duration
}

// burst is how many may come at once of so many a minute.
func burst(perMinute int) int { return max(1, (perMinute+2)/3) }

// MemoryLimiter counts in this process.
type MemoryLimiter struct {
	perMinute int
	clients   *lru.Cache[string, *rate.Limiter]
}

// NewMemoryLimiter gives each client perMinute, at least one.
func NewMemoryLimiter(perMinute int) *MemoryLimiter {
	c, err := lru.New[string, *rate.Limiter](maxClients)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &MemoryLimiter{max(1, perMinute), c}
}

// Take implements Limiter.
func (l *MemoryLimiter) Take(_ context.Context, client string) time.Duration {
	r := l.of(client).Reserve()
	d := r.Delay()
	if d > 0 {
		r.Cancel()
	}
	return d
}

func (l *MemoryLimiter) of(client string) *rate.Limiter {
	if x, ok := l.clients.Get(client); ok {
		return x
	}
	fresh := rate.NewLimiter(rate.Every(time.Minute/time.Duration(l.perMinute)), burst(l.perMinute))
	if old, found, _ := l.clients.PeekOrAdd(client, fresh); found {
		return old
	}
	return fresh
}

// limiter gives the limiter of a name, nil when there is no limit.
func (d Deps) limiter(name string, perMinute int) Limiter {
	switch {
	case perMinute <= 0:
		return nil
	case d.Limits != nil:
		return d.Limits(name, perMinute)
	}
	return NewMemoryLimiter(perMinute)
}

// take takes one from a client's share. Its error is a *limitedError.
func (g *Gateway) take(ctx context.Context, l Limiter, client string, lang kiveileder.Language) error {
	if l == nil {
		return nil
	}
	if d := l.Take(ctx, client); d > 0 {
		return &limitedError{d, g.Texts.Get("error_rate", lang)}
	}
	return nil
}

// limited counts questions, and light what costs little: ten times as many.
func (g *Gateway) limited(next http.HandlerFunc) http.HandlerFunc { return g.limit(g.limits, next) }
func (g *Gateway) light(next http.HandlerFunc) http.HandlerFunc   { return g.limit(g.lightLimits, next) }

func (g *Gateway) limit(l Limiter, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := g.take(r.Context(), l, g.client(r), LanguageOf(r)); err != nil {
			g.fail(w, r, err)
			return
		}
		next(w, r)
	}
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
