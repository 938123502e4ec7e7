package bus

import (
	"sync"

	"kiveileder"
)

// queueSize is how many events wait for a slow subscriber. What is over it is
// left out, which the subscriber is told.
const queueSize = 1024

// A fan passes events on to the subscribers of this process.
type fan struct {
	mu   sync.Mutex // guards what follows
	up   bool       // events of all processes come
	subs map[*subscriber]struct{}

	lost func() // told when an event is left out; nil for nobody
}

// Subscribe implements Bus.
func (f *fan) Subscribe(wants func(key string) bool, take func(kiveileder.Event), changed func(up bool)) (stop func()) {
	s := &subscriber{wants: wants, take: take, changed: changed}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.subs == nil {
		f.subs = map[*subscriber]struct{}{}
	}
	f.subs[s] = struct{}{}
	if f.up {
		s.put(item{kind: isUp})
	}
	return func() {
		f.mu.Lock()
		delete(f.subs, s)
		f.mu.Unlock()
		s.end()
	}
}

// tell passes an event on. It is decoded only when somebody wants it; one that
// can't be is missing to those.
func (f *fan) tell(key string, decode func() (kiveileder.Event, bool)) {
	f.mu.Lock()
	defer f.mu.Unlock() // so that all see the same order
	var e kiveileder.Event
	decoded, ok := false, false
	for s := range f.subs {
		if s.wants != nil && !s.wants(key) {
			continue
		}
		if !decoded {
			e, ok = decode()
			decoded = true
		}
		if !ok {
			s.put(item{kind: isGap})
		} else if !s.put(item{event: e}) && f.lost != nil {
			f.lost()
		}
	}
}

// gap tells all that something may be missing.
func (f *fan) gap() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for s := range f.subs {
		s.put(item{kind: isGap})
	}
}

// set tells all whether events come.
func (f *fan) set(up bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.up == up {
		return
	}
	f.up = up
	for s := range f.subs {
		if up {
			s.put(item{kind: isUp})
		} else {
			s.put(item{kind: isDown})
		}
	}
}

type kind int

const (
	isEvent kind = iota
	isUp
	isDown
	isGap // down and up again
)

type item struct {
	kind  kind
	event kiveileder.Event
}

// A subscriber has a queue, which a goroutine works off while there is
// something in it.
type subscriber struct {
	wants   func(string) bool
	take    func(kiveileder.Event)
	changed func(bool)

	mu      sync.Mutex // guards what follows
	queue   []item
	events  int  // in queue
	running bool // the goroutine
	ended   bool
	up      bool // as changed was last told; used by the goroutine alone
}

// put adds to the queue; it is false when there was no room. It does not wait.
func (s *subscriber) put(i item) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return true
	}
	full := i.kind == isEvent && s.events >= queueSize
	if full {
		i = item{kind: isGap}
	}
	if n := len(s.queue); i.kind == isGap && n > 0 && s.queue[n-1].kind == isGap {
		return !full // one gap will do
	}
	if i.kind == isEvent {
		s.events++
	}
	s.queue = append(s.queue, i)
	if !s.running {
		s.running = true
		go s.run()
	}
	return !full
}

func (s *subscriber) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.queue, s.events = nil, 0
}

func (s *subscriber) run() {
	for {
		s.mu.Lock()
		if len(s.queue) == 0 {
			s.queue, s.running = nil, false
			s.mu.Unlock()
			return
		}
		i := s.queue[0]
		s.queue[0] = item{}
		s.queue = s.queue[1:]
		if i.kind == isEvent {
			s.events--
		}
		s.mu.Unlock()
		switch i.kind {
		case isEvent:
			s.take(i.event)
		case isUp:
			s.change(true)
		case isDown:
			s.change(false)
		case isGap:
			if s.up { // else it looks anyway when events come again
				s.change(false)
				s.change(true)
			}
		}
	}
}

func (s *subscriber) change(up bool) {
	if s.up == up {
		return
	}
	s.up = up
	if s.changed != nil {
		s.changed(up)
	}
}
