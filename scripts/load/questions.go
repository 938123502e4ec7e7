package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// questions measures the time from a question to its answer.
func questions(ctx context.Context, b *bench) error {
	qs, err := readQuestions(b.file)
	if err != nil {
		return err
	}
	w, err := b.world(ctx, 1)
	if err != nil {
		return err
	}
	defer w.stop()
	p, err := startPeer(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	for _, s := range w.all() {
		fmt.Fprintf(b.out, "  %-10s start to ready %4.0f ms, RSS when ready %6.1f MB\n", s.name, s.ready.Seconds()*1e3, s.rss()/1e3)
	}
	if b.shape == one {
		s := w.gateways[0]
		b.figure(figure{what: "start to ready", value: s.ready.Seconds(), unit: "s", goal: 1})
		b.figure(figure{what: "RSS when ready", value: s.rss() / 1e3, unit: "MB", goal: 250})
	}
	fmt.Fprintln(b.out)
	heads(b.out, "a second")
	service, echo := sockets(w.gateways), []string{p.socket()}
	asked := 0
	for _, k := range b.clients {
		// a new question each time: the words change, so no cache knows it
		next := func(i int) string { return fmt.Sprintf("%s (%d)", qs[i%len(qs)], asked+i) }
		err := b.ask(ctx, w, asking{"new question, " + people(k), service, b.n, k, 3, next}, 150)
		if err != nil {
			return err
		}
		asked += b.n
	}
	same := func(i int) string { return qs[i%10] }
	if _, err := measure(ctx, asking{"", service, 20, 1, 1, same}); err != nil {
		return err
	}
	for _, k := range b.clients {
		err := b.ask(ctx, w, asking{"repeated question, " + people(k), service, 5 * b.n, k, 1, same}, 5)
		if err != nil {
			return err
		}
		bare, err := measure(ctx, asking{"", echo, 5 * b.n, k, 1, same})
		if err != nil {
			return err
		}
		row(b.out, "  bare echo", bare.took, bare.rate)
		// its figure is the last one
		f := &b.report.figures[len(b.report.figures)-1]
		f.peer, f.than = "bare echo", bare.took.at(.95)
	}
	if kb := rss(w.all()); b.shape == one {
		b.figure(figure{what: "RSS after the questions", value: kb / 1e3, unit: "MB", goal: 250})
	}
	for _, s := range w.all() {
		fmt.Fprintf(b.out, "  %-10s RSS afterwards %.1f MB\n", s.name, s.rss()/1e3)
	}
	return nil
}

func people(n int) string {
	if n == 1 {
		return "1 client"
	}
	return fmt.Sprintf("%d clients", n)
}

// ask measures, prints, and with one client says where the time goes. The goal
// is meant for one process and one who asks alone.
func (b *bench) ask(ctx context.Context, w *world, a asking, goal float64) error {
	before, used := scrapeAll(w), cpus(w)
	m, err := measure(ctx, a)
	if err != nil {
		return err
	}
	row(b.out, a.name, m.took, m.rate)
	if m.failed > 0 {
		fmt.Fprintf(b.out, "      %d of %d were not answered: %v\n", m.failed, a.n, m.why)
		b.figure(figure{what: a.name + ", not answered", value: float64(m.failed), unit: none})
	}
	if b.shape != one || a.clients > 1 {
		goal = 0
	}
	if a.clients == 1 {
		parts(b.out, before, scrapeAll(w), a.n)
		for _, s := range w.all() {
			fmt.Fprintf(b.out, "      %-52s %8.2f ms of processor\n", s.name, (s.cpu()-used[s]).Seconds()*1e3/float64(a.n))
		}
	}
	b.figure(figure{what: a.name + ", p95", value: m.took.at(.95), unit: "ms", goal: goal})
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

// An asking is n questions from a number of clients at once, each on a socket
// of its own and with so many questions in a conversation.
type asking struct {
	name    string
	urls    []string
	n       int
	clients int
	talk    int
	next    func(int) string
}

// A measured is how long answers took, sorted, how many came a second, and how
// many questions got none, with the first reason.
type measured struct {
	took   times
	rate   float64
	failed int
	why    error
}

// measure asks. It fails when nothing is answered.
func measure(ctx context.Context, a asking) (measured, error) {
	var (
		next atomic.Int64
		mu   sync.Mutex // guards m
		m    measured
		wg   sync.WaitGroup
	)
	begin := time.Now()
	for c := range a.clients {
		wg.Go(func() {
			t := talker{url: a.urls[c%len(a.urls)], talk: a.talk}
			defer t.leave()
			for i := int(next.Add(1)) - 1; i < a.n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				begin := time.Now()
				err := t.ask(ctx, a.next(i))
				took := ms(time.Since(begin))
				mu.Lock()
				if err == nil {
					m.took = append(m.took, took)
				} else if m.failed++; m.why == nil {
					m.why = err
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil || len(m.took) == 0 {
		return m, cmp.Or(ctx.Err(), m.why)
	}
	slices.Sort(m.took)
	m.rate = float64(len(m.took)) / time.Since(begin).Seconds()
	return m, nil
}

// A talker asks on one socket, talk questions in each conversation.
type talker struct {
	url          string
	talk         int
	conn         *websocket.Conn
	conversation string
	asked        int
}

func (t *talker) leave() {
	if t.conn != nil {
		_ = t.conn.Close()
		t.conn, t.conversation = nil, ""
	}
}

// ask asks one question. The peer echoes it, which counts as its answer.
func (t *talker) ask(ctx context.Context, question string) (err error) {
	if t.conn == nil {
		if t.conn, _, err = websocket.DefaultDialer.DialContext(ctx, t.url, nil); err != nil {
			return err
		}
	}
	if t.asked%t.talk == 0 && t.conversation != "" {
		if err := t.conn.WriteJSON(map[string]string{"type": "leave", "id": "l", "conversation": t.conversation}); err != nil {
			t.leave()
			return err
		}
		t.conversation = ""
	}
	id := fmt.Sprintf("m%d", t.asked)
	t.asked++
	err = t.conn.WriteJSON(map[string]string{"type": "ask", "id": id, "question": question, "conversation": t.conversation})
	if err == nil {
		t.conversation, err = answer(t.conn, id)
	}
	if err != nil {
		t.leave() // what was left open would be answered in between
	}
	return err
}

// answer reads until the answer to a message is there.
func answer(conn *websocket.Conn, id string) (conversation string, err error) {
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute)) // a deadline can always be set
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
