package queue_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

// Who takes the own agency off a case has done it, and sees no more of it.
func TestOwnAgencyLeaves(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		ctx := t.Context()
		c, err := q.HandOver(ctx, "k", queue.HandOver{ID: "1", Question: "Hva?", Agency: "hdir"}) // dmp is on it, too
		if err != nil {
			t.Fatal(err)
		}
		d, err := q.Case(ctx, anne, c.ID, false)
		if err != nil {
			t.Fatal(err)
		}
		r, err := q.Do(ctx, c.ID, guidance.Command{Actor: anne, Kind: guidance.Uninvited, Data: guidance.UninvitedData{Agency: "dmp", Reason: "Ikke vårt."}, Seen: d.Seq})
		if err != nil || r.Refused != nil || r.Event == nil || len(r.Case.Log) > 0 {
			t.Errorf("left: %+v, %v", r, err)
		}
		lead := guidance.Actor{ID: "leda", Role: guidance.Lead, Agency: "hdir"}
		if r, err = q.Reassign(ctx, lead, c.ID, []string{"dmp", "datatilsynet"}, "Feil etat."); err != nil || r.Refused != nil {
			t.Errorf("given to others: %+v, %v", r, err)
		}
		a, err := q.About(ctx, c.ID)
		if got := strings.Join(a.Agencies, " "); err != nil || got != "dmp datatilsynet" {
			t.Errorf("on the case: %s, %v", got, err)
		}
	})
}

