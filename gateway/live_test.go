package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/gateway/bus"
	"kiveileder/gateway/wire"
	"kiveileder/services/queue"
)

// A deskFrame is anything that the live desk sends.
type deskFrame struct {
	Type, Case, Number, State string
	Seq                       int64
	Person                    wire.DeskPerson
	People                    []wire.DeskPerson
}

func (f deskFrame) String() string {
	switch f.Type {
	case "case":
		return fmt.Sprintf("case %s: %s %d %s", f.Case, f.Number, f.Seq, f.State)
	case "presence":
		var who []string
		for _, p := range f.People {
			who = append(who, p.Name+" "+p.Doing)
		}
		return "at " + f.Case + ": " + strings.Join(who, ", ")
	}
	return f.Type
}

// A watcher is an open page of the desk.
type watcher struct {
	t      *testing.T
	conn   *websocket.Conn
	frames chan deskFrame
	code   int
}

// watch opens the desk as somebody.
func (c *colleague) watch(s *site) *watcher {
	c.b.t.Helper()
	d := s.dialer
	d.Subprotocols = []string{wire.DeskSubprotocol}
	conn, resp, err := d.Dial("ws"+strings.TrimPrefix(s.url, "http")+"/v1/desk/live", http.Header{"Cookie": {c.cookie}, "Origin": {s.url}})
	if err != nil {
		c.b.t.Fatalf("%v, %v", err, resp)
	}
	w := &watcher{t: c.b.t, conn: conn, frames: make(chan deskFrame, 1000)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(w.frames)
		for {
			_, b, err := conn.ReadMessage()
			var closed *websocket.CloseError
			if errors.As(err, &closed) {
				w.code = closed.Code
			}
			if err != nil {
				return
			}
			var f deskFrame
			if err := json.Unmarshal(b, &f); err != nil {
				w.t.Error(err)
			}
			w.frames <- f
		}
	}()
	w.t.Cleanup(func() { conn.Close(); <-ended })
	if f := w.next(); f.Type != "hello" || f.Person.ID != c.ID || f.Person.Name != c.Name || f.Person.Agency != c.Agency {
		c.b.t.Fatalf("greeted with %+v", f)
	}
	return w
}

func (w *watcher) next() deskFrame {
	w.t.Helper()
	select {
	case f := <-w.frames:
		return f
	case <-time.After(patience):
		w.t.Fatal("no frame")
		return deskFrame{}
	}
}

func (w *watcher) hears(want ...string) {
	w.t.Helper()
	for _, s := range want {
		if got := w.next(); got.String() != s {
			w.t.Fatalf("heard %q, want %q", got, s)
		}
	}
}

func (w *watcher) say(frame string) {
	w.t.Helper()
	if err := w.conn.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *watcher) at(id, doing string) {
	w.t.Helper()
	w.say(`{"type":"presence","case":"` + id + `","doing":"` + doing + `"}`)
}

func (w *watcher) hearsNothing() {
	w.t.Helper()
	w.say(`{"type":"ping"}`)
	w.hears("pong")
}

func (w *watcher) closedWith(code int) {
	w.t.Helper()
	for f := w.next(); f.Type != ""; f = w.next() {
	}
	if w.code != code {
		w.t.Errorf("closed with %d, want %d", w.code, code)
	}
}

// news tells that something happened in a case.
func (b *bureau) news(id string) {
	b.t.Helper()
	if err := b.events.Publish(b.t.Context(), kiveileder.Event{Key: kiveileder.DeskKey, Case: id, Seq: 7}); err != nil {
		b.t.Error(err)
	}
}

// News of a case comes to those who may see it, and to nobody else.
func TestLiveNews(t *testing.T) {
	b := newBureau(t)
	s := listen(t, b.Gateway)
	ola, mari, liv := b.people["hdir"].watch(s), b.people["dmp"].watch(s), b.people["leder"].watch(s)
	b.news("both")
	for _, w := range []*watcher{ola, mari, liv} {
		w.hears("case both: KI-2026-0001 7 assessment")
	}
	b.news("hdir")
	ola.hears("case hdir: KI-2026-0001 7 assessment")
	liv.hears("case hdir: KI-2026-0001 7 assessment")
	b.desk.mu.Lock()
	b.desk.cases["hdir"] = queue.About{Agencies: []string{"dmp"}} // an agency takes over; what was known is not believed
	b.desk.mu.Unlock()
	b.news("hdir")
	mari.hears("case hdir: KI-2026-0001 7 assessment")
	b.news("gone")
	for _, w := range []*watcher{ola, mari, liv} {
		w.hearsNothing()
	}
}

