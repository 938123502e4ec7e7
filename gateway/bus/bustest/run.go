// Package bustest is the suite that every bus.Bus passes.
package bustest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/gateway/bus"
	"kiveileder/internal/filltest"
)

// Run runs the suite. open gives two ends of one empty bus, which may be the
// same, and closes them when the test ends.
func Run(t *testing.T, open func(t *testing.T) (a, b bus.Bus)) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, a, b bus.Bus)
	}{
		{"everything comes as it was", testWhole},
		{"in order, once, at both ends", testOrder},
		{"only what is wanted", testWants},
		{"keys are taken as they come", testKeys},
		{"a slow subscriber holds up nobody and is told of the gap", testSlow},
		{"nothing after stop", testStop},
		{"many at once", testMany},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, b := open(t)
			c.test(t, a, b)
		})
	}
}

// A Listener keeps what a subscriber is told.
type Listener struct {
	mu      sync.Mutex // guards what follows
	events  []kiveileder.Event
	changes []bool
}

// Listen subscribes and waits until events come.
func Listen(t testing.TB, b bus.Bus, wants func(string) bool) *Listener {
	t.Helper()
	l := &Listener{}
	t.Cleanup(b.Subscribe(wants, l.take, l.changed))
	Eventually(t, "events come", func() bool { return slices.Equal(l.Changes(), []bool{true}) })
	return l
}

func (l *Listener) take(e kiveileder.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

func (l *Listener) changed(up bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changes = append(l.changes, up)
}

// Events gives what came.
func (l *Listener) Events() []kiveileder.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events)
}

// Changes gives what was told of the bus.
func (l *Listener) Changes() []bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.changes)
}

// IDs gives the messages' ids of what came.
func (l *Listener) IDs() []string {
	var ids []string
	for _, e := range l.Events() {
		ids = append(ids, e.ID)
	}
	return ids
}

// Eventually waits until something holds.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not come about: %s", what)
		}
	}
}

func publish(t testing.TB, b bus.Bus, e kiveileder.Event) {
	t.Helper()
	if err := b.Publish(t.Context(), e); err != nil {
		t.Errorf("Publish: %v", err)
	}
}

func testWhole(t *testing.T, a, b bus.Bus) {
	l := Listen(t, b, nil)
	e := filltest.Value[kiveileder.Entry]("Svar")
	want := []kiveileder.Event{
		{Key: "k", Entry: &e},
		{Key: "k", Entry: &kiveileder.Entry{Offset: 1, ID: "m", At: time.Date(2026, 11, 22, 9, 30, 0, 123456000, time.UTC), Text: "Må vi søke REK? 👩🏽‍⚕️"}},
		{Key: "k", ID: "m", Stage: kiveileder.Searching},
		{Key: "k", Gone: true},
		{Key: "k"},
	}
	for _, e := range want {
		publish(t, a, e)
	}
	Eventually(t, "all come", func() bool { return len(l.Events()) == len(want) })
	if d := cmp.Diff(want, l.Events()); d != "" {
		t.Errorf("-published +taken:\n%s", d)
	}
}

func testOrder(t *testing.T, a, b bus.Bus) {
	at, bt := Listen(t, a, nil), Listen(t, b, nil)
	var want []string
	for i := range 500 {
		want = append(want, fmt.Sprint(i))
		publish(t, a, kiveileder.Event{Key: "k", ID: want[i]})
	}
	for _, l := range []*Listener{at, bt} {
		Eventually(t, "all come", func() bool { return len(l.Events()) >= len(want) })
	}
	publish(t, a, kiveileder.Event{Key: "k", ID: "last"}) // what came twice would be there by then
	for _, l := range []*Listener{at, bt} {
		Eventually(t, "the last comes", func() bool { return len(l.Events()) > len(want) })
		if d := cmp.Diff(append(slices.Clone(want), "last"), l.IDs()); d != "" {
			t.Errorf("-published +taken:\n%s", d)
		}
	}
}

func testWants(t *testing.T, a, b bus.Bus) {
	l := Listen(t, b, func(key string) bool { return key == "mine" })
	all := Listen(t, b, nil)
	for _, key := range []string{"mine", "other", "mine", "mine2", ""} {
		publish(t, a, kiveileder.Event{Key: key, ID: key})
	}
	Eventually(t, "all come", func() bool { return len(all.Events()) == 5 })
	Eventually(t, "the wanted come", func() bool { return len(l.Events()) == 2 })
	if d := cmp.Diff([]string{"mine", "mine"}, l.IDs()); d != "" {
		t.Error(d)
	}
}

