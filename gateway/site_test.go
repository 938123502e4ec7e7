package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"kiveileder/gateway"
	"kiveileder/gateway/wire"
)

// A site is a gateway that is served, and how clients reach it.
type site struct {
	url    string
	dialer websocket.Dialer
	client *http.Client
	close  func() // may be called again
}

// listen serves a gateway on a port of its own.
func listen(t testing.TB, g *gateway.Gateway) *site {
	t.Helper()
	s := httptest.NewUnstartedServer(g)
	s.Config = g.Server()
	s.Start()
	t.Cleanup(s.Close)
	return &site{url: s.URL, client: s.Client(), close: s.Close}
}

// listenInside serves a gateway over connections that exist in memory alone:
// the whole of it lives in the test's bubble, whose time is not the world's.
func listenInside(t testing.TB, g *gateway.Gateway) *site {
	t.Helper()
	l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	srv := g.Server()
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	dial := func(context.Context, string, string) (net.Conn, error) { return l.dial() }
	transport := &http.Transport{DialContext: dial}
	stop := sync.OnceFunc(func() {
		transport.CloseIdleConnections()
		_ = srv.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return &site{
		url:    "http://inside.example",
		dialer: websocket.Dialer{NetDialContext: dial},
		client: &http.Client{Transport: transport},
		close:  stop,
	}
}

// pipes is a net.Listener over net.Pipe.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (p *pipes) dial() (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// upgrade asks for a WebSocket; header fields come in pairs.
func (s *site) upgrade(header ...string) (*websocket.Conn, *http.Response, error) {
	h := fields(header)
	d := s.dialer
	if h.Get("Sec-WebSocket-Protocol") == "" {
		d.Subprotocols = []string{wire.Subprotocol}
	}
	return d.Dial("ws"+strings.TrimPrefix(s.url, "http")+"/v1/chat", h)
}

// send sends a request; id is the conversation's, and header fields come in
// pairs.
func (s *site) send(t testing.TB, method, path, id, body string, header ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = fields(header)
	if id != "" {
		r.Header.Set("Authorization", "Bearer "+id)
	}
	resp, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// get sends a request and reads the body of its answer as JSON.
func get[T any](t testing.TB, s *site, method, path, id, body string, header ...string) (int, T) {
	t.Helper()
	resp := s.send(t, method, path, id, body, header...)
	defer resp.Body.Close()
	var v T
	b, err := io.ReadAll(resp.Body)
	if err == nil && len(b) > 0 {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		t.Fatalf("%s %s: %v in %q", method, path, err, b)
	}
	return resp.StatusCode, v
}

func fields(pairs []string) http.Header {
	h := http.Header{}
	for i := 0; i+1 < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}
