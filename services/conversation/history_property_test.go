package conversation_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kiveileder"
	"kiveileder/internal/stacktest"
	"kiveileder/services/conversation"
)

// A task is one call of a replica. It waits before each step that others can
// see, until the test lets it go on or die.
type task struct {
	what  string
	stage string // the step that it waits before
	at    chan string
	next  chan verdict
	done  chan struct{}
}

type taskKey struct{}

type verdict int

const (
	live verdict = iota
	die
	failBefore // the call fails and does nothing
	failAfter  // the call does what it should and fails
)

var errUnknown = errors.New("the connection broke")

func step(ctx context.Context, name string, call func() error) error {
	t := ctx.Value(taskKey{}).(*task)
	t.at <- name
	switch <-t.next {
	case die:
		runtime.Goexit()
	case failBefore:
		return errUnknown
	case failAfter:
		if err := call(); err != nil {
			return err
		}
		return errUnknown
	}
	return call()
}

// wait waits until the task has come to its next step; it is false when it has ended.
func (t *task) wait() bool {
	select {
	case t.stage = <-t.at:
		return true
	case <-t.done:
		return false
	}
}

// A steppedStore and a steppedHistory stop before each call.
type steppedStore struct{ conversation.Store }

func (s steppedStore) Add(ctx context.Context, key string, e kiveileder.Entry) (stored kiveileder.Entry, added bool, err error) {
	err = step(ctx, "store", func() (err error) { stored, added, err = s.Store.Add(ctx, key, e); return err })
	return stored, added, err
}

func (s steppedStore) Delete(ctx context.Context, key string) error {
	return step(ctx, "store", func() error { return s.Store.Delete(ctx, key) })
}

func (s steppedStore) Expire(ctx context.Context, t time.Time) (n int, err error) {
	err = step(ctx, "expire", func() (err error) { n, err = s.Store.Expire(ctx, t); return err })
	return n, err
}

func (s steppedStore) Read(ctx context.Context, key string, after int64, limit int) (x kiveileder.Stream, err error) {
	err = step(ctx, "read", func() (err error) { x, err = s.Store.Read(ctx, key, after, limit); return err })
	return x, err
}

type steppedHistory struct{ conversation.History }

func (h steppedHistory) Read(ctx context.Context, epoch, key string, after int64, limit int) (s kiveileder.Stream, t conversation.Ticket, ok bool, err error) {
	err = step(ctx, "near", func() (err error) { s, t, ok, err = h.History.Read(ctx, epoch, key, after, limit); return err })
	return s, t, ok, err
}

func (h steppedHistory) Fill(ctx context.Context, t conversation.Ticket, epoch, key string, after int64, s kiveileder.Stream) error {
	return step(ctx, "fill", func() error { return h.History.Fill(ctx, t, epoch, key, after, s) })
}

func (h steppedHistory) Mark(ctx context.Context, key string) (m conversation.Mark, err error) {
	err = step(ctx, "mark", func() (err error) { m, err = h.History.Mark(ctx, key); return err })
	return m, err
}

func (h steppedHistory) Put(ctx context.Context, m conversation.Mark, epoch, key string, e kiveileder.Entry) error {
	return step(ctx, "put", func() error { return h.History.Put(ctx, m, epoch, key, e) })
}

func (h steppedHistory) Keep(ctx context.Context, m conversation.Mark, key string) error {
	return step(ctx, "keep", func() error { return h.History.Keep(ctx, m, key) })
}

func (h steppedHistory) Drop(ctx context.Context, key string) error {
	return step(ctx, "drop", func() error { return h.History.Drop(ctx, key) })
}

func (h steppedHistory) Reset(ctx context.Context) error {
	return step(ctx, "reset", func() error { return h.History.Reset(ctx) })
}

