package conversation

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	goredis "github.com/redis/go-redis/v9"

	"kiveileder"
	"kiveileder/internal/redis"
)

// entryMost is how many bytes an entry may have that is kept.
const entryMost = 256 << 10

// The scripts do one step each, so that nobody comes between. They share how
// they begin.
var (
	//go:embed history_begin.lua
	historyBegin string
	//go:embed history_read.lua
	historyRead string
	//go:embed history_fill.lua
	historyFill string
	//go:embed history_mark.lua
	historyMark string
	//go:embed history_end.lua
	historyEnd string

	readScript = goredis.NewScript(historyBegin + historyRead)
	fillScript = goredis.NewScript(historyBegin + historyFill)
	markScript = goredis.NewScript(historyBegin + historyMark)
	endScript  = goredis.NewScript(historyBegin + historyEnd)
)

// RedisHistory is a History that all replicas share: a stream of entries and a
// hash of what is known of it for each conversation, and a generation for all.
// After Redis was away a new generation begins, since somebody may have
// changed a conversation meanwhile.
type RedisHistory struct {
	c *redis.Client

	generation atomic.Pointer[string] // as it was last seen
	mu         sync.Mutex             // guards seen
	seen       int64                  // the Client.Times that the generation fits
	unhook     func()
}

// NewRedisHistory gives a history over a client. Close it before the client.
func NewRedisHistory(c *redis.Client) *RedisHistory {
	h := &RedisHistory{c: c, seen: -1}
	if n := c.Times(); c.State() == nil && n == c.Times() {
		h.seen = n
	}
	h.unhook = c.OnChange(func(up bool) {
		if up {
			_, _ = h.trust(context.Background()) // the next call tries again
		}
	})
	return h
}

// Close ends what the history does by itself.
func (h *RedisHistory) Close() { h.unhook() }

