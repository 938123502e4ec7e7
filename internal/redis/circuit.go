package redis

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/zap"
)

// How often the keeper looks: while Redis is there, and while it is away at
// first and at most.
const (
	lookTime  = 5 * time.Second
	retryTime = 50 * time.Millisecond
	retryMost = time.Second
)

// circuit stands before every command.
type circuit struct{ c *Client }

type freeKey struct{}

// Free marks calls that the circuit neither refuses nor limits in time, nor
// learns from.
func Free(ctx context.Context) context.Context { return context.WithValue(ctx, freeKey{}, true) }

// DialHook implements goredis.Hook.
func (circuit) DialHook(next goredis.DialHook) goredis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook implements goredis.Hook.
func (h circuit) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		err := h.pass(ctx, func(ctx context.Context) error { return next(ctx, cmd) })
		if err != nil && cmd.Err() == nil {
			cmd.SetErr(err)
		}
		return err
	}
}

// ProcessPipelineHook implements goredis.Hook.
func (h circuit) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error {
		err := h.pass(ctx, func(ctx context.Context) error { return next(ctx, cmds) })
		for _, cmd := range cmds {
			if err != nil && !answered(err) && cmd.Err() == nil {
				cmd.SetErr(err)
			}
		}
		return err
	}
}

func (h circuit) pass(ctx context.Context, call func(ctx context.Context) error) error {
	c := h.c
	if ctx.Value(freeKey{}) != nil {
		return call(ctx)
	}
	if e := c.away.Load(); e != nil {
		c.metrics.calls.WithLabelValues("refused").Inc()
		return e
	}
	limited, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	err := call(limited)
	switch {
	case err == nil || answered(err) && !sick(err):
		c.metrics.calls.WithLabelValues("ok").Inc()
		return err
	case ctx.Err() != nil, errors.Is(err, goredis.ErrClosed), errors.Is(err, goredis.ErrPoolTimeout): // our own fault
		c.metrics.calls.WithLabelValues("given_up").Inc()
		return err
	}
	c.metrics.calls.WithLabelValues("failed").Inc()
	c.gone(err)
	return err
}

// answered reports whether an error is the server's own word.
func answered(err error) bool {
	var e goredis.Error
	return errors.As(err, &e)
}

// sick reports whether a server says that it can't work now.
func sick(err error) bool {
	for _, p := range []string{"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "NOREPLICAS", "MISCONF", "OOM", "BUSY", "NOAUTH", "WRONGPASS", "max number of clients"} {
		if goredis.HasErrorPrefix(err, p) {
			return true
		}
	}
	return strings.HasPrefix(err.Error(), "ERR max number of clients")
}

// gone opens the circuit.
func (c *Client) gone(err error) {
	if !c.away.CompareAndSwap(nil, &AwayError{err}) {
		return
	}
	c.metrics.up.Set(0)
	c.log.Warn("redis is away: the service goes on without it", zap.String("addr", c.addr), zap.Error(err))
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// keep finds out when Redis is back, and tells of changes.
func (c *Client) keep(ctx context.Context) {
	for ctx.Err() == nil {
		if c.away.Load() != nil {
			c.tell(false)
			c.restore(ctx)
			continue
		}
		select {
		case <-ctx.Done():
		case <-c.wake:
		case <-time.After(lookTime):
			_ = c.Ping(ctx).Err() // the circuit sees to the rest
		}
	}
}

// restore tries until Redis is back.
func (c *Client) restore(ctx context.Context) {
	since := time.Now()
	for pause := retryTime; ; pause = min(2*pause, retryMost) {
		limited, cancel := context.WithTimeout(ctx, 2*callTime)
		err := c.check(limited)
		cancel()
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			break
		}
		if old := c.away.Load(); fatal(err) && old.Error() != (&AwayError{err}).Error() {
			c.away.Store(&AwayError{err})
			c.log.Error("redis is there and can't be used", zap.String("addr", c.addr), zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
	c.times.Add(1) // before anybody can call: what was kept from before is known to be old
	c.away.Store(nil)
	c.metrics.up.Set(1)
	c.log.Info("redis is back", zap.String("addr", c.addr), zap.Duration("away", time.Since(since).Round(time.Millisecond)))
	c.tell(true)
}

func (c *Client) tell(up bool) {
	c.mu.Lock()
	var fs []func(bool)
	for f := range c.hooks {
		fs = append(fs, *f)
	}
	c.mu.Unlock()
	for _, f := range fs {
		c.call(f, up)
	}
}
