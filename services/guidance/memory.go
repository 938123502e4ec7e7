package guidance

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Memory is a Store that lives as long as the process: for tests, and for a
// service that shall keep nothing.
type Memory struct {
	mu      sync.Mutex // guards all below
	cases   map[string]*memoryCase
	numbers map[int]int64 // by year: the newest
	mails   map[string]*memoryMail
	kept    map[string]map[string][]byte // by person and key
}

type memoryCase struct {
	number string
	events []Event
	row    Row
	lease  Lease
	sealed []byte
	vector memoryVector
}

type memoryMail struct {
	Mail
	leased time.Time // until when
}

// NewMemory gives an empty store.
func NewMemory() *Memory {
	return &Memory{cases: map[string]*memoryCase{}, numbers: map[int]int64{}, mails: map[string]*memoryMail{}, kept: map[string]map[string][]byte{}}
}

// written gives a value as it would come back from a disk.
func written[T any](v T) (out T, err error) {
	b, err := json.Marshal(v)
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(b, &out)
}

// Append implements Store.
func (m *Memory) Append(ctx context.Context, b Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b, err := b.Stored()
	if err != nil {
		return err
	}
	if b.Events, err = written(b.Events); err != nil {
		return err
	}
	if b.Redact, err = written(b.Redact); err != nil {
		return err
	}
	asker := b.Row.Asker // which no JSON has
	if b.Row, err = written(b.Row); err != nil {
		return err
	}
	b.Row.Asker = asker
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.cases[b.Case]
	switch {
	case c == nil && b.Expect > 0:
		return ErrNoCase
	case c == nil:
		c = &memoryCase{}
	case c.row.Seq != b.Expect:
		return ErrMoved
	}
	if x := m.mails[b.Drop]; b.Drop != "" && (x == nil || x.Case != b.Case || x.Status != MailDead) {
		return ErrLost
	}
	if c.lease, err = b.Claim.Take(c.lease); err != nil {
		return err
	}
	if m.cases[b.Case] == nil {
		m.numbers[b.Year]++
		c.number = Number(b.Year, m.numbers[b.Year])
		m.cases[b.Case] = c
	}
	m.write(c, b)
	return nil
}

func (m *Memory) write(c *memoryCase, b Batch) {
	c.events = append(slices.Clip(c.events), b.Events...) // readers have the old ones
	for _, e := range b.Redact {
		if i := e.Seq - 1; i >= 0 && i < int64(len(c.events)) {
			c.events = slices.Clone(c.events)
			c.events[i] = e
		}
	}
	c.row = b.Row
	c.row.Number = c.number
	if b.Sealed != nil {
		c.sealed = slices.Clone(b.Sealed)
	}
	if b.Forget {
		c.sealed = nil
	}
	for _, mail := range b.Mails {
		if m.mails[mail.ID] == nil {
			m.mails[mail.ID] = &memoryMail{Mail: mail}
		}
	}
	if b.Drop != "" {
		m.mails[b.Drop].Status = MailDropped
	}
	if b.Anonymises() {
		c.vector = memoryVector{}
		for _, key := range TypedKeys(b.Case) {
			m.forget(key)
		}
	}
}

// Load implements Store.
func (m *Memory) Load(ctx context.Context, id string) (Log, error) { return m.LoadFrom(ctx, id, 1) }

// LoadFrom implements Store.
func (m *Memory) LoadFrom(ctx context.Context, id string, seq int64) (Log, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.find(ctx, id)
	if err != nil {
		return Log{}, err
	}
	from := min(max(seq-1, 0), int64(len(c.events)))
	return Log{ID: id, Number: c.number, Events: slices.Clip(c.events[from:]), Lease: c.lease}, nil
}

func (m *Memory) find(ctx context.Context, id string) (*memoryCase, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c := m.cases[id]; c != nil {
		return c, nil
	}
	return nil, ErrNoCase
}