func testKeys(t *testing.T, a, b bus.Bus) {
	l := Listen(t, b, nil)
	long := make([]byte, 100_000)
	keys := []string{"", " ", "å", "{a}b", "}", "*", "a\x00b", "\x00", "\xff\xfe", "a\r\nb", "👍", string(long)}
	for _, k := range keys {
		publish(t, a, kiveileder.Event{Key: k, Gone: true})
	}
	Eventually(t, "all come", func() bool { return len(l.Events()) == len(keys) })
	for i, e := range l.Events() {
		if e.Key != keys[i] {
			t.Errorf("key %q came as %q", keys[i], e.Key)
		}
	}
}

func testSlow(t *testing.T, a, b bus.Bus) {
	const events = 5000
	hold, quick := make(chan struct{}), Listen(t, b, nil)
	slow := &Listener{}
	t.Cleanup(b.Subscribe(nil, func(e kiveileder.Event) { <-hold; slow.take(e) }, slow.changed))
	Eventually(t, "events come", func() bool { return len(slow.Changes()) == 1 })
	for i := range events {
		publish(t, a, kiveileder.Event{Key: "k", ID: fmt.Sprint(i)})
		if i%500 == 0 { // the quick one must not become slow by itself
			Eventually(t, "it keeps up", func() bool { return len(quick.Events()) == i+1 })
		}
	}
	Eventually(t, "the quick one has all", func() bool { return len(quick.Events()) == events })
	close(hold)
	publish(t, a, kiveileder.Event{Key: "k", ID: "last"})
	Eventually(t, "the slow one is told", func() bool { return slices.Equal(slow.Changes(), []bool{true, false, true}) })
	Eventually(t, "the slow one goes on", func() bool {
		ids := slow.IDs()
		return len(ids) > 0 && ids[len(ids)-1] == "last" || len(ids) < events
	})
	if n := len(slow.Events()); n >= events {
		t.Errorf("%d events waited", n)
	}
	if got := quick.Changes(); len(got) != 1 {
		t.Errorf("the quick one was told %v", got)
	}
}

func testStop(t *testing.T, a, b bus.Bus) {
	l, other := &Listener{}, Listen(t, b, nil)
	stop := b.Subscribe(nil, l.take, nil)
	publish(t, a, kiveileder.Event{Key: "k", ID: "1"})
	Eventually(t, "it comes", func() bool { return len(l.Events()) == 1 && len(other.Events()) == 1 })
	stop()
	stop()
	publish(t, a, kiveileder.Event{Key: "k", ID: "2"})
	Eventually(t, "it comes to the other", func() bool { return len(other.Events()) == 2 })
	if n := len(l.Events()); n != 1 {
		t.Errorf("%d events after stop", n-1)
	}
}

func testMany(t *testing.T, a, b bus.Bus) {
	const publishers, each, subscribers = 8, 50, 20
	var ls []*Listener
	for i := range subscribers {
		ls = append(ls, Listen(t, []bus.Bus{a, b}[i%2], nil))
	}
	var wg sync.WaitGroup
	for p := range publishers {
		wg.Go(func() {
			for i := range each {
				publish(t, []bus.Bus{a, b}[p%2], kiveileder.Event{Key: fmt.Sprint(p), ID: fmt.Sprint(i)})
			}
		})
	}
	for i := range 20 { // who comes and goes meanwhile disturbs nobody
		wg.Go(func() {
			(&Listener{}).around([]bus.Bus{a, b}[i%2])
		})
	}
	wg.Wait()
	for _, l := range ls {
		Eventually(t, "all come", func() bool { return len(l.Events()) == publishers*each })
		next := map[string]int{}
		for _, e := range l.Events() {
			if e.ID != fmt.Sprint(next[e.Key]) {
				t.Fatalf("of publisher %s came %s, want %d", e.Key, e.ID, next[e.Key])
			}
			next[e.Key]++
		}
	}
}

func (l *Listener) around(b bus.Bus) {
	for range 20 {
		b.Subscribe(nil, l.take, l.changed)()
	}
}
