// Package mailtest holds what every outbox must keep to.
package mailtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kiveileder/services/guidance/mail"
)

// A Box is an outbox and a way to put mails in.
type Box interface {
	mail.Outbox
	Add(t testing.TB, it mail.Item, due time.Time)
}

// Outbox runs the suite; open gives an empty outbox.
func Outbox(t *testing.T, open func(t *testing.T) Box) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	item := func(id string) mail.Item {
		return mail.Item{ID: id, Case: "c-" + id, Seq: 3, Kind: mail.Answer, At: now.Add(-time.Hour)}
	}
	take := func(t *testing.T, b Box, at time.Time) (mail.Item, bool) {
		t.Helper()
		it, ok, err := b.Due(t.Context(), at, at.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		return it, ok
	}
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	none := func(t *testing.T, b Box, at time.Time) {
		t.Helper()
		if it, ok := take(t, b, at); ok {
			t.Errorf("took %s at %s; nothing should be due", it.ID, at)
		}
	}

	t.Run("the longest due first, none before its time", func(t *testing.T) {
		b := open(t)
		b.Add(t, item("b"), now)
		b.Add(t, item("a"), now.Add(-time.Second))
		b.Add(t, item("later"), now.Add(time.Hour))
		for _, want := range []string{"a", "b"} {
			it, ok := take(t, b, now)
			if !ok || it.ID != want || it.Attempt != 1 || it.Case != "c-"+want || it.Seq != 3 || it.Kind != mail.Answer || !it.At.Equal(now.Add(-time.Hour)) {
				t.Errorf("took %+v, %v; want %s, whole", it, ok, want)
			}
		}
		none(t, b, now)
	})
	t.Run("what is done does not come back", func(t *testing.T) {
		b := open(t)
		b.Add(t, item("a"), now)
		it, _ := take(t, b, now)
		must(t, b.Done(t.Context(), it, mail.Sent, "x@y"))
		none(t, b, now.Add(time.Hour))
		if err := b.Done(t.Context(), it, mail.Sent, "x@y"); !errors.Is(err, mail.ErrLost) {
			t.Errorf("done twice: %v", err)
		}
	})
	t.Run("what failed comes back at its time, counted", func(t *testing.T) {
		b := open(t)
		b.Add(t, item("a"), now)
		it, _ := take(t, b, now)
		must(t, b.Failed(t.Context(), it, now.Add(10*time.Second), "away"))
		none(t, b, now.Add(9*time.Second))
		if it, ok := take(t, b, now.Add(10*time.Second)); !ok || it.Attempt != 2 {
			t.Errorf("took %+v, %v; want attempt 2", it, ok)
		}
	})
	t.Run("what is dead stays", func(t *testing.T) {
		b := open(t)
		b.Add(t, item("a"), now)
		it, _ := take(t, b, now)
		must(t, b.Dead(t.Context(), it, "refused"))
		none(t, b, now.Add(100*time.Hour))
	})
	t.Run("a lease that ran out is another's", func(t *testing.T) {
		b := open(t)
		b.Add(t, item("a"), now)
		first, _ := take(t, b, now)
		none(t, b, now.Add(59*time.Second))
		second, ok := take(t, b, now.Add(time.Minute))
		if !ok || second.Attempt != 2 {
			t.Fatalf("took %+v, %v; want attempt 2", second, ok)
		}
		for name, err := range map[string]error{
			"done":   b.Done(t.Context(), first, mail.Sent, "x@y"),
			"failed": b.Failed(t.Context(), first, now, "away"),
			"dead":   b.Dead(t.Context(), first, "refused"),
		} {
			if !errors.Is(err, mail.ErrLost) {
				t.Errorf("%s by the one who lost it: %v", name, err)
			}
		}
		must(t, b.Done(t.Context(), second, mail.Sent, "x@y"))
	})
	t.Run("added twice is one", func(t *testing.T) {
		b := open(t)
		b.Add(t, item("a"), now)
		it, _ := take(t, b, now)
		must(t, b.Done(t.Context(), it, mail.Sent, "x@y"))
		b.Add(t, item("a"), now)
		none(t, b, now.Add(time.Hour))
	})
	t.Run("many workers take each mail once", func(t *testing.T) {
		b := open(t)
		const mails = 40
		for i := range mails {
			b.Add(t, item(fmt.Sprintf("m%02d", i)), now)
		}
		var taken atomic.Int64
		var seen sync.Map
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					it, ok, err := b.Due(context.WithoutCancel(t.Context()), now, now.Add(time.Minute))
					if err != nil {
						t.Error(err)
						return
					}
					if !ok {
						return
					}
					taken.Add(1)
					if _, twice := seen.LoadOrStore(it.ID, true); twice {
						t.Errorf("%s taken twice", it.ID)
					}
				}
			})
		}
		wg.Wait()
		// A store may find nothing while others hold their rows; the rest is
		// there for the next look.
		for {
			if _, ok := take(t, b, now); !ok {
				break
			}
			taken.Add(1)
		}
		if taken.Load() != mails {
			t.Errorf("%d of %d taken", taken.Load(), mails)
		}
	})
}
