package guidance

import (
	"context"
	"slices"
	"strings"

	"kiveileder"
)

// Personal keeps what people at the desk have for themselves and what is no
// part of a case: what is being typed ("draft:<case>", "note:<case>", see TypedKeys),
// how far somebody has read ("seen:<case>"), a saved view ("view:<name>").
type Personal interface {
	// Keep puts a value under a key of a person; the last one holds, and nil
	// takes it away. Errors: CodeInvalid for a person, a key or a value that
	// does not hold the limits, CodeConflict when the person has MaxKept keys
	// and this would be another one.
	Keep(ctx context.Context, person, key string, value []byte) error

	// Kept gives what a person has under the keys that begin with prefix, which
	// may be empty. Error: CodeInvalid for what begins no key, or is no person.
	Kept(ctx context.Context, person, prefix string) (map[string][]byte, error)

	// ForgetKept takes a key away from every person. Error: CodeInvalid for
	// what is no key.
	ForgetKept(ctx context.Context, key string) error
}

// Limits of what people keep for themselves.
const (
	MaxKept      = 5_000     // keys of a person
	MaxKeptKey   = 200       // bytes of a key, which is printable ASCII
	MaxKeptValue = 1_000_000 // bytes
)

// ErrManyKept says that a person has MaxKept keys.
var ErrManyKept = say.Error(kiveileder.CodeConflict, "kept_full")

var errKept = say.Error(kiveileder.CodeInvalid, "kept")

// DraftKey is the key of the answer that somebody is typing on a case.
func DraftKey(caseID string) string { return "draft:" + caseID }

// TypedKeys are the keys of all that somebody is typing on a case: the answer,
// and notes and questions to the asker.
func TypedKeys(caseID string) []string { return []string{DraftKey(caseID), "note:" + caseID} }

// SeenKey is the key of how far somebody has read a case: the Seq of its newest
// event then, in digits.
func SeenKey(caseID string) string { return seenPrefix + caseID }

const seenPrefix = "seen:"

// CheckKept refuses what Keep does not take: stores call it first.
func CheckKept(person, key string, value []byte) error {
	if len(value) > MaxKeptValue {
		return errTooLong
	}
	if key == "" {
		return errKept
	}
	return CheckPrefix(person, key)
}

// CheckPrefix refuses what Kept does not take: stores call it first.
func CheckPrefix(person, prefix string) error {
	if person == "" || len(prefix) > MaxKeptKey || strings.ContainsFunc(prefix, func(r rune) bool { return r < ' ' || r > '~' }) {
		return errKept
	}
	return checkText(person, MaxShort)
}

// CheckKey refuses what is no key: stores call it first.
func CheckKey(key string) error { return CheckKept("everybody", key, nil) }

// Keep implements Personal.
func (m *Memory) Keep(ctx context.Context, person, key string, value []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := CheckKept(person, key, value); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	has := m.kept[person]
	_, there := has[key]
	switch {
	case value == nil:
		delete(has, key)
		return nil
	case !there && len(has) >= MaxKept:
		return ErrManyKept
	case has == nil:
		has = map[string][]byte{}
		m.kept[person] = has
	}
	has[key] = slices.Clone(value)
	return nil
}

// Kept implements Personal.
func (m *Memory) Kept(ctx context.Context, person, prefix string) (map[string][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := CheckPrefix(person, prefix); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string][]byte{}
	for key, value := range m.kept[person] {
		if strings.HasPrefix(key, prefix) {
			out[key] = value
		}
	}
	return out, nil
}

// ForgetKept implements Personal.
func (m *Memory) ForgetKept(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := CheckKey(key); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(key)
	return nil
}

// forget is ForgetKept for one who has the lock.
func (m *Memory) forget(key string) {
	for _, has := range m.kept {
		delete(has, key)
	}
}
