package conversation

import (
	"context"
	"hash/maphash"
	"strconv"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2/simplelru"

	"kiveileder"
)

// shards is how many counters of changes there are: conversations that share
// one only make each other's Fill fail.
const shards = 4096

// MemoryHistory is a History within one process, of the conversations that
// were used last.
type MemoryHistory struct {
	now  func() time.Time
	seed maphash.Seed

	mu         sync.Mutex // guards what follows
	kept       *lru.LRU[string, *kept]
	marks      map[string]map[string]time.Time // until when, by conversation and id
	changes    [shards]int64
	generation int64
	ids        int64
}

type kept struct {
	epoch   string
	entries []kiveileder.Entry // the newest, without gaps; never changed, only replaced
	top     int64
	at      time.Time
}

// NewMemoryHistory keeps up to size conversations, at least one. now may be
// nil.
func NewMemoryHistory(size int, now func() time.Time) *MemoryHistory {
	l, err := lru.NewLRU[string, *kept](max(1, size), nil)
	if err != nil {
		panic(err) // only for a size below one
	}
	if now == nil {
		now = time.Now
	}
	return &MemoryHistory{now: now, seed: maphash.MakeSeed(), kept: l, marks: map[string]map[string]time.Time{}}
}

func (h *MemoryHistory) shard(key string) *int64 {
	return &h.changes[maphash.String(h.seed, key)%shards]
}

func (h *MemoryHistory) ticket(key string) Ticket {
	return Ticket{strconv.FormatInt(h.generation, 10), strconv.FormatInt(*h.shard(key), 10)}
}

// forget forgets what is known, and that it was so.
func (h *MemoryHistory) forget(key string) {
	h.kept.Remove(key)
	*h.shard(key)++
}

// sweep ends marks that ran out, and reports whether there are others.
func (h *MemoryHistory) sweep(key string) (marked bool) {
	for id, until := range h.marks[key] {
		if h.now().Before(until) {
			marked = true
			continue
		}
		h.unmark(key, id)
		h.forget(key)
	}
	return marked
}

func (h *MemoryHistory) unmark(key, id string) {
	delete(h.marks[key], id)
	if len(h.marks[key]) == 0 {
		delete(h.marks, key)
	}
}

// Read implements History.
func (h *MemoryHistory) Read(ctx context.Context, epoch, key string, after int64, limit int) (s kiveileder.Stream, t Ticket, ok bool, err error) {
	if err := ctx.Err(); err != nil {
		return s, t, false, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	marked := h.sweep(key)
	t = h.ticket(key)
	k, found := h.kept.Get(key)
	if found && h.now().Sub(k.at) > HistoryTime {
		h.kept.Remove(key)
		found = false
	}
	if marked || !found || k.epoch != epoch {
		return s, t, false, nil
	}
	after = min(after, k.top)
	first := k.top - int64(len(k.entries)) // offset before the first that is kept
	if after < first {
		return s, t, false, nil
	}
	n := min(int64(limit), k.top-after)
	s = kiveileder.Stream{Epoch: epoch, Top: k.top, Entries: k.entries[after-first:][:n:n], More: after+n < k.top}
	return s, t, true, nil
}

// Fill implements History.
func (h *MemoryHistory) Fill(ctx context.Context, t Ticket, epoch, key string, after int64, s kiveileder.Stream) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	marked := h.sweep(key)
	if marked || s.More || t != h.ticket(key) {
		return nil
	}
	if old, ok := h.kept.Peek(key); ok && old.epoch == epoch && (old.top > s.Top || old.top == s.Top && len(old.entries) >= len(s.Entries)) {
		return nil // it is longer
	}
	h.kept.Add(key, &kept{epoch, newest(s.Entries), s.Top, h.now()})
	return nil
}

func newest(es []kiveileder.Entry) []kiveileder.Entry { return es[max(0, len(es)-HistoryMost):] }

// Mark implements History.
func (h *MemoryHistory) Mark(ctx context.Context, key string) (Mark, error) {
	if err := ctx.Err(); err != nil {
		return Mark{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sweep(key)
	h.ids++
	m := Mark{strconv.FormatInt(h.generation, 10), strconv.FormatInt(h.ids, 10)}
	if h.marks[key] == nil {
		h.marks[key] = map[string]time.Time{}
	}
	h.marks[key][m.id] = h.now().Add(MarkTime)
	*h.shard(key)++
	return m, nil
}

// end ends a mark; it is false when it was void.
func (h *MemoryHistory) end(key string, m Mark) bool {
	h.sweep(key)
	_, ok := h.marks[key][m.id]
	if ok = ok && m.generation == strconv.FormatInt(h.generation, 10); !ok {
		h.forget(key)
	}
	h.unmark(key, m.id)
	return ok
}

// Put implements History.
func (h *MemoryHistory) Put(ctx context.Context, m Mark, epoch, key string, e kiveileder.Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.end(key, m) {
		return nil
	}
	*h.shard(key)++
	k, ok := h.kept.Peek(key)
	switch {
	case ok && k.epoch == epoch && e.Offset <= k.top: // it came after a later one
	case ok && k.epoch == epoch && e.Offset == k.top+1:
		es := append(k.entries[:len(k.entries):len(k.entries)], e)
		h.kept.Add(key, &kept{epoch, newest(es), e.Offset, h.now()})
	default: // those before are not known
		h.kept.Add(key, &kept{epoch, []kiveileder.Entry{e}, e.Offset, h.now()})
	}
	return nil
}

// Keep implements History.
func (h *MemoryHistory) Keep(ctx context.Context, m Mark, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.end(key, m)
	return nil
}

// Drop implements History.
func (h *MemoryHistory) Drop(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.marks, key)
	h.forget(key)
	return nil
}

// Reset implements History.
func (h *MemoryHistory) Reset(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept.Purge()
	h.generation++
	return nil
}
