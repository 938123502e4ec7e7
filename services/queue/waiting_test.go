package queue_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/internal/refusal"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/timing"
	"kiveileder/services/queue"
	"kiveileder/services/rules"
)

// silent is a case that asked an asker who has left an address.
func silent(t *testing.T, w *world, q queue.Calls, key string) string {
	t.Helper()
	w.cases.Fill = timing.Fill
	c, err := q.HandOver(t.Context(), key, queue.HandOver{ID: "1", Question: "Må vi søke REK for bildene?", Agency: "hdir", Contact: guidance.Contact{Email: "kari@example.no"}})
	if err != nil {
		t.Fatal(err)
	}
	do(t, q, c.ID, bodil, guidance.Claimed, nil)
	do(t, q, c.ID, bodil, guidance.Assessed, nil)
	do(t, q, c.ID, bodil, guidance.Asked, guidance.AskedData{Text: "Har dere samtykke?"})
	return c.ID
}

// kinds gives what happened in a case since it waits, and when.
func kinds(t *testing.T, w *world, id string) (out []string) {
	t.Helper()
	snap, err := w.cases.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range snap.Log {
		switch e.Kind {
		case guidance.Reminded, guidance.Unanswered, guidance.Closed:
			out = append(out, fmt.Sprint(e.Kind, " ", e.At.Format("01-02")))
		}
	}
	return out
}