// replicas is the world of the test: replicas over one store and one history,
// and their calls under way.
type replicas struct {
	store  conversation.Store
	cached []conversation.Store
	tasks  []*task
	n      int // of entries written
	life   int // how often all was expired
	told   int // ... and its caller was told
	failed error
}

const oneKey = "k"

// begin begins a call and lets it come to its first step.
func (r *replicas) begin(what string, call func(ctx context.Context)) {
	t := &task{what: what, at: make(chan string), next: make(chan verdict), done: make(chan struct{})}
	go func() {
		defer close(t.done)
		call(context.WithValue(context.Background(), taskKey{}, t))
	}()
	if t.wait() {
		r.tasks = append(r.tasks, t)
	}
}

// let lets a call do its step, or not.
func (r *replicas) let(i int, v verdict) {
	t := r.tasks[i]
	t.next <- v
	if !t.wait() {
		r.tasks = append(r.tasks[:i], r.tasks[i+1:]...)
	}
}

func (r *replicas) write(c conversation.Store) {
	r.n++
	e := kiveileder.Entry{ID: fmt.Sprint("m", r.n), At: time.Unix(int64(r.n), 0)}
	r.begin("add", func(ctx context.Context) {
		if _, _, err := c.Add(ctx, oneKey, e); err != nil && !errors.Is(err, conversation.ErrDeleted) && !errors.Is(err, errUnknown) {
			r.failed = err
		}
	})
}

// read reads, and holds what it gets against what was stored when it began.
func (r *replicas) read(c conversation.Store, after int64, limit int) {
	before, beforeErr := r.store.Read(context.Background(), oneKey, 0, 10_000)
	life, told := r.life, r.told
	r.begin("read", func(ctx context.Context) {
		got, err := c.Read(ctx, oneKey, after, limit)
		now, nowErr := r.store.Read(context.Background(), oneKey, 0, 10_000)
		fail := func(format string, args ...any) {
			r.failed = fmt.Errorf("read(after %d, limit %d) = %d entries, top %d, more %v, %v; before it %d, %v; after it %d, %v: %s", after, limit, len(got.Entries), got.Top, got.More, err,
				before.Top, beforeErr, now.Top, nowErr, fmt.Sprintf(format, args...))
		}
		switch {
		case r.life > life || life > told:
			return // all was expired meanwhile, or its caller not told yet: it may see either
		case beforeErr != nil && err == nil:
			fail("a deleted conversation was read")
		case err != nil && nowErr == nil:
			fail("it is not deleted")
		case err != nil:
			return
		case got.Top < before.Top:
			fail("less than was stored")
		case nowErr == nil && got.Top > now.Top:
			fail("more than was stored")
		}
		at := min(max(after, 0), got.Top)
		for i, e := range got.Entries {
			if e.Offset != at+1+int64(i) {
				fail("offset %d at %d", e.Offset, i)
			}
			if nowErr == nil && e.ID != now.Entries[e.Offset-1].ID {
				fail("entry %d is %s", e.Offset, e.ID)
			}
		}
		if n := min(int64(max(limit, 0)), got.Top-at); int64(len(got.Entries)) != n || got.More != (at+n < got.Top) {
			fail("want %d entries", n)
		}
	})
}

// Calls of three replicas take turns step by step, in any order, and die
// between steps: whoever reads gets all that was stored before they began.
func TestCachedNeverHides(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			c := &clock{t: time.Unix(1e9, 0)}
			h := conversation.NewMemoryHistory(10, c.now)
			neverHides(t, []conversation.History{h}, func() { c.pass(conversation.MarkTime) })
		})
	})
	t.Run("redis", func(t *testing.T) {
		if os.Getenv("KIVEILEDER_TEST_REDIS") == "" {
			stacktest.Redis(t) // skips
		}
		address, prefix := stacktest.Redis(t)
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			var hs []conversation.History
			for range 2 {
				c := stacktest.OpenRedis(t, address, fmt.Sprint(prefix, n, ":"))
				h := conversation.NewRedisHistory(c)
				defer c.Close()
				defer h.Close()
				hs = append(hs, h)
			}
			neverHides(rt, hs, nil)
		})
	})
}

