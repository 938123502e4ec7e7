package ws

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestCloseOnce(t *testing.T) {
	o := make(opened, 1)
	cl := dial(t, serve(t, Config{}, o.open)) // its clean-up holds that Closed is called once
	c := <-o
	c.Send([]byte("før"))
	var closing sync.WaitGroup
	for range 100 {
		closing.Go(func() {
			c.Close(4000)
			if c.Send([]byte("etter")) {
				t.Error("a message after Close is said to be queued")
			}
		})
	}
	closing.Wait()
	if f := cl.next(); f.data != "før" {
		t.Errorf("got %v, want what was queued before", f)
	}
	if f := cl.next(); f != closeWith(4000, "restart") {
		t.Errorf("got %v", f)
	}
	cl.write(closeWith(4000, ""))
	if rest := cl.rest(); len(rest) > 0 {
		t.Errorf("after the close frame: %v", rest)
	}
}

// Close in open, before anything is read, and in Message.
func TestCloseFromHandler(t *testing.T) {
	t.Run("open", func(t *testing.T) {
		cl := dial(t, serve(t, Config{}, func(c *Conn) Handler {
			c.Close(4500)
			return funcs{message: func(int, []byte) { t.Error("a message after Close was handled") }}
		}))
		cl.write(text("hei"))
		cl.wantClose(4500)
	})
	t.Run("Message", func(t *testing.T) {
		n := 0
		cl := dial(t, serve(t, Config{}, func(c *Conn) Handler {
			return funcs{message: func(int, []byte) { n++; c.Close(1003) }, closed: func() {
				if n != 1 {
					t.Errorf("%d messages were handled, want only the one before Close", n)
				}
			}}
		}))
		cl.write(bin("en"), bin("to"), bin("tre"))
		cl.wantClose(1003)
	})
}

// A client that does not answer the close frame is not waited for long.
func TestCloseUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		cl, conn, ended := inMemory(t, Config{}, kernel, silent)
		conn.Close(4000)
		if d := (<-ended).Sub(began); d > 2*lingering {
			t.Errorf("ended after %v", d)
		}
		wantLast(t, cl.rest(), 4000)
	})
}

// Nor is one that goes on talking instead.
func TestCloseIgnored(t *testing.T) {
	for name, f := range map[string]frame{"pings": ping(""), "messages": text("hei")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				cl, conn, ended := inMemory(t, Config{}, kernel, silent)
				conn.Close(4000)
				var talking sync.WaitGroup
				defer talking.Wait()
				talking.Go(func() {
					for {
						if _, err := cl.Write(f.masked()); err != nil {
							return
						}
						time.Sleep(lingering / 4)
					}
				})
				if d := (<-ended).Sub(began); d > 2*lingering+lingeringMost {
					t.Errorf("ended after %v", d)
				}
				wantLast(t, cl.rest(), 4000)
			})
		})
	}
}

// However many messages wait, and however slowly each is taken, closing ends.
func TestCloseBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		cl, conn, ended := inMemory(t, Config{}, 100, silent)
		for range 100 {
			conn.Send(make([]byte, 1000))
		}
		conn.Close(4000)
		var reading sync.WaitGroup
		defer reading.Wait()
		reading.Go(func() {
			b := make([]byte, 100)
			for {
				if _, err := cl.Read(b); err != nil {
					return
				}
				time.Sleep(800 * time.Millisecond)
			}
		})
		if d := (<-ended).Sub(began); d > 12*time.Second {
			t.Errorf("ended after %v", d)
		}
	})
}

func TestPanic(t *testing.T) {
	for name, open := range map[string]func(*Conn) Handler{
		"Message": func(*Conn) Handler { return funcs{message: func(int, []byte) { panic("oi") }} },
		"Closed": func(c *Conn) Handler {
			return funcs{message: func(int, []byte) { c.Close(1011) }, closed: func() { panic("oi") }}
		},
	} {
		t.Run(name, func(t *testing.T) {
			var told atomic.Int32
			cl := dial(t, serve(t, Config{Panic: func(v any, stack []byte) {
				if v != "oi" || !strings.Contains(string(stack), "end_test.go") {
					t.Errorf("told of %v at %s", v, stack)
				}
				told.Add(1)
			}}, open))
			cl.write(text("en"), text("to"))
			cl.wantClose(1011)
			for began := time.Now(); told.Load() == 0 && time.Since(began) < 30*time.Second; {
				time.Sleep(time.Millisecond)
			}
			if told.Load() != 1 {
				t.Errorf("told %d times", told.Load())
			}
		})
	}
}

func TestReset(t *testing.T) {
	o := make(opened, 1)
	addr := serve(t, Config{}, o.open)
	for name, before := range map[string]func(*Conn, *client){
		"idle":            func(*Conn, *client) {},
		"while sent to":   func(c *Conn, _ *client) { go stall(t, c) },
		"inside a frame":  func(_ *Conn, cl *client) { _, _ = cl.Write(text("halvferdig").masked()[:8]) },
		"between frames":  func(_ *Conn, cl *client) { cl.write(text("halv").unfinished()) },
		"after a message": func(_ *Conn, cl *client) { cl.write(text("hei")) },
	} {
		t.Run(name, func(t *testing.T) {
			cl := dial(t, addr)
			c := <-o
			before(c, cl)
			time.Sleep(10 * time.Millisecond)
			_ = cl.Conn.(*net.TCPConn).SetLinger(0) // Close sends a reset
			cl.Close()
			for began := time.Now(); c.Send([]byte("x")); {
				if time.Since(began) > 30*time.Second {
					t.Fatal("the reset is not noticed")
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
}

// A client that ends its half of the line without a close frame has gone.
func TestHalfClosed(t *testing.T) {
	cl := dial(t, serve(t, Config{}, echo))
	_ = cl.Conn.(*net.TCPConn).CloseWrite()
	_ = cl.SetReadDeadline(time.Now().Add(30 * time.Second))
	if _, err := cl.r.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want the line closed", err)
	}
}
