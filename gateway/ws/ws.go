// Package ws is the gateway's connection layer: WebSocket connections that
// cannot be written to twice at once, that hold a bounded queue for a slow
// client, notice a client that is gone, and cost little while they are idle.
//
// An idle connection has one goroutine, which reads. Messages are handled by a
// second one and written by a third, which live only while there is something
// to do: ten thousand idle connections have ten thousand small stacks and no
// grown ones.
package ws

import (
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"kiveileder/gateway/wire"
)

// Kinds of messages.
const (
	Text   = websocket.TextMessage
	Binary = websocket.BinaryMessage
)

// Config of a connection. Zero fields take the defaults.
type Config struct {
	MaxFrame int64         // bytes of a message from the client; 64 KB
	Queue    int           // bytes that wait for a slow client; 512 KB
	Inbox    int           // messages of the client that wait for the handler; 16
	Ping     time.Duration // between pings; 25 s
	Pong     time.Duration // for the answer to a ping; 15 s
	Write    time.Duration // for one write, and for all that is left when the connection closes; 10 s
	Total    time.Duration // of the whole connection; 0 is no limit
	Idle     time.Duration // without a message of the client, nor one that is handled; 0 is no limit

	// Panic, if set, is told of a panic of a handler, with the stack.
	Panic func(v any, stack []byte)
}

// NewConfig gives a config with its defaults filled in, to be shared by all
// connections.
func NewConfig(c Config) *Config {
	set(&c.MaxFrame, 64<<10)
	set(&c.Queue, 512<<10)
	set(&c.Inbox, 16)
	set(&c.Ping, 25*time.Second)
	set(&c.Pong, 15*time.Second)
	set(&c.Write, 10*time.Second)
	return &c
}

func set[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// A Handler takes what a connection brings, one call at a time. A panic in it
// ends the connection with wire.CloseInternal and nothing else; it is told to
// Config.Panic.
type Handler interface {
	// Message gets a whole message, which it may keep. A Text message is valid
	// UTF-8. While it runs, the connection goes on reading until Config.Inbox
	// messages wait.
	Message(kind int, b []byte)
	// Closed is called once, when the connection has ended and no Message runs.
	// Messages that still waited then are dropped.
	Closed()
}

// A Conn is one connection. Its methods are safe for concurrent use.
type Conn struct {
	cfg     *Config
	ws      *websocket.Conn
	handler Handler
	born    time.Time

	mu      sync.Mutex // guards what follows
	room    *sync.Cond // of queue, inbox, and the end of work; made when somebody waits
	queue   []message  // to be written: pings and pongs, then messages, at last a close frame
	bytes   int        // that the messages in queue take, and the one being written
	until   time.Time  // all must be written, when closing
	inbox   []message  // to be handled
	heard   time.Time  // when the client's last message came, or was handled
	timer   *time.Timer
	writing bool // a writer runs
	working bool // a handler runs
	ended   bool // no more is read
	closing bool // a close frame is queued or written: nothing may follow
}

type message struct {
	kind int // Text, Binary, or a control frame's
	data []byte
}

// Start speaks over an upgraded connection. open makes the handler and may
// send already. Start returns at once, so that the HTTP server's memory for
// the request is given back.
func Start(conn *websocket.Conn, cfg *Config, open func(*Conn) Handler) *Conn {
	c := &Conn{cfg: cfg, ws: conn, born: time.Now()}
	c.heard = c.born
	conn.SetReadLimit(cfg.MaxFrame)
	conn.SetPingHandler(c.pinged)
	conn.SetPongHandler(c.ponged)
	conn.SetCloseHandler(answeredLater)
	c.extend()
	c.handler = open(c)
	c.mu.Lock()
	// the first ping comes at a random time, so that connections that began
	// together do not ping together
	c.timer = time.AfterFunc(Jitter(cfg.Ping), c.tick)
	c.mu.Unlock()
	go c.read()
	return c
}

// tick pings, and looks at the limits of time.
func (c *Conn) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch now := time.Now(); {
	case c.closing || c.ended:
		return
	case c.cfg.Total > 0 && now.Sub(c.born) > c.cfg.Total:
		c.shut(wire.CloseTotal)
		return
	case c.cfg.Idle > 0 && now.Sub(c.heard) > c.cfg.Idle && !c.working:
		c.shut(wire.CloseIdle)
		return
	}
	c.control(message{websocket.PingMessage, nil})
	c.timer.Reset(c.cfg.Ping)
}

// extend gives the client time until the next ping is answered.
func (c *Conn) extend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closing { // else its time is measured already
		_ = c.ws.SetReadDeadline(time.Now().Add(c.cfg.Ping + c.cfg.Pong))
	}
}

// wait waits for wake. The caller holds mu.
func (c *Conn) wait() {
	if c.room == nil {
		c.room = sync.NewCond(&c.mu)
	}
	c.room.Wait()
}

// wake wakes everybody who waits. The caller holds mu.
func (c *Conn) wake() {
	if c.room != nil {
		c.room.Broadcast()
	}
}

// RemoteAddr is the other end's address, never for the log.
func (c *Conn) RemoteAddr() net.Addr { return c.ws.RemoteAddr() }

// Upgrader gives an upgrader with the settings that keep idle connections
// small: a small read buffer, and write buffers that are shared.
func Upgrader(subprotocols []string, origin func(*http.Request) bool) *websocket.Upgrader {
	return &websocket.Upgrader{
		HandshakeTimeout: 10 * time.Second,
		ReadBufferSize:   256, // long messages are read past it
		WriteBufferSize:  4096,
		WriteBufferPool:  &buffers,
		Subprotocols:     subprotocols,
		CheckOrigin:      origin,
	}
}

var buffers sync.Pool

// Jitter gives a random time up to d: what is told to many is told spread.
func Jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d)
}
