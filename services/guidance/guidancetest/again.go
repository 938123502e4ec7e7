package guidancetest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/services/guidance"
)

func rawJSON(b []byte) json.RawMessage { return b }

var errCrash = kiveileder.Errorf(kiveileder.CodeUnavailable, "Tjenesten er borte.")

// A deaf store does what it is told and does not hear that it was done.
type deaf struct {
	guidance.Store
	says error
}

func (d *deaf) Append(ctx context.Context, b guidance.Batch) error {
	if err := d.Store.Append(ctx, b); err != nil {
		return err
	}
	return d.says
}

// A process ends between the commit and the reply, after each step on the way
// to an answer. The sender, who has heard nothing, sends the same again.
func testAgain(t *testing.T, open Opener) {
	seal, err := guidance.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	draft := guidance.Draft{Sections: []guidance.Section{{Text: "Ja."}}}
	steps := []guidance.Command{
		{ID: "1", Actor: Anne, Kind: guidance.Claimed},
		{ID: "2", Actor: Anne, Kind: guidance.Assessed},
		{ID: "3", Actor: Anne, Kind: guidance.DraftSaved, Data: guidance.DraftSavedData{Draft: draft}},
		{ID: "4", Actor: Anne, Kind: guidance.Submitted, Data: guidance.SubmittedData{Hash: draft.Hash()}},
		{ID: "5", Actor: Anne, Kind: guidance.Signed, Data: guidance.SignedData{Hash: draft.Hash(), Verdict: guidance.Approve}},
		{ID: "6", Actor: Anne, Kind: guidance.Sent, Data: guidance.SentData{Hash: draft.Hash()}},
		{ID: "7", Actor: Anne, Kind: guidance.Released},
		{ID: "8", Actor: Person, Kind: guidance.Added, Data: guidance.AddedData{Text: "Takk."}},
		{ID: "9", Actor: Dina, Kind: guidance.Anonymised, Data: guidance.AnonymisedData{Reason: "Bedt om det."}},
	}
	for name, says := range map[string]error{"and nothing was heard": errCrash, "and tried again it says that the case moved": guidance.ErrMoved} {
		t.Run(name, func(t *testing.T) {
			s, reopen := open(t)
			service := func(says error) *guidance.Service {
				store := s
				if says != nil {
					store = &deaf{s, says}
				}
				return guidance.New(guidance.Config{Store: store, Seal: seal, Lease: time.Hour})
			}
			crash := func(what string, err error) {
				t.Helper()
				if says == errCrash && !errors.Is(err, errCrash) || says != errCrash && err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				if reopen != nil {
					s = reopen()
				}
			}
			d, who := guidance.ReceivedData{Question: "Må vi søke?", Agencies: []string{"hdir"}}, guidance.Contact{Email: "kari@example.no"}
			_, err := service(says).Open(t.Context(), "c1", Person, d, who)
			crash("Open", err)
			snap, err := service(nil).Open(t.Context(), "c1", Person, d, who)
			if err != nil || snap.Number != "KI-"+snap.Case.Opened.Format("2006")+"-0001" || len(snap.Log) != 1 {
				t.Fatalf("opened again: %s, %d events, %v", snap.Number, len(snap.Log), err)
			}
			for i, c := range steps {
				c.Seen = snap.Case.Seq
				_, _, err := service(says).Do(t.Context(), "c1", c)
				crash(string(c.Kind), err)
				before := load(t, s, "c1")
				again, e, err := service(nil).Do(t.Context(), "c1", c)
				if err != nil || e.ID != c.ID || e.Seq != int64(i)+2 || again.Case.Seq != e.Seq {
					t.Fatalf("%s again: event %d %q, case at %d, %v", c.Kind, e.Seq, e.ID, again.Case.Seq, err)
				}
				same(t, string(c.Kind)+" again", before, load(t, s, "c1"))
				snap = again
			}
			mails, err := s.Mails(t.Context(), "c1")
			if err != nil || len(mails) != 2 || mails[0].Kind != guidance.MailReceipt || mails[1].Kind != guidance.MailAnswer {
				t.Errorf("mails %+v, %v", mails, err)
			}
			if rows, err := s.List(t.Context(), guidance.Filter{Limit: 9}); err != nil || len(rows) != 1 || rows[0].Seq != int64(len(steps))+1 || rows[0].Asker != Person.ID {
				t.Errorf("rows %+v, %v", rows, err)
			}
		})
	}
}

// The clock of the machine is put back: logs and lists do not turn round,
// leases and mails come due by the new clock.
func testClock(t *testing.T, open Opener) {
	s, _ := open(t)
	now := at(30)
	seal, err := guidance.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	service := guidance.New(guidance.Config{Store: s, Seal: seal, Now: func() time.Time { return now }, Lease: 10 * time.Second})
	do := func(who guidance.Actor, kind guidance.Kind, data any) (guidance.Event, error) {
		t.Helper()
		snap, err := service.Load(t.Context(), "c1")
		is(t, "Load", nil, err)
		_, e, err := service.Do(t.Context(), "c1", guidance.Command{Actor: who, Kind: kind, Data: data, Seen: snap.Case.Seq})
		return e, err
	}
	_, err = service.Open(t.Context(), "c1", Person, guidance.ReceivedData{Question: "Må vi?", Agencies: []string{"hdir"}}, guidance.Contact{Email: "kari@example.no"})
	is(t, "Open", nil, err)
	_, err = do(Anne, guidance.Claimed, nil)
	is(t, "claimed", nil, err)

	now = at(5)
	e, err := do(Anne, guidance.Noted, guidance.NotedData{Text: "x"})
	if err != nil || !e.At.Equal(at(30)) {
		t.Errorf("noted at %v, %v", e.At, err)
	}
	rows, err := s.List(t.Context(), guidance.Filter{Limit: 9})
	if err != nil || len(rows) != 1 || !rows[0].Changed.Equal(at(30)) || !rows[0].Opened.Equal(at(30)) {
		t.Errorf("rows %+v, %v", rows, err)
	}
	_, err = do(Cato, guidance.Claimed, nil)
	is(t, "while it is held", guidance.ErrHeld, err)
	l, err := service.Beat(t.Context(), "c1", Anne)
	if err != nil || !l.Until.Equal(at(15)) { // not until 40: who is gone must not keep it as long as the clock was put back
		t.Errorf("after the heartbeat: %v, %v", l, err)
	}
	_, ok, err := s.Due(t.Context(), now, at(20))
	if ok || err != nil {
		t.Errorf("a mail of the future is due: %v", err)
	}

	now = at(15)
	_, err = do(Cato, guidance.Claimed, nil)
	is(t, "when it has run out", nil, err)
	m, ok, err := s.Due(t.Context(), at(30), at(40))
	if !ok || err != nil || m.Kind != guidance.MailReceipt {
		t.Errorf("the receipt: %+v, %v, %v", m, ok, err)
	}
	_, ok, err = s.Due(t.Context(), at(29), at(50))
	if ok || err != nil {
		t.Errorf("it went to two: %v", err)
	}
	is(t, "sent", nil, s.Done(t.Context(), m, guidance.MailSent, "<1@x>"))
	log := load(t, s, "c1").Events
	for i, e := range log[1:] {
		if e.At.Before(log[i].At) {
			t.Errorf("event %d at %v, after one at %v", e.Seq, e.At, log[i].At)
		}
	}
}