// Who is at a case is seen by the others there, and by nobody whom it is no
// business of.
func TestLivePresence(t *testing.T) {
	b := newBureau(t)
	s := listen(t, b.Gateway)
	ola, mari := b.people["hdir"].watch(s), b.people["dmp"].watch(s)
	ola.at("both", "looks")
	ola.hears("at both: ")
	mari.hears("at both: Ola Jurist looks")
	ola.hears("at both: ") // as everybody is told
	mari.at("both", "writes")
	mari.hears("at both: Ola Jurist looks")
	ola.hears("at both: Mari Jurist writes")
	mari.hears("at both: Ola Jurist looks")
	liv := b.people["leder"].watch(s)
	liv.hears("at both: Mari Jurist writes, Ola Jurist looks")
	liv.conn.Close()

	second := b.people["hdir"].watch(s) // of the same person: to write in one is to write
	second.hears("at both: Mari Jurist writes")
	second.at("both", "writes")
	second.hears("at both: Mari Jurist writes")
	mari.hears("at both: Ola Jurist writes")
	ola.hears("at both: Mari Jurist writes")
	second.hears("at both: Mari Jurist writes")
	second.conn.Close()
	mari.hears("at both: Ola Jurist looks")
	ola.hears("at both: Mari Jurist writes")

	ola.at("dmp", "looks") // not theirs
	ola.hears("at dmp: ")
	ola.at("gone", "writes")
	ola.hears("at gone: ")
	mari.hearsNothing()
	ola.at("both", "")
	ola.hears("at both: Mari Jurist writes")
	mari.hears("at both: ")
}

// Somebody who says nothing more has left.
func TestLivePresenceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBureau(t)
		defer b.Drain(t.Context())
		s := listenInside(t, b.Gateway)
		defer s.close()
		published := 0
		count := func() {
			b.events.mu.Lock()
			defer b.events.mu.Unlock()
			take := b.events.take
			b.events.take = func(e kiveileder.Event) { published++; take(e) }
		}
		count()
		ola, mari := b.people["hdir"].watch(s), b.people["dmp"].watch(s)
		for range 10 { // the page beats faster than it should
			ola.at("both", "looks")
			time.Sleep(5 * time.Second)
		}
		synctest.Wait()
		if published != 4 {
			t.Errorf("published %d times in 50 seconds, want 4", published)
		}
		mari.hears("at both: Ola Jurist looks")
		time.Sleep(46 * time.Second)
		synctest.Wait()
		mari.hears("at both: ")
		if n := len(mari.frames); n > 0 {
			t.Errorf("%d frames more", n)
		}
		time.Sleep(10 * time.Minute)
		b.news("both")
		synctest.Wait()
		mari.hears("case both: KI-2026-0001 7 assessment")
	})
}

// A login that ends closes its sockets, wherever it ended, and no others.
func TestLiveEnds(t *testing.T) {
	b := newBureau(t)
	s := listen(t, b.Gateway)
	ola, again, mari := b.people["hdir"].watch(s), b.people["hdir"].watch(s), b.people["dmp"].watch(s)
	if w := b.people["hdir"].ask("POST", "/logout", ""); w.Code != http.StatusSeeOther {
		t.Fatalf("status %d", w.Code)
	}
	ola.closedWith(4401)
	again.closedWith(4401)
	mari.hearsNothing()
	if n, err := b.login.EndPerson(t.Context(), b.people["dmp"].ID); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	mari.closedWith(4401)
}

