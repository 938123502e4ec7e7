package gateway

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"kiveileder"
	"kiveileder/gateway/wire"
	"kiveileder/gateway/ws"
)

// A hub tells those who are in a conversation what is new in it.
type hub struct {
	mu    sync.Mutex // guards feeds
	feeds map[string]map[*feed]struct{}
}

// has reports whether anybody is in a conversation.
func (h *hub) has(key string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.feeds[key]) > 0
}

// all gives the feeds of everybody.
func (h *hub) all() []*feed {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []*feed
	for _, in := range h.feeds {
		for f := range in {
			out = append(out, f)
		}
	}
	return out
}

func newHub() *hub { return &hub{feeds: map[string]map[*feed]struct{}{}} }

func (h *hub) join(f *feed) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.feeds[f.key] == nil {
		h.feeds[f.key] = map[*feed]struct{}{}
	}
	h.feeds[f.key][f] = struct{}{}
}

func (h *hub) leave(f *feed) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.feeds[f.key], f)
	if len(h.feeds[f.key]) == 0 {
		delete(h.feeds, f.key)
	}
}

// in gives the feeds of a conversation.
func (h *hub) in(key string) []*feed {
	h.mu.Lock()
	defer h.mu.Unlock()
	feeds := make([]*feed, 0, len(h.feeds[key]))
	for f := range h.feeds[key] {
		feeds = append(feeds, f)
	}
	return feeds
}

// publish tells everybody in the conversation. It does not wait for anybody.
func (h *hub) publish(e kiveileder.Event) {
	n := news{Event: e}
	for _, f := range h.in(e.Key) {
		f.take(&n)
	}
}

// news is an event on its way to those who are in its conversation. All of them
// are sent the same frame, so it is encoded once.
type news struct {
	kiveileder.Event
	once  sync.Once
	frame any
}

// entry gives the frame of its entry. id is the conversation's.
func (n *news) entry(id string) any {
	n.once.Do(func() {
		frame := wire.EntryFrame(id, *n.Entry)
		n.frame = frame
		if b, err := wire.Encode(frame); err == nil { // else who sends it tells of the error
			n.frame = encoded{frame, b}
		}
	})
	return n.frame
}

// encoded is a frame with its bytes.
type encoded struct {
	frame any
	bytes []byte
}

// encode gives a frame's bytes.
func encode(frame any) ([]byte, error) {
	if e, ok := frame.(encoded); ok {
		return e.bytes, nil
	}
	return wire.Encode(frame)
}

// A line is where a feed's frames go. send does not wait and reports false
// when the line has ended; wait is for what may take its time.
type line interface {
	send(frame any) bool
	wait(frame any) bool
	// fail ends the line so that its client comes back.
	fail()
}

// recovery is how many entries a client that comes back is sent at most.
const recovery = 200

// A feed carries one conversation to one client: every entry after the
// client's position, each once, in order, without gaps. What the hub tells is
// only a hint that there is something new: an entry that does not follow on
// the last one is fetched with those before it from the store. So it does not
// matter whether the hub tells late, twice, in another order or not at all.
type feed struct {
	key, id string // of the conversation
	line    line
	read    func(ctx context.Context, key string, after int64, limit int) (kiveileder.Stream, error)
	log     *zap.Logger

	mu      sync.Mutex       // guards what follows; held while sending, so that the order holds
	at      int64            // offset of the last entry that was sent
	asked   int64            // offset of the newest message that was sent
	replied int64            // and of the one that was answered last
	want    int64            // the newest offset that is known of
	hints   int              // how often something was told that must be fetched
	filling bool             // somebody fetches entries and sends them
	looks   bool             // a look into the store is about to come
	opened  bool             // the frame opened and what had been missed were sent
	cases   map[string]int64 // seq of what was sent of each case
	ended   bool
}