// A person who has read more cases than can be kept still reads cases.
func TestReadsManyCases(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c, err := w.queue.HandOver(ctx, "k", queue.HandOver{ID: "1", Question: "Hva?", Agency: "hdir"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range guidance.MaxKept {
		if err := w.cases.Store.Keep(ctx, bodil.ID, fmt.Sprintf("seen:%024d", i), []byte("1")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.queue.Case(ctx, bodil, c.ID, true); err != nil {
		t.Errorf("a case is not opened: %v", err)
	}
}

// The key of a conversation, by which somebody speaks for the asker, reaches
// nobody at the desk.
func TestAskerKeyStays(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		const key = "the-conversations-key"
		d := answered(t, q, key)
		if _, err := q.Tell(t.Context(), key, d.ID, guidance.Command{ID: "a", Kind: guidance.Added, Data: guidance.AddedData{Text: "Mer."}}); err != nil {
			t.Fatal(err)
		}
		c, err := q.Case(t.Context(), bodil, d.ID, false)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := json.Marshal(c); err != nil || strings.Contains(string(b), key) {
			t.Errorf("it stands in the case: %v", err)
		}
		r, err := q.Do(t.Context(), d.ID, guidance.Command{Actor: bodil, Kind: guidance.Reopened, Data: guidance.ReopenedData{Reason: "x"}, Seen: 0})
		if err != nil || r.Refused == nil {
			t.Fatal(r.Refused, err)
		}
		if b, err := json.Marshal(r); err != nil || strings.Contains(string(b), key) {
			t.Errorf("it stands in a refusal: %v", err)
		}
		for _, format := range []string{"json", "html", "noark"} {
			f, err := q.Export(t.Context(), bodil, d.ID, format, "")
			if err != nil || strings.Contains(string(f.Content), key) {
				t.Errorf("it stands in the export as %s: %v", format, err)
			}
		}
	})
}

// What colleagues wrote to each other about a case is gone with its texts.
func TestAnonymisedReasons(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	d := answered(t, w.queue, "k")
	do(t, w.queue, d.ID, bodil, guidance.Reopened, guidance.ReopenedData{Reason: "Kari ringte."})
	do(t, w.queue, d.ID, bodil, guidance.Invited, guidance.InvitedData{Agency: "datatilsynet", Reason: "Kari Nordmann spør om innsyn."})
	do(t, w.queue, d.ID, bodil, guidance.Released, guidance.ReleasedData{Reason: "Kari er min søster."})
	do(t, w.queue, d.ID, anne, guidance.Claimed, nil)
	do(t, w.queue, d.ID, anne, guidance.Referred, guidance.ReferredData{To: "rek", Reason: "Kari hører til der."})
	if err := w.queue.Anonymise(ctx, guidance.Actor{ID: "root", Role: guidance.Admin}, d.ID, "Ba om det."); err != nil {
		t.Fatal(err)
	}
	snap, err := w.cases.Load(ctx, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(snap)
	if err != nil || strings.Contains(string(b), "Kari") {
		t.Errorf("left: %s, %v", b, err)
	}
}

// What somebody has read is kept as long as the case is news, and then for
// nobody: it takes no room from what they type, and is not unread again.
func TestReadMarksGo(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	d := answered(t, w.queue, "k")
	if _, err := w.queue.Case(ctx, bodil, d.ID, true); err != nil {
		t.Fatal(err)
	}
	for i, days := range []int{80, 100} {
		w.now = d.Changed.AddDate(0, 0, days)
		if _, _, err := w.queue.Expire(ctx); err != nil {
			t.Fatal(err)
		}
		kept, err := w.cases.Store.Kept(ctx, bodil.ID, "seen:")
		if err != nil || len(kept) != 1-i {
			t.Errorf("after %d days: %v, %v", days, kept, err)
		}
		if p, err := w.queue.List(ctx, bodil, queue.DeskQuery{Unread: true}); err != nil || len(p.Cases) != 0 {
			t.Errorf("after %d days unread: %+v, %v", days, p.Cases, err)
		}
	}
}

// Why an answer is withdrawn or looked at again everybody reads, as the answer.
func TestPublicReasons(t *testing.T) {
	w := newWorld(t)
	d := publish(t, w.queue, answered(t, w.queue, "k"))
	for kind, data := range map[guidance.Kind]any{
		guidance.ReviewBegan: guidance.ReviewBeganData{Reason: "Kari ringte, 998 87 766."},
		guidance.Unpublished: guidance.UnpublishedData{Reason: "Kari skrev, kari@example.no."},
	} {
		r, err := w.queue.Do(t.Context(), d.ID, guidance.Command{Actor: bodil, Kind: kind, Data: data, Seen: d.Seq})
		if err != nil || r.Refused == nil || r.Refused.Guard != "safe_text" {
			t.Errorf("%s: %+v, %v", kind, r.Refused, err)
		}
	}
}

// An asker hears of the agency that takes a case which had none.
func TestFirstAgency(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	snap, err := w.cases.Open(ctx, "c", guidance.Actor{ID: "k", Role: guidance.Asker}, guidance.ReceivedData{Question: "Hva?"}, guidance.Contact{})
	if err != nil {
		t.Fatal(err)
	}
	before := guidance.ForAsker(snap.Number, snap.Case)
	if snap, _, err = w.cases.Do(ctx, "c", guidance.Command{Actor: bodil, Kind: guidance.Claimed, Seen: 1}); err != nil {
		t.Fatal(err)
	}
	if after := guidance.ForAsker(snap.Number, snap.Case); len(after.Agencies) != 1 || after.Seq <= before.Seq {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

// sick is a store that loses what it is to write on one case.
type sick struct {
	guidance.Store
	id string
}

func (s *sick) Append(ctx context.Context, b guidance.Batch) error {
	if b.Case == s.id {
		return errors.New("the disk is away")
	}
	return s.Store.Append(ctx, b)
}

// An answer that cannot be put under review keeps back no other.
func TestOneSickAnswer(t *testing.T) {
	w := newWorld(t)
	d := publish(t, w.queue, answered(t, w.queue, "k"))
	w.ground = ground("• Noe annet")
	w.cases.Store = &sick{w.cases.Store, d.ID}
	if err := w.queue.Settle(t.Context()); err == nil || !strings.Contains(err.Error(), "the disk is away") {
		t.Errorf("settled: %v", err)
	}
	if got := sources(t, w.dir); len(got) != 1 {
		t.Errorf("documents %v", got)
	}
}

// What an asker writes later is held to the limits of the form, too: a lawyer
// shall be able to open the case.
func TestAskerWritesMuch(t *testing.T) {
	both(t, func(t *testing.T, w *world, q queue.Calls) {
		ctx := t.Context()
		c, err := q.HandOver(ctx, "k", queue.HandOver{ID: "1", Question: "Hva?", Agency: "hdir"})
		if err != nil {
			t.Fatal(err)
		}
		for name, x := range map[string]struct {
			cmd guidance.Command
			ok  bool
		}{
			"as much as may be": {guidance.Command{ID: "a", Kind: guidance.Added, Data: guidance.AddedData{Text: strings.Repeat("å", 8_000)}}, true},
			"more":              {guidance.Command{ID: "b", Kind: guidance.Added, Data: guidance.AddedData{Text: strings.Repeat("å", 8_001)}}, false},
			"a long reason":     {guidance.Command{ID: "c", Kind: guidance.Withdrawn, Data: json.RawMessage(`{"reason":"` + strings.Repeat("a", 8_001) + `"}`), Seen: 1}, false},
			"many facts":        {guidance.Command{ID: "d", Kind: guidance.Replied, Data: guidance.RepliedData{Facts: map[string]any{"a": strings.Repeat("a", 8_001)}}, Seen: 1}, false},
			"no JSON":           {guidance.Command{ID: "e", Kind: guidance.Added, Data: json.RawMessage(`{"text":`)}, false},
		} {
			r, err := q.Tell(ctx, "k", c.ID, x.cmd)
			if x.ok != (err == nil && r.Refused == nil) || !x.ok && err == nil {
				t.Errorf("%s: %v, %+v", name, err, r.Refused)
			}
		}
	})
}

// slow is a store whose leases wait.
type slow struct {
	guidance.Store
	begun, on chan struct{}
}

func (s *slow) Lease(ctx context.Context, id string, holder guidance.Actor, now, until time.Time) (guidance.Lease, error) {
	if until.After(now) {
		close(s.begun)
		<-s.on
	}
	return s.Store.Lease(ctx, id, holder, now, until)
}

// A heartbeat that comes late holds nothing that was given up.
func TestLateBeat(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c, err := w.queue.HandOver(ctx, "k", queue.HandOver{ID: "1", Question: "Hva?", Agency: "hdir"})
	if err != nil {
		t.Fatal(err)
	}
	do(t, w.queue, c.ID, bodil, guidance.Claimed, nil)
	s := &slow{w.cases.Store, make(chan struct{}), make(chan struct{})}
	w.cases.Store = s
	var wg sync.WaitGroup
	wg.Go(func() {
		if b, err := w.queue.Beat(ctx, bodil, c.ID); err != nil || b.Refused == nil || b.Refused.Guard != "holder" {
			t.Errorf("the beat: %+v, %v", b, err)
		}
	})
	<-s.begun
	do(t, w.queue, c.ID, bodil, guidance.Released, nil)
	close(s.on)
	wg.Wait()
	do(t, w.queue, c.ID, cato, guidance.Claimed, nil)
}

// broken is a store that cannot read one case.
type broken struct {
	guidance.Store
	id string
}

func (s *broken) Load(ctx context.Context, id string) (guidance.Log, error) {
	if id == s.id {
		return guidance.Log{}, errors.New("the disk is away")
	}
	return s.Store.Load(ctx, id)
}

// An answer that cannot be read holds up nobody who asks.
func TestFormWithoutNear(t *testing.T) {
	w := newWorld(t)
	d := publish(t, w.queue, answered(t, w.queue, "k"))
	w.cases.Store = &broken{w.cases.Store, d.ID}
	w.ask("k2", "Må vi søke REK?")
	if f, err := w.queue.Form(t.Context(), "k2", ""); err != nil || f.Question == "" || len(f.Near) != 0 {
		t.Errorf("form %+v, %v", f, err)
	}
}

// A name may be as long as the store keeps.
func TestKeptName(t *testing.T) {
	w := newWorld(t)
	key := "view:" + strings.Repeat("%C3%B8", 32)
	if err := w.queue.Keep(t.Context(), bodil.ID, key, json.RawMessage(`1`)); err != nil {
		t.Error(err)
	}
	if err := w.queue.Keep(t.Context(), bodil.ID, key+"aaaa", json.RawMessage(`1`)); err == nil {
		t.Error("a longer one is kept")
	}
}
