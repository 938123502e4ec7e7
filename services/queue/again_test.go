package queue_test

import (
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
