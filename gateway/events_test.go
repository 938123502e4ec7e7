package gateway_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kiveileder/gateway"
	"kiveileder/services/conversation"
)

// stream opens the events of a conversation and hears the greeting. The test
// fails when the service refuses; see refusedStream.
func stream(t testing.TB, s *site, id string, header ...string) *client {
	t.Helper()
	return streamAt(t, s, "/v1/conversation/events", id, header...)
}

func streamAt(t testing.TB, s *site, path, id string, header ...string) *client {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = fields(append(header, "Authorization", "Bearer "+id))
	resp, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if ct := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || ct != "text/event-stream; charset=utf-8" {
		t.Fatalf("status %d, content type %q", resp.StatusCode, ct)
	}
	c := &client{t: t, frames: make(chan frame, 10_000)}
	ended := make(chan struct{})
	go func() { defer close(ended); c.events(resp.Body) }()
	c.hangUp = func() { cancel(); <-ended }
	t.Cleanup(c.hangUp)
	if c.hello = c.next(); c.hello.Type != "hello" {
		t.Fatalf("first frame %v, want hello", c.hello)
	}
	return c
}

// events reads server-sent events until they end. A comment is a frame of type
// ":".
func (c *client) events(body io.ReadCloser) {
	defer close(c.frames)
	defer body.Close()
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 1<<20)
	id := ""
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			id = value
		case "data":
			f := readFrame(c.t, []byte(value))
			f.Event, id = id, ""
			c.frames <- f
		case ":":
			c.frames <- frame{Type: ":"}
		case "":
		default:
			c.t.Errorf("line %q", lines.Text())
		}
	}
}

// ended checks that the service has ended the line.
func (c *client) ended() {
	c.t.Helper()
	if f := c.next(); f.Type != "" {
		c.t.Errorf("heard %v, want the end", f)
	}
}

// Events bring what a socket would: hello, opened, what was missed, what comes.
func TestEvents(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	s := listen(t, g)
	id := newID(t, 0)
	c := stream(t, s, id)
	if c.hello.Protocol != "kiveileder.v1" || c.hello.Limits.Recovery != 200 || c.hello.Versions != versions || c.hello.Session == "" {
		t.Errorf("hello %+v", c.hello)
	}
	c.hears("opened : 0, missed 0")
	_, got := get[map[string]frame](t, s, http.MethodPost, "/v1/conversation/messages", id, `{"id":"a","question":"Hei"}`)
	heard := c.hears(asked("a", "Hei", 1)...)
	if m, a := heard[0], heard[2]; m.Offset != got["message"].Offset || a.Offset != got["answer"].Offset || a.Conversation != id {
		t.Errorf("heard %+v, %+v; posted %+v", m, a, got)
	}
	for i, want := range []string{"epoch:1", "", "epoch:2"} {
		if heard[i].Event != want {
			t.Errorf("event id of %v: %q, want %q", heard[i], heard[i].Event, want)
		}
	}
	socket := dial(t, s) // and a socket on the same conversation sees the same
	socket.open(id)
	socket.hears(`message a: 1 "Hei"`, "answer a: 2 to 1 answered")
	socket.ask(id, "b", "Hallo")
	c.hears(asked("b", "Hallo", 3)...)
}

func TestEventsPosition(t *testing.T) {
	store := conversation.NewMemory("epoch")
	g, _ := open(t, gateway.Config{}, over(store, echo))
	s := listen(t, g)
	id := newID(t, 0)
	fill(t, store, id, 2)
	last := []string{"answer q2: 4 to 3 answered"}
	for _, c := range []struct {
		name, query, lastID string
		want                []string
	}{
		{"none", "", "", []string{"opened : 4, missed 4"}},
		{"last event", "", "epoch:3", append([]string{"opened : 4, missed 1"}, last...)},
		{"query", "?epoch=epoch&after=3", "", append([]string{"opened : 4, missed 1"}, last...)},
		{"the last event is newer than the address", "?epoch=epoch&after=1", "epoch:3", append([]string{"opened : 4, missed 1"}, last...)},
		{"another epoch", "", "older:3", []string{"opened : 4, lost"}},
		{"another epoch, with a colon", "", "a:b:3", []string{"opened : 4, lost"}},
		{"no epoch", "?after=3", "", []string{"opened : 4, lost"}},
		{"beyond", "", "epoch:9", []string{"opened : 4, lost"}},
		{"all", "", "epoch:4", []string{"opened : 4, missed 0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var h []string
			if c.lastID != "" {
				h = []string{"Last-Event-ID", c.lastID}
			}
			conn := streamAt(t, s, "/v1/conversation/events"+c.query, id, h...)
			conn.hears(c.want...)
		})
	}
	for _, bad := range []string{"3", "epoch:", "epoch:x", "epoch:-1", "epoch:1.5", ":", "epoch:99999999999999999999"} {
		w := do(g, call{path: "/v1/conversation/events", header: map[string]string{"Authorization": "Bearer " + id, "Last-Event-ID": bad}})
		if w.Code != http.StatusBadRequest {
			t.Errorf("Last-Event-ID %q: status %d", bad, w.Code)
		}
	}
}

