package bus_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/gateway/bus"
	"kiveileder/gateway/bus/bustest"
	"kiveileder/internal/stacktest"
)

func TestMain(m *testing.M) { stacktest.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	bustest.Run(t, func(*testing.T) (bus.Bus, bus.Bus) {
		m := bus.NewMemory()
		return m, m
	})
}

func TestRedis(t *testing.T) {
	bustest.Run(t, func(t *testing.T) (bus.Bus, bus.Bus) {
		address, prefix := stacktest.Redis(t)
		return open(t, address, prefix), open(t, address, prefix)
	})
}

// Two ends of one process behave as the two of two.
func TestRedisOneEnd(t *testing.T) {
	bustest.Run(t, func(t *testing.T) (bus.Bus, bus.Bus) {
		b := open(t, first(stacktest.Redis(t)), "")
		return b, b
	})
}

func first(address, prefix string) string { return address }

func open(t testing.TB, address, prefix string) *bus.Redis {
	t.Helper()
	if prefix == "" {
		_, prefix = stacktest.Redis(t)
	}
	b := bus.NewRedis(stacktest.OpenRedis(t, address, prefix), nil)
	t.Cleanup(b.Close)
	return b
}

func event(id string) kiveileder.Event {
	return kiveileder.Event{Key: "k", ID: id, Entry: &kiveileder.Entry{Offset: 1, ID: id}}
}

// Whatever the line does: who is in the same process hears at once, nobody
// waits for long, others are told that they may have missed something, and
// hear late what they have missed.
func TestFaults(t *testing.T) {
	address, prefix := stacktest.Redis(t)
	for _, w := range []stacktest.Way{stacktest.Cut, stacktest.Slow(3 * time.Second), stacktest.Silent, stacktest.Reset} {
		t.Run(w.Name, func(t *testing.T) {
			t.Parallel()
			through, fault := stacktest.Proxy(t, address)
			near, far := open(t, through, prefix+w.Name), open(t, address, prefix+w.Name)
			here, there := bustest.Listen(t, near, nil), bustest.Listen(t, far, nil)
			if err := near.Publish(t.Context(), event("before")); err != nil {
				t.Error(err)
			}
			w.Spoil(fault)
			var want []string
			for i := range 20 {
				start := time.Now()
				want = append(want, fmt.Sprint(i))
				if err := near.Publish(t.Context(), event(want[i])); err == nil {
					t.Error("an event was published while Redis was away")
				}
				if took := time.Since(start); took > 5*time.Second {
					t.Errorf("publishing took %v", took)
				}
			}
			bustest.Eventually(t, "who is here hears all", func() bool { return len(here.Events()) == 21 })
			bustest.Eventually(t, "who is here is told", func() bool { return slices.Equal(here.Changes(), []bool{true, false}) })
			_ = far.Publish(t.Context(), event("missed"))
			fault.Mend()
			bustest.Eventually(t, "events come again", func() bool { return slices.Equal(here.Changes(), []bool{true, false, true}) })
			bustest.Eventually(t, "who is there hears late", func() bool {
				ids := there.IDs()
				return !slices.ContainsFunc(want, func(id string) bool { return !slices.Contains(ids, id) })
			})
			if err := near.Publish(t.Context(), event("after")); err != nil {
				t.Errorf("mended: %v", err)
			}
			if err := far.Publish(t.Context(), event("after too")); err != nil {
				t.Errorf("mended: %v", err)
			}
			for _, l := range []*bustest.Listener{here, there} {
				bustest.Eventually(t, "both hear again", func() bool { return slices.Contains(l.IDs(), "after") && slices.Contains(l.IDs(), "after too") })
			}
			if got := there.Changes(); !got[len(got)-1] {
				t.Errorf("who was not cut off was told %v", got)
			} else if len(got) > 1 { // a call of its own was too slow, on a busy machine
				t.Logf("who was not cut off was told %v", got)
			}
		})
	}
}

// Who was away for long tells others that they may have missed something.
func TestManyOwed(t *testing.T) {
	address, prefix := stacktest.Redis(t)
	through, fault := stacktest.Proxy(t, address)
	near, far := open(t, through, prefix), open(t, address, prefix)
	there := bustest.Listen(t, far, nil)
	fault.Cut()
	for i := range 2500 {
		_ = near.Publish(t.Context(), event(fmt.Sprint(i)))
	}
	fault.Mend()
	bustest.Eventually(t, "others are told", func() bool { return slices.Equal(there.Changes(), []bool{true, false, true}) })
}

func TestNotThereAtFirst(t *testing.T) {
	address, prefix := stacktest.Redis(t)
	through, fault := stacktest.Proxy(t, address)
	fault.Cut()
	b := open(t, through, prefix)
	l := &sync.Map{}
	defer b.Subscribe(nil, func(e kiveileder.Event) { l.Store(e.ID, true) }, func(up bool) { l.Store(up, true) })()
	_ = b.Publish(t.Context(), event("x"))
	bustest.Eventually(t, "who is here hears", func() bool { _, ok := l.Load("x"); return ok })
	if _, ok := l.Load(true); ok {
		t.Error("told that events come")
	}
	fault.Mend()
	bustest.Eventually(t, "events come", func() bool { _, ok := l.Load(true); return ok })
	if _, ok := l.Load(false); ok {
		t.Error("told that events no longer come, before they did")
	}
}

// What can't be read may be of a newer version: something may be missing.
func TestUnreadable(t *testing.T) {
	address, prefix := stacktest.Redis(t)
	b := open(t, address, prefix)
	c := stacktest.OpenRedis(t, address, prefix)
	for i, msg := range []string{"", "x", "\x02aaaaaaaa", "\x01aaaaaaaa\xff", "\x01aaaaaaaa\x7fkey", "\x01aaaaaaaa\x01k{", "\x01aaaaaaaa\x01k", "\x01aaaaaaaa"} {
		l := bustest.Listen(t, b, nil)
		if err := c.Publish(t.Context(), prefix+"events", msg).Err(); err != nil {
			t.Fatal(err)
		}
		bustest.Eventually(t, fmt.Sprint("told of message ", i), func() bool { return slices.Equal(l.Changes(), []bool{true, false, true}) })
		if n := len(l.Events()); n > 0 {
			t.Errorf("message %d was taken", i)
		}
	}
}
