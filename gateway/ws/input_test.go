package ws

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

func TestTooBig(t *testing.T) {
	addr := serve(t, Config{}, echo)
	t.Run("the longest that may be", func(t *testing.T) {
		cl := dial(t, addr)
		want := text(repeat("*", 64<<10))
		cl.write(want)
		if got := cl.next(); got != want {
			t.Errorf("got %v", got)
		}
		cl.write(closeWith(1000, ""))
		cl.wantClose(1000)
	})
	t.Run("one byte more", func(t *testing.T) {
		cl := dial(t, addr)
		cl.write(text(repeat("*", 64<<10+1)))
		cl.wantClose(1009)
	})
	t.Run("in fragments", func(t *testing.T) {
		cl := dial(t, addr)
		cl.write(text(repeat("*", 64<<10)).unfinished(), cont("*"))
		cl.wantClose(1009)
	})
	t.Run("longer than there are numbers", func(t *testing.T) {
		cl := dial(t, addr)
		_, _ = cl.Write([]byte("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"))
		cl.wantClose(1009)
	})
	t.Run("the client reads only when it has sent a megabyte", func(t *testing.T) {
		cl := dial(t, addr)
		line := text(repeat("*", 1<<20)).masked()
		for len(line) > 0 {
			n := min(10_000, len(line))
			if _, err := cl.Write(line[:n]); err != nil {
				t.Fatalf("%d bytes before the end: %v", len(line), err)
			}
			line = line[n:]
			time.Sleep(15 * time.Millisecond) // more than a second in all
		}
		cl.wantClose(1009)
	})
}

// What others send meanwhile must not take the close frame away.
func TestTooBigWhileSending(t *testing.T) {
	o := make(opened, 1)
	cl := dial(t, serve(t, Config{}, o.open))
	c := <-o
	stop := make(chan bool)
	var sending sync.WaitGroup
	sending.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Microsecond):
				c.Send([]byte("noe annet"))
			}
		}
	})
	line := text(repeat("*", 1<<20)).masked()
	for len(line) > 0 {
		n := min(10_000, len(line))
		if _, err := cl.Write(line[:n]); err != nil {
			t.Fatalf("%d bytes before the end: %v", len(line), err)
		}
		line = line[n:]
		time.Sleep(time.Millisecond)
	}
	wantLast(t, cl.rest(), 1009)
	close(stop)
	sending.Wait()
}

func TestNotUTF8(t *testing.T) {
	addr := serve(t, Config{}, func(c *Conn) Handler {
		return funcs{message: func(kind int, b []byte) {
			if kind == Text {
				t.Errorf("handler got %q", b)
			}
			c.SendBinary(b)
		}}
	})
	for name, frames := range map[string][]frame{
		"whole":                         {text("sm\xf8r")},
		"split":                         {text("sm").unfinished(), ping(""), cont("\xf8r")},
		"a character that is cut short": {text("sm\xc3").unfinished(), cont("")},
	} {
		t.Run(name, func(t *testing.T) {
			cl := dial(t, addr)
			cl.write(bin("sm\xf8r")) // which a binary message may be
			if got := cl.next(); got != bin("sm\xf8r") {
				t.Fatalf("got %v", got)
			}
			cl.write(frames...)
			got := cl.rest()
			wantLast(t, got, 1007)
		})
	}
}

// A handshake may come byte by byte, but not for ever. How long is the HTTP
// server's to say.
func TestSlowHandshake(t *testing.T) {
	addr := serveWith(t, Config{}, echo, func(s *http.Server) { s.ReadHeaderTimeout = time.Second })
	send := func(pause time.Duration) (*client, error) {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		for i := range len(handshake) {
			if _, err := io.WriteString(conn, handshake[i:i+1]); err != nil {
				return nil, err
			}
			time.Sleep(pause)
		}
		return &client{t, conn, bufio.NewReader(conn)}, nil
	}
	cl, err := send(0)
	if err != nil {
		t.Fatal(err)
	}
	cl.welcome()
	cl.write(text("hei"))
	if got := cl.next(); got != text("hei") {
		t.Errorf("got %v", got)
	}
	cl.write(closeWith(1000, ""))
	cl.wantClose(1000)

	began := time.Now()
	cl, err = send(20 * time.Millisecond)
	if err == nil {
		_, err = cl.r.ReadByte()
	}
	if err == nil || time.Since(began) > 30*time.Second {
		t.Errorf("a handshake that takes for ever was waited for: %v, %v", err, time.Since(began))
	}
}

// Frames that come byte by byte are frames.
func TestByteByByte(t *testing.T) {
	cl := dial(t, serve(t, Config{}, echo))
	want := text(repeat("ø", 200))
	for _, b := range want.masked() {
		if _, err := cl.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	if got := cl.next(); got != want {
		t.Errorf("got %v", got)
	}
	cl.write(closeWith(1000, ""))
	cl.wantClose(1000)
}

func TestNotMasked(t *testing.T) {
	cl := dial(t, serve(t, Config{}, echo))
	_, _ = io.WriteString(cl, "\x81\x03hei")
	cl.wantClose(1002)
}
