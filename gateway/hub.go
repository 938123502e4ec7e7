package gateway

import (
	"context"
	"sync"

	"go.uber.org/zap"

	"kiveileder"
	"kiveileder/gateway/wire"
)

// An event is something new in a conversation: an entry, a stage of an answer
// under way, or that the conversation is gone.
type event struct {
	key   string // of the conversation
	entry kiveileder.Entry
	id    string // of the message that a stage belongs to
	stage kiveileder.Stage
	gone  bool
}

// A hub tells those who are in a conversation what is new in it.
type hub struct {
	mu    sync.Mutex // guards feeds
	feeds map[string]map[*feed]struct{}
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

// publish tells everybody in the conversation. It does not wait for anybody.
func (h *hub) publish(e event) {
	h.mu.Lock()
	feeds := make([]*feed, 0, len(h.feeds[e.key]))
	for f := range h.feeds[e.key] {
		feeds = append(feeds, f)
	}
	h.mu.Unlock()
	for _, f := range feeds {
		f.take(e)
	}
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

	mu      sync.Mutex // guards what follows; held while sending, so that the order holds
	at      int64      // offset of the last entry that was sent
	want    int64      // the newest offset that is known of
	filling bool       // somebody fetches entries and sends them
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
	return nil
}

// take sends what is new, or has it fetched.
func (f *feed) take(e event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.ended:
	case e.gone:
		f.ended = true
		f.line.send(wire.Gone{Type: wire.TypeGone, Conversation: f.id})
	case e.stage != "" && f.filling: // before the frame opened it would mean nothing
	case e.stage != "":
		f.line.send(wire.Progress{Type: wire.TypeProgress, Conversation: f.id, ID: e.id, Stage: e.stage})
	case e.entry.Offset <= f.at: // sent already
	case e.entry.Offset == f.at+1 && !f.filling:
		f.at = e.entry.Offset
		f.want = max(f.want, f.at)
		f.line.send(wire.EntryFrame(f.id, e.entry))
	default:
		f.want = max(f.want, e.entry.Offset)
		if !f.filling {
			f.filling = true
			go f.fill(context.Background())
		}
	}
}

// fill fetches and sends until nothing is missing. The caller has set filling.
func (f *feed) fill(ctx context.Context) {
	for {
		f.mu.Lock()
		after := f.at
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
		if err != nil && kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
			// what is missing may be an answer that somebody waits for: the client comes
			// back and asks for it
			f.log.Error("entries could not be fetched", zap.Error(err))
			f.line.fail()
		}
		f.mu.Lock()
		f.want = f.at
		f.mu.Unlock()
	}
}

// sendAll sends entries and reports whether the line still stands.
func (f *feed) sendAll(entries []kiveileder.Entry) bool {
	for _, e := range entries {
		f.mu.Lock()
		known := e.Offset <= f.at || f.ended
		if !known {
			f.at = e.Offset
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
