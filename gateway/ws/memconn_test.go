package ws

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

// memory gives the two ends of a line in memory. Unlike net.Pipe it holds room
// bytes that nobody has read, as a kernel does: a peer that has vanished can be
// written to for a while. It obeys the clock of synctest.
func memory(room int) (a, b *memConn) {
	ab, ba := newHalf(room), newHalf(room)
	return &memConn{in: ba, out: ab}, &memConn{in: ab, out: ba}
}

// half is one direction of a line.
type half struct {
	mu      sync.Mutex
	changed *sync.Cond
	buf     []byte
	room    int
	eof     bool // nothing more is written
	gone    bool // nobody reads
	readBy  time.Time
	writeBy time.Time
}

func newHalf(room int) *half {
	h := &half{room: room}
	h.changed = sync.NewCond(&h.mu)
	return h
}

func (h *half) set(v *time.Time, t time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	*v = t
	h.changed.Broadcast()
	if d := time.Until(t); !t.IsZero() && d > 0 {
		time.AfterFunc(d, h.changed.Broadcast)
	}
	return nil
}

func over(t time.Time) bool { return !t.IsZero() && !time.Now().Before(t) }

func (h *half) read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.gone:
			return 0, net.ErrClosed
		case over(h.readBy):
			return 0, os.ErrDeadlineExceeded
		case len(h.buf) > 0:
			n := copy(p, h.buf)
			h.buf = h.buf[n:]
			h.changed.Broadcast()
			return n, nil
		case h.eof:
			return 0, io.EOF
		}
		h.changed.Wait()
	}
}

func (h *half) write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	written := 0
	for {
		switch {
		case h.eof:
			return written, net.ErrClosed
		case h.gone:
			return written, &net.OpError{Op: "write", Err: syscall.EPIPE}
		case over(h.writeBy):
			return written, os.ErrDeadlineExceeded
		}
		n := min(len(p), h.room-len(h.buf))
		h.buf = append(h.buf, p[:n]...)
		p, written = p[n:], written+n
		h.changed.Broadcast()
		if len(p) == 0 {
			return written, nil
		}
		h.changed.Wait()
	}
}

func (h *half) mark(v *bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	*v = true
	h.changed.Broadcast()
}

type memConn struct{ in, out *half }

func (c *memConn) Read(p []byte) (int, error)         { return c.in.read(p) }
func (c *memConn) Write(p []byte) (int, error)        { return c.out.write(p) }
func (c *memConn) CloseWrite() error                  { c.out.mark(&c.out.eof); return nil }
func (c *memConn) Close() error                       { c.in.mark(&c.in.gone); return c.CloseWrite() }
func (c *memConn) SetReadDeadline(t time.Time) error  { return c.in.set(&c.in.readBy, t) }
func (c *memConn) SetWriteDeadline(t time.Time) error { return c.out.set(&c.out.writeBy, t) }
func (c *memConn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}
func (c *memConn) LocalAddr() net.Addr  { return &net.UnixAddr{Name: "memory"} }
func (c *memConn) RemoteAddr() net.Addr { return &net.UnixAddr{Name: "memory"} }

// hijacker answers a request on a line of its own.
type hijacker struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// inMemory gives a client and the service's connection, over a line in memory
// that holds room bytes. ended gets the time when the connection has ended.
func inMemory(t testing.TB, cfg Config, room int, open func(*Conn) Handler) (cl *client, conn *Conn, ended <-chan time.Time) {
	t.Helper()
	near, far := memory(room)
	done := make(chan time.Time, 1)
	started := make(chan *Conn, 1)
	h, _ := handler(t, NewConfig(cfg), func(c *Conn) Handler {
		h := open(c)
		started <- c
		return funcs{message: h.Message, closed: func() { h.Closed(); done <- time.Now() }}
	})
	r := httptest.NewRequest("GET", "/chat", nil)
	r.Header = http.Header{
		"Upgrade": {"websocket"}, "Connection": {"Upgrade"},
		"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Version": {"13"},
	}
	go h.ServeHTTP(hijacker{httptest.NewRecorder(), far}, r)
	cl = &client{t, near, bufio.NewReader(near)}
	cl.welcome()
	return cl, <-started, done
}
