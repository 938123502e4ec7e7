package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// fanout measures how long an answer takes to everybody who is in its
// conversation, and to one who waits alone, as for a lawyer's answer. Time
// counts from the answer's own, which is taken before it is written to the
// store: the commit is in it.
func fanout(ctx context.Context, b *bench) error {
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
	events := min(b.events, 400) // a conversation has room for so many
	many, all := fmt.Sprintf("%d sockets, ", b.listeners), sockets(w.gateways)
	heads(b.out, "")
	bare, err := b.crowd(ctx, fmt.Sprintf("bare loop over %d sockets", b.listeners), []string{p.socket() + everybody}, b.listeners, events, nil)
	if err != nil {
		return err
	}
	told, err := b.crowd(ctx, many+"one gateway", all[:1], b.listeners, events, w.gateways[0])
	if err != nil {
		return err
	}
	b.told(many+"one gateway", told, bare, goalNear)
	goal := 20.0
	if b.shape == three {
		if told, err = b.crowd(ctx, many+"two gateways", all, b.listeners, events, w.gateways[0]); err != nil {
			return err
		}
		b.told(many+"two gateways", told, bare, goalFar)
		goal = 50
	}
	alone, err := b.crowd(ctx, "1 socket, another gateway where there is one", all[len(all)-1:], 1, events, w.gateways[0])
	if err != nil {
		return err
	}
	trouble(b.out, w)
	b.figure(figure{what: "an answer to one open socket, p99", value: alone.each.at(.99), unit: "ms", goal: goal})
	return nil
}

// What the thousandth shall wait at most, in one gateway and over Redis.
const goalNear, goalFar = 50, 100

func (b *bench) told(name string, t, bare told, goal float64) {
	b.figure(figure{what: "an answer to " + name + ", each, p99", value: t.each.at(.99), unit: "ms", goal: goal, peer: "bare loop", than: bare.each.at(.99)})
	b.figure(figure{what: "an answer to " + name + ", the last, p99", value: t.last.at(.99), unit: "ms", peer: "bare loop", than: bare.last.at(.99)})
}

// A told is how long it took to each socket, and to the last one, of all
// events; late counts from the writer's acknowledgement instead.
type told struct{ each, last, late times }

// crowd tells a number of sockets something, so many times. Without a writer
// the sockets are the peer's, who passes on what one of them says.
func (b *bench) crowd(ctx context.Context, name string, to []string, sockets, events int, writer *server) (told, error) {
	conversation := ""
	if writer != nil {
		var err error
		if conversation, err = newConversation(ctx, writer); err != nil {
			return told{}, err
		}
	}
	clients, err := fleet(ctx, to, sockets, writer != nil, conversation)
	if err != nil {
		return told{}, err
	}
	defer part(clients)
	heard := make(chan time.Time, sockets)
	var wg sync.WaitGroup
	for _, c := range clients {
		wg.Go(func() { c.hear(heard) })
	}
	defer wg.Wait()
	defer part(clients)
	var t told
	for i := range events {
		time.Sleep(20 * time.Millisecond) // what came before is done with
		begin, acknowledged, err := say(ctx, clients[0], writer, conversation, i)
		if err != nil {
			return t, err
		}
		last, behind := 0.0, 0
		timeout := time.After(30 * time.Second)
		for range sockets {
			select {
			case at := <-heard:
				ms := max(0, at.Sub(begin).Seconds()*1e3)
				if last = max(last, ms); ms > 1000 {
					behind++
				}
				t.each = append(t.each, ms)
				t.late = append(t.late, max(0, at.Sub(acknowledged).Seconds()*1e3))
			case <-timeout:
				return t, fmt.Errorf("%s: event %d did not reach all in 30 s", name, i)
			case <-ctx.Done():
				return t, ctx.Err()
			}
		}
		t.last = append(t.last, last)
		if behind > 0 { // what was not told is looked up in the store in the end
			fmt.Fprintf(b.out, "  event %d: %d of %d sockets heard of it after more than a second, the last after %.1f s\n", i, behind, sockets, last/1e3)
		}
	}
	for _, x := range []times{t.each, t.last, t.late} {
		slices.Sort(x)
	}
	row(b.out, name+": each", t.each, 0)
	row(b.out, "  the last", t.last, 0)
	if writer != nil {
		row(b.out, "  each, after the writer has its answer", t.late, 0)
	}
	return t, nil
}

// say makes an event and gives when it began, and when the writer knew of it.
func say(ctx context.Context, c *client, writer *server, conversation string, i int) (begin, acknowledged time.Time, err error) {
	if writer == nil {
		begin = time.Now()
		return begin, begin, c.conn.WriteMessage(websocket.TextMessage, payload)
	}
	body, err := json.Marshal(map[string]string{"id": fmt.Sprintf("e%d", i), "question": "Hei"})
	if err != nil {
		return begin, begin, err
	}
	b, err := post(ctx, writer.url+"/v1/conversation/messages", conversation, body)
	if err != nil {
		return begin, begin, err
	}
	acknowledged = time.Now()
	var f struct{ Answer struct{ At time.Time } }
	err = json.Unmarshal(b, &f)
	return f.Answer.At, acknowledged, err
}

// answerBegin is how the frame begins that counts; payload is one as long as
// the service's, for the peer.
var (
	answerBegin = []byte(`{"type":"answer"`)
	payload     = append(answerBegin[:len(answerBegin):len(answerBegin)], bytes.Repeat([]byte("x"), 1000)...)
)

// hear tells when answers come, until the socket ends. What comes is not
// decoded: a thousand sockets share the processors with the service.
func (c *client) hear(heard chan<- time.Time) {
	for {
		_, b, err := c.conn.ReadMessage()
		if err != nil {
			return
		}
		if bytes.HasPrefix(b, answerBegin) {
			heard <- time.Now()
		}
	}
}
