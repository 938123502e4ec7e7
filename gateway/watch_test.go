package gateway_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/services/conversation"
)

// A slowStore answers the readers of feeds late: with what it had when they
// asked, once they are let.
type slowStore struct {
	conversation.Store
	slow  atomic.Bool
	asked chan struct{} // told of each slow read
	let   chan struct{}
}

func newSlowStore() *slowStore {
	return &slowStore{Store: conversation.NewMemory("epoch"), asked: make(chan struct{}, 10_000), let: make(chan struct{})}
}

func (s *slowStore) Read(ctx context.Context, key string, after int64, limit int) (kiveileder.Stream, error) {
	slow := s.slow.Load() && limit < kiveileder.MaxEntries // else the dialogue reads
	got, err := s.Store.Read(ctx, key, after, limit)
	if slow {
		s.asked <- struct{}{}
		<-s.let
	}
	return got, err
}

// watched gives a gateway over a slow store, and what tells it that events come
// again.
func watched(t *testing.T, s *slowStore) (*gateway.Gateway, func()) {
	t.Helper()
	events := &localBus{}
	g, _ := open(t, gateway.Config{}, func(d *gateway.Deps) {
		d.Conversations, d.Events = conversation.New(s, fakeDialogue(echo), events), events
	})
	return g, func() { events.changed(true) }
}

// What is told while the store is asked whether something is new may have been
// stored after it was asked.
func TestToldWhileLooking(t *testing.T) {
	store := newSlowStore()
	g, back := watched(t, store)
	s := listen(t, g)
	reader := dial(t, s)
	id := reader.open("")

	store.slow.Store(true)
	back()
	<-store.asked // who has seen nothing new
	store.slow.Store(false)
	get[map[string]frame](t, s, http.MethodPost, "/v1/conversation/messages", id, `{"id":"a","question":"Hei"}`)
	close(store.let)
	reader.hears(`message a: 1 "Hei"`, "answer a: 2 to 1 answered")
}

// However often events stop and come again, the store is asked once for all of
// what was missed.
func TestLooksOnce(t *testing.T) {
	store := newSlowStore()
	close(store.let)
	g, back := watched(t, store)
	c := dial(t, listen(t, g))
	for range 8 {
		c.open("")
	}
	store.slow.Store(true)
	const times = 100
	for range times {
		back()
	}
	time.Sleep(100 * time.Millisecond) // the looks of eight are spread over 4 ms
	if n := len(store.asked); n < 8 || n > 8*times/4 {
		t.Errorf("the store was asked %d times by 8 feeds that were told %d times", n, times)
	}
}
