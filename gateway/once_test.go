package gateway_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/gateway/wire"
	"kiveileder/services/conversation"
)

// A held dialogue answers when it is let, and counts how often it is asked.
type held struct {
	asked   atomic.Int32
	release chan struct{}
}

func newHeld() *held { return &held{release: make(chan struct{})} }

func (h *held) turn(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	h.asked.Add(1)
	select {
	case <-h.release:
	case <-ctx.Done():
		return kiveileder.Answer{}, ctx.Err()
	}
	return echo(ctx, t)
}

func (h *held) wasAsked(t *testing.T, times int32) {
	t.Helper()
	if n := h.asked.Load(); n != times {
		t.Errorf("the dialogue was asked %d times, want %d", n, times)
	}
}

// The same id is the same message, before its answer, while it is made, and
// after it; on the same connection, on another and over HTTP.
func TestSameMessage(t *testing.T) {
	d := newHeld()
	g, _ := open(t, gateway.Config{}, with(d.turn))
	s := listen(t, g)
	one, other := dial(t, s), dial(t, s)
	id := one.open("")
	other.open(id)

	one.ask(id, "a", "Hei")
	one.hears(`message a: 1 "Hei"`, "progress a: searching")
	other.hears(`message a: 1 "Hei"`, "progress a: searching")
	one.ask(id, "a", "Hei")
	other.ask(id, "a", "Hei, sier jeg") // its first text stands
	one.hearsNothing()
	other.hearsNothing()
	close(d.release)
	one.hears("answer a: 2 to 1 answered")
	other.hears("answer a: 2 to 1 answered")

	one.ask(id, "a", "Hei")
	one.hears(`message a: 1 "Hei"`, "answer a: 2 to 1 answered")
	_, got := get[map[string]frame](t, s, http.MethodPost, "/v1/conversation/messages", id, `{"id":"a","question":"Hei"}`)
	if m, a := got["message"].String(), got["answer"].String(); m != `message a: 1 "Hei"` || a != "answer a: 2 to 1 answered" {
		t.Errorf("posted again: %s, %s", m, a)
	}
	late := dial(t, s)
	late.ask(id, "a", "Hei")
	late.until(wire.TypeAnswer)
	other.hearsNothing()
	one.hearsNothing()
	d.wasAsked(t, 1)
}

// The same id in another conversation is another message.
func TestSameIDElsewhere(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	c := dial(t, listen(t, g))
	for range 2 {
		id := c.open("")
		c.ask(id, "a", "Hei")
		c.hears(asked("a", "Hei", 1)...)
	}
}

// Twenty at once are one message with one answer.
func TestSameMessageAtOnce(t *testing.T) {
	d := newHeld()
	g, _ := open(t, gateway.Config{}, with(d.turn))
	s := listen(t, g)
	id := newID(t, 0)
	var all sync.WaitGroup
	for range 10 {
		c := dial(t, s)
		all.Go(func() {
			c.ask(id, "a", "Hei")
			fs := c.until(wire.TypeAnswer)
			if last := fs[len(fs)-1].String(); last != "answer a: 2 to 1 answered" {
				t.Errorf("heard %s", lines(fs))
			}
		})
		all.Go(func() {
			_, got := get[map[string]frame](t, s, http.MethodPost, "/v1/conversation/messages", id, `{"id":"a","question":"Hei"}`)
			if a := got["answer"].String(); a != "answer a: 2 to 1 answered" {
				t.Errorf("posted: %s", a)
			}
		})
	}
	close(d.release)
	all.Wait()
	d.wasAsked(t, 1)
	_, page := get[page](t, s, http.MethodGet, "/v1/conversation", id, "")
	if page.Offset != 2 || len(page.Entries) != 2 {
		t.Errorf("the conversation holds %v", lines(page.Entries))
	}
	turns := `kiveileder_turns_total{status="answered"} 1`
	if text := do(g, call{path: "/metrics"}).Body.String(); !containsLine(text, turns) {
		t.Errorf("metrics lack %s", turns)
	}
}

// A page is what GET /v1/conversation gives.
type page struct {
	Conversation, Epoch string
	Offset              int64
	Entries             []frame
	More                bool
}

// Two windows see the same entries in the same order.
func TestTwoWindows(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	s := listen(t, g)
	windows := []*client{dial(t, s), dial(t, s)}
	id := newID(t, 0)
	for _, w := range windows {
		w.open(id)
	}
	const each = 10
	var all sync.WaitGroup
	seen := make([][]string, len(windows))
	for i, w := range windows {
		all.Go(func() {
			hear := func() frame {
				f := w.next()
				if f.Type == wire.TypeError {
					t.Errorf("heard %v", f)
				}
				if f.Offset > 0 {
					seen[i] = append(seen[i], fmt.Sprintf("%d %v", f.Offset, f))
				}
				return f
			}
			for n := range each {
				name := fmt.Sprintf("%d-%d", i, n)
				w.ask(id, name, "Hei")
				for f := hear(); f.Type != wire.TypeAnswer || f.ID != name; f = hear() {
				}
			}
			for len(seen[i]) < 4*each {
				hear()
			}
		})
	}
	all.Wait()
	if diff := cmp.Diff(seen[0], seen[1]); diff != "" {
		t.Errorf("(-one window +the other):\n%s", diff)
	}
	_, whole := get[page](t, s, http.MethodGet, "/v1/conversation", id, "")
	for i, f := range whole.Entries {
		if want := fmt.Sprintf("%d %v", i+1, f); seen[0][i] != want {
			t.Errorf("entry %d: seen %s, stored %s", i+1, seen[0][i], want)
		}
	}
}

