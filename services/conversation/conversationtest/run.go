// Package conversationtest is the suite that every conversation.Store passes.
package conversationtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kiveileder"
	"kiveileder/services/conversation"
)

// An Opener gives an empty store, which it closes when the test ends, and a
// function that closes it and opens it again: nil for a store that keeps
// nothing.
type Opener func(t *testing.T) (store conversation.Store, reopen func() conversation.Store)

// Run runs the suite.
func Run(t *testing.T, open func(t *testing.T) (store conversation.Store, reopen func() conversation.Store)) {
	for _, topic := range []struct {
		name string
		test func(t *testing.T, open Opener)
	}{
		{"add", testAdd},
		{"entry", testEntry},
		{"read", testRead},
		{"turns", testTurns},
		{"forget", testForget},
		{"apart", testApart},
		{"together", testTogether},
		{"reopen", testReopen},
	} {
		t.Run(topic.name, func(t *testing.T) {
			t.Parallel()
			topic.test(t, open)
		})
	}
}

// at gives the time n seconds into the test.
func at(n int) time.Time { return time.Date(2026, 11, 22, 9, 30, n, 0, time.UTC) }

func message(id string, n int) kiveileder.Entry {
	return kiveileder.Entry{ID: id, At: at(n), Text: "Må vi søke REK? (" + id + ")"}
}

func answer(m kiveileder.Entry, n int) kiveileder.Entry {
	return kiveileder.Entry{ID: m.ID, At: at(n), ReplyTo: m.Offset, Thread: m.Offset, Answer: &kiveileder.Answer{Status: kiveileder.Answered, Lead: "Til " + m.ID}}
}

// add adds an entry that must be new.
func add(t testing.TB, s conversation.Store, key string, e kiveileder.Entry) kiveileder.Entry {
	t.Helper()
	e, added, err := s.Add(t.Context(), key, e)
	if err != nil || !added {
		t.Fatalf("Add to %q: added %v, %v", key, added, err)
	}
	return e
}

// say adds messages with these ids, at seconds 1, 2, 3 ….
func say(t testing.TB, s conversation.Store, key string, ids ...string) []kiveileder.Entry {
	t.Helper()
	var out []kiveileder.Entry
	for i, id := range ids {
		out = append(out, add(t, s, key, message(id, i+1)))
	}
	return out
}

// all reads a whole conversation.
func all(t testing.TB, s conversation.Store, key string) kiveileder.Stream {
	t.Helper()
	got, err := s.Read(t.Context(), key, 0, 2*kiveileder.MaxEntries)
	if err != nil {
		t.Fatalf("Read of %q: %v", key, err)
	}
	return got
}

// whole checks that a conversation has n entries at the offsets 1, 2, 3 ….
func whole(t testing.TB, s conversation.Store, key string, n int) kiveileder.Stream {
	t.Helper()
	got := all(t, s, key)
	if len(got.Entries) != n || got.Top != int64(n) || got.More {
		t.Errorf("%q has %d entries, top %d, more %v; want %d", key, len(got.Entries), got.Top, got.More, n)
	}
	for i, e := range got.Entries {
		if e.Offset != int64(i)+1 {
			t.Errorf("%q: entry %d has offset %d", key, i, e.Offset)
		}
	}
	return got
}

// refused checks an error's code.
func refused(t testing.TB, what string, err error, want kiveileder.Code) {
	t.Helper()
	if got := kiveileder.ErrorCode(err); got != want {
		t.Errorf("%s: error %v of code %q, want %q", what, err, got, want)
	}
}

// same compares; a list without elements is the same as none.
func same(t testing.TB, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s: -want +got:\n%s", what, d)
	}
}

func offsetsOf(es []kiveileder.Entry) []int64 {
	var out []int64
	for _, e := range es {
		out = append(out, e.Offset)
	}
	return out
}

func numbered(prefix string, n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprint(prefix, i+1))
	}
	return out
}
