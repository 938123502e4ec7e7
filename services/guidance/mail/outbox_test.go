package mail

import (
	"context"
	"slices"
	"sync"
	"time"
)

// A Row is a mail in a Memory.
type Row struct {
	Item
	DueAt     time.Time
	LeasedTil time.Time
	Status    Status // "" while it waits
	Dead      bool
	MessageID string
	Reason    string // of the last failure
}

// Memory is an Outbox in memory, into which a test puts what it likes.
type Memory struct {
	mu   sync.Mutex
	rows []*Row
}

// Add puts a mail in, due at an instant; one that is there already is left as
// it is.
func (m *Memory) Add(it Item, due time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !slices.ContainsFunc(m.rows, func(r *Row) bool { return r.ID == it.ID }) {
		it.Attempt = 0
		m.rows = append(m.rows, &Row{Item: it, DueAt: due})
	}
}

// Rows gives all mails as they stand, in the order in which they came.
func (m *Memory) Rows() []Row {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Row, len(m.rows))
	for i, r := range m.rows {
		out[i] = *r
	}
	return out
}

// Due is as in Outbox.
func (m *Memory) Due(_ context.Context, now, until time.Time) (Item, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var first *Row
	for _, r := range m.rows {
		free := r.Status == "" && !r.Dead && !r.DueAt.After(now) && !r.LeasedTil.After(now)
		if free && (first == nil || r.DueAt.Before(first.DueAt)) {
			first = r
		}
	}
	if first == nil {
		return Item{}, false, nil
	}
	first.Attempt++
	first.LeasedTil = until
	return first.Item, true, nil
}

// Hold is as in Outbox.
func (m *Memory) Hold(_ context.Context, it Item, until time.Time) error {
	return m.change(it, func(r *Row) { r.LeasedTil = until })
}

// Done is as in Outbox.
func (m *Memory) Done(_ context.Context, it Item, s Status, messageID string) error {
	return m.change(it, func(r *Row) { r.Status, r.MessageID, r.Reason = s, messageID, "" })
}

// Failed is as in Outbox.
func (m *Memory) Failed(_ context.Context, it Item, next time.Time, reason string) error {
	return m.change(it, func(r *Row) { r.DueAt, r.Reason = next, reason })
}

// Dead is as in Outbox.
func (m *Memory) Dead(_ context.Context, it Item, reason string) error {
	return m.change(it, func(r *Row) { r.Dead, r.Reason = true, reason })
}

// change lets the holder say what became of a mail, once.
func (m *Memory) change(it Item, do func(r *Row)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.rows {
		if r.ID == it.ID && r.Attempt == it.Attempt && r.Status == "" && !r.Dead && !r.LeasedTil.IsZero() {
			r.LeasedTil = time.Time{}
			do(r)
			return nil
		}
	}
	return ErrLost
}
