// Package redis is the connection to Redis, which the replicas of the service
// share what is near in: events, limits, histories, answers. Nothing in it is
// the truth. While it is away every call fails at once, and the service goes
// on without.
package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"go.uber.org/zap"
)

// How long things may take. A call, with all that belongs to it, ends within
// callTime.
const (
	dialTime = 500 * time.Millisecond
	ioTime   = 300 * time.Millisecond
	waitTime = 150 * time.Millisecond // for a free connection
	callTime = 450 * time.Millisecond
)

// DefaultPrefix begins every key when Options name no other.
const DefaultPrefix = "kiveileder:"

// Options of a Client. The zero value works.
type Options struct {
	Prefix  string                // of every key and channel; DefaultPrefix when empty
	Log     *zap.Logger           // nil: nothing is logged
	Metrics prometheus.Registerer // nil: nothing is counted
}

// A Client is a connection pool with a circuit: after a call that failed,
// calls are refused until a check in the background has succeeded. It is safe
// for concurrent use.
//
// It has the few commands that the service uses (commands.go). go-redis has
// some six hundred, and a program that holds its client where reflection may
// look holds all of them: 9 MB. So the client is held by its functions alone.
type Client struct {
	Prefix string

	process   func(context.Context, goredis.Cmder) error
	pipeline  func() goredis.Pipeliner
	subscribe func(context.Context, ...string) *goredis.PubSub
	end       func() error

	addr    string // without a password
	log     *zap.Logger
	metrics *metrics

	away  atomic.Pointer[AwayError] // nil while it is there
	times atomic.Int64              // how often it came

	mu    sync.Mutex // guards hooks
	hooks map[*func(bool)]struct{}

	wake   chan struct{} // tells the keeper that it went
	stop   context.CancelFunc
	keeper sync.WaitGroup
}

// An AwayError says that Redis is away, and why.
type AwayError struct{ Err error }

func (e *AwayError) Error() string { return "redis is away: " + e.Err.Error() }
func (e *AwayError) Unwrap() error { return e.Err }

// errAddress names no part of the address, since any may be the password.
var errAddress = errors.New("redis: the address can't be read; it should be like redis://user:password@host:6379/0, rediss://… for TLS, or unix:///path/to/socket (in a password, write / as %2F, ? as %3F, # as %23, @ as %40, % as %25)")

// Open connects to the Redis at an address: redis://, rediss:// (TLS) or
// unix://, with user and password in it. One that can't be reached is no
// error: the client starts without it and finds it when it comes. What only a
// person can mend is an error that says what to do: a wrong address or
// password, a server older than 7, commands that the user may not use. No
// error holds the password.
func Open(ctx context.Context, address string, o Options) (*Client, error) {
	opt, err := parse(address)
	if err != nil {
		return nil, err
	}
	quiet()
	rdb := goredis.NewClient(opt)
	c := &Client{
		Prefix: o.Prefix, process: rdb.Process, pipeline: rdb.Pipeline, subscribe: rdb.Subscribe, end: rdb.Close,
		addr: opt.Addr, log: o.Log, metrics: newMetrics(o.Metrics),
		hooks: map[*func(bool)]struct{}{}, wake: make(chan struct{}, 1),
	}
	if c.Prefix == "" {
		c.Prefix = DefaultPrefix
	}
	if c.log == nil {
		c.log = zap.NewNop()
	}
	rdb.AddHook(circuit{c})

	first, cancel := context.WithTimeout(ctx, 3*callTime)
	defer cancel()
	switch err := c.check(first); {
	case err == nil:
		c.times.Add(1)
		c.metrics.up.Set(1)
	case fatal(err) || ctx.Err() != nil:
		_ = c.end()
		return nil, err
	default:
		c.gone(err)
	}
	keep, stop := context.WithCancel(context.Background())
	c.stop = stop
	c.keeper.Go(func() { c.keep(keep) })
	return c, nil
}

// parse reads an address. go-redis's own errors repeat what it could not read.
func parse(address string) (*goredis.Options, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errAddress
	}
	switch u.Scheme {
	case "redis", "rediss", "unix":
	default:
		return nil, errAddress
	}
	opt, err := goredis.ParseURL(address)
	if err != nil {
		return nil, errAddress
	}
	opt.Protocol = 2 // scripts and events need no more
	opt.DisableIdentity = true
	opt.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	opt.ContextTimeoutEnabled = true
	opt.DialTimeout, opt.ReadTimeout, opt.WriteTimeout, opt.PoolTimeout = dialTime, ioTime, ioTime, waitTime
	opt.DialerRetries = 1
	opt.MaxRetries, opt.MinRetryBackoff, opt.MaxRetryBackoff = 1, time.Millisecond, 5*time.Millisecond // for connections that broke while nobody used them
	opt.PoolSize = max(20, 10*runtime.GOMAXPROCS(0))
	if opt.TLSConfig != nil {
		opt.TLSConfig.MinVersion = tls.VersionTLS12
	}
	return opt, nil
}

// Close ends all connections.
func (c *Client) Close() error {
	c.stop()
	c.keeper.Wait()
	return c.end()
}

// State gives nil while Redis is there, else why it is away.
func (c *Client) State() error {
	if e := c.away.Load(); e != nil {
		return e
	}
	return nil
}

// Times counts how often Redis came: while it is the same before and after,
// Redis was not away between, as far as this process has seen.
func (c *Client) Times() int64 { return c.times.Load() }

// OnChange has f called when Redis goes (false) and when it comes back (true),
// in turn and one call at a time, until stop. f should not wait.
func (c *Client) OnChange(f func(up bool)) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hooks[&f] = struct{}{}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.hooks, &f)
	}
}

// Key makes a key of a kind of things and of what is the same thing, in a hash
// tag: keys of one thing stand in one slot.
func (c *Client) Key(kind, thing string, part ...string) string {
	return c.Prefix + kind + ":{" + thing + "}" + strings.Join(part, "")
}

// Subscribe opens a subscription of channels, which has a connection of its
// own. What is called on it should be called with Free.
func (c *Client) Subscribe(ctx context.Context, channels ...string) *goredis.PubSub {
	return c.subscribe(Free(ctx), channels...)
}

// Run runs a script, whose code is sent only when the server does not have it.
func (c *Client) Run(ctx context.Context, s *goredis.Script, keys []string, args ...any) *goredis.Cmd {
	return s.Run(ctx, scripter{c}, keys, args...)
}

func (c *Client) call(f func(up bool), up bool) {
	defer func() {
		if p := recover(); p != nil { // the keeper must live
			c.log.Error("panic", zap.String("type", fmt.Sprintf("%T", p)), zap.Stack("stack"))
		}
	}()
	f(up)
}

// silent swallows go-redis's own lines, which would come with every call.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

var quiet = sync.OnceFunc(func() { goredis.SetLogger(silent{}) })
