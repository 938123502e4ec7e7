package conversation

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"kiveileder"
)

// Memory is a Store that lives as long as the process: for tests, and for a
// service that shall keep nothing.
type Memory struct {
	epoch string

	mu   sync.Mutex // guards runs and what they hold
	runs map[string]*run
}

type run struct {
	entries []kiveileder.Entry // entries[i] has offset i+1
	used    time.Time
	deleted bool
}

// NewMemory gives an empty store.
func NewMemory(epoch string) *Memory { return &Memory{epoch: epoch, runs: map[string]*run{}} }

// ErrDeleted is what a store says of a conversation that was deleted.
var ErrDeleted = say.Error(kiveileder.CodeNotFound, "deleted")

// ErrNoEntry is what a store says of an offset that is not there.
var ErrNoEntry = say.Error(kiveileder.CodeNotFound, "no_entry")

// ErrFull is what a store says when a conversation can hold no more.
var ErrFull = say.Error(kiveileder.CodeConflict, "full")

// Add implements Store.
func (m *Memory) Add(ctx context.Context, key string, e kiveileder.Entry) (kiveileder.Entry, bool, error) {
	if err := ctx.Err(); err != nil {
		return kiveileder.Entry{}, false, err
	}
	e, err := written(e)
	if err != nil {
		return kiveileder.Entry{}, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.runs[key]
	if r == nil {
		r = &run{}
	}
	if r.deleted {
		return kiveileder.Entry{}, false, ErrDeleted
	}
	for _, old := range r.entries {
		same := e.Answer == nil && old.Answer == nil && old.ID == e.ID || e.Answer != nil && old.Answer != nil && old.ReplyTo == e.ReplyTo
		if same {
			return old, false, nil
		}
	}
	if e.Answer != nil && (e.ReplyTo < 1 || e.ReplyTo > int64(len(r.entries)) || r.entries[e.ReplyTo-1].Answer != nil) {
		return kiveileder.Entry{}, false, ErrNoEntry
	}
	if e.Answer == nil && len(r.entries) >= kiveileder.MaxEntries { // an answer always has room
		return kiveileder.Entry{}, false, ErrFull
	}
	e.Offset = int64(len(r.entries)) + 1
	r.entries = append(r.entries, e)
	r.used = e.At
	m.runs[key] = r
	return e, true, nil
}

// written gives an entry as it would come back from a disk, and shares nothing
// with it.
func written(e kiveileder.Entry) (kiveileder.Entry, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return kiveileder.Entry{}, err
	}
	out := kiveileder.Entry{ID: e.ID, At: e.At.UTC().Truncate(time.Microsecond), ReplyTo: e.ReplyTo, Thread: e.Thread}
	return out, json.Unmarshal(body, &out)
}

// Read implements Store.
func (m *Memory) Read(ctx context.Context, key string, after int64, limit int) (kiveileder.Stream, error) {
	if err := ctx.Err(); err != nil {
		return kiveileder.Stream{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := kiveileder.Stream{Epoch: m.epoch}
	r := m.runs[key]
	switch {
	case r == nil:
		return s, nil
	case r.deleted:
		return kiveileder.Stream{}, ErrDeleted
	}
	s.Top = int64(len(r.entries))
	from := min(max(after, 0), s.Top)
	to := from + min(int64(max(limit, 0)), s.Top-from)
	s.Entries = slices.Clone(r.entries[from:to])
	s.More = to < s.Top
	return s, nil
}

// Entry implements Store.
func (m *Memory) Entry(ctx context.Context, key string, offset int64) (kiveileder.Entry, error) {
	if err := ctx.Err(); err != nil {
		return kiveileder.Entry{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.runs[key]
	if r == nil || offset < 1 || offset > int64(len(r.entries)) {
		return kiveileder.Entry{}, ErrNoEntry
	}
	return r.entries[offset-1], nil
}

// Before implements Store.
func (m *Memory) Before(ctx context.Context, key string, offset int64, n int) ([]kiveileder.Entry, *kiveileder.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.runs[key]
	if r == nil {
		return nil, nil, nil
	}
	var last *kiveileder.Entry
	replies := map[int64]bool{}
	for _, e := range r.entries {
		if e.Answer != nil && e.Offset < offset {
			last = &e
		}
		if e.Answer != nil && e.Thread != e.ReplyTo {
			replies[e.ReplyTo] = true
		}
	}
	var out []kiveileder.Entry
	for _, e := range r.entries {
		if e.Answer == nil && e.Offset < offset && !replies[e.Offset] {
			out = append(out, e)
		}
	}
	return out[max(0, len(out)-max(n, 0)):], last, nil
}

// AnswerTo implements Store.
func (m *Memory) AnswerTo(ctx context.Context, key string, offset int64) (*kiveileder.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.runs[key]; r != nil {
		for _, e := range r.entries {
			if e.Answer != nil && e.ReplyTo == offset {
				return &e, nil
			}
		}
	}
	return nil, nil
}

// Earlier implements Store.
func (m *Memory) Earlier(ctx context.Context, key string, offset int64) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.runs[key]
	if r == nil {
		return 0, nil
	}
	answered := map[int64]bool{}
	for _, e := range r.entries {
		answered[e.ReplyTo] = true
	}
	for _, e := range r.entries {
		if e.Answer == nil && e.Offset < offset && !answered[e.Offset] {
			return e.Offset, nil
		}
	}
	return 0, nil
}

// Unanswered implements Store.
func (m *Memory) Unanswered(ctx context.Context, limit int) ([]Ref, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	type open struct {
		Ref
		at time.Time
	}
	var found []open
	for key, r := range m.runs {
		answered := map[int64]bool{}
		for _, e := range r.entries {
			answered[e.ReplyTo] = true
		}
		for _, e := range r.entries {
			if e.Answer == nil && !answered[e.Offset] {
				found = append(found, open{Ref{key, e.Offset}, e.At})
			}
		}
	}
	slices.SortFunc(found, func(a, b open) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		if c := strings.Compare(a.Key, b.Key); c != 0 {
			return c
		}
		return int(a.Offset - b.Offset)
	})
	var out []Ref
	for _, o := range found[:min(max(limit, 0), len(found))] {
		out = append(out, o.Ref)
	}
	return out, nil
}

// Delete implements Store.
func (m *Memory) Delete(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.runs[key] = &run{deleted: true, used: time.Now().Truncate(time.Microsecond)}
	return nil
}

// Expire implements Store.
func (m *Memory) Expire(ctx context.Context, t time.Time) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t = t.Truncate(time.Microsecond)
	n := 0
	for key, r := range m.runs {
		if r.used.Before(t) {
			delete(m.runs, key)
			n++
		}
	}
	return n, nil
}
