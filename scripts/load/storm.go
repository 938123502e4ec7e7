package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// storm drops all sockets at once, lets something have happened in a tenth of
// the conversations, and measures until every client is back and has all of it.
func storm(ctx context.Context, b *bench) error {
	w, err := b.world(ctx, 1)
	if err != nil {
		return err
	}
	defer w.stop()
	kinds := []struct {
		name string
		drop func([]*client) error
	}{
		{"all sockets cut", func(clients []*client) error { cut(clients); return nil }},
		{"one gateway killed", func([]*client) error { w.gateways[0].kill(); return nil }},
		{"both gateways killed and started", func([]*client) error { return bounce(ctx, w.gateways, (*server).kill) }},
	}
	if b.shape == one {
		kinds = kinds[:1]
	}
	for _, k := range kinds {
		if err := b.strike(ctx, w, k.name, k.drop); err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		for _, g := range w.gateways { // as it was
			if g.cmd.ProcessState != nil {
				if err := g.start(ctx); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// cut ends connections as a network does, without a goodbye.
func cut(clients []*client) {
	for _, c := range clients {
		_ = c.conn.NetConn().(*net.TCPConn).SetLinger(0)
		_ = c.conn.Close()
	}
}

// bounce ends servers and starts them again.
func bounce(ctx context.Context, ss []*server, end func(*server)) error {
	for _, s := range ss {
		end(s)
	}
	for _, s := range ss {
		if err := s.launch(ctx); err != nil {
			return err
		}
	}
	return nil
}

// strike opens the sockets, drops them and waits for everybody.
func (b *bench) strike(ctx context.Context, w *world, name string, drop func([]*client) error) error {
	to := sockets(w.gateways)
	clients, err := fleet(ctx, to, b.sockets, true, "")
	if err != nil {
		return err
	}
	defer part(clients)
	// nobody reads any more: what is written now is missed
	written := make(map[int]int64)
	for i := 0; i < len(clients); i += 10 {
		if err := writeTo(ctx, w.gateways[i%len(to)], clients[i].conversation); err != nil {
			return err
		}
		written[i] = 2
	}
	used, pids := cpus(w), pids(w)
	gone := 0
	begin := time.Now()
	dropped := make(chan error, 1)
	go func() { dropped <- drop(clients) }()
	var (
		wg              sync.WaitGroup
		retries, failed atomic.Int64
		mu              sync.Mutex // guards back
		back            times
	)
	for i, c := range clients {
		if name == "one gateway killed" && i%len(to) != 0 {
			continue
		}
		gone++
		wg.Go(func() {
			_ = c.conn.SetReadDeadline(time.Now().Add(30 * time.Second)) // a deadline can always be set
			c.listen()                                                   // until the socket is gone
			at := i
			for attempt := 0; ; attempt++ {
				ceiling := min(30*time.Second, 500*time.Millisecond<<min(attempt, 6))
				time.Sleep(rand.N(ceiling)) // full jitter, as docs/protocol.md asks
				err := c.connect(ctx, to[at%len(to)], true)
				if err == nil && c.offset >= written[i] {
					mu.Lock()
					defer mu.Unlock()
					back = append(back, time.Since(begin).Seconds())
					return
				}
				if attempt > 20 || ctx.Err() != nil {
					failed.Add(1)
					return
				}
				at++ // a balancer would find another
				retries.Add(1)
			}
		})
	}
	wg.Wait()
	if err := <-dropped; err != nil {
		return err
	}
	slices.Sort(back)
	var busy time.Duration
	for _, s := range w.all() {
		switch {
		case s.cmd.ProcessState != nil: // it is dead
		case s.cmd.Process.Pid != pids[s]: // it is new
			busy += s.cpu()
		default:
			busy += s.cpu() - used[s]
		}
	}
	fmt.Fprintf(b.out, "  %s: %d clients dropped at once, a tenth of them with something missed: half of them back and complete in %.1f s, all in %.1f s, %d tried again, %d failed, %.1f s of processor time, RSS of the gateways %.0f MB\n",
		name, gone, back.at(.5), back.at(1), retries.Load(), failed.Load(), busy.Seconds(), rss(w.gateways)/1e3)
	b.figure(figure{what: fmt.Sprintf("%d clients dropped (%s), all complete", gone, name), value: back.at(1), unit: "s", goal: 30})
	if n := failed.Load(); n > 0 {
		return fmt.Errorf("%d clients did not come back", n)
	}
	return nil
}

// pids tells which processes run.
func pids(w *world) map[*server]int {
	out := map[*server]int{}
	for _, s := range w.all() {
		out[s] = s.cmd.Process.Pid
	}
	return out
}

// writeTo asks something in a conversation over HTTP, as from another window.
func writeTo(ctx context.Context, s *server, conversation string) error {
	b, err := json.Marshal(map[string]string{"id": "elsewhere", "question": "Hei"})
	if err != nil {
		return err
	}
	_, err = post(ctx, s.url+"/v1/conversation/messages", conversation, b)
	return err
}
