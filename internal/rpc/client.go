package rpc

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"kiveileder"
)

// Options of a client.
type Options struct {
	// Name of the role that is called, for errors and figures.
	Name string
	// URLs of its replicas, with commas; one name behind which they all stand is
	// enough. They are taken in turn, and the next when one fails.
	URLs string
	// Token that both sides know.
	Token Token
	// TLS shows the certificate of this side and checks the other's; nil for
	// plain HTTP, or for HTTPS with the system's roots.
	TLS *tls.Config
	// Observe is told of every call; nil for nobody.
	Observe func(name string, took time.Duration, err error)
}

// A call is tried so often at most, each time at the next replica; while the
// role was there a moment ago, until restartTime is over: it is being
// restarted, perhaps. A replica that is silent for silentTime is asked whether
// it is there, within pingTime: one that hangs is left, one that has much to
// do is waited for, since to ask another would only be more to do.
const (
	tries       = 3
	restartTime = 3 * time.Second
	silentTime  = 4 * time.Second
	pingTime    = 2 * time.Second
)

// Pauses between tries: from zero to these, by chance, so that replicas are
// not all asked again in the same moment.
const firstPause, longestPause = 30 * time.Millisecond, 200 * time.Millisecond

// A Client calls another role. It is safe for concurrent use.
type Client struct {
	name    string
	token   Token
	http    *http.Client
	targets []*target
	next    atomic.Uint32
	lost    atomic.Int64 // since when no call has come through, in nanoseconds since 1970; 0 while they do
	observe func(string, time.Duration, error)
}

// A target is one replica with the circuit that is cut while it fails.
type target struct {
	url     string
	circuit *gobreaker.CircuitBreaker[[]byte]
	failed  atomic.Pointer[error] // why it was not reached the last time
}

// NewClient gives a client. It does not connect yet.
func NewClient(o Options) (*Client, error) {
	c := &Client{name: o.Name, token: o.Token, observe: o.Observe}
	c.lost.Store(1) // it was never there yet
	for u := range strings.SplitSeq(o.URLs, ",") {
		u = strings.TrimRight(strings.TrimSpace(u), "/")
		p, err := url.Parse(u)
		if err != nil || p.Host == "" || p.Scheme != "http" && p.Scheme != "https" {
			return nil, fmt.Errorf("address of %s %q: want http://host:port", o.Name, u)
		}
		c.targets = append(c.targets, &target{url: u, circuit: gobreaker.NewCircuitBreaker[[]byte](gobreaker.Settings{
			Name: u, Timeout: time.Second,
			ReadyToTrip:  func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= 5 },
			IsSuccessful: func(err error) bool { return !errors.Is(err, errUnreached) },
		})})
	}
	t := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 2 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSClientConfig:     o.TLS,
		TLSHandshakeTimeout: 3 * time.Second,
		MaxIdleConnsPerHost: 256,
		IdleConnTimeout:     30 * time.Second, // so that new replicas get their share
		ForceAttemptHTTP2:   false,
	}
	c.http = &http.Client{Transport: t}
	return c, nil
}

