package courier

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kiveileder/services/guidance"
	"kiveileder/services/guidance/mail"
)

// A box is a mailbox in memory.
type box struct {
	mu      sync.Mutex
	mails   []mail.Waiting
	settled map[string]bool // by id: refused
	at      int
	err     error
	looks   []time.Time
}

func (b *box) Next(context.Context) (mail.Waiting, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at == 0 {
		b.looks = append(b.looks, time.Now())
	}
	for ; b.at < len(b.mails) && b.err == nil; b.at++ {
		if _, done := b.settled[b.mails[b.at].ID]; !done {
			b.at++
			return b.mails[b.at-1], true, nil
		}
	}
	b.at = 0
	return mail.Waiting{}, false, b.err
}

func (b *box) Settle(_ context.Context, id string, refused bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settled[id] = refused
	return nil
}

func TestDrain(t *testing.T) {
	w := newWorld(t, nil)
	w.opens(guidance.ReceivedData{}, kari)
	receipt := want(t, w.works(), mail.Receipt)
	first := from(receipt, "Ja.")
	b := &box{settled: map[string]bool{}, mails: []mail.Waiting{
		{ID: "1", Raw: first}, {ID: "2", Raw: []byte("junk")}, {ID: "3", Raw: first},
		{ID: "4", Raw: []byte("From: k@example.org\r\n\r\nHei.\r\n")}, {ID: "5", Raw: from(receipt, "Og mer.")},
	}}
	away := &dying{Store: w.store, left: 1} // the first mail meets a store that is away
	w.Inbound.service = guidance.New(guidance.Config{Store: away, Now: w.clock})
	if err := w.drain(t.Context(), b); !errors.Is(err, errDied) {
		t.Errorf("got %v", err)
	}
	if len(b.settled) != 2 || !b.settled["2"] || !b.settled["4"] {
		t.Errorf("settled while the store is away: %v", b.settled)
	}
	w.Inbound.service = w.Service
	if err := w.drain(t.Context(), b); err != nil {
		t.Error(err)
	}
	if len(b.settled) != 5 || b.settled["1"] || b.settled["3"] || b.settled["5"] {
		t.Errorf("settled %v", b.settled)
	}
	if got := w.snap().Case.Added; len(got) != 2 {
		t.Errorf("added %+v", got)
	}
}

// The mailbox is looked into again and again, less often while it fails.
func TestPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &box{settled: map[string]bool{}, err: errors.New("away")}
		w := newWorld(t, func(c *Config) { c.Mailbox = b })
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _ = w.Run(ctx) })
		time.Sleep(4 * time.Minute)
		b.mu.Lock()
		b.err = nil
		b.mu.Unlock()
		time.Sleep(6 * time.Minute)
		cancel()
		wg.Wait()
		var at []int
		for _, l := range b.looks[:9] {
			at = append(at, int(l.Sub(began).Seconds()))
		}
		if !slices.Equal(at, []int{0, 30, 90, 210, 450, 480, 510, 540, 570}) {
			t.Errorf("looked at %v", at)
		}
		if n := w.figure("kiveileder_mailbox_errors_total", ""); n != 4 {
			t.Errorf("%v looks failed, want 4", n)
		}
	})
}