// trust sees to it that what is read was not kept from before Redis was away.
// It gives the Client.Times that this holds for.
func (h *RedisHistory) trust(ctx context.Context) (times int64, err error) {
	if err := h.c.State(); err != nil {
		return 0, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	n := h.c.Times()
	if n == h.seen {
		return n, nil
	}
	if err := h.begin(ctx); err != nil {
		return 0, err
	}
	h.seen = n
	return n, nil
}

// begin begins a new generation: nothing of an older one is read.
func (h *RedisHistory) begin(ctx context.Context) error {
	g := rand.Text()
	if err := h.c.Set(ctx, h.generationKey(), g, 0).Err(); err != nil {
		return fmt.Errorf("history: new generation: %w", err)
	}
	h.generation.Store(&g)
	return nil
}

func (h *RedisHistory) generationKey() string { return h.c.Prefix + "history" }

func (h *RedisHistory) keys(key string) []string {
	return []string{h.c.Key("history", key), h.c.Key("history", key, ":entries")}
}

// args gives what every script begins with: something that is new each time,
// and for how long all is kept.
func args(more ...any) []any {
	return append([]any{rand.Text(), HistoryTime.Milliseconds()}, more...)
}

// run runs a script and gives the generation as it was before.
func (h *RedisHistory) run(ctx context.Context, s *goredis.Script, key string, more ...any) (reply []any, generation string, err error) {
	for range 3 {
		times, err := h.trust(ctx)
		if err != nil {
			return nil, "", err
		}
		p := h.c.Pipeline()
		g := p.Get(ctx, h.generationKey())
		r := p.EvalSha(ctx, s.Hash(), h.keys(key), args(more...)...)
		_, err = p.Exec(ctx)
		switch {
		case goredis.HasErrorPrefix(r.Err(), "NOSCRIPT"):
			err = h.c.Load(ctx, s).Err()
		case errors.Is(g.Err(), goredis.Nil): // a new server
			err = h.begin(ctx)
		case err == nil && h.c.Times() != times:
			err = errAway
		case err == nil:
			generation = g.Val()
			if old := h.generation.Load(); old == nil || *old != generation {
				h.generation.Store(&generation)
			}
			reply, err = r.Slice()
			return reply, generation, err
		}
		if err != nil {
			return nil, "", fmt.Errorf("history: %w", err)
		}
	}
	return nil, "", errors.New("history: the server forgets at once")
}

var errAway = errors.New("redis was away meanwhile")

// stamp is what is kept with a conversation, so that one of another store or
// generation is not taken for it.
func stamp(epoch, generation string) string { return generation + " " + epoch }

// Read implements History.
func (h *RedisHistory) Read(ctx context.Context, epoch, key string, after int64, limit int) (s kiveileder.Stream, t Ticket, ok bool, err error) {
	known, generation := "", ""
	if g := h.generation.Load(); g != nil {
		known = *g
	}
	var reply []any
	for range 2 { // the second time when a new generation began
		reply, generation, err = h.run(ctx, readScript, key, stamp(epoch, known), after, min(limit, HistoryMost))
		if err != nil {
			return s, t, false, err
		}
		if known == generation {
			break
		}
		known, generation = generation, ""
	}
	if len(reply) < 2 {
		return s, t, false, errors.New("history: a reply that can't be read")
	}
	change, _ := reply[0].(string)
	top, _ := reply[1].(int64)
	t = Ticket{generation, change}
	if top < 0 || epoch == "" || generation == "" {
		return s, t, false, nil
	}
	after = min(after, top)
	s = kiveileder.Stream{Epoch: epoch, Top: top}
	for i, b := range reply[2:] {
		var r kiveileder.Record
		if text, _ := b.(string); json.Unmarshal([]byte(text), &r) != nil || r.Offset != after+1+int64(i) {
			return kiveileder.Stream{}, t, false, nil // of another version, perhaps
		}
		s.Entries = append(s.Entries, kiveileder.Entry(r))
	}
	s.More = after+int64(len(s.Entries)) < top
	return s, t, true, nil
}

// Fill implements History.
func (h *RedisHistory) Fill(ctx context.Context, t Ticket, epoch, key string, after int64, s kiveileder.Stream) error {
	if s.More || t.generation == "" {
		return nil
	}
	es := newest(s.Entries)
	for i := len(es) - 1; i >= 0; i-- { // from the newest back to one that is too large
		if b, err := json.Marshal(kiveileder.Record(es[i])); err != nil || len(b) > entryMost {
			es = es[i+1:]
			break
		}
	}
	more := []any{stamp(epoch, t.generation), t.change, s.Top - int64(len(es)) + 1, s.Top}
	for _, e := range es {
		b, err := json.Marshal(kiveileder.Record(e))
		if err != nil {
			return err
		}
		more = append(more, b)
	}
	_, _, err := h.run(ctx, fillScript, key, more...)
	return err
}

// Mark implements History.
func (h *RedisHistory) Mark(ctx context.Context, key string) (Mark, error) {
	id := rand.Text()
	_, generation, err := h.run(ctx, markScript, key, id, MarkTime.Milliseconds())
	return Mark{generation, id}, err
}

// How a change ends, for history_end.lua.
const (
	endPut  = "put"
	endKeep = "keep"
	endDrop = "drop"
)

// Put implements History.
func (h *RedisHistory) Put(ctx context.Context, m Mark, epoch, key string, e kiveileder.Entry) error {
	b, err := json.Marshal(kiveileder.Record(e))
	if err != nil {
		return err
	}
	if len(b) > entryMost {
		b = nil // it takes the place of what is known, and is not kept
	}
	_, _, err = h.run(ctx, endScript, key, endPut, m.id, stamp(epoch, m.generation), e.Offset, HistoryMost, b)
	return err
}

// Keep implements History.
func (h *RedisHistory) Keep(ctx context.Context, m Mark, key string) error {
	_, _, err := h.run(ctx, endScript, key, endKeep, m.id)
	return err
}

// Drop implements History.
func (h *RedisHistory) Drop(ctx context.Context, key string) error {
	_, _, err := h.run(ctx, endScript, key, endDrop, "")
	return err
}

// Reset implements History.
func (h *RedisHistory) Reset(ctx context.Context) error {
	if err := h.c.State(); err != nil {
		return err
	}
	return h.begin(ctx)
}