// Call calls a role. A call that did not come through is tried again at the
// next replica, as long as the context lets it, and 30 s at most: calls must
// be such that repeating them is harmless. Errors have the code that the other
// side gave them, CodeUnavailable when none could be asked.
func Call[In, Out any](ctx context.Context, c *Client, name string, in In) (out Out, err error) {
	ctx, span := tracer.Start(ctx, c.name+" "+name, trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	begin := time.Now()
	defer func() {
		if err != nil {
			span.SetStatus(codes.Error, string(kiveileder.ErrorCode(err)))
		}
		if c.observe != nil {
			c.observe(name, time.Since(begin), err)
		}
	}()
	body, err := json.Marshal(in)
	if err != nil {
		return out, fmt.Errorf("%s %s: %w", c.name, name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, longestCall)
	defer cancel()
	b, err := c.try(ctx, name, body)
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(b, &out); err != nil {
		return out, fmt.Errorf("%s %s: %w", c.name, name, err)
	}
	return out, nil
}

func (c *Client) try(ctx context.Context, name string, body []byte) (b []byte, err error) {
	begin, first := time.Now(), int(c.next.Add(1)) // others count on meanwhile: who goes on from here meets every replica
	for n := 0; ; n++ {
		if n > 0 && !pause(ctx, n) {
			return nil, err
		}
		t := c.targets[(first+n)%len(c.targets)]
		b, err = t.circuit.Execute(func() ([]byte, error) { return c.send(ctx, t.url, name, body) })
		if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
			if last := t.failed.Load(); last != nil { // which says more than that it is not tried for now
				err = *last
			} else {
				err = unreached(fmt.Errorf("%s at %s: %w", c.name, t.url, err))
			}
		} else if errors.Is(err, errUnreached) {
			why := err
			t.failed.Store(&why)
		}
		switch {
		case !isAway(err):
			c.lost.Store(0)
			return b, err
		case ctx.Err() != nil:
			return nil, err
		}
		c.lost.CompareAndSwap(0, time.Now().UnixNano())
		since := time.Unix(0, c.lost.Load())
		if n+1 >= tries && (time.Since(begin) > restartTime || time.Since(since) > restartTime) {
			return nil, err
		}
	}
}

// pause waits before the n-th try; it is false when the context ends first.
func pause(ctx context.Context, n int) bool {
	most := min(firstPause<<(2*min(n-1, 4)), longestPause)
	select {
	case <-time.After(rand.N(most)):
		return true
	case <-ctx.Done():
		return false
	}
}

// isAway reports whether another replica could know better.
func isAway(err error) bool { return kiveileder.ErrorCode(err) == kiveileder.CodeUnavailable }

func (c *Client) send(ctx context.Context, base, name string, body []byte) ([]byte, error) {
	caller := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer c.watch(ctx, base, cancel)()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/rpc/"+name, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	h := req.Header
	h.Set("Content-Type", "application/json")
	otel.GetTextMapPropagator().Inject(ctx, propagation.HeaderCarrier(h))
	if id := Request(ctx); id != "" {
		h.Set(requestHeader, id)
	}
	if deadline, ok := ctx.Deadline(); ok {
		h.Set(timeHeader, time.Until(deadline).String())
	}
	once := c.token.call(h, name, body)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.failed(caller, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, c.failed(caller, err)
	case len(b) > maxBody:
		return nil, fmt.Errorf("%s %s: the answer has more than %d MB", c.name, name, maxBody>>20)
	case !c.token.answered(resp.Header, once, name, b):
		if resp.StatusCode == http.StatusOK {
			b = nil // what people wrote, perhaps
		}
		return nil, unreached(fmt.Errorf("%s at %s does not prove that it knows the token of the roles (status %s: %.100q)", c.name, base, resp.Status, b))
	case resp.StatusCode == http.StatusOK:
		return b, nil
	}
	var f failure
	if json.Unmarshal(b, &f) != nil || f.Code == "" { // a proxy's, or a role of another kind
		return nil, unreached(fmt.Errorf("%s at %s: %s: %.100q", c.name, base, resp.Status, b))
	}
	return nil, errorOf(c.name, f)
}

// watch hangs up on a replica that is silent and does not say that it is there,
// until stop.
func (c *Client) watch(ctx context.Context, base string, hangUp func()) (stop func()) {
	var t *time.Timer
	armed := make(chan struct{})
	t = time.AfterFunc(silentTime, func() {
		<-armed
		if ctx.Err() != nil {
			return
		}
		within, cancel := context.WithTimeout(ctx, pingTime)
		defer cancel()
		req, err := http.NewRequestWithContext(within, http.MethodGet, base+"/livez", nil)
		if err != nil {
			return
		}
		resp, err := c.http.Do(req)
		if err != nil {
			hangUp()
			return
		}
		_ = resp.Body.Close()
		t.Reset(silentTime)
	})
	close(armed)
	return func() { t.Stop() }
}

// failed says why nothing came back. A caller that went away, or whose time
// was too short, is no fault of the other side.
func (c *Client) failed(ctx context.Context, err error) error {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("%s: %w", c.name, ctx.Err())
	case ctx.Err() != nil:
		return &kiveileder.Error{Code: kiveileder.CodeUnavailable, Err: fmt.Errorf("%s: no answer in time: %w", c.name, ctx.Err())}
	}
	return unreached(fmt.Errorf("%s: %w", c.name, err))
}

// Name gives the role that is called.
func (c *Client) Name() string { return c.name }

// Ping calls the role to see whether it can be reached, and is the one that is
// meant.
func (c *Client) Ping(ctx context.Context) error {
	name, err := Call[struct{}, string](ctx, c, callPing, struct{}{})
	if err == nil && name != c.name {
		return fmt.Errorf("at the address of %s is %q", c.name, name)
	}
	return err
}

// Close closes the connections that nobody uses.
func (c *Client) Close() { c.http.CloseIdleConnections() }