// open sends the frame opened and all that the client has missed. The feed must
// be in the hub already, so that nothing falls between. id is the frame's.
func (f *feed) open(ctx context.Context, id string, from *wire.Position) error {
	after := int64(0)
	if from != nil {
		after = from.Offset
	}
	s, err := f.read(ctx, f.key, after, recovery)
	if err != nil {
		return err
	}
	o := wire.Opened{Type: wire.TypeOpened, ID: id, Conversation: f.id, Epoch: s.Epoch, Offset: s.Top}
	known := from == nil || from.Offset == 0 || from.Epoch == s.Epoch && from.Offset <= s.Top
	o.Recovered = known && !s.More
	f.mu.Lock()
	if o.Recovered {
		o.Missed = len(s.Entries)
		f.at = after
	} else {
		f.at = s.Top // the client loads what is before
	}
	f.mu.Unlock()
	f.line.wait(o)
	if o.Recovered {
		f.sendAll(s.Entries)
	}
	f.fill(ctx)
	f.mu.Lock()
	f.opened = true
	f.mu.Unlock()
	return nil
}

// take sends what is new, or has it fetched.
func (f *feed) take(e *news) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.ended:
	case e.Gone:
		f.ended = true
		f.line.send(wire.Gone{Type: wire.TypeGone, Conversation: f.id})
	case e.Stage != "" && f.filling: // before the frame opened it would mean nothing
	case e.Stage != "":
		f.line.send(wire.Progress{Type: wire.TypeProgress, Conversation: f.id, ID: e.ID, Stage: e.Stage})
	case e.Entry == nil: // of a newer version
	case e.Entry.Offset <= f.at: // sent already
	case e.Entry.Offset == f.at+1 && !f.filling:
		f.count(e.Entry)
		f.want = max(f.want, f.at)
		f.line.send(e.entry(f.id))
	default:
		f.fetch(e.Entry.Offset)
	}
}

// count notes that an entry is sent. The caller holds mu.
func (f *feed) count(e *kiveileder.Entry) {
	f.at = e.Offset
	if e.Answer == nil {
		f.asked = e.Offset
	} else {
		f.replied = e.ReplyTo
	}
}

// waits reports whether a message was sent whose answer was not.
func (f *feed) waits() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked > f.replied && !f.ended
}

// answered reports whether the answer to the message at an offset was sent.
// Messages are answered in their order.
func (f *feed) answered(offset int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.replied >= offset
}

// lookWithin has the store asked, at some time within spread, whether something
// is new that nobody told of. However often it is called meanwhile, one look is
// enough.
func (f *feed) lookWithin(spread time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.looks || f.ended {
		return
	}
	f.looks = true
	time.AfterFunc(ws.Jitter(spread), func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.looks = false; !f.ended {
			f.fetch(f.at + 1)
		}
	})
}

// fetch has entries up to an offset fetched and sent. The caller holds mu.
func (f *feed) fetch(upTo int64) {
	f.want = max(f.want, upTo)
	f.hints++
	if !f.filling {
		f.filling = true
		go f.fill(context.Background())
	}
}

// fill fetches and sends until nothing is missing. The caller has set filling.
func (f *feed) fill(ctx context.Context) {
	for {
		f.mu.Lock()
		after, hints := f.at, f.hints
		if f.want <= after || f.ended {
			f.filling = false
			f.mu.Unlock()
			return
		}
		f.mu.Unlock()
		s, err := f.read(ctx, f.key, after, recovery)
		if err == nil && len(s.Entries) > 0 && f.sendAll(s.Entries) {
			continue
		}
		switch kiveileder.ErrorCode(err) {
		case "":
		case kiveileder.CodeNotFound:
			f.take(&news{Event: kiveileder.Event{Key: f.key, Gone: true}})
		default:
			// what is missing may be an answer that somebody waits for: the client comes
			// back and asks for it
			if ctx.Err() == nil { // else the client has gone
				f.log.Error("entries could not be fetched", zap.Error(err))
			}
			f.line.fail()
		}
		f.mu.Lock()
		if f.hints == hints { // else what was told meanwhile may have been stored after the store was asked
			f.want = f.at
		}
		f.mu.Unlock()
	}
}

// sendAll sends entries and reports whether the line still stands.
func (f *feed) sendAll(entries []kiveileder.Entry) bool {
	for _, e := range entries {
		f.mu.Lock()
		known := e.Offset <= f.at || f.ended
		if !known {
			f.count(&e)
		}
		f.mu.Unlock()
		if !known && !f.line.wait(wire.EntryFrame(f.id, e)) {
			return false
		}
	}
	return true
}

func (f *feed) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
}

// over reports whether the feed brings nothing more.
func (f *feed) over() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ended
}
