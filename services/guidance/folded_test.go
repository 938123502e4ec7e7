package guidance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kiveileder/services/guidance"
	"kiveileder/services/guidance/guidancetest"
)

// readEvents counts the events that are loaded.
type readEvents struct {
	guidance.Store
	mu     sync.Mutex
	events int
}

func (s *readEvents) Load(ctx context.Context, id string) (guidance.Log, error) {
	return s.LoadFrom(ctx, id, 1)
}

func (s *readEvents) LoadFrom(ctx context.Context, id string, seq int64) (guidance.Log, error) {
	l, err := s.Store.LoadFrom(ctx, id, seq)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events += len(l.Events)
	return l, err
}

// A long case is read once; after that only what is new is, whoever wrote it.
func TestLongCaseReadOnce(t *testing.T) {
	store := &readEvents{Store: guidance.NewMemory()}
	guidancetest.Long(t, store, "long", 1_000)
	here, there := guidance.New(guidance.Config{Store: store}), guidance.New(guidance.Config{Store: store.Store})
	note := func(s *guidance.Service) {
		t.Helper()
		_, _, err := s.Do(t.Context(), "long", guidance.Command{Actor: guidancetest.Anne, Kind: guidance.Noted, Data: guidance.NotedData{Text: "Ringt."}, Seen: 1_000})
		if err != nil {
			t.Fatal(err)
		}
	}
	sameAsFresh(t, here, "long")
	store.events = 0
	for range 10 {
		note(here)
		note(there)
		sameAsFresh(t, here, "long")
	}
	if store.events > 200 {
		t.Errorf("%d events read again", store.events)
	}
}

// sameAsFresh compares a case as a service has it with its log, folded anew.
func sameAsFresh(t *testing.T, s *guidance.Service, id string) guidance.Snapshot {
	t.Helper()
	got, err := s.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	log, err := s.Store.(*readEvents).Store.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	c, err := guidance.Fold(log.Events)
	if err != nil {
		t.Fatal(err)
	}
	want := guidance.Snapshot{ID: log.ID, Number: log.Number, Case: c, Log: log.Events, Lease: log.Lease}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("-fresh +kept:\n%s", d)
	}
	return got
}

// Texts that were taken away by another service are not shown by one that had
// the case.
func TestLongCaseAnonymised(t *testing.T) {
	store := &readEvents{Store: guidance.NewMemory()}
	guidancetest.Long(t, store, "long", 100)
	here, there := guidance.New(guidance.Config{Store: store}), guidance.New(guidance.Config{Store: store})
	sameAsFresh(t, here, "long")
	seen := int64(100)
	for _, c := range []guidance.Command{
		{Actor: guidancetest.Person, Kind: guidance.Withdrawn},
		{Actor: guidancetest.Dina, Kind: guidance.Anonymised, Data: guidance.AnonymisedData{Reason: "Bedt om."}},
	} {
		c.Seen = seen
		if _, _, err := there.Do(t.Context(), "long", c); err != nil {
			t.Fatal(err)
		}
		seen++
	}
	if got := sameAsFresh(t, here, "long"); !got.Case.Anonymised || got.Case.Received.Question != "" {
		t.Errorf("%+v", got.Case.Received)
	}
}

// A store that was restored from a backup, and has gone on otherwise since, is
// believed.
func TestLongCaseRestored(t *testing.T) {
	before, after := guidance.NewMemory(), guidance.NewMemory()
	guidancetest.Long(t, before, "long", 100)
	guidancetest.Long(t, after, "long", 90)
	store := &readEvents{Store: before}
	here := guidance.New(guidance.Config{Store: store})
	sameAsFresh(t, here, "long")
	store.Store = after
	sameAsFresh(t, here, "long")
	for i := range 20 { // as long as it was, and longer
		_, _, err := guidance.New(guidance.Config{Store: after}).Do(t.Context(), "long", guidance.Command{Actor: guidancetest.Anne, Kind: guidance.Noted, Data: guidance.NotedData{Text: fmt.Sprint(i)}, Seen: 90})
		if err != nil {
			t.Fatal(err)
		}
		if i == 9 || i == 19 {
			store.Store = before
			sameAsFresh(t, here, "long")
			store.Store = after
			sameAsFresh(t, here, "long")
		}
	}
}

// What many do to a kept case at once does not get into what others were given.
func TestLongCaseShared(t *testing.T) {
	store := &readEvents{Store: guidance.NewMemory()}
	guidancetest.Long(t, store, "long", 100)
	s := guidance.New(guidance.Config{Store: store})
	given := sameAsFresh(t, s, "long")
	was := mustJSON(t, given)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 10 {
				snap, _, err := s.Do(t.Context(), "long", guidance.Command{Actor: guidancetest.Anne, Kind: guidance.Noted, Data: guidance.NotedData{Text: fmt.Sprint(i, n)}, Seen: 100})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := guidance.ForAgency(snap, guidancetest.Bodil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if mustJSON(t, given) != was {
		t.Error("what was given has changed")
	}
	if got := sameAsFresh(t, s, "long"); len(got.Log) != 180 {
		t.Errorf("%d events", len(got.Log))
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
