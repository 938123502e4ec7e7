package guidance_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"kiveileder/services/guidance"
)

// What an agency said of a text it said of the case as it was: after a reply of
// the asker, or when the case was reopened, nobody has signed, though the text
// is the same to the letter.
func TestSignOffsAreOfTheirRound(t *testing.T) {
	unsigned := func(t *testing.T, d *desk) {
		t.Helper()
		d.does(anne, guidance.Submitted, guidance.SubmittedData{Hash: d.hash()})
		if got := d.snap.Case.Signed(); len(got) > 0 {
			t.Errorf("signed: %+v", got)
		}
		d.refused("all_signed", anne, guidance.Sent, guidance.SentData{Hash: d.hash()})
		d.signs(anne, guidance.Approve)
		d.signs(bodil, guidance.Approve)
		d.does(anne, guidance.Sent, guidance.SentData{Hash: d.hash()})
	}
	t.Run("a reply", func(t *testing.T) {
		d := signoff(t)
		d.signs(anne, guidance.Approve)
		d.signs(bodil, guidance.Approve)
		d.does(anne, guidance.Asked, guidance.AskedData{Text: "Har dere samtykke?"})
		d.does(person, guidance.Replied, guidance.RepliedData{Task: d.snap.Case.Seq, Text: "Nei."})
		unsigned(t, d)
	})
	t.Run("reopened after a bypass", func(t *testing.T) {
		d := signoff(t)
		d.signs(anne, guidance.Approve)
		d.does(cato, guidance.Bypassed, guidance.BypassedData{Hash: d.hash(), Reason: "Haster."})
		d.does(anne, guidance.Sent, guidance.SentData{Hash: d.hash()})
		d.does(person, guidance.Reopened, guidance.ReopenedData{Reason: "Det var en annen modell."})
		d.does(anne, guidance.DraftSaved, guidance.DraftSavedData{Base: 1, Draft: d.snap.Case.Draft().Draft})
		unsigned(t, d)
		if a := d.snap.Case.Answers; len(a) != 2 || len(a[0].Bypassed) != 1 || len(a[1].Bypassed) != 0 {
			t.Errorf("answers: %+v", a)
		}
	})
	t.Run("what the asker adds unasked changes nothing", func(t *testing.T) {
		d := signoff(t)
		d.signs(anne, guidance.Approve)
		d.does(person, guidance.Added, guidance.AddedData{Text: "Takk."})
		if got := d.snap.Case.Signed(); len(got) != 1 {
			t.Errorf("signed: %+v", got)
		}
	})
}

// The key of the asker's conversation stands in nothing that people at the
// agencies are shown, whatever the asker does.
func TestDeskNeverSeesTheAskersKey(t *testing.T) {
	d := signoff(t)
	d.does(anne, guidance.Asked, guidance.AskedData{Text: "Har dere samtykke?"})
	d.does(person, guidance.Replied, guidance.RepliedData{Task: d.snap.Case.Seq, Text: "Ja."})
	d.does(person, guidance.Added, guidance.AddedData{Text: "Mer."})
	d.does(person, guidance.Withdrawn, guidance.WithdrawnData{Reason: "Nei takk."})
	d.does(person, guidance.Reopened, guidance.ReopenedData{Reason: "Likevel."})
	_, _, conflict := d.Do(t.Context(), "c1", guidance.Command{Actor: anne, Kind: guidance.Assessed, Seen: 1})
	for _, who := range []guidance.Actor{anne, cato, dina} {
		seen, err := guidance.ForAgency(d.snap, who)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal([]any{seen, conflict})
		if err != nil || strings.Contains(string(b), person.ID) {
			t.Errorf("%s sees the asker's key: %v, %s", who.ID, err, b)
		}
	}
	if d.snap.Case.Again[0].By.ID != person.ID {
		t.Error("the case itself was changed")
	}
}

