package gateway_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

// fakeCases takes cases and answers as the test says. It publishes what
// happens, as the queue does.
type fakeCases struct {
	mu     sync.Mutex // guards what follows
	events gateway.Events
	cases  []queue.AskerCase        // the newest first
	keys   map[string]string        // whose they are, by their ids
	asked  int                      // calls of Mine
	err    error                    // that Mine fails with
	got    []any                    // what came in
	kinds  map[string]guidance.Kind // of commands that were carried out, by their ids
}

func (c *fakeCases) Form(_ context.Context, _ string, l kiveileder.Language) (queue.Form, error) {
	return queue.Form{Question: "Må vi søke REK?", Agency: "hdir", Agencies: []queue.Agency{{Key: "hdir"}}, Near: []queue.Near{}, Limits: queue.Limits{Text: 100_000, Short: 500}, Topics: []string{string(l)}}, nil
}

func (c *fakeCases) HandOver(ctx context.Context, key string, h queue.HandOver) (queue.AskerCase, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h.Agency == "ukjent" {
		return queue.AskerCase{}, kiveileder.Errorf(kiveileder.CodeInvalid, "Velg en etat fra listen.")
	}
	c.got = append(c.got, h)
	id := "case-" + h.ID
	if x := c.find(id); x != nil {
		return *x, nil
	}
	x := queue.AskerCase{ID: id, AskerView: guidance.AskerView{
		Number: fmt.Sprintf("KI-2026-%04d", len(c.cases)+1), Seq: 1, State: guidance.IsReceived, Opened: time.Now().UTC().Truncate(time.Microsecond), Question: h.Question,
	}}
	c.cases = append([]queue.AskerCase{x}, c.cases...)
	if c.keys == nil {
		c.keys = map[string]string{}
	}
	c.keys[id] = key
	c.tell(ctx, x)
	return x, nil
}

func (c *fakeCases) find(id string) *queue.AskerCase {
	if i := slices.IndexFunc(c.cases, func(x queue.AskerCase) bool { return x.ID == id }); i >= 0 {
		return &c.cases[i]
	}
	return nil
}

func (c *fakeCases) tell(ctx context.Context, x queue.AskerCase) {
	if c.events != nil {
		_ = c.events.Publish(ctx, kiveileder.Event{Key: c.keys[x.ID], Case: x.ID, Seq: x.Seq})
	}
}

// happens lets something happen in the newest case.
func (c *fakeCases) happens(ctx context.Context, s guidance.State, change func(x *queue.AskerCase)) queue.AskerCase {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := &c.cases[0]
	x.Seq++
	x.State = cmp.Or(s, x.State)
	if change != nil {
		change(x)
	}
	c.tell(ctx, *x)
	return *x
}

func (c *fakeCases) Mine(_ context.Context, key string) ([]queue.AskerCase, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	return slices.DeleteFunc(slices.Clone(c.cases), func(x queue.AskerCase) bool { return c.keys[x.ID] != key }), c.err
}

func (c *fakeCases) asks() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

func (c *fakeCases) Tell(ctx context.Context, key, id string, cmd guidance.Command) (queue.AskerResult, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.find(id)
	if x == nil || c.keys[id] != key {
		return queue.AskerResult{}, guidance.ErrNoCase
	}
	c.got = append(c.got, cmd)
	switch {
	case cmd.Actor != (guidance.Actor{ID: key, Role: guidance.Asker}):
		return queue.AskerResult{}, fmt.Errorf("actor %+v", cmd.Actor)
	case c.kinds[cmd.ID] == cmd.Kind:
		return queue.AskerResult{Case: *x}, nil
	case c.kinds[cmd.ID] != "":
		return queue.AskerResult{Case: *x, Refused: &queue.Refusal{Code: kiveileder.CodeConflict, Guard: "reused", Text: guidance.ErrReused.Texts}}, nil
	case cmd.Seen < x.Seq:
		return queue.AskerResult{Case: *x, Refused: &queue.Refusal{Code: kiveileder.CodeConflict, Guard: "moved"}}, nil
	case cmd.Kind == guidance.Reopened:
		return queue.AskerResult{Case: *x, Refused: &queue.Refusal{Code: kiveileder.CodeInvalid, Guard: "state", Text: guidance.TheFlow.Guards["state"], Forbidden: true}}, nil
	}
	if c.kinds == nil {
		c.kinds = map[string]guidance.Kind{}
	}
	c.kinds[cmd.ID] = cmd.Kind
	x.Seq++
	if cmd.Kind == guidance.Withdrawn {
		x.State = guidance.IsWithdrawn
	}
	c.tell(ctx, *x)
	return queue.AskerResult{Case: *x}, nil
}

// withCases has a gateway take cases; it hears of them over its events.
func withCases(c *fakeCases) func(*gateway.Deps) {
	return func(d *gateway.Deps) {
		d.Cases = c
		c.mu.Lock()
		c.events = d.Events
		c.mu.Unlock()
	}
}
