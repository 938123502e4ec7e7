// Package bus tells all replicas what is new in conversations. What it carries
// are hints: the truth is in the store, and who has missed something looks
// there.
package bus

import (
	"context"

	"kiveileder"
)

// A Bus carries events from who publishes to all who subscribe, in this
// process and in others. The suite in bustest says all that is promised.
type Bus interface {
	// Publish tells subscribers of an event. It does not wait for them. An
	// error says that other processes may not have been told, and hear of it
	// late, perhaps twice; those in this one were told.
	Publish(ctx context.Context, e kiveileder.Event) error

	// Subscribe calls take for each event of conversations that wants wants
	// (nil wants all), in the order in which one publisher told them but for
	// those that come late, and changed (it may be nil) with true when events come, from the first time
	// on, and with false when some may be missing: all that was missed is in
	// the store when true follows. Both are called one at a time; an event is
	// shared, read it only. wants is called while others publish: it must be
	// quick and not use the bus. After stop nothing is called, but what was
	// under way may go on.
	Subscribe(wants func(key string) bool, take func(kiveileder.Event), changed func(up bool)) (stop func())
}

// Memory is a Bus within one process.
type Memory struct{ fan }

// NewMemory gives a bus without subscribers.
func NewMemory() *Memory {
	m := &Memory{}
	m.up = true
	return m
}

// Publish implements Bus. It does not fail.
func (m *Memory) Publish(_ context.Context, e kiveileder.Event) error {
	m.tell(e.Key, func() (kiveileder.Event, bool) { return e, true })
	return nil
}
