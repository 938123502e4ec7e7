package app

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync/atomic"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

// In a trial made-up people answer, so nobody from elsewhere may hand over a
// case: a proxy that somebody has put before it would let the world in.

// A trial is the queue of one: not there for who comes from elsewhere.
type trial struct {
	queue.Calls
	app  *App
	away atomic.Bool // a socket has come from elsewhere: what comes by sockets is not told apart
}

// awayKey is the key of whether a request comes from elsewhere.
type awayKey struct{}

// mark notes of requests whether they come through a proxy, or for a name that
// is not this machine's.
func (q *trial) mark(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		away := comesFromAway(r)
		if away && r.Header.Get("Upgrade") != "" && !q.away.Swap(true) {
			q.app.log.Warn("somebody comes through a proxy: no cases are taken over sockets until the next start; set KIVEILEDER_ORIGIN and KIVEILEDER_TRUST_PROXY")
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), awayKey{}, away)))
	})
}

// comesFromAway says of a request to a listener on loopback whether it was made
// on this machine, as the links of a trial do (login). A proxy that says nothing
// of itself and asks for 127.0.0.1 is not seen.
func comesFromAway(r *http.Request) bool {
	for _, h := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Forwarded", "Via"} {
		if r.Header.Get(h) != "" {
			return true
		}
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return host != "localhost" && !alone(net.JoinHostPort(strings.Trim(host, "[]"), "0"))
}

// closed gives why somebody can't hand over, nil when they can.
func (q *trial) closed(ctx context.Context, l kiveileder.Language) error {
	if away, _ := ctx.Value(awayKey{}).(bool); !away {
		return nil
	}
	return q.none(l)
}

func (q *trial) none(l kiveileder.Language) error {
	return kiveileder.Errorf(kiveileder.CodeNotFound, "%s", q.app.state.Load().texts.Get("error_case_closed", l))
}

// Form implements queue.Calls.
func (q *trial) Form(ctx context.Context, key string, l kiveileder.Language) (queue.Form, error) {
	if err := q.closed(ctx, l); err != nil {
		return queue.Form{}, err
	}
	return q.Calls.Form(ctx, key, l)
}

// HandOver implements queue.Calls.
func (q *trial) HandOver(ctx context.Context, key string, o queue.HandOver) (queue.AskerCase, error) {
	if err := q.closed(ctx, o.Language); err != nil {
		return queue.AskerCase{}, err
	}
	if ctx.Value(awayKey{}) == nil && q.away.Load() { // by a socket
		return queue.AskerCase{}, q.none(o.Language)
	}
	return q.Calls.HandOver(ctx, key, o)
}

// Mine implements queue.Calls.
func (q *trial) Mine(ctx context.Context, key string) ([]queue.AskerCase, error) {
	if err := q.closed(ctx, kiveileder.Bokmal); err != nil {
		return nil, err
	}
	return q.Calls.Mine(ctx, key)
}

// Tell implements queue.Calls.
func (q *trial) Tell(ctx context.Context, key, id string, c guidance.Command) (queue.AskerResult, error) {
	if err := q.closed(ctx, kiveileder.Bokmal); err != nil {
		return queue.AskerResult{}, err
	}
	return q.Calls.Tell(ctx, key, id, c)
}
