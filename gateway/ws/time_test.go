package ws

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const kernel = 64 << 10 // what a line in memory holds

// alive answers pings until the line ends and gives what else came.
func (c *client) alive() []frame {
	var frames []frame
	for {
		f, err := readFrame(c.r)
		if err != nil {
			return frames
		}
		if f.op == opPing {
			c.write(pong(f.data))
			continue
		}
		frames = append(frames, f)
		if f.op == opClose {
			c.write(f)
		}
	}
}

// wantLast checks the close frame that a client has got at last.
func wantLast(t *testing.T, frames []frame, code int) {
	t.Helper()
	if n := len(frames); n == 0 || frames[n-1].op != opClose || frames[n-1].code() != code {
		t.Errorf("got %v, want close %d at last", frames, code)
	}
}

func TestPeerVanishes(t *testing.T) {
	for range 20 { // the first ping is at another time in each
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			c, _, ended := inMemory(t, Config{}, kernel, silent)
			// nothing is read or written any more, and nothing says so
			if d := (<-ended).Sub(began); d > 40*time.Second+lingering {
				t.Errorf("noticed after %v", d)
			}
			wantLast(t, c.rest(), 4002)
		})
	}
}

func TestPeerVanishesFullLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, conn, ended := inMemory(t, Config{}, 1000, silent)
		conn.Send(make([]byte, 5000)) // more than the line holds
		if d := (<-ended).Sub(began); d > 11*time.Second {
			t.Errorf("a write that nobody takes was given up after %v", d)
		}
		if conn.Send([]byte("x")) || conn.SendWait([]byte("x")) {
			t.Error("a message for a connection that has ended is said to be queued")
		}
	})
}

func TestPeerAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, ended := inMemory(t, Config{}, kernel, silent)
		go func() {
			time.Sleep(time.Hour)
			c.write(closeWith(1000, ""))
		}()
		began := time.Now()
		wantLast(t, c.alive(), 1000)
		<-ended
		if d := time.Since(began); d < time.Hour {
			t.Errorf("ended after %v", d)
		}
	})
}

// A client that pings itself, and answers nothing, is alive.
func TestPeerPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, ended := inMemory(t, Config{}, kernel, silent)
		for range 20 {
			time.Sleep(30 * time.Second)
			c.write(ping("her"))
		}
		c.write(closeWith(1000, ""))
		frames := c.rest()
		wantLast(t, frames, 1000)
		if n := len(slices.DeleteFunc(frames, func(f frame) bool { return f.op != opPong })); n != 20 {
			t.Errorf("%d pongs, want 20", n)
		}
		<-ended
	})
}

func TestFirstPingAtRandomTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var first []time.Duration
		for range 60 {
			began := time.Now()
			c, _, ended := inMemory(t, Config{}, kernel, silent)
			if f := c.next(); f.op != opPing {
				t.Fatalf("got %v, want a ping", f)
			}
			first = append(first, time.Since(began))
			c.Close()
			<-ended
		}
		if lo, hi := slices.Min(first), slices.Max(first); lo > 6*time.Second || hi < 19*time.Second || hi > 25*time.Second {
			t.Errorf("first pings between %v and %v, want them spread over 25s", lo, hi)
		}
	})
}

func TestTotalTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		c, _, ended := inMemory(t, Config{Total: 12 * time.Hour}, kernel, silent)
		busy := time.NewTicker(time.Minute)
		defer busy.Stop()
		stop := make(chan bool)
		go func() {
			for {
				select {
				case <-busy.C:
					c.write(text("hei"))
				case <-stop:
					return
				}
			}
		}()
		wantLast(t, c.alive(), 4003)
		close(stop)
		if d := (<-ended).Sub(began); d < 12*time.Hour || d > 12*time.Hour+time.Minute {
			t.Errorf("ended after %v, want 12h", d)
		}
	})
}