// Messages are answered in their order, one at a time.
func TestAnswersInOrder(t *testing.T) {
	var now, most atomic.Int32
	g, _ := open(t, gateway.Config{}, with(func(ctx context.Context, turn kiveileder.Turn) (kiveileder.Answer, error) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		return echo(ctx, turn)
	}))
	c := dial(t, listen(t, g))
	for range 10 {
		id := c.open("")
		for i := range 8 {
			c.ask(id, fmt.Sprint("q", i+1), "Hei")
		}
		var order []string
		for len(order) < 8 {
			if f := c.next(); f.Type == wire.TypeAnswer {
				order = append(order, f.ID)
			}
		}
		if diff := cmp.Diff([]string{"q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8"}, order); diff != "" {
			t.Fatalf("answers (-want +got):\n%s", diff)
		}
		c.say(`{"type":"leave","id":"l","conversation":"` + id + `"}`)
	}
	if most.Load() != 1 {
		t.Errorf("%d at a time", most.Load())
	}
}

func TestInFlight(t *testing.T) {
	d := newHeld()
	g, _ := open(t, gateway.Config{}, with(d.turn))
	c := dial(t, listen(t, g), "Accept-Language", "en")
	ids := []string{c.open(""), c.open("")}
	for i := range 8 {
		c.ask(ids[i%2], fmt.Sprint("q", i+1), "Hei")
		c.until(wire.TypeMessage)
	}
	c.ask(ids[0], "q9", "Hei")
	fs := c.until(wire.TypeError)
	if f := fs[len(fs)-1]; f.String() != "error q9: rate_limited" || f.RetryAfter != 1 {
		t.Errorf("%+v", f)
	}
	close(d.release)
	for range 8 {
		c.until(wire.TypeAnswer)
	}
	c.ask(ids[0], "q9", "Hei")
	c.until(wire.TypeAnswer)
	d.wasAsked(t, 9)
}

// lingering tells of an answer long before it gives it.
type lingering struct {
	gateway.Conversations
	release chan struct{}
}

func (l lingering) Answer(ctx context.Context, key string, offset int64) (kiveileder.Entry, error) {
	e, err := l.Conversations.Answer(ctx, key, offset)
	<-l.release
	return e, err
}

// Who has heard an answer waits for it no more, also when those who made it
// have not come to an end.
func TestHeardIsNotInFlight(t *testing.T) {
	release := make(chan struct{})
	g, _ := open(t, gateway.Config{}, func(d *gateway.Deps) {
		d.Conversations = lingering{d.Conversations, release}
	})
	c := dial(t, listen(t, g))
	id := ""
	for i := range 8 {
		id = c.open("")
		c.ask(id, fmt.Sprint("q", i+1), "Hei")
		c.until(wire.TypeAnswer)
	}
	c.ask(id, "q9", "Hei")
	if f := c.next(); f.Type != wire.TypeMessage || f.ID != "q9" {
		t.Errorf("%+v", f)
	}
	close(release)
	c.until(wire.TypeAnswer)
}

// What the hub tells is a hint: told late, twice, in another order or in part,
// every entry arrives once and in order.
func TestToldInDisorder(t *testing.T) {
	for _, c := range []struct {
		name string
		told func(n int) []int // entries, counted from 0
	}{
		{"in order", func(n int) []int { return upTo(n) }},
		{"backwards", func(n int) (out []int) {
			for i := range n {
				out = append(out, n-1-i)
			}
			return out
		}},
		{"twice", func(n int) []int { return append(upTo(n), upTo(n)...) }},
		{"the last alone", func(n int) []int { return []int{n - 1} }},
		{"every other, and the last", func(n int) (out []int) {
			for i := 0; i < n; i += 2 {
				out = append(out, i)
			}
			return append(out, n-1)
		}},
		{"shuffled", func(n int) []int { return rand.Perm(n) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := conversation.NewMemory("epoch")
			events := &localBus{}
			g, _ := open(t, gateway.Config{}, func(d *gateway.Deps) { over(store, echo)(d); d.Events = events })
			conn := dial(t, listen(t, g))
			id := conn.open("")
			fill(t, store, id, 150)
			s, err := store.Read(t.Context(), keyOf(t, id), 0, 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range c.told(len(s.Entries)) {
				_ = events.Publish(t.Context(), kiveileder.Event{Key: keyOf(t, id), Entry: &s.Entries[i]})
			}
			for i := range s.Entries {
				if f := conn.next(); f.Offset != int64(i+1) || f.Conversation != id {
					t.Fatalf("heard %v, want offset %d", f, i+1)
				}
			}
			conn.hearsNothing()
		})
	}
}

func upTo(n int) (out []int) {
	for i := range n {
		out = append(out, i)
	}
	return out
}
