package conversation_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"kiveileder"
	"kiveileder/internal/stacktest"
	"kiveileder/services/conversation"
	"kiveileder/services/conversation/conversationtest"
	"kiveileder/services/conversation/historytest"
)

func TestMemoryHistory(t *testing.T) {
	historytest.Run(t, func(*testing.T) (a, b conversation.History, pass func()) {
		c := &clock{t: time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)}
		h := conversation.NewMemoryHistory(100, c.now)
		return h, h, func() { c.pass(conversation.MarkTime) }
	})
}

// A clock stands still but when it is told to.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func TestRedisHistory(t *testing.T) {
	historytest.Run(t, func(t *testing.T) (a, b conversation.History, pass func()) {
		address, prefix := stacktest.Redis(t)
		return redisHistory(t, address, prefix), redisHistory(t, address, prefix), func() { marksRunOut(t, address, prefix) }
	})
}

func redisHistory(t testing.TB, address, prefix string) *conversation.RedisHistory {
	t.Helper()
	h := conversation.NewRedisHistory(stacktest.OpenRedis(t, address, prefix))
	t.Cleanup(h.Close)
	return h
}

// marksRunOut puts the ends of all marks into the past, without waiting for
// them. Each was to come within the time that a mark holds.
func marksRunOut(t *testing.T, address, prefix string) {
	t.Helper()
	opt, err := goredis.ParseURL(address)
	if err != nil {
		t.Fatal("the address can't be read")
	}
	opt.DisableIdentity, opt.Protocol = true, 2
	c := goredis.NewClient(opt)
	defer c.Close()
	now, err := c.Time(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	marks := 0
	keys := c.ScanType(t.Context(), 0, prefix+"*", 1000, "hash").Iterator()
	for keys.Next(t.Context()) {
		for field, value := range c.HGetAll(t.Context(), keys.Val()).Val() {
			if !strings.HasPrefix(field, "m:") {
				continue
			}
			ms, err := strconv.ParseInt(value, 10, 64)
			if left := time.UnixMilli(ms).Sub(now); err != nil || left <= 0 || left > conversation.MarkTime {
				t.Errorf("a mark holds for %v more, %v", left, err)
			}
			if err := c.HSet(t.Context(), keys.Val(), field, now.UnixMilli()).Err(); err != nil {
				t.Fatal(err)
			}
			marks++
		}
	}
	if err := keys.Err(); err != nil || marks == 0 {
		t.Fatalf("%d marks, %v", marks, err)
	}
}

// cachedOver gives memory stores behind histories.
func cachedOver(history func(t *testing.T) conversation.History) func(t *testing.T) (conversation.Store, func() conversation.Store) {
	return func(t *testing.T) (conversation.Store, func() conversation.Store) {
		return conversation.Cached(conversation.NewMemory("e1"), history(t), nil), nil
	}
}

func TestCachedOverMemory(t *testing.T) {
	conversationtest.Run(t, cachedOver(func(*testing.T) conversation.History { return conversation.NewMemoryHistory(100, nil) }))
}

func TestCachedOverRedis(t *testing.T) {
	conversationtest.Run(t, cachedOver(func(t *testing.T) conversation.History {
		address, prefix := stacktest.Redis(t)
		return redisHistory(t, address, prefix)
	}))
}

// A history of one conversation forgets every other.
func TestCachedOverSmall(t *testing.T) {
	conversationtest.Run(t, cachedOver(func(*testing.T) conversation.History { return conversation.NewMemoryHistory(1, nil) }))
}

// A flaky history fails some of its calls, before they have done anything or
// after.
type flaky struct {
	conversation.History
	often float64
}

var errFlaky = errors.New("flaky")

func (f flaky) try(call func() error) error {
	if rand.Float64() < f.often/2 {
		return errFlaky
	}
	err := call()
	if rand.Float64() < f.often/2 {
		return errFlaky
	}
	return err
}

func (f flaky) Read(ctx context.Context, epoch, key string, after int64, limit int) (s kiveileder.Stream, t conversation.Ticket, ok bool, err error) {
	err = f.try(func() (err error) { s, t, ok, err = f.History.Read(ctx, epoch, key, after, limit); return err })
	return s, t, ok, err
}

func (f flaky) Fill(ctx context.Context, t conversation.Ticket, epoch, key string, after int64, s kiveileder.Stream) error {
	return f.try(func() error { return f.History.Fill(ctx, t, epoch, key, after, s) })
}

func (f flaky) Mark(ctx context.Context, key string) (m conversation.Mark, err error) {
	err = f.try(func() (err error) { m, err = f.History.Mark(ctx, key); return err })
	return m, err
}

func (f flaky) Put(ctx context.Context, m conversation.Mark, epoch, key string, e kiveileder.Entry) error {
	return f.try(func() error { return f.History.Put(ctx, m, epoch, key, e) })
}

func (f flaky) Keep(ctx context.Context, m conversation.Mark, key string) error {
	return f.try(func() error { return f.History.Keep(ctx, m, key) })
}

func (f flaky) Drop(ctx context.Context, key string) error {
	return f.try(func() error { return f.History.Drop(ctx, key) })
}

func (f flaky) Reset(ctx context.Context) error {
	return f.try(func() error { return f.History.Reset(ctx) })
}

func TestCachedOverFlaky(t *testing.T) {
	for range 3 {
		conversationtest.Run(t, cachedOver(func(*testing.T) conversation.History {
			return flaky{conversation.NewMemoryHistory(100, nil), 0.4}
		}))
	}
}

func TestCachedOverNone(t *testing.T) {
	conversationtest.Run(t, cachedOver(func(*testing.T) conversation.History {
		return flaky{conversation.NewMemoryHistory(100, nil), 2}
	}))
}