// A position that is accepted is the one that was given.
func FuzzPosition(f *testing.F) {
	for _, s := range []string{"epoch:3", "", ":", "a:b:3", "epoch:-1", "epoch:+1", "epoch:9223372036854775807", "æ:0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, last string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Last-Event-ID", last)
		p, err := gateway.PositionOf(r)
		if err != nil || p == nil {
			return
		}
		if p.Offset < 0 || !strings.HasPrefix(last, p.Epoch+":") {
			t.Errorf("%q became %+v", last, p)
		}
		r.Header.Set("Last-Event-ID", fmt.Sprint(p.Epoch, ":", p.Offset))
		if again, err := gateway.PositionOf(r); err != nil || *again != *p {
			t.Errorf("%q became %+v, and that %+v, %v", last, p, again, err)
		}
	})
}

// A HEAD is answered, and holds no stream open.
func TestEventsHead(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	w := do(g, call{method: http.MethodHead, path: "/v1/conversation/events", header: bearer(newID(t, 0))})
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/event-stream; charset=utf-8" || w.Body.Len() > 0 {
		t.Errorf("status %d, %v: %s", w.Code, w.Header(), w.Body)
	}
	settled(t, g)
}

// Every 15 seconds a comment keeps the line, and a stream lives longer than
// any request may.
func TestEventsBeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _ := open(t, gateway.Config{}, nil)
		s := listenInside(t, g)
		c := stream(t, s, newID(t, 0))
		c.hears("opened : 0, missed 0")
		begun := time.Now()
		for i := range 20 {
			time.Sleep(15*time.Second + time.Millisecond)
			synctest.Wait()
			if len(c.frames) != 1 {
				t.Fatalf("%d comments after %v", len(c.frames)+i, time.Since(begun))
			}
			<-c.frames
		}
		time.Sleep(12 * time.Hour)
		synctest.Wait()
		for range c.frames { // until it has ended
		}
	})
}

// One that does not read is let go, and gets the rest when it comes back.
func TestEventsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _ := open(t, gateway.Config{}, nil)
		s := listenInside(t, g)
		id := newID(t, 0)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/v1/conversation/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+id)
		resp, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		const questions = 150 // with 3 frames each
		for i := range questions {
			get[map[string]frame](t, s, http.MethodPost, "/v1/conversation/messages", id, fmt.Sprintf(`{"id":"q%d","question":"Hei"}`, i))
		}
		time.Sleep(time.Minute)
		if feeds, _, _ := g.Held(); feeds != 0 {
			t.Errorf("%d feeds are held for one that does not read", feeds)
		}
		slow := &client{t: t, frames: make(chan frame, 10_000)}
		slow.events(resp.Body) // now it reads what had been sent
		var offset int64
		last := ""
		follow := func(c *client) {
			for f := range c.frames {
				if f.Offset == 0 || f.Type == "opened" {
					continue
				}
				if offset++; f.Offset != offset {
					t.Fatalf("%v after %d", f, offset-1)
				}
				if last = f.Event; offset == 2*questions {
					return
				}
			}
		}
		follow(slow)
		if offset >= 2*questions {
			t.Fatal("it was not slow: the test does not test")
		}
		var h []string
		if last != "" {
			h = []string{"Last-Event-ID", last}
		}
		if missed := 2*questions - offset; missed > 200 { // as docs/protocol.md has it: load the whole
			stream(t, s, id, h...).hears(fmt.Sprintf("opened : %d, lost", 2*questions))
			return
		}
		follow(stream(t, s, id, h...))
		if offset != 2*questions {
			t.Errorf("%d entries, want %d", offset, 2*questions)
		}
	})
}

// A client that goes leaves nothing behind.
func TestEventsHangUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _ := open(t, gateway.Config{}, nil)
		c := stream(t, listenInside(t, g), newID(t, 0))
		c.hears("opened : 0, missed 0")
		if feeds, connections, clients := g.Held(); feeds != 1 || connections != 1 || clients != 1 {
			t.Errorf("%d feeds, %d connections, %d clients", feeds, connections, clients)
		}
		c.hangUp()
		synctest.Wait()
		if feeds, connections, clients := g.Held(); feeds+connections+clients != 0 {
			t.Errorf("left: %d feeds, %d connections, %d clients", feeds, connections, clients)
		}
	})
}