// List implements Store.
func (m *Memory) List(ctx context.Context, f Filter) ([]Row, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := f.Check(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.rows(f)
	slices.SortFunc(out, newestFirst)
	return out[:min(len(out), max(f.Limit, 0))], nil
}

// rows gives all rows that a filter lets through, in no order.
func (m *Memory) rows(f Filter) (out []Row) {
	f.Due, f.Rested = micro(f.Due), micro(f.Rested)
	for _, c := range m.cases {
		r := c.row
		r.Seen, _ = strconv.ParseInt(string(m.kept[f.Reader][SeenKey(r.ID)]), 10, 64) // nothing kept is nothing seen
		if f.lets(r) {
			out = append(out, r)
		}
	}
	return out
}

// Count implements Store.
func (m *Memory) Count(ctx context.Context, f Filter, t Tally) (Counts, error) {
	n := Counts{States: map[State]int{}}
	if err := errors.Join(ctx.Err(), f.Check(), t.Check()); err != nil {
		return n, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f.After, f.Rested, t.Due = nil, micro(f.Rested), micro(t.Due)
	for _, r := range m.rows(f) {
		n.All++
		n.States[r.State]++
		for _, c := range []struct {
			n  *int
			is bool
		}{
			{&n.Free, r.Holder == nil},
			{&n.Held, t.Holder != "" && r.Holder != nil && r.Holder.ID == t.Holder},
			{&n.Unsigned, t.Unsigned != "" && slices.Contains(r.Unsigned, t.Unsigned)},
			{&n.Due, !r.Due.IsZero() && r.Due.Before(t.Due)},
			{&n.Unread, f.Reader != "" && f.isUnread(r)},
		} {
			if c.is {
				*c.n++
			}
		}
	}
	return n, nil
}

func newestFirst(a, b Row) int {
	return cmp.Or(b.Changed.Compare(a.Changed), cmp.Compare(a.ID, b.ID))
}

func (f Filter) lets(r Row) bool {
	switch {
	case len(f.States) > 0 && !slices.Contains(f.States, r.State),
		f.Agency != "" && !slices.Contains(r.Agencies, f.Agency),
		f.Beside != "" && !slices.Contains(r.Agencies, f.Beside),
		f.Nobodys && len(r.Agencies) > 0,
		f.Holder != "" && (r.Holder == nil || r.Holder.ID != f.Holder),
		f.Unsigned != "" && !slices.Contains(r.Unsigned, f.Unsigned),
		f.Asker != "" && r.Asker != f.Asker,
		f.Number != "" && r.Number != f.Number,
		f.Register && r.Published == "",
		f.Review && r.Published != string(UnderReview),
		f.Unread && !f.isUnread(r),
		!strings.Contains(r.Words(), strings.ToLower(f.Text)),
		!f.Due.IsZero() && (r.Due.IsZero() || !r.Due.Before(f.Due)),
		f.After != nil && newestFirst(Row{ID: f.After.ID, Changed: micro(f.After.Changed)}, r) >= 0:
		return false
	}
	return true
}

func (f Filter) isUnread(r Row) bool {
	return r.Seq > r.Seen && !(slices.Contains(TheFlow.Ends, r.State) && r.Changed.Before(f.Rested))
}

// Lease implements Store.
func (m *Memory) Lease(ctx context.Context, id string, holder Actor, now, until time.Time) (Lease, error) {
	if err := CheckTexts(holder.ID); err != nil {
		return Lease{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.find(ctx, id)
	if err != nil {
		return Lease{}, err
	}
	if !c.lease.Holds(micro(now)) || c.lease.Holder.ID == holder.ID {
		c.lease = Lease{Holder: holder, Until: micro(until)}
	}
	return c.lease, nil
}

// Contact implements Store.
func (m *Memory) Contact(ctx context.Context, id string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.find(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case c.sealed == nil:
		return nil, ErrNoOne
	}
	return c.sealed, nil
}

// Contacts implements Store.
func (m *Memory) Contacts(ctx context.Context, after string, limit int) ([]Sealed, error) {
	if err := errors.Join(ctx.Err(), CheckTexts(after)); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Sealed
	for _, id := range slices.Sorted(maps.Keys(m.cases)) {
		if c := m.cases[id]; c.sealed != nil && id > after && len(out) < limit {
			out = append(out, Sealed{Case: id, Number: c.number, Contact: c.sealed})
		}
	}
	return out, nil
}

// DeleteContact implements Store.
func (m *Memory) DeleteContact(ctx context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c, err := m.find(ctx, id); err == nil {
		c.sealed = nil
	}
	return ctx.Err()
}