// A page that lies open does not keep a login alive; one where somebody is does.
func TestLiveLoginIsLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBureau(t)
		defer b.Drain(t.Context())
		s := listenInside(t, b.Gateway)
		defer s.close()
		ola, mari := b.people["hdir"].watch(s), b.people["dmp"].watch(s)
		for range 80 { // 40 minutes
			ola.at("hdir", "looks")
			_ = mari.conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`)) // until it is closed
			time.Sleep(30 * time.Second)
			if _, err := b.login.Expire(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		mari.closedWith(4401)
		b.events.set(false) // nobody tells of the end
		if _, err := b.login.EndPerson(t.Context(), b.people["hdir"].ID); err != nil {
			t.Fatal(err)
		}
		ola.at("hdir", "looks")
		time.Sleep(70 * time.Second)
		synctest.Wait()
		ola.closedWith(4401)
	})
}

// After a time without news everybody comes back and looks.
func TestLiveMissed(t *testing.T) {
	b := newBureau(t)
	s := listen(t, b.Gateway)
	ola := b.people["hdir"].watch(s)
	b.events.set(false)
	ola.hearsNothing()
	b.events.set(true)
	ola.closedWith(4000)
}

// Who may not open it, and what closes it.
func TestLiveRefused(t *testing.T) {
	b := newBureau(t)
	s := listen(t, b.Gateway)
	for _, c := range []struct {
		name, who, origin, subprotocol string
		status                         int
	}{
		{"nobody", "", s.url, wire.DeskSubprotocol, 401},
		{"an asker", "spor", s.url, wire.DeskSubprotocol, 403},
		{"an analyst", "innsikt", s.url, wire.DeskSubprotocol, 403},
		{"a page of another site", "hdir", "https://evil.example", wire.DeskSubprotocol, 403},
		{"a page of a file", "hdir", "null", wire.DeskSubprotocol, 403},
		{"a program with somebody's cookie", "hdir", "", wire.DeskSubprotocol, 403},
	} {
		h := http.Header{}
		if c.who != "" {
			h.Set("Cookie", b.people[c.who].cookie)
		}
		if c.origin != "" {
			h.Set("Origin", c.origin)
		}
		d := s.dialer
		d.Subprotocols = []string{c.subprotocol}
		_, resp, err := d.Dial("ws"+strings.TrimPrefix(s.url, "http")+"/v1/desk/live", h)
		if err == nil || resp == nil || resp.StatusCode != c.status {
			t.Errorf("%s: %v, %v", c.name, resp, err)
		}
	}
	ola := b.people["hdir"]
	for _, c := range []struct {
		name, frame string
		times, code int
	}{
		{"no JSON", `{`, 5, 4501},
		{"an unknown type", `{"type":"open"}`, 5, 4501},
		{"a field of nobody", `{"type":"ping","id":"a"}`, 5, 4501},
		{"a case that cannot be", `{"type":"presence","case":"<script>","doing":"looks"}`, 5, 4501},
		{"an unknown doing", `{"type":"presence","case":"hdir","doing":"sleeps"}`, 5, 4501},
		{"more than 4 KB", `{"type":"presence","case":"` + strings.Repeat("a", 5000) + `"}`, 1, 1009},
		{"a flood", `{"type":"ping"}`, 200, 4004},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := ola.watch(s)
			w.t = t
			for range c.times {
				if w.conn.WriteMessage(websocket.TextMessage, []byte(c.frame)) != nil {
					break
				}
			}
			w.closedWith(c.code)
		})
	}
}

// Two gateways over one bus: presence, news and the end of logins cross it.
func TestLiveAcrossGateways(t *testing.T) {
	shared := bus.NewMemory()
	b := newBureau(t, func(d *gateway.Deps) { d.Events = shared })
	other, _ := open(t, gateway.Config{}, func(d *gateway.Deps) {
		d.Login, d.Desk, d.Events = b.login, b.desk, shared
	})
	here, there := listen(t, b.Gateway), listen(t, other)
	ola, mari := b.people["hdir"].watch(here), b.people["dmp"].watch(there)
	ola.at("both", "writes")
	ola.hears("at both: ", "at both: ")
	mari.hears("at both: Ola Jurist writes")
	if err := shared.Publish(t.Context(), kiveileder.Event{Key: kiveileder.DeskKey, Case: "both", Seq: 7}); err != nil {
		t.Fatal(err)
	}
	ola.hears("case both: KI-2026-0001 7 assessment")
	mari.hears("case both: KI-2026-0001 7 assessment")
	ola.conn.Close()
	mari.hears("at both: ")
	other.EndSessions(context.Background(), nil)
	if _, err := b.login.EndPerson(t.Context(), b.people["dmp"].ID); err != nil { // told by the first gateway
		t.Fatal(err)
	}
	mari.closedWith(4401)
}

// A service that stops tells everybody to come back.
func TestLiveDrains(t *testing.T) {
	b := newBureau(t)
	ola := b.people["hdir"].watch(listen(t, b.Gateway))
	ola.at("hdir", "writes")
	ola.hears("at hdir: ", "at hdir: ")
	b.Drain(t.Context())
	ola.closedWith(4000)
	if feeds, connections, clients := b.Held(); feeds+connections+clients > 0 {
		t.Errorf("held are %d feeds, %d connections, %d clients", feeds, connections, clients)
	}
}
