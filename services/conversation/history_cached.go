package conversation

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kiveileder"
	"kiveileder/internal/redis"
)

// Cached gives a store that reads from near what a History has, and the rest,
// and all that is written, from and to the store behind. What was added is
// read afterwards, also when the history fails; what is deleted is gone.
// metrics may be nil.
//
// One thing it can't do: while this process does not reach a history that
// others do reach, they are not told of changes. The history hears of them as
// soon as it is reached again.
func Cached(store Store, h History, metrics prometheus.Registerer) Store {
	return &cached{
		Store: store, h: h, owed: owed{keys: map[string]*debt{}},
		reads: redis.Register(metrics, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kiveileder_history_reads_total", Help: "Reads of conversations: hit (from the history), miss (from the store), failed (from the store, the history failed).",
		}, []string{"result"})),
	}
}

type cached struct {
	Store
	h     History
	epoch atomic.Pointer[string] // of the store, once it is known
	owed  owed
	reads *prometheus.CounterVec
}

// Add implements Store.
func (c *cached) Add(ctx context.Context, key string, e kiveileder.Entry) (kiveileder.Entry, bool, error) {
	var stored kiveileder.Entry
	var added bool
	err := c.change(ctx, key, func(ctx context.Context) (outcome, error) {
		var err error
		stored, added, err = c.Store.Add(ctx, key, e)
		switch {
		case err == nil && added:
			return outcome{added: &stored}, nil
		case err == nil || harmless(err):
			return outcome{nothing: true}, err
		}
		return outcome{}, err
	})
	return stored, added, err
}

// harmless reports whether an error says for sure that nothing has changed.
func harmless(err error) bool {
	switch kiveileder.ErrorCode(err) {
	case kiveileder.CodeNotFound, kiveileder.CodeConflict, kiveileder.CodeInvalid:
		return true
	}
	return false
}

// Delete implements Store.
func (c *cached) Delete(ctx context.Context, key string) error {
	return c.change(ctx, key, func(ctx context.Context) (outcome, error) {
		err := c.Store.Delete(ctx, key)
		return outcome{gone: err == nil}, err
	})
}

// An outcome is what a change came to. The zero one is not known: the store may
// have done it, or do it yet.
type outcome struct {
	nothing bool
	gone    bool
	added   *kiveileder.Entry
}

// change lets the store change a conversation, and tells the history before and
// after.
func (c *cached) change(ctx context.Context, key string, do func(ctx context.Context) (outcome, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	mark, unmarked := c.h.Mark(ctx, key)
	if unmarked != nil {
		c.owed.begin(key)
	}
	limited, cancel := context.WithTimeout(ctx, changeTime)
	o, err := do(limited)
	cancel()
	ctx = context.WithoutCancel(ctx) // what was changed must be told
	epoch := c.epoch.Load()
	var untold error
	switch {
	case unmarked != nil:
		c.owed.end(key, o != (outcome{}))
		c.settle(ctx, key)
		return err
	case o == (outcome{}): // the mark stays, and what is known goes when it runs out
	case o.nothing:
		untold = c.h.Keep(ctx, mark, key)
	case o.added != nil && epoch != nil:
		untold = c.h.Put(ctx, mark, *epoch, key, *o.added)
	default:
		untold = c.h.Drop(ctx, key)
	}
	if untold != nil { // the mark stays, but others shall not wait for it to run out
		c.owed.begin(key)
		c.owed.end(key, true)
	}
	return err
}

// Expire implements Store.
func (c *cached) Expire(ctx context.Context, t time.Time) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.Store.Expire(ctx, t)
	if n > 0 || err != nil {
		c.owed.all()
		c.settle(context.WithoutCancel(ctx), "")
	}
	return n, err
}

// Read implements Store.
func (c *cached) Read(ctx context.Context, key string, after int64, limit int) (kiveileder.Stream, error) {
	if err := ctx.Err(); err != nil {
		return kiveileder.Stream{}, err
	}
	if limit <= 0 || !c.settle(ctx, key) {
		c.reads.WithLabelValues("failed").Inc()
		return c.fromStore(ctx, key, after, limit)
	}
	epoch := ""
	if e := c.epoch.Load(); e != nil {
		epoch = *e
	}
	start := time.Now()
	s, ticket, ok, err := c.h.Read(ctx, epoch, key, max(after, 0), limit)
	switch {
	case err != nil:
		c.reads.WithLabelValues("failed").Inc()
		return c.fromStore(ctx, key, after, limit)
	case ok && after <= s.Top:
		c.reads.WithLabelValues("hit").Inc()
		return s, nil
	}
	// Who asks for what comes after the history's end has seen more than it knows:
	// a history that fails may have lost the mark of somebody who is writing.
	c.reads.WithLabelValues("miss").Inc()
	s, err = c.fromStore(ctx, key, after, limit)
	if err == nil && !s.More && time.Since(start) < fillTime && !c.owed.has(key) {
		_ = c.h.Fill(context.WithoutCancel(ctx), ticket, s.Epoch, key, max(after, 0), s) // the next one asks the store too
	}
	return s, err
}

func (c *cached) fromStore(ctx context.Context, key string, after int64, limit int) (kiveileder.Stream, error) {
	s, err := c.Store.Read(ctx, key, after, limit)
	if err == nil && s.Epoch != "" {
		if e := c.epoch.Load(); e == nil || *e != s.Epoch {
			c.epoch.Store(&s.Epoch)
		}
	}
	return s, err
}

// settle tells the history what it could not be told, and reports whether this
// conversation may be read from it.
func (c *cached) settle(ctx context.Context, key string) bool {
	if c.owed.none() {
		return true
	}
	if seq, due := c.owed.everything(); due {
		if c.h.Reset(ctx) != nil {
			return false
		}
		c.owed.paidAll(seq)
	}
	if seq, due := c.owed.due(key); due && c.h.Drop(ctx, key) == nil {
		c.owed.paid(key, seq)
	}
	if other, seq, due := c.owed.another(); due && c.h.Drop(ctx, other) == nil {
		c.owed.paid(other, seq)
	}
	return !c.owed.has(key)
}
