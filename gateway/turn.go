package gateway

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"runtime/debug"
	"time"

	"kiveileder"
)

// turnTime is how long a turn may take before it counts as failed.
const turnTime = 10 * time.Second

// turn makes one turn for any transport, with a conversation id.
// A panic in it is an error, so that a socket is told and lives on.
func (g *Gateway) turn(ctx context.Context, t kiveileder.Turn) (a kiveileder.Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			a, err = kiveileder.Answer{}, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, turnTime)
	defer cancel()
	start := time.Now()
	a, err = g.Dialogue.Turn(ctx, t)
	if err != nil {
		g.metrics.turns.WithLabelValues("error").Inc()
		return a, err
	}
	if a.Conversation == "" {
		a.Conversation = newID()
	}
	g.metrics.turns.WithLabelValues(string(a.Status)).Inc()
	g.metrics.seconds.Observe(time.Since(start).Seconds())
	return a, nil
}

// newID gives an id that nobody can guess.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return hex.EncodeToString(b[:])
}