// deaf is a store that does what it is told and whose answer is lost: who waits
// for it goes away, or hears that somebody else was first.
type deaf struct {
	guidance.Store
	leave context.CancelFunc
	err   error
}

func (s *deaf) Append(ctx context.Context, b guidance.Batch) error {
	if s.err == nil && s.leave == nil {
		return s.Store.Append(ctx, b)
	}
	err := s.Store.Append(ctx, b)
	if s.leave != nil {
		s.leave()
		s.leave = nil
		return errors.Join(err, ctx.Err())
	}
	err, s.err = errors.Join(err, s.err), nil
	return err
}

// What was stored is told, also when its asker has gone away or its answer was
// lost: the lawyers wait for it.
func TestWhatWasStoredIsTold(t *testing.T) {
	d := newDesk(t)
	lost := &deaf{Store: d.Store}
	d.Service.Store = lost
	d.n = nil

	ctx, leave := context.WithCancel(t.Context())
	lost.leave = leave
	_, _, err := d.Do(ctx, "c1", guidance.Command{ID: "a", Actor: person, Kind: guidance.Added, Data: guidance.AddedData{Text: "Mer."}, Seen: 1})
	if err != nil || len(d.n) != 1 {
		t.Errorf("who adds and goes away: %v, told %v", err, d.n)
	}

	lost.err, d.n = guidance.ErrMoved, nil
	if _, err := d.Open(t.Context(), "c2", person, guidance.ReceivedData{Question: "?"}, guidance.Contact{}); err != nil || len(d.n) != 1 {
		t.Errorf("a new case whose answer was lost: %v, told %v", err, d.n)
	}
	d.n = nil
	if _, err := d.Open(t.Context(), "c2", person, guidance.ReceivedData{Question: "?"}, guidance.Contact{}); err != nil || len(d.n) != 1 {
		t.Errorf("a hand-over that comes again: %v, told %v", err, d.n)
	}
}

// A clock that ran ahead for a moment does not hold letters up until that
// moment has come.
func TestLettersGoByTheClock(t *testing.T) {
	d := newDesk(t)
	d.does(anne, guidance.Claimed, nil)
	d.now = d.now.Add(48 * time.Hour)
	d.does(anne, guidance.Assessed, nil)
	d.now = d.now.Add(-48 * time.Hour)
	d.does(anne, guidance.Asked, guidance.AskedData{Text: "Har dere samtykke?"})
	mails, err := d.Store.Mails(t.Context(), "c1")
	if err != nil || len(mails) != 2 {
		t.Fatal(mails, err)
	}
	if m := mails[1]; m.Next.After(d.now) {
		t.Errorf("due %v after now", m.Next.Sub(d.now))
	}
}

// Of the reason why a review ended, which nobody but the agencies reads,
// nothing is left.
func TestAnonymiseReviews(t *testing.T) {
	d := signoff(t)
	d.signs(anne, guidance.Approve)
	d.signs(bodil, guidance.Approve)
	d.does(anne, guidance.Sent, guidance.SentData{Hash: d.hash()})
	d.does(anne, guidance.Published, guidance.PublishedData{Title: "Tittel", Question: "Spørsmål", Answer: "Svar"})
	d.does(anne, guidance.ReviewBegan, guidance.ReviewBeganData{Reason: "Loven er endret."})
	d.does(anne, guidance.ReviewEnded, guidance.ReviewEndedData{Reason: "Kari SECRET ringte.", ValidUntil: "2028-01-01"})
	before := *d.snap.Case.Publication
	d.does(dina, guidance.Anonymised, guidance.AnonymisedData{Reason: "Bedt om det."})
	if b, _ := json.Marshal(d.snap); strings.Contains(string(b), "SECRET") {
		t.Errorf("the reason is still there: %s", b)
	}
	if p := d.snap.Case.Publication; p == nil || p.ValidUntil != before.ValidUntil || !p.Confirmed.Equal(before.Confirmed) {
		t.Errorf("the publication is %+v, was %+v", p, before)
	}
}
