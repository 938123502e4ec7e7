// Package guidancetest is the suite that every guidance.Store passes.
package guidancetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kiveileder/services/guidance"
)

// An Opener gives an empty store, which it closes when the test ends, and a
// function that closes it and opens it again: nil for a store that keeps
// nothing.
type Opener func(t *testing.T) (store guidance.Store, reopen func() guidance.Store)

// Run runs the suite.
func Run(t *testing.T, open func(t *testing.T) (store guidance.Store, reopen func() guidance.Store)) {
	for _, topic := range []struct {
		name string
		test func(t *testing.T, open Opener)
	}{
		{"append", testAppend},
		{"numbers", testNumbers},
		{"list", testList},
		{"count", testCount},
		{"lease", testLease},
		{"contact", testContact},
		{"contacts", testContacts},
		{"outbox", testOutbox},
		{"personal", testPersonal},
		{"vectors", testVectors},
		{"refused", testRefused},
		{"again", testAgain},
		{"reused", testReused},
		{"dismissed", testDismissed},
		{"clock", testClock},
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

// People of the tests.
var (
	Person = guidance.Actor{ID: "conversation-1", Role: guidance.Asker}
	Anne   = guidance.Actor{ID: "anne", Name: "Anne", Role: guidance.Lawyer, Agency: "hdir"}
	Bodil  = guidance.Actor{ID: "bodil", Name: "Bodil", Role: guidance.Lawyer, Agency: "dmp"}
	Cato   = guidance.Actor{ID: "cato", Name: "Cato", Role: guidance.Lead, Agency: "hdir"}
	Dina   = guidance.Actor{ID: "dina", Name: "Dina", Role: guidance.Admin}
)

// first is a batch that makes a case.
func first(id string, n int) guidance.Batch {
	e := guidance.Event{Seq: 1, ID: "open", At: at(n), Actor: Person, Kind: guidance.Received, Data: guidance.ReceivedData{
		Question: "Må vi søke REK? <script>alert(\"å\")</script> \u2028", Facts: map[string]any{"consent": true, "purpose": []any{"care"}}, HasContact: true}}
	return guidance.Batch{
		Case: id, Year: 2026, Events: []guidance.Event{e},
		Row: guidance.Row{State: guidance.IsReceived, Title: "Søke REK " + id, Agencies: []string{"hdir"}, Opened: at(n), Changed: at(n)},
	}
}

// added is a batch that goes on after another one.
func added(b guidance.Batch, n int, text string) guidance.Batch {
	seq := b.Events[len(b.Events)-1].Seq
	next := guidance.Batch{Case: b.Case, Expect: seq, Row: b.Row, Events: []guidance.Event{
		{Seq: seq + 1, ID: text, At: at(n), Actor: Person, Kind: guidance.Added, Data: guidance.AddedData{Text: text}}}}
	next.Row.Changed = at(n)
	return next
}

func put(t testing.TB, s guidance.Store, b guidance.Batch) guidance.Batch {
	t.Helper()
	if err := s.Append(t.Context(), b); err != nil {
		t.Fatalf("Append to %s after %d: %v", b.Case, b.Expect, err)
	}
	return b
}

func load(t testing.TB, s guidance.Store, id string) guidance.Log {
	t.Helper()
	l, err := s.Load(t.Context(), id)
	if err != nil {
		t.Fatalf("Load %s: %v", id, err)
	}
	return l
}

func same(t testing.TB, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s: -want +got:\n%s", what, d)
	}
}

func is(t testing.TB, what string, want, got error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
