package login

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// Memory is a Store that lives as long as the process.
type Memory struct {
	mu       sync.Mutex // guards what follows
	sessions map[string]Session
	used     map[string]time.Time // tokens, until when they are known
}

// NewMemory gives an empty store.
func NewMemory() *Memory {
	return &Memory{sessions: map[string]Session{}, used: map[string]time.Time{}}
}

// Add implements Store.
func (m *Memory) Add(ctx context.Context, s Session) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.sessions[s.Key]; ok {
		return ErrUsed
	}
	m.sessions[s.Key] = s.clone()
	return nil
}

// Get implements Store.
func (m *Memory) Get(ctx context.Context, key string) (Session, error) {
	if err := ctx.Err(); err != nil {
		return Session{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sessions[key]
	if !ok {
		return Session{}, ErrNoSession
	}
	return s.clone(), nil
}

// Touch implements Store.
func (m *Memory) Touch(ctx context.Context, key string, used time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sessions[key]
	if !ok {
		return ErrNoSession
	}
	if used.After(s.Used) {
		s.Used = used
		m.sessions[key] = s
	}
	return nil
}

// List implements Store.
func (m *Memory) List(ctx context.Context, person string) ([]Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.where(func(s Session) bool { return person != "" && s.Person.ID == person }), nil
}

// Everyone implements Store.
func (m *Memory) Everyone(ctx context.Context) ([]Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.where(func(Session) bool { return true }), nil
}

// End implements Store.
func (m *Memory) End(ctx context.Context, match Match) ([]Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.drop(match.Fits), nil
}

// EndOnce implements Store.
func (m *Memory) EndOnce(ctx context.Context, token string, until time.Time, match Match) ([]Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.used[token]; known {
		return nil, ErrUsed
	}
	m.used[token] = until
	return m.drop(match.Fits), nil
}

// Once implements Store.
func (m *Memory) Once(ctx context.Context, token string, until time.Time) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.used[token]; known {
		return false, nil
	}
	m.used[token] = until
	return true, nil
}

// Expire implements Store.
func (m *Memory) Expire(ctx context.Context, l Limits, now time.Time) ([]Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for token, until := range m.used {
		if !now.Before(until) {
			delete(m.used, token)
		}
	}
	return m.drop(func(s Session) bool { return l.Over(s, now) }), nil
}

func (m *Memory) where(fits func(Session) bool) []Session {
	var found []Session
	for _, s := range m.sessions {
		if fits(s) {
			found = append(found, s.clone())
		}
	}
	slices.SortFunc(found, func(a, b Session) int {
		return cmp.Or(b.Began.Compare(a.Began), cmp.Compare(a.Key, b.Key))
	})
	return found
}

func (m *Memory) drop(fits func(Session) bool) []Session {
	found := m.where(fits)
	for _, s := range found {
		delete(m.sessions, s.Key)
	}
	return found
}

func (s Session) clone() Session {
	s.Person.Roles = slices.Clone(s.Person.Roles)
	s.Sealed = slices.Clone(s.Sealed)
	return s
}
