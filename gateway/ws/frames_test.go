package ws

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Opcodes of RFC 6455, section 5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

// A frame as it stands on the line. The zero value of more and rsv is the
// common one, so that tests read as what is said.
type frame struct {
	op   int
	data string
	more bool // FIN is not set
	rsv  int  // the three reserved bits as a number
}

func text(s string) frame     { return frame{op: opText, data: s} }
func bin(s string) frame      { return frame{op: opBinary, data: s} }
func cont(s string) frame     { return frame{op: opContinuation, data: s} }
func ping(s string) frame     { return frame{op: opPing, data: s} }
func pong(s string) frame     { return frame{op: opPong, data: s} }
func closeRaw(s string) frame { return frame{op: opClose, data: s} }
func closeWith(code int, reason string) frame {
	return closeRaw(string(binary.BigEndian.AppendUint16(nil, uint16(code))) + reason)
}

func (f frame) unfinished() frame    { f.more = true; return f }
func (f frame) reserved(n int) frame { f.rsv = n; return f }

func (f frame) String() string {
	name := map[int]string{opContinuation: "cont", opText: "text", opBinary: "bin", opClose: "close", opPing: "ping", opPong: "pong"}[f.op]
	if name == "" {
		name = fmt.Sprintf("op%d", f.op)
	}
	data := fmt.Sprintf("%q", f.data)
	if len(f.data) > 60 {
		data = fmt.Sprintf("%q… (%d bytes)", f.data[:20], len(f.data))
	}
	if f.op == opClose && len(f.data) >= 2 {
		data = fmt.Sprintf("%d %q", f.code(), f.data[2:])
	}
	return fmt.Sprintf("%s(%s)", name, data)
}

// code is the code of a close frame, 1005 when it has none.
func (f frame) code() int {
	if len(f.data) < 2 {
		return 1005
	}
	return int(binary.BigEndian.Uint16([]byte(f.data)))
}

// masked gives the bytes of a client's frame.
func (f frame) masked() []byte {
	b := []byte{byte(f.op | f.rsv<<4)}
	if !f.more {
		b[0] |= 0x80
	}
	switch n := len(f.data); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	key := binary.BigEndian.AppendUint32(nil, rand.Uint32())
	b = append(b, key...)
	for i := range len(f.data) {
		b = append(b, f.data[i]^key[i%4])
	}
	return b
}

// readFrame reads one of the service's frames; it is an error when it is masked.
func readFrame(r io.Reader) (frame, error) {
	var h [8]byte
	if _, err := io.ReadFull(r, h[:2]); err != nil {
		return frame{}, err
	}
	f := frame{op: int(h[0] & 0xf), more: h[0]&0x80 == 0, rsv: int(h[0] >> 4 & 7)}
	if h[1]&0x80 != 0 {
		return f, fmt.Errorf("masked frame from the service")
	}
	n := uint64(h[1])
	switch n {
	case 126:
		if _, err := io.ReadFull(r, h[:2]); err != nil {
			return f, err
		}
		n = uint64(binary.BigEndian.Uint16(h[:2]))
	case 127:
		if _, err := io.ReadFull(r, h[:8]); err != nil {
			return f, err
		}
		n = binary.BigEndian.Uint64(h[:8])
	}
	data := make([]byte, n)
	_, err := io.ReadFull(r, data)
	f.data = string(data)
	return f, err
}

const handshake = "GET /chat HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// A client speaks over a raw connection, so that it can do what no library
// lets it do.
type client struct {
	t testing.TB
	net.Conn
	r *bufio.Reader
}

// dial connects and shakes hands.
func dial(t testing.TB, addr string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return greet(t, conn)
}

// greet shakes hands.
func greet(t testing.TB, conn net.Conn) *client {
	t.Helper()
	t.Cleanup(func() { conn.Close() })
	c := &client{t, conn, bufio.NewReader(conn)}
	if _, err := io.WriteString(conn, handshake); err != nil {
		t.Fatal(err)
	}
	c.welcome()
	return c
}

// welcome reads the answer to the handshake.
func (c *client) welcome() {
	c.t.Helper()
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		c.t.Fatalf("handshake: %s", resp.Status)
	}
}

// write sends frames; a line that is cut already is not an error here, but
// shows in what is read.
func (c *client) write(frames ...frame) {
	for _, f := range frames {
		if _, err := c.Write(f.masked()); err != nil {
			return
		}
	}
}

// next reads a frame and fails the test when none comes.
func (c *client) next() frame {
	c.t.Helper()
	f, err := readFrame(c.r)
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	return f
}

// rest reads frames until the line ends.
func (c *client) rest() []frame {
	var frames []frame
	for {
		f, err := readFrame(c.r)
		if err != nil {
			return frames
		}
		frames = append(frames, f)
	}
}

// wantClose reads up to the close frame, past pings, answers it, and checks that
// the line ends after it.
func (c *client) wantClose(code int) {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(time.Minute))
	f := c.next()
	for f.op == opPing {
		f = c.next()
	}
	if f.op != opClose || f.code() != code {
		c.t.Fatalf("got %v, want close %d", f, code)
	}
	c.write(closeRaw(f.data[:min(2, len(f.data))]))
	if rest := c.rest(); len(rest) > 0 {
		c.t.Fatalf("after the close frame: %v", rest)
	}
}

func repeat(s string, n int) string { return strings.Repeat(s, n) }
