package gateway_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"kiveileder/gateway"
)

// When the service stops, answers under way arrive before the sockets are told
// to come back, and nothing new begins.
func TestDrain(t *testing.T) {
	d := newHeld()
	g, _ := open(t, gateway.Config{}, with(d.turn))
	s := listen(t, g)
	id := newID(t, 0)
	idle, asker, events := dial(t, s), dial(t, s), stream(t, s, id)
	events.hears("opened : 0, missed 0")
	asker.open(id)
	asker.ask(id, "a", "Hei")
	asker.hears(`message a: 1 "Hei"`, "progress a: searching")

	drained := make(chan struct{})
	go func() { defer close(drained); g.Drain(t.Context()) }()
	for do(g, call{path: "/readyz"}).Code != http.StatusServiceUnavailable {
		time.Sleep(time.Millisecond)
	}
	if w := do(g, call{path: "/readyz"}); !strings.Contains(w.Body.String(), "draining") {
		t.Errorf("readyz says %s", w.Body)
	}
	if w := do(g, call{path: "/livez"}); w.Code != http.StatusOK {
		t.Errorf("livez: status %d", w.Code)
	}
	for i := 0; ; i++ { // from some moment on new ones are refused
		conn, resp, err := s.upgrade("Accept-Language", "en")
		if err == nil {
			conn.Close()
			if i > 1000 {
				t.Fatal("sockets are still taken")
			}
			continue
		}
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(string(body), "not available right now") {
			t.Errorf("a new socket: status %d, %v: %s", resp.StatusCode, resp.Header, body)
		}
		break
	}
	if resp := s.send(t, http.MethodGet, "/v1/conversation/events", id, ""); resp.StatusCode != 503 {
		t.Errorf("a new stream: status %d", resp.StatusCode)
	} else {
		resp.Body.Close()
	}
	asker.hearsNothing() // and the old ones are still there
	select {
	case <-drained:
		t.Error("drained before the answer")
	default:
	}

	close(d.release)
	asker.hears("answer a: 2 to 1 answered")
	asker.closedWith(4000)
	idle.closedWith(4000)
	for f := range events.frames {
		_ = f
	}
	select {
	case <-drained:
	case <-time.After(patience):
		t.Fatal("not drained")
	}
	settled(t, g)
}

// A message that comes at the last moment is not taken: its sender is told to
// come back at once, and asks again. It would wait for an answer otherwise.
func TestDrainTakesNoMessages(t *testing.T) {
	d := newHeld()
	g, _ := open(t, gateway.Config{}, with(d.turn))
	s, id := listen(t, g), newID(t, 0)
	asker, late := dial(t, s), dial(t, s)
	asker.open(id)
	other := late.open(newID(t, 0))
	asker.ask(id, "a", "Hei")
	asker.hears(`message a: 1 "Hei"`, "progress a: searching")
	drained := make(chan struct{})
	go func() { defer close(drained); g.Drain(t.Context()) }()
	post := func() int {
		return do(g, call{method: "POST", path: "/v1/conversation/messages", body: `{"id":"b","question":"Og nå?"}`, header: bearer(newID(t, 0))}).Code
	}
	for g.Accepting() {
		time.Sleep(time.Millisecond)
	}
	if status := post(); status != http.StatusServiceUnavailable {
		t.Errorf("status %d", status)
	}
	late.ask(other, "c", "Og nå?")
	late.closedWith(4000)
	close(d.release)
	asker.hears("answer a: 2 to 1 answered")
	asker.closedWith(4000)
	<-drained
}

// An answer that does not come does not hold the service for ever.
func TestDrainInTime(t *testing.T) {
	d := newHeld()
	defer close(d.release)
	g, _ := open(t, gateway.Config{}, with(d.turn))
	c := dial(t, listen(t, g))
	id := c.open("")
	c.ask(id, "a", "Hei")
	c.hears(`message a: 1 "Hei"`, "progress a: searching")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begun := time.Now()
	g.Drain(ctx)
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("drained in %v", took)
	}
	c.closedWith(4000)
}

// Whatever clients did, the figures and the books go back to none.
func TestMetricsSettle(t *testing.T) {
	g, _ := open(t, gateway.Config{}, with(failing))
	s := listen(t, g)
	var open []*client
	for i := range 5 {
		c := dial(t, s)
		id := c.open("")
		c.open("")
		c.ask(id, "a", []string{"Hei", "Hei, feil", "Hei, panikk", "Hei", "Hei"}[i])
		open = append(open, c, stream(t, s, id))
	}
	open = append(open, dial(t, s, "Sec-WebSocket-Protocol", "mqtt"))
	s.send(t, http.MethodGet, "/v1/chat", "", "").Body.Close() // no handshake
	for _, bad := range []string{"Sec-WebSocket-Version", "Sec-WebSocket-Key"} {
		resp := s.send(t, http.MethodGet, "/v1/chat", "", "", "Connection", "Upgrade", "Upgrade", "websocket", bad, "x")
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("a broken handshake: status %d", resp.StatusCode)
		}
	}
	text := do(g, call{path: "/metrics"}).Body.String()
	for _, want := range []string{"kiveileder_event_streams 5", `kiveileder_frames_total{type="open"} 10`, `kiveileder_frames_total{type="ask"} 5`} {
		if !containsLine(text, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	for _, c := range open {
		c.hangUp()
	}
	settled(t, g)
}

// settled waits until a gateway holds nothing of any client.
func settled(t *testing.T, g *gateway.Gateway) {
	t.Helper()
	var err error
	for range 200 {
		text := do(g, call{path: "/metrics"}).Body.String()
		feeds, connections, clients := g.Held()
		switch {
		case !containsLine(text, "kiveileder_sockets 0"):
			err = errors.New("sockets are still counted")
		case !containsLine(text, "kiveileder_event_streams 0"):
			err = errors.New("streams are still counted")
		case feeds+connections+clients > 0:
			err = errors.New("feeds, connections or clients are still held")
		default:
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	feeds, connections, clients := g.Held()
	t.Errorf("%v: %d feeds, %d connections, %d clients", err, feeds, connections, clients)
}

// So many may be open, of one client and of all.
func TestMostSockets(t *testing.T) {
	for _, c := range []struct {
		name   string
		cfg    gateway.Config
		status int
		retry  string
	}{
		{"of one client", gateway.Config{MaxPerClient: 2}, 429, "30"},
		{"of all", gateway.Config{MaxSockets: 2}, 503, "5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, _ := open(t, c.cfg, nil)
			s := listen(t, g)
			first := dial(t, s)
			stream(t, s, newID(t, 0)) // a stream counts as well
			_, resp, err := s.upgrade()
			if err == nil || resp.StatusCode != c.status || resp.Header.Get("Retry-After") != c.retry {
				t.Fatalf("the third: %v, %v", err, resp)
			}
			first.hangUp()
			for i := 0; ; i++ {
				conn, _, err := s.upgrade()
				if err == nil {
					conn.Close()
					return
				}
				if i > 200 {
					t.Fatal("no room for a new one")
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
}
