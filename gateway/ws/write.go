package ws

import (
	"errors"
	"slices"
	"time"

	"github.com/gorilla/websocket"

	"kiveileder/gateway/wire"
)

// overhead is what a message takes in the queue beside its bytes.
const overhead = 64

// waitingPongs is how many pings are answered that came before the first
// answer could be written. After that only the latest is.
const waitingPongs = 16

// Send queues a text message, which must not be changed afterwards, and reports
// whether it is queued: not when the connection is closing. A client that has
// too much waiting is closed as slow. One message is always let in, however
// long.
func (c *Conn) Send(b []byte) bool { return c.put(message{Text, b}) }

// SendBinary is Send for a binary message.
func (c *Conn) SendBinary(b []byte) bool { return c.put(message{Binary, b}) }

// SendWait is Send for one who can wait: it returns when there is room. A
// client that takes nothing for as long as Config.Write is cut, and SendWait
// reports false.
func (c *Conn) SendWait(b []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.full(b) && !c.closing {
		c.wait()
	}
	return c.enqueue(message{Text, b})
}

// Close ends the connection with a code, after what is queued; for a slow
// client instead of it. The client is asked to come back or not, as the code
// says. Only the first call counts, and Close waits for nothing.
func (c *Conn) Close(code wire.CloseCode) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut(code)
}

// shut is Close. The caller holds mu.
func (c *Conn) shut(code wire.CloseCode) {
	if c.closing {
		return
	}
	if code == wire.CloseSlow {
		c.queue, c.bytes = nil, 0
	}
	c.last(websocket.FormatCloseMessage(int(code), code.String()))
}

// finish is Close with a close frame that is made already.
func (c *Conn) finish(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closing {
		c.last(frame)
	}
}

// last queues a close frame. The caller holds mu.
func (c *Conn) last(frame []byte) {
	c.closing = true
	c.until = time.Now().Add(c.cfg.Write)
	c.queue = append(c.queue, message{websocket.CloseMessage, frame})
	c.start()
	c.wake()
}

func (c *Conn) put(m message) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closing && c.full(m.data) {
		c.shut(wire.CloseSlow)
	}
	return c.enqueue(m)
}

// full reports whether there is no room for a message. The caller holds mu.
func (c *Conn) full(b []byte) bool {
	return c.bytes > 0 && c.bytes+len(b)+overhead > c.cfg.Queue
}

// enqueue queues a message, unless the connection is closing. The caller holds
// mu.
func (c *Conn) enqueue(m message) bool {
	if c.closing {
		return false
	}
	c.queue = append(c.queue, m)
	c.bytes += len(m.data) + overhead
	c.start()
	return true
}

// control queues a ping or a pong before all messages: they tell whether the
// line lives, and a long queue must not make it look dead. The caller holds mu.
func (c *Conn) control(m message) {
	n, pongs, latest := 0, 0, 0
	for ; n < len(c.queue) && isControl(c.queue[n]); n++ {
		if c.queue[n].kind == websocket.PongMessage {
			pongs++
			latest = n
		} else if m.kind == websocket.PingMessage {
			return // one waits already
		}
	}
	if m.kind == websocket.PongMessage && pongs >= waitingPongs {
		c.queue[latest] = m
		return
	}
	c.queue = slices.Insert(c.queue, n, m)
	c.start()
}

func isControl(m message) bool {
	return m.kind == websocket.PingMessage || m.kind == websocket.PongMessage
}

// start makes sure that a writer runs. The caller holds mu.
func (c *Conn) start() {
	if !c.writing {
		c.writing = true
		go c.write()
	}
}

// write writes what is queued and ends when nothing is. It alone writes, but
// for the library's close frame when the client breaks the protocol.
func (c *Conn) write() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) > 0 {
		m := c.queue[0]
		c.queue[0] = message{}
		c.queue = c.queue[1:]
		until := time.Now().Add(c.cfg.Write)
		if c.closing && c.until.Before(until) {
			until = c.until
		}
		c.mu.Unlock()
		_ = c.ws.SetWriteDeadline(until)
		err := c.ws.WriteMessage(m.kind, m.data)
		c.mu.Lock()
		if !isControl(m) {
			c.bytes = max(0, c.bytes-len(m.data)-overhead)
		}
		switch {
		case errors.Is(err, websocket.ErrCloseSent): // by the library; the reader knows
			c.drop()
		case err != nil:
			c.drop()
			_ = c.ws.Close() // the reader ends
		case m.kind == websocket.CloseMessage:
			c.drop()
			if !c.ended { // the reader ends when the client answers, or soon
				_ = c.ws.SetReadDeadline(time.Now().Add(lingering))
			}
		}
		c.wake()
	}
	c.queue, c.writing = nil, false
	c.wake()
}

// drop forgets what is queued and lets nothing more in. The caller holds mu.
func (c *Conn) drop() {
	c.queue, c.bytes, c.closing = nil, 0, true
	c.wake()
}

// flush waits until the writer has nothing left.
func (c *Conn) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.writing {
		c.wait()
	}
}
