package ws

import (
	"errors"
	"io"
	"net"
	"runtime/debug"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"kiveileder/gateway/wire"
)

// A connection that ends is still listened to for a while, so that the client
// gets the close frame before the line is cut: a closed socket with unread bytes
// would take the frame back.
const (
	lingering      = time.Second     // without a byte
	lingeringMost  = 5 * time.Second // in all
	lingeringBytes = 4 << 20
)

// read hands on messages until the connection ends.
func (c *Conn) read() {
	err := c.receive()
	c.mu.Lock()
	c.ended = true
	c.timer.Stop()
	c.mu.Unlock()
	c.end(err)
	_ = c.ws.Close()
	c.mu.Lock()
	c.drop()
	for c.working || c.writing {
		c.wait()
	}
	c.mu.Unlock()
	defer c.rescue()
	c.handler.Closed()
}

var (
	errNotUTF8 = errors.New("ws: text that is not UTF-8")
	errClosing = errors.New("ws: closing")
)

// receive reads until something ends the connection.
func (c *Conn) receive() error {
	for {
		kind, b, err := c.ws.ReadMessage()
		if err != nil {
			return err
		}
		if kind == Text && !utf8.Valid(b) {
			return errNotUTF8
		}
		if !c.take(message{kind, b}) {
			return errClosing
		}
		c.extend() // not before: the time that the handler took is not the client's
	}
}

// take puts a message into the inbox, waiting for room, and reports whether it
// will be handled.
func (c *Conn) take(m message) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = time.Now()
	for c.crowded(m) && !c.closing {
		c.wait()
	}
	if c.closing {
		return false
	}
	c.inbox = append(c.inbox, m)
	if !c.working {
		c.working = true
		go c.work()
	}
	return true
}

// crowded reports whether there is no room for a message: the inbox has as many
// as it may, or twice the bytes that one may have. The caller holds mu.
func (c *Conn) crowded(m message) bool {
	waiting := 0
	for _, x := range c.inbox {
		waiting += len(x.data)
	}
	return len(c.inbox) >= c.cfg.Inbox || waiting > 0 && int64(waiting+len(m.data)) > 2*c.cfg.MaxFrame
}

// work handles what is in the inbox and ends when it is empty.
func (c *Conn) work() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.inbox) > 0 && !c.closing {
		m := c.inbox[0]
		c.inbox[0] = message{}
		c.inbox = c.inbox[1:]
		c.wake()
		c.mu.Unlock()
		c.handle(m)
		c.mu.Lock()
	}
	c.inbox, c.working, c.heard = nil, false, time.Now()
	c.wake()
}

func (c *Conn) handle(m message) {
	defer c.rescue()
	c.handler.Message(m.kind, m.data)
}

// rescue keeps a handler's panic from ending more than its connection.
func (c *Conn) rescue() {
	v := recover()
	if v == nil {
		return
	}
	c.Close(wire.CloseInternal)
	if c.cfg.Panic != nil {
		c.cfg.Panic(v, debug.Stack())
	}
}

// pinged answers a ping, which is a sign of life as well.
func (c *Conn) pinged(data string) error {
	c.mu.Lock()
	if !c.closing {
		c.control(message{websocket.PongMessage, []byte(data)})
	}
	c.mu.Unlock()
	c.extend()
	return nil
}

func (c *Conn) ponged(string) error {
	c.extend()
	return nil
}

// answeredLater leaves the answer to a close frame to end.
func answeredLater(int, string) error { return nil }

// end lets the client know how its connection ended, as far as it can hear it.
func (c *Conn) end(err error) {
	var goodbye *websocket.CloseError
	var line net.Error
	said := errors.As(err, &goodbye) && goodbye.Code != websocket.CloseAbnormalClosure
	switch {
	case said:
		c.settle()
		c.finish(websocket.FormatCloseMessage(goodbye.Code, ""))
	case goodbye != nil, errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		return
	case errors.As(err, &line) && !line.Timeout():
		return
	case line != nil:
		c.Close(wire.CloseSilent)
	case errors.Is(err, errNotUTF8):
		c.Close(wire.CloseNotUTF8)
	case errors.Is(err, websocket.ErrReadLimit):
		c.Close(wire.CloseTooBig)
	default: // a broken protocol; the library has sent the close frame already
		c.Close(wire.CloseProtocol)
	}
	c.flush()
	c.linger()
}

// settle gives the handler a moment for what the client wrote before it said
// goodbye.
func (c *Conn) settle() {
	over := false
	t := time.AfterFunc(lingering, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		over = true
		c.wake()
	})
	defer t.Stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.working && !c.closing && !over {
		c.wait()
	}
}

// linger tells the client that nothing more comes and reads what it still
// sends, for a while.
func (c *Conn) linger() {
	conn := c.ws.NetConn()
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	unread := make([]byte, 4096)
	began := time.Now()
	for n := 0; n < lingeringBytes; {
		wait := min(lingering, lingeringMost-time.Since(began))
		_ = conn.SetReadDeadline(time.Now().Add(wait))
		k, err := conn.Read(unread)
		if err != nil {
			return
		}
		n += k
	}
}
