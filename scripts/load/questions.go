package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// questions measures the time from a question to its answer.
func questions(ctx context.Context, o options, bin, dir string, out io.Writer) error {
	qs, err := readQuestions(o.file)
	if err != nil {
		return err
	}
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
	fmt.Fprintf(out, "  start to ready %.0f ms, RSS when ready %.1f MB\n\n", s.ready.Seconds()*1e3, s.rss()/1e3)
	fmt.Fprintf(out, "  %-28s %8s %8s %8s %8s %10s\n", "", "p50 ms", "p95 ms", "p99 ms", "max ms", "a second")
	asked := 0
	for _, k := range o.clients {
		// a new question each time: the words change, so no cache knows it
		next := func(i int) string { return fmt.Sprintf("%s (%d)", qs[i%len(qs)], asked+i) }
		if err := measure(ctx, out, fmt.Sprintf("new, %d clients", k), s, o.n, k, 3, next); err != nil {
			return err
		}
		asked += o.n
	}
	same := func(i int) string { return qs[i%10] }
	if err := measure(ctx, io.Discard, "", s, 20, 1, 1, same); err != nil {
		return err
	}
	for _, k := range o.clients {
		if err := measure(ctx, out, fmt.Sprintf("repeated, %d clients", k), s, 5*o.n, k, 1, same); err != nil {
			return err
		}
		if err := measure(ctx, out, fmt.Sprintf("  bare echo, %d clients", k), p, 5*o.n, k, 1, same); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "\n  RSS afterwards %.1f MB\n", s.rss()/1e3)
	return nil
}

func readQuestions(file string) ([]string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out []string
	for line := range bytes.Lines(b) {
		var c struct {
			Q string `json:"q"`
		}
		if err := json.Unmarshal(line, &c); err != nil {
			return nil, err
		}
		out = append(out, c.Q)
	}
	if len(out) < 10 {
		return nil, errors.New("want at least ten questions")
	}
	return out, nil
}

// measure asks n questions from a number of clients at once, each on a socket
// of its own and with so many questions in a conversation.
func measure(ctx context.Context, out io.Writer, name string, s *server, n, clients, talk int, question func(int) string) error {
	var (
		next  atomic.Int64
		mu    sync.Mutex
		took  []float64
		first error
		wg    sync.WaitGroup
	)
	begin := time.Now()
	for range clients {
		wg.Go(func() {
			err := ask(ctx, s, talk, func() (string, bool) {
				i := int(next.Add(1)) - 1
				return question(i), i < n
			}, func(d time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				took = append(took, d.Seconds()*1e3)
			})
			mu.Lock()
			defer mu.Unlock()
			first = errors.Join(first, err)
		})
	}
	wg.Wait()
	if first != nil {
		return first
	}
	slices.Sort(took)
	at := func(p float64) float64 { return took[min(len(took)-1, int(p*float64(len(took))))] }
	fmt.Fprintf(out, "  %-28s %8.1f %8.1f %8.1f %8.1f %10.1f\n", name, at(.5), at(.95), at(.99), took[len(took)-1], float64(n)/time.Since(begin).Seconds())
	return nil
}

// ask asks on one socket what next gives, until there is no more, talk questions
// in each conversation. The peer echoes the question, which counts as its answer.
func ask(ctx context.Context, s *server, talk int, next func() (string, bool), done func(time.Duration)) error {
	conn, _, err := websocket.DefaultDialer.DialContext(ctx, s.socket(), nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	conversation := ""
	for i := 0; ; i++ {
		q, ok := next()
		if !ok {
			return nil
		}
		if i%talk == 0 && conversation != "" {
			if err := conn.WriteJSON(map[string]string{"type": "leave", "id": "l", "conversation": conversation}); err != nil {
				return err
			}
			conversation = ""
		}
		id := fmt.Sprintf("m%d", i)
		begin := time.Now()
		if err := conn.WriteJSON(map[string]string{"type": "ask", "id": id, "question": q, "conversation": conversation}); err != nil {
			return err
		}
		if conversation, err = answer(conn, id); err != nil {
			return err
		}
		done(time.Since(begin))
	}
}

// answer reads until the answer to a message is there.
func answer(conn *websocket.Conn, id string) (conversation string, err error) {
	for {
		var f struct{ Type, ID, Conversation, Message string }
		if err := conn.ReadJSON(&f); err != nil {
			return "", err
		}
		switch {
		case f.Type == "error":
			return "", errors.New(f.Message)
		case f.ID == id && (f.Type == "answer" || f.Type == "ask"):
			return f.Conversation, nil
		}
	}
}
