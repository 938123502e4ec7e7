package ws

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func BenchmarkEcho(b *testing.B) {
	for _, size := range []int{200, 16 << 10} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			cl := dial(b, serve(b, Config{}, echo))
			line := text(repeat("*", size)).masked()
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := cl.Write(line); err != nil {
					b.Fatal(err)
				}
				if f := cl.next(); len(f.data) != size {
					b.Fatalf("got %v", f)
				}
			}
		})
	}
}

// idle is how many connections BenchmarkIdle holds.
const idle = 2000

// BenchmarkIdle measures what an idle connection takes in the service, with the
// clients in a process of their own: bytes of heap, of stacks, and of the
// resident set. Every connection has been greeted with 500 bytes, has said
// something and got an answer, and has been pinged.
//
//	go test ./gateway/ws -run '^$' -bench Idle -benchtime 1x
func BenchmarkIdle(b *testing.B) {
	var answered sync.WaitGroup
	hello := []byte(repeat("*", 500))
	addr := serve(b, Config{Ping: 3 * time.Second}, func(c *Conn) Handler {
		c.Send(hello)
		return funcs{message: func(_ int, b []byte) { c.Send(b); answered.Done() }}
	})
	for b.Loop() {
		answered.Add(idle)
		before := measure()
		clients := exec.Command(os.Args[0], "-test.run", "^TestIdleClients$")
		clients.Env = append(os.Environ(), "KIVEILEDER_IDLE="+addr)
		stdin, err := clients.StdinPipe()
		if err != nil {
			b.Fatal(err)
		}
		var out bytes.Buffer
		clients.Stdout, clients.Stderr = &out, &out
		if err := clients.Start(); err != nil {
			b.Fatal(err)
		}
		answered.Wait()
		time.Sleep(4 * time.Second) // everyone is pinged, and grown stacks are given back
		after := measure()
		b.ReportMetric(float64(after.heap-before.heap)/idle, "heap-B/conn")
		b.ReportMetric(float64(after.stack-before.stack)/idle, "stack-B/conn")
		b.ReportMetric(float64(after.resident-before.resident)/idle, "RSS-B/conn")
		b.ReportMetric(0, "ns/op")
		stdin.Close()
		if err := clients.Wait(); err != nil {
			b.Fatalf("clients: %v\n%s", err, out.String())
		}
	}
}

type memoryUse struct{ heap, stack, resident int64 }

func measure() memoryUse {
	for range 3 { // a stack halves at each collection
		runtime.GC()
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return memoryUse{int64(m.HeapAlloc), int64(m.StackInuse), resident()}
}

// resident is the process's resident set, 0 where it is not known.
func resident() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// TestIdleClients are the clients of BenchmarkIdle, until their input ends.
func TestIdleClients(t *testing.T) {
	addr := os.Getenv("KIVEILEDER_IDLE")
	if addr == "" {
		return
	}
	said := text("hei, er det noen der?").masked()
	conns := make([]net.Conn, 0, idle)
	for range idle {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		cl := &client{t, conn, bufio.NewReader(conn)}
		if _, err := io.WriteString(conn, handshake); err != nil {
			t.Fatal(err)
		}
		cl.welcome()
		if _, err := conn.Write(said); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	go func() { // pings need no answer in the time this takes, but must be read
		b := make([]byte, 4096)
		for {
			for _, conn := range conns {
				_ = conn.SetReadDeadline(time.Now().Add(time.Microsecond))
				_, _ = conn.Read(b)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		fmt.Println(err)
	}
}
