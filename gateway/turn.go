package gateway

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"go.opentelemetry.io/otel"

	"kiveileder"
)

var tracer = otel.Tracer("kiveileder/gateway")

// turnTime is how long an answer may take before it counts as failed, those
// before it in the same conversation included.
const turnTime = 15 * time.Second

// answer answers a message, after the flight before it. A panic is an error, so
// that the others live on.
func (g *Gateway) answer(ctx context.Context, key string, m kiveileder.Entry, before *flight) (e kiveileder.Entry, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic of type %T\n%s", p, debug.Stack())
		}
		if errors.Is(err, context.DeadlineExceeded) && kiveileder.ErrorCode(err) == kiveileder.CodeInternal {
			err = &kiveileder.Error{Code: kiveileder.CodeUnavailable, Message: "no answer in time", Err: err} // too much to do: trying again helps
		}
		if err != nil {
			g.metrics.turns.WithLabelValues("error").Inc()
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, turnTime)
	defer cancel()
	if before != nil {
		if _, err := before.wait(ctx); ctx.Err() != nil {
			return e, err
		}
	}
	ctx, span := tracer.Start(ctx, "turn")
	defer span.End()
	start := time.Now()
	e, err = g.Conversations.Answer(ctx, key, m.Offset)
	if err != nil {
		return e, err
	}
	g.metrics.turns.WithLabelValues(string(e.Answer.Status)).Inc()
	g.metrics.seconds.Observe(time.Since(start).Seconds())
	return e, nil
}

// turns counts the answers that are being made.
type turns struct {
	mu     sync.Mutex
	n      int
	closed bool
	idle   chan struct{} // closed when the last one has ended after close
}

// begin counts one in; it is false when no more may begin.
func (t *turns) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.n++
	return true
}

func (t *turns) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n--; t.n == 0 && t.idle != nil {
		close(t.idle)
		t.idle = nil
	}
}

// wait waits until no answer is being made, or the context ends.
func (t *turns) wait(ctx context.Context) {
	t.mu.Lock()
	if t.n == 0 {
		t.mu.Unlock()
		return
	}
	if t.idle == nil {
		t.idle = make(chan struct{})
	}
	idle := t.idle
	t.mu.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

// close lets no answer begin any more.
func (t *turns) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
}
