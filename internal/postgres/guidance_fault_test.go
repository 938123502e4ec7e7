package postgres_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/internal/stacktest"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/guidancetest"
)

// Connections are cut in the middle of many commands: each is in its log once,
// logs have no gaps, and neither have case numbers; of what people keep, the
// last that was acknowledged is there.
func TestGuidanceCut(t *testing.T) {
	t.Parallel()
	const cases, each = 6, 12
	u := stacktest.Postgres(t)
	db, killer := open(t, u+"&application_name=victim"), open(t, u)
	s := guidance.New(guidance.Config{Store: db.Guidance()})
	ctx := t.Context()
	acknowledged, stop := cutting(t, killer, 2)
	var wg sync.WaitGroup
	// as a client does, until it is acknowledged
	until := func(what string, do func() error) {
		for range 200 {
			err := do()
			if err == nil {
				acknowledged()
				return
			}
			if kiveileder.ErrorCode(err) != kiveileder.CodeUnavailable {
				t.Errorf("%s: %v", what, err)
				return
			}
		}
		t.Errorf("%s: never acknowledged", what)
	}
	for c := range cases {
		id := fmt.Sprint("c", c)
		wg.Go(func() {
			until(id, func() error {
				_, err := s.Open(ctx, id, guidancetest.Person, guidance.ReceivedData{Question: "Må vi søke?", Agencies: []string{"hdir"}}, guidance.Contact{})
				return err
			})
			for i := range each {
				note := guidance.Command{ID: fmt.Sprint("n", i), Actor: guidancetest.Anne, Kind: guidance.Noted, Data: guidance.NotedData{Text: fmt.Sprint(i)}}
				until(id, func() error { _, _, err := s.Do(ctx, id, note); return err })
				until(id, func() error { return db.Guidance().Keep(ctx, "anne", guidance.DraftKey(id), []byte(note.ID)) })
			}
		})
	}
	wg.Wait()
	cut := stop()
	t.Logf("%d connections cut", cut)
	if cut < 3 {
		t.Errorf("only %d connections were cut", cut)
	}
	has, err := killer.Guidance().Kept(t.Context(), "anne", "draft:")
	if err != nil || len(has) != cases {
		t.Errorf("kept: %q, %v", has, err)
	}
	for key, value := range has {
		if want := fmt.Sprint("n", each-1); string(value) != want {
			t.Errorf("%s is %s, want %s", key, value, want)
		}
	}
	numbers := map[string]bool{}
	for c := range cases {
		l, err := killer.Guidance().Load(t.Context(), fmt.Sprint("c", c))
		if err != nil {
			t.Error(err)
			continue
		}
		numbers[l.Number] = true
		if _, err := guidance.Fold(l.Events); err != nil || len(l.Events) != each+1 {
			t.Errorf("case %d: %d events, %v; want %d", c, len(l.Events), err, each+1)
		}
		for i, e := range l.Events[1:] {
			if e.ID != fmt.Sprint("n", i) {
				t.Errorf("case %d: event %d is %s", c, e.Seq, e.ID)
			}
		}
	}
	for n := range int64(cases) {
		if number := guidance.Number(time.Now().Year(), n+1); !numbers[number] {
			t.Errorf("no case has number %s: %v", number, numbers)
		}
	}
}
