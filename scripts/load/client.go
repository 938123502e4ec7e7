package main

import (
	"context"
	"fmt"
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
	err = conn.WriteJSON(frame)
	if err == nil {
		err = c.recover()
	}
	if err != nil {
		_ = conn.Close()
	}
	return err
}

// recover reads the answer to open and what was missed.
func (c *client) recover() error {
	_ = c.conn.SetReadDeadline(time.Now().Add(30 * time.Second)) // a deadline can always be set
	defer func() { _ = c.conn.SetReadDeadline(time.Time{}) }()
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

// fleet opens n sockets, a hundred at a time, to the addresses in turn. With a
// conversation, all open that one; with open alone, each one of its own.
func fleet(ctx context.Context, urls []string, n int, open bool, conversation string) ([]*client, error) {
	clients := make([]*client, n)
	var wg sync.WaitGroup
	var first atomic.Value
	slots := make(chan struct{}, 100)
	for i := range clients {
		clients[i] = &client{conversation: conversation}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := clients[i].connect(ctx, urls[i%len(urls)], open); err != nil {
				first.CompareAndSwap(nil, fmt.Errorf("socket %d: %w", i, err))
			}
		})
	}
	wg.Wait()
	if err, ok := first.Load().(error); ok {
		part(clients)
		return nil, err
	}
	return clients, nil
}

// part closes what is open.
func part(clients []*client) {
	for _, c := range clients {
		if c.conn != nil {
			_ = c.conn.Close()
		}
	}
}
