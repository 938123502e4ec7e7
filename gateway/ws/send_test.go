package ws

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// opened gets the connections that a server opens.
type opened chan *Conn

func (o opened) open(c *Conn) Handler {
	o <- c
	return echo(c)
}

func TestOneWriter(t *testing.T) {
	const senders, each = 200, 50
	o := make(opened, 1)
	cl := dial(t, serve(t, Config{Queue: 64 << 20}, o.open))
	c := <-o
	for s := range senders {
		go func() {
			for i := range each {
				if !c.Send(fmt.Appendf(nil, "%d %d %s", s, i, repeat("*", i*s))) {
					t.Errorf("sender %d: message %d was not queued", s, i)
				}
			}
		}()
	}
	next := make([]int, senders)
	for range senders * each {
		f := cl.next()
		part := strings.SplitN(f.data, " ", 3)
		if f.op != opText || f.more || len(part) != 3 {
			t.Fatalf("got %v", f)
		}
		s, _ := strconv.Atoi(part[0])
		i, _ := strconv.Atoi(part[1])
		if i != next[s] || part[2] != repeat("*", i*s) {
			t.Fatalf("got %v, want message %d of sender %d whole", f, next[s], s)
		}
		next[s]++
	}
}

// stall sends until the connection takes no more, and checks that little waits.
func stall(t *testing.T, c *Conn) (sent int) {
	t.Helper()
	b := []byte(repeat("*", 32<<10))
	for c.Send(b) {
		sent++
		c.mu.Lock()
		waiting := 0
		for _, m := range c.queue {
			waiting += len(m.data)
		}
		c.mu.Unlock()
		if waiting > c.cfg.Queue {
			t.Errorf("%d bytes wait, at most %d may", waiting, c.cfg.Queue)
		}
		time.Sleep(time.Millisecond) // so that the writer fills the line first
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bytes != 0 || len(c.queue) > 1 {
		t.Errorf("%d bytes in %d messages wait for a slow client after it was given up", c.bytes, len(c.queue))
	}
	return sent
}

func TestSlowClient(t *testing.T) {
	o := make(opened, 2)
	addr := serve(t, Config{}, o.open)
	slow := dial(t, addr)
	c := <-o
	other := dial(t, addr)
	<-o
	stop, stopped := make(chan bool), make(chan time.Duration)
	go func() { // another client is served meanwhile
		var longest time.Duration
		defer func() { stopped <- longest }()
		for {
			select {
			case <-stop:
				return
			default:
			}
			began := time.Now()
			other.write(text("hei"))
			if f, err := readFrame(other.r); err != nil || f.data != "hei" {
				t.Errorf("the other client got %v, %v", f, err)
				return
			}
			longest = max(longest, time.Since(began))
		}
	}()
	sent := stall(t, c)
	close(stop)
	if longest := <-stopped; longest > time.Second {
		t.Errorf("the other client waited %v", longest)
	}
	if c.Send([]byte("x")) || c.SendBinary([]byte("x")) || c.SendWait([]byte("x")) {
		t.Error("a message for a client that was given up is said to be queued")
	}
	// now it reads: some messages, whole, then why no more come
	frames := slow.rest()
	wantLast(t, frames, 4001)
	if n := len(frames) - 1; n >= sent {
		t.Errorf("%d of %d messages came; those that waited should not", n, sent)
	}
	for _, f := range frames[:len(frames)-1] {
		if f.op != opText || len(f.data) != 32<<10 {
			t.Fatalf("got %v, want whole messages", f)
		}
	}
}

func TestSlowClientNeverReads(t *testing.T) {
	o := make(opened, 1)
	cl := dial(t, serve(t, Config{Write: 200 * time.Millisecond}, o.open))
	c := <-o
	stall(t, c)
	// serve's clean-up waits for Closed; the client is still there then
	began := time.Now()
	for {
		c.mu.Lock()
		writing, ended := c.writing, c.ended
		c.mu.Unlock()
		if !writing && ended {
			break
		}
		if time.Since(began) > 30*time.Second {
			t.Fatal("the connection is not cut")
		}
		time.Sleep(10 * time.Millisecond)
	}
	cl.Close()
}

func TestSmallMessagesAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cl, conn, ended := inMemory(t, Config{Queue: 10_000}, 1000, silent)
		n := 0
		for conn.Send(nil) {
			n++
		}
		if n > 700 { // 500 are on the line
			t.Errorf("%d empty messages wait in 10,000 bytes", n)
		}
		cl.Close()
		<-ended
	})
}

func TestSendWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cl, conn, ended := inMemory(t, Config{Queue: 10_000, Ping: never}, 1000, silent)
		const senders, each = 10, 20
		var done atomic.Int32
		for s := range senders {
			go func() {
				for i := range each {
					if !conn.SendWait(fmt.Appendf(nil, "%d %d%s", s, i, repeat(" ", 3000))) {
						t.Errorf("sender %d: message %d was not queued", s, i)
					}
				}
				done.Add(1)
			}()
		}
		synctest.Wait()
		if done.Load() > 0 {
			t.Error("a sender did not wait, though nobody reads")
		}
		next := [senders]int{}
		for range senders * each {
			time.Sleep(time.Second) // slow, but it reads
			var s, i int
			f := cl.next()
			if _, err := fmt.Sscanf(f.data, "%d %d", &s, &i); err != nil || i != next[s] {
				t.Fatalf("got %v, want message %d of sender %d", f, next[s], s)
			}
			next[s]++
		}
		cl.write(closeWith(1000, ""))
		wantLast(t, cl.rest(), 1000)
		<-ended
	})
}

func TestSendWaitIsLetGo(t *testing.T) {
	for name, end := range map[string]func(*Conn, *client){
		"closed by the service":     func(c *Conn, _ *client) { c.Close(4000) },
		"cut by the client":         func(_ *Conn, cl *client) { cl.Close() },
		"nothing taken for a while": func(*Conn, *client) {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cl, conn, ended := inMemory(t, Config{Queue: 10_000}, 1000, silent)
				var waiting sync.WaitGroup
				for range 5 {
					waiting.Go(func() {
						for conn.SendWait(make([]byte, 3000)) {
						}
					})
				}
				synctest.Wait()
				end(conn, cl)
				waiting.Wait()
				<-ended
			})
		})
	}
}

// Pings and pongs pass the messages that wait, in their order; of very many
// pongs the latest are enough.
func TestControlFramesPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cl, conn, ended := inMemory(t, Config{Ping: never}, 1000, silent)
		for i := range 5 {
			conn.Send(fmt.Appendf(nil, "m%d%s", i, repeat(" ", 2000)))
		}
		synctest.Wait() // the first is being written
		for i := range 100 {
			cl.write(ping(strconv.Itoa(i)))
			synctest.Wait()
		}
		cl.write(closeWith(1000, ""))
		frames := cl.rest()
		wantLast(t, frames, 1000)
		var order []string
		for _, f := range frames[:len(frames)-1] {
			order = append(order, strings.TrimSpace(f.data))
		}
		want := []string{"m0"}
		for i := range waitingPongs - 1 {
			want = append(want, strconv.Itoa(i))
		}
		want = append(want, "99", "m1", "m2", "m3", "m4")
		if got := strings.Join(order, " "); got != strings.Join(want, " ") {
			t.Errorf("got  %s\nwant %s", got, strings.Join(want, " "))
		}
		<-ended
	})
}
