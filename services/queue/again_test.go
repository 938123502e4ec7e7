package queue_test

import (
	"errors"
	"slices"
	"testing"

	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

// A hand-over that comes again is told again: who made the case may have died
// before it told the lawyers.
func TestHandOverAgainIsTold(t *testing.T) {
	w := newWorld(t)
	h := queue.HandOver{ID: "1", Question: "Hva?", Agency: "hdir"}
	c, err := w.queue.HandOver(t.Context(), "k", h)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	w.cases.News = func(id string, _ guidance.Case) {
		if id == c.ID {
			told++
		}
	}
	if _, err := w.queue.HandOver(t.Context(), "k", h); err != nil || told != 1 {
		t.Errorf("told %d times, %v", told, err)
	}
}

// The same id with other words is refused, not answered with the first case:
// its writer would believe that the lawyers have read them. The same words as
// the first time are the first case, also when what stands in them was masked.
func TestHandOverIDUsedAgain(t *testing.T) {
	w := newWorld(t)
	first := queue.HandOver{ID: "1", Question: "Kan Kari Nordmann, 99 88 77 66, bruke dette?", Project: "Triage", Agency: "hdir"}
	c, err := w.queue.HandOver(t.Context(), "k", first)
	if err != nil {
		t.Fatal(err)
	}
	for name, h := range map[string]queue.HandOver{
		"another question":            {ID: "1", Question: "Hva med dette?", Project: first.Project, Agency: first.Agency},
		"another project":             {ID: "1", Question: first.Question, Project: "Radiologi", Agency: first.Agency},
		"another agency":              {ID: "1", Question: first.Question, Project: first.Project, Agency: "dmp"},
		"it may be published now":     {ID: "1", Question: first.Question, Project: first.Project, Agency: first.Agency, Publish: true},
		"another, and not trimmed":    {ID: "1", Question: " " + first.Question + " Ja?", Project: first.Project, Agency: first.Agency},
		"the project is left out now": {ID: "1", Question: first.Question, Agency: first.Agency},
	} {
		if got, err := w.queue.HandOver(t.Context(), "k", h); !errors.Is(err, guidance.ErrReused) {
			t.Errorf("%s: case %s, %v", name, got.Number, err)
		}
	}
	again := first
	again.Question += "\n"
	if got, err := w.queue.HandOver(t.Context(), "k", again); err != nil || got.ID != c.ID {
		t.Errorf("the same again: case %s, %v", got.Number, err)
	}
	if mine, err := w.queue.Mine(t.Context(), "k"); err != nil || len(mine) != 1 {
		t.Errorf("%d cases, %v", len(mine), err)
	}
}

// What somebody was typing on a case that has ended goes in its time, also the
// notes and questions that were never sent.
func TestExpireTyping(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c, err := w.queue.HandOver(ctx, "k", queue.HandOver{ID: "1", Question: "Hva?", Agency: "hdir"})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := w.queue.Tell(ctx, "k", c.ID, guidance.Command{Kind: guidance.Withdrawn, Seen: 1}); err != nil || r.Refused != nil {
		t.Fatal(err, r.Refused)
	}
	for _, key := range []string{"draft:" + c.ID, "note:" + c.ID, "view:mine"} {
		if err := w.queue.Keep(ctx, "anne", key, []byte(`"Kari ringte"`)); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct{ days, left int }{{89, 3}, {2, 1}} {
		w.now = w.now.AddDate(0, 0, step.days)
		if _, _, err := w.queue.Expire(ctx); err != nil {
			t.Fatal(err)
		}
		if kept, err := w.queue.Kept(ctx, "anne", ""); err != nil || len(kept) != step.left {
			t.Errorf("after %d days more: %v, %v", step.days, kept, err)
		}
	}
}

// Who anonymises by a command takes the kept letters away, too: they hold the
// address and what was answered.
func TestAnonymisedByCommand(t *testing.T) {
	w, kept, c := withdrawn(t)
	ctx := t.Context()
	r, err := w.queue.Do(ctx, c.ID, guidance.Command{
		Actor: guidance.Actor{ID: "drift", Role: guidance.Admin, Agency: "hdir"}, Kind: guidance.Anonymised, Data: guidance.AnonymisedData{Reason: "Etter ønske."}, Seen: 2,
	})
	if err != nil || r.Refused != nil || !slices.Equal(kept.forgot, []string{c.ID}) {
		t.Errorf("forgot %v, %v, %v", kept.forgot, r.Refused, err)
	}
}