func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, ended := inMemory(t, Config{Idle: 2 * time.Hour}, kernel, silent)
		var said time.Time
		go func() {
			time.Sleep(90 * time.Minute)
			said = time.Now()
			c.write(text("hei"))
		}()
		wantLast(t, c.alive(), 4005)
		if d := (<-ended).Sub(said); d < 2*time.Hour || d > 2*time.Hour+time.Minute {
			t.Errorf("ended %v after the last message, want 2h", d)
		}
	})
}

// A client that waits for an answer is not idle.
func TestIdleWhileHandling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, ended := inMemory(t, Config{Idle: time.Hour}, kernel, func(*Conn) Handler {
			return funcs{message: func(int, []byte) { time.Sleep(3 * time.Hour) }}
		})
		began := time.Now()
		c.write(text("hei"))
		wantLast(t, c.alive(), 4005)
		if d := (<-ended).Sub(began); d < 4*time.Hour || d > 4*time.Hour+time.Minute {
			t.Errorf("ended after %v, want an hour after the handler did", d)
		}
	})
}

// A frame that comes so slowly that no other can come is as bad as none.
func TestSlowFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		c, _, ended := inMemory(t, Config{}, kernel, silent)
		var writing sync.WaitGroup
		defer writing.Wait()
		writing.Go(func() {
			for _, b := range text(repeat("a", 1000)).masked() {
				if _, err := c.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(10 * time.Second)
			}
		})
		frames := c.rest()
		wantLast(t, frames, 4002)
		if d := (<-ended).Sub(began); d > 40*time.Second+lingering {
			t.Errorf("ended after %v", d)
		}
	})
}

// While the handler is busy the connection reads as much as its inbox holds.
// The time this takes is not the client's.
func TestHandlerBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var handled []string
		c, _, ended := inMemory(t, Config{}, kernel, func(c *Conn) Handler {
			return funcs{message: func(_ int, b []byte) {
				if len(handled) == 0 {
					time.Sleep(2 * time.Minute)
				}
				handled = append(handled, string(b))
			}}
		})
		want := []string{}
		for i := range 30 { // more than the inbox and the read buffer hold
			want = append(want, repeat(string(rune('a'+i)), 500))
			c.write(text(want[i]))
		}
		c.write(ping("er du der?"))
		f := c.next()
		for f.op == opPing {
			f = c.next()
		}
		if f.op != opPong || f.data != "er du der?" {
			t.Errorf("got %v, want the pong", f)
		}
		if d := time.Since(began); d < 2*time.Minute {
			t.Errorf("a ping behind 30 messages was read after %v, though the handler was blocked", d)
		}
		c.write(closeWith(1000, ""))
		wantLast(t, c.alive(), 1000)
		<-ended
		if !slices.Equal(handled, want) {
			t.Errorf("handled %v, want %v", handled, want)
		}
	})
}

// The answer to a goodbye comes after what the handler says to what came before
// it, if that does not take long.
func TestGoodbyeWaits(t *testing.T) {
	for _, tt := range []struct {
		takes    time.Duration
		answered bool
	}{{lingering / 2, true}, {10 * lingering, false}} {
		synctest.Test(t, func(t *testing.T) {
			c, _, ended := inMemory(t, Config{}, kernel, func(c *Conn) Handler {
				return funcs{message: func(int, []byte) {
					time.Sleep(tt.takes)
					if c.Send([]byte("svar")) != tt.answered {
						t.Errorf("handler of %v: Send reports %v", tt.takes, !tt.answered)
					}
				}}
			})
			began := time.Now()
			c.write(text("spørsmål"), closeWith(1000, ""))
			frames := c.rest()
			for len(frames) > 0 && frames[0].op == opPing {
				frames = frames[1:]
			}
			wantLast(t, frames, 1000)
			if got := len(frames) == 2; got != tt.answered {
				t.Errorf("handler of %v: got %v", tt.takes, frames)
			}
			if d := time.Since(began); d > 2*lingering {
				t.Errorf("handler of %v: goodbye took %v", tt.takes, d)
			}
			<-ended
		})
	}
}