func neverHides(t *rapid.T, hs []conversation.History, pass func()) {
	r := &replicas{store: conversation.NewMemory("e1")}
	for i := range 3 {
		r.cached = append(r.cached, conversation.Cached(steppedStore{r.store}, steppedHistory{hs[i%len(hs)]}, nil))
	}
	one := func() conversation.Store { return r.cached[rapid.IntRange(0, 2).Draw(t, "replica")] }
	some := func(ok func(*task) bool) (int, bool) {
		var is []int
		for i, x := range r.tasks {
			if ok(x) {
				is = append(is, i)
			}
		}
		if len(is) == 0 {
			return 0, false
		}
		return rapid.SampledFrom(is).Draw(t, "task"), true
	}
	forth := func(i int) {
		x := r.tasks[i]
		stage, settled := x.stage, r.told == r.life
		if stage == "expire" {
			r.life++
		}
		r.let(i, live)
		if stage == "reset" || stage == "expire" && settled && x.stage == "expire" { // or there was nothing to expire
			r.told = r.life
		}
	}
	goOn := func(*rapid.T) {
		if i, ok := some(func(*task) bool { return true }); ok {
			forth(i)
		}
	}
	actions := map[string]func(*rapid.T){
		"write": func(*rapid.T) { r.write(one()) },
		"look": func(*rapid.T) { // a read that nobody comes between
			n := len(r.tasks)
			r.read(one(), rapid.Int64Range(0, 6).Draw(t, "after"), 100)
			for len(r.tasks) > n {
				r.let(n, live)
			}
		},
		"the store fails": func(*rapid.T) {
			if i, ok := some(func(x *task) bool { return x.stage == "store" }); ok {
				r.let(i, rapid.SampledFrom([]verdict{failBefore, failAfter}).Draw(t, "how"))
			}
		},
		"read": func(*rapid.T) { r.read(one(), rapid.Int64Range(-1, 6).Draw(t, "after"), 100) },
		"part": func(*rapid.T) {
			r.read(one(), rapid.Int64Range(0, 6).Draw(t, "after"), rapid.IntRange(0, 3).Draw(t, "limit"))
		},
		"go on": goOn, "go on 2": goOn, "go on 3": goOn, "go on 4": goOn, "go on 5": goOn,
		"die": func(*rapid.T) {
			if i, ok := some(func(x *task) bool { return x.what != "read" }); ok {
				r.let(i, die)
			}
		},
		"delete": func(*rapid.T) {
			if rapid.IntRange(0, 3).Draw(t, "seldom") > 0 {
				return
			}
			c := one()
			r.begin("delete", func(ctx context.Context) {
				if err := c.Delete(ctx, oneKey); err != nil && !errors.Is(err, errUnknown) {
					r.failed = err
				}
			})
		},
		"expire": func(*rapid.T) {
			if rapid.IntRange(0, 3).Draw(t, "seldom") > 0 {
				return
			}
			c := one()
			r.begin("expire", func(ctx context.Context) {
				if _, err := c.Expire(ctx, time.Now().Add(time.Hour)); err != nil {
					r.failed = err
				}
			})
		},
		"": func(t *rapid.T) {
			if r.failed != nil {
				t.Fatal(r.failed)
			}
		},
	}
	if pass != nil {
		actions["a mark's time passes"] = func(*rapid.T) {
			for { // who has marked and not stored by then gives up
				i, ok := some(func(x *task) bool { return x.stage == "store" })
				if !ok {
					break
				}
				r.let(i, die)
			}
			pass()
		}
	}
	t.Repeat(actions)
	for len(r.tasks) > 0 {
		forth(0)
	}
	if r.failed != nil {
		t.Fatal(r.failed)
	}
}
