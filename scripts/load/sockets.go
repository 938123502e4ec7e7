package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// A client is one widget: it has a conversation open and has asked nothing.
type client struct {
	conn         *websocket.Conn
	conversation string
	epoch        string
	offset       int64
}

var dialer = websocket.Dialer{ReadBufferSize: 512, WriteBufferSize: 512, HandshakeTimeout: 30 * time.Second}

// connect opens a socket and, on the service, the conversation.
func (c *client) connect(ctx context.Context, url string, open bool) error {
	conn, _, err := dialer.DialContext(ctx, url, nil)
	if err != nil {
		return err
	}
	c.conn = conn
	if !open {
		return nil
	}
	frame := map[string]any{"type": "open", "id": "o"}
	if c.conversation != "" {
		frame["conversation"] = c.conversation
		frame["position"] = map[string]any{"epoch": c.epoch, "offset": c.offset}
	}
	if err := conn.WriteJSON(frame); err != nil {
		return err
	}
	return c.recover()
}

// recover reads the answer to open and what was missed.
func (c *client) recover() error {
	missed := -1
	for missed != 0 {
		var f struct {
			Type, Conversation, Epoch, Message string
			Offset                             int64
			Recovered                          bool
			Missed                             int
		}
		if err := c.conn.ReadJSON(&f); err != nil {
			return err
		}
		switch f.Type {
		case "opened":
			if !f.Recovered {
				return fmt.Errorf("not recovered at %d", c.offset)
			}
			c.conversation, c.epoch, missed = f.Conversation, f.Epoch, f.Missed
		case "message", "answer":
			if f.Offset != c.offset+1 {
				return fmt.Errorf("offset %d after %d", f.Offset, c.offset)
			}
			c.offset, missed = f.Offset, missed-1
		case "error":
			return fmt.Errorf("error: %s", f.Message)
		}
	}
	return nil
}

// listen answers pings until the socket ends.
func (c *client) listen() {
	for {
		if _, _, err := c.conn.ReadMessage(); err != nil {
			return
		}
	}
}

// fleet opens n sockets, a hundred at a time.
func fleet(ctx context.Context, url string, n int, open bool) ([]*client, error) {
	clients := make([]*client, n)
	var wg sync.WaitGroup
	var first atomic.Value
	slots := make(chan struct{}, 100)
	for i := range clients {
		clients[i] = &client{}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := clients[i].connect(ctx, url, open); err != nil {
				first.CompareAndSwap(nil, err)
			}
		})
	}
	wg.Wait()
	if err, ok := first.Load().(error); ok {
		return nil, err
	}
	return clients, nil
}

// idle measures what sockets cost that say nothing.
func idle(ctx context.Context, o options, bin, dir string, out io.Writer) error {
	s, err := serve(ctx, bin, dir)
	if err != nil {
		return err
	}
	defer s.stop()
	p, err := startPeer(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	fmt.Fprintf(out, "  %-30s %10s %12s %12s\n", "", "KB each", "after GC", "cores")
	for _, x := range []struct {
		name string
		s    *server
		open bool
	}{{"conversation open", s, true}, {"bare echo, library defaults", p, false}} {
		if err := watch(ctx, o, x.name, x.s, x.open, out); err != nil {
			return err
		}
	}
	return nil
}

// forcedGC is how long the runtime waits at most between collections.
const forcedGC = 2*time.Minute + 10*time.Second

func watch(ctx context.Context, o options, name string, s *server, open bool, out io.Writer) error {
	time.Sleep(2 * time.Second) // what starting left behind is collected
	before := s.rss()
	clients, err := fleet(ctx, s.socket(), o.sockets, open)
	if err != nil {
		return err
	}
	for _, c := range clients {
		go c.listen()
	}
	time.Sleep(5 * time.Second)
	fresh := s.rss()
	cpu := s.cpu()
	time.Sleep(o.idle)
	cores := (s.cpu() - cpu).Seconds() / o.idle.Seconds()
	time.Sleep(max(0, forcedGC-o.idle))
	settled := s.rss()
	each := func(rss float64) float64 { return (rss - before) / float64(o.sockets) }
	fmt.Fprintf(out, "  %-30s %10.1f %12.1f %12.3f\n", fmt.Sprintf("%d, %s", o.sockets, name), each(fresh), each(settled), cores)
	for _, c := range clients {
		_ = c.conn.Close()
	}
	return nil
}

// storm drops all sockets at once, lets something happen in a tenth of the
// conversations, and measures until every client is back and has all of it.
func storm(ctx context.Context, o options, bin, dir string, out io.Writer) error {
	s, err := serve(ctx, bin, dir)
	if err != nil {
		return err
	}
	defer s.stop()
	clients, err := fleet(ctx, s.socket(), o.sockets, true)
	if err != nil {
		return err
	}
	for _, c := range clients {
		_ = c.conn.NetConn().(*net.TCPConn).SetLinger(0) // a cut, not a goodbye
		_ = c.conn.Close()
	}
	written := make(map[int]int64)
	for i := 0; i < len(clients); i += 10 {
		if err := writeTo(ctx, s, clients[i].conversation); err != nil {
			return err
		}
		written[i] = 2
	}
	var (
		wg      sync.WaitGroup
		retries atomic.Int64
		failed  atomic.Int64
		last    atomic.Int64
	)
	begin := time.Now()
	cpu := s.cpu()
	for i, c := range clients {
		wg.Go(func() {
			for attempt := 0; ; attempt++ {
				ceiling := min(30*time.Second, 500*time.Millisecond<<min(attempt, 6))
				time.Sleep(rand.N(ceiling)) // full jitter, as docs/protocol.md asks
				err := c.connect(ctx, s.socket(), true)
				if err == nil && c.offset >= written[i] {
					last.Store(max(last.Load(), int64(time.Since(begin))))
					return
				}
				if attempt > 20 || ctx.Err() != nil {
					failed.Add(1)
					return
				}
				retries.Add(1)
			}
		})
	}
	wg.Wait()
	fmt.Fprintf(out, "  %d clients dropped at once, %d of them with something missed: all back and complete in %.1f s, %d tried again, %d failed, %.1f s of processor time, RSS %.0f MB\n",
		len(clients), len(written), time.Duration(last.Load()).Seconds(), retries.Load(), failed.Load(), (s.cpu() - cpu).Seconds(), s.rss()/1e3)
	for _, c := range clients {
		_ = c.conn.Close()
	}
	return nil
}

// writeTo asks something in a conversation over HTTP, as from another window.
func writeTo(ctx context.Context, s *server, conversation string) error {
	b, err := json.Marshal(map[string]string{"id": "elsewhere", "question": "Hei"})
	if err != nil {
		return err
	}
	return post(ctx, s.url+"/v1/conversation/messages", conversation, b)
}
