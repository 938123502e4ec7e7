package gateway

import (
	"context"
	"sync"

	"kiveileder"
)

// A flight is an answer that is being made. However many wait for it, it is
// made once.
type flight struct {
	done  chan struct{} // closed when the answer is there
	entry kiveileder.Entry
	err   error
	old   bool // it was there before
}

// wait gives the answer, unless the context ends first.
func (f *flight) wait(ctx context.Context) (kiveileder.Entry, error) {
	select {
	case <-f.done:
		return f.entry, f.err
	case <-ctx.Done():
		return kiveileder.Entry{}, ctx.Err()
	}
}

// over reports whether the answer is there.
func (f *flight) over() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

// landed gives a flight that has ended already.
func landed(e kiveileder.Entry, err error) *flight {
	f := &flight{done: make(chan struct{}), entry: e, err: err, old: err == nil}
	close(f.done)
	return f
}

// A lane holds the flights of one conversation. Each waits for the one before
// it, so that messages are answered in their order.
type lane struct {
	users int // guarded by lanes.mu

	mu      sync.Mutex        // guards what follows; held while a message is stored, so that flights begin in the order of offsets
	flights map[int64]*flight // by the offset of the message
	last    *flight
}

// lanes are those that are in use.
type lanes struct {
	mu    sync.Mutex
	byKey map[string]*lane
}

func (l *lanes) enter(key string) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byKey == nil {
		l.byKey = map[string]*lane{}
	}
	x := l.byKey[key]
	if x == nil {
		x = &lane{flights: map[int64]*flight{}}
		l.byKey[key] = x
	}
	x.users++
	return x
}

func (l *lanes) leave(key string, x *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x.users--; x.users == 0 {
		delete(l.byKey, key)
	}
}

// accept stores a message and tells everybody in its conversation, which
// acknowledges it. The flight brings its answer, also when the one who asked
// has gone meanwhile. Error: errStopping when the service stops.
func (g *Gateway) accept(ctx context.Context, key string, p kiveileder.Post) (m kiveileder.Entry, f *flight, err error) {
	l := g.lanes.enter(key)
	defer g.lanes.leave(key, l)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !g.turns.begin() { // not stored either: who asks comes back and asks another gateway, not waiting for a restart of this one
		return m, nil, errStopping
	}
	flies := false
	defer func() {
		if !flies {
			g.turns.end()
		}
	}()
	m, answer, err := g.Conversations.Accept(ctx, key, p)
	if err != nil {
		return m, nil, err
	}
	g.hub.publish(kiveileder.Event{Key: key, Entry: &m})
	switch f := l.flights[m.Offset]; {
	case answer != nil:
		return m, landed(*answer, nil), nil
	case f != nil:
		return m, f, nil
	}
	flies = true
	f = &flight{done: make(chan struct{})}
	before := l.last
	l.last, l.flights[m.Offset] = f, f
	g.lanes.enter(key)
	ctx = context.WithoutCancel(ctx)
	go func() {
		defer g.turns.end()
		defer g.lanes.leave(key, l)
		f.entry, f.err = g.answer(ctx, key, m, before)
		l.mu.Lock()
		delete(l.flights, m.Offset)
		l.mu.Unlock()
		close(f.done) // before it is told: who has heard it waits for nothing
		if f.err == nil {
			g.hub.publish(kiveileder.Event{Key: key, Entry: &f.entry})
		}
	}()
	return m, f, nil
}