// Two replicas look every hour over weeks: each step is done once, on its day.
// Then the lawyers see it, and nothing closes the case but one of them.
func TestWaiting(t *testing.T) {
	w := newWorld(t)
	id := silent(t, w, w.queue, "k")
	other := queue.New(w.queue.Config)
	for range 60 * 24 {
		w.now = w.now.Add(time.Hour)
		var wg sync.WaitGroup
		for _, q := range []*queue.Queue{w.queue, other} {
			wg.Go(func() {
				if _, err := q.Remind(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	if got := fmt.Sprint(kinds(t, w, id)); got != "[reminded 11-30 reminded 12-07 unanswered 12-14]" {
		t.Errorf("%s", got)
	}
	mails, err := w.cases.Store.Mails(t.Context(), id)
	if err != nil || len(mails) != 4 { // receipt, question, two reminders
		t.Errorf("%d mails, %v", len(mails), err)
	}
	c, err := w.queue.Case(t.Context(), bodil, id, true)
	if err != nil || c.State != guidance.Waiting || len(c.Told) == 0 || c.Told[0].Kind != timing.PreliminaryOverdue && c.Told[0].Kind != timing.AskerSilent {
		t.Errorf("the lawyer sees %+v, %v", c.Told, err)
	}
	for _, r := range c.Told {
		if r.To != "" && r.To != bodil.ID {
			t.Errorf("told what is another's: %+v", r)
		}
	}
	mine, err := w.queue.Mine(t.Context(), "k")
	if err != nil || len(mine[0].Reminded) != 2 {
		t.Errorf("the asker sees %+v, %v", mine, err)
	}
	closed := do(t, w.queue, id, bodil, guidance.Closed, guidance.ClosedData{Reason: "Vi hørte ikke fra dere."})
	if closed.State != guidance.IsClosed || closed.Closing.Until.IsZero() {
		t.Errorf("%+v", closed.Closing)
	}
	if mine, err = w.queue.Mine(t.Context(), "k"); err != nil || mine[0].Closed == nil || mine[0].Closed.Until.IsZero() || !mine[0].Expected.IsZero() {
		t.Errorf("the asker sees %+v, %v", mine, err)
	}
	res, err := w.queue.Tell(t.Context(), "k", id, guidance.Command{ID: "r", Kind: guidance.Replied, Data: guidance.RepliedData{Task: mine[0].Tasks[0].ID, Text: "Ja."}, Seen: mine[0].Seq})
	if err != nil || res.Refused != nil || res.Case.State != guidance.IsReopened {
		t.Errorf("%+v, %v", res, err)
	}
}

// A service that was away, and a clock that jumps either way: one step at a
// time, each with its days of patience after the one before.
func TestWaitingJumps(t *testing.T) {
	w := newWorld(t)
	id := silent(t, w, w.queue, "k")
	step := func(d time.Duration, want int) {
		t.Helper()
		w.now = w.now.Add(d)
		for range 3 { // at once it does no more
			if n, err := w.queue.Remind(t.Context()); err != nil || n != want {
				t.Fatalf("%d done, %v, want %d: %v", n, err, want, kinds(t, w, id))
			}
			want = 0
		}
	}
	day := 24 * time.Hour
	step(0, 0)
	step(60*day, 1)  // away
	step(-59*day, 0) // the clock was wrong
	step(day, 0)
	step(59*day, 0)
	step(8*day, 1)
	step(100*day, 1) // the lawyers are told
	step(400*day, 0)
	if s := fmt.Sprint(len(kinds(t, w, id))); s != "3" {
		t.Errorf("%v", kinds(t, w, id))
	}
}

// Who writes is not reminded for what they had not written before, however
// late a replica finds it; and a reply in time ends it all.
func TestWaitingMeetsReply(t *testing.T) {
	w := newWorld(t)
	id := silent(t, w, w.queue, "k")
	if _, err := w.queue.Remind(t.Context()); err != nil { // it knows when to look again
		t.Fatal(err)
	}
	w.now = w.now.Add(6 * 24 * time.Hour)
	snap, err := w.cases.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	tell := func(kind guidance.Kind, data any) {
		t.Helper()
		res, err := w.queue.Tell(t.Context(), "k", id, guidance.Command{ID: string(kind), Kind: kind, Data: data, Seen: snap.Case.Seq})
		if err != nil || res.Refused != nil {
			t.Fatalf("%+v, %v", res.Refused, err)
		}
	}
	tell(guidance.Added, guidance.AddedData{Text: "Vi svarer på mandag."})
	w.now = w.now.Add(3 * 24 * time.Hour)
	if n, err := w.queue.Remind(t.Context()); n != 0 || err != nil {
		t.Errorf("%d done, %v", n, err)
	}
	tell(guidance.Replied, guidance.RepliedData{Task: snap.Case.Tasks[0].ID, Text: "Ja."})
	w.now = w.now.Add(90 * 24 * time.Hour)
	if n, err := w.queue.Remind(t.Context()); n != 0 || err != nil || len(kinds(t, w, id)) != 0 {
		t.Errorf("%d done, %v", n, err)
	}
}

// The refusal to close a case early is told in words of every language.
func TestCloseTooEarly(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		id := silent(t, w, q, "k")
		c, err := q.Case(t.Context(), bodil, id, false)
		if err != nil {
			t.Fatal(err)
		}
		r, err := q.Do(t.Context(), id, guidance.Command{ID: "c", Actor: bodil, Kind: guidance.Closed, Seen: c.Seq})
		if err != nil || r.Refused == nil || r.Refused.Guard != "silent" {
			t.Fatalf("%+v, %v", r.Refused, err)
		}
		speaks(t, r.Refused.Text)
	})
}

func speaks(t *testing.T, text rules.Text) {
	t.Helper()
	for _, l := range kiveileder.Languages {
		if text[l] == "" {
			t.Errorf("no words in %s: %v", l, text)
		}
	}
}

// What is refused is said in the reader's language, near and far.
func TestRefusalsInEveryLanguage(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		ctx := t.Context()
		_, noAgency := q.HandOver(ctx, "k", queue.HandOver{ID: "1", Question: "Hva?", Agency: "nav"})
		_, long := q.HandOver(ctx, "k", queue.HandOver{ID: "1", Question: strings.Repeat("å", 8_001)})
		_, email := q.HandOver(ctx, "k", queue.HandOver{ID: "1", Question: "Hva?", Contact: guidance.Contact{Email: "kari@"}})
		_, page := q.List(ctx, bodil, queue.DeskQuery{After: "???"})
		_, answer := q.Answer(ctx, "KI-2026-0099")
		_, noCase := q.Case(ctx, bodil, "none", false)
		for name, c := range map[string]struct {
			err     error
			english string
		}{
			"no agency": {noAgency, "Choose an agency from the list."}, "too long": {long, "The text is too long: at most 8000 characters in each field."},
			"bad address": {email, "The e-mail address is not valid."}, "no page": {page, "There is no such page of the list."},
			"no answer": {answer, "There is no such answer."}, "no case": {noCase, "There is no such case."},
		} {
			nb, nn, en := refusal.Text(c.err, kiveileder.Bokmal), refusal.Text(c.err, kiveileder.Nynorsk), refusal.Text(c.err, kiveileder.English)
			if en != c.english || nb == "" || nn == "" || nb == en || nn == en {
				t.Errorf("%s: %q, %q, %q", name, nb, nn, en)
			}
		}
	})
}
