package guidancetest

import (
	"sync"
	"testing"

	"kiveileder/services/guidance"
)

func mail(id, caseID string, seq int64, n int) guidance.Mail {
	return guidance.Mail{ID: id, Case: caseID, Seq: seq, Kind: guidance.MailReceipt, At: at(n), Status: guidance.MailQueued, Next: at(n)}
}

func testOutbox(t *testing.T, open Opener) {
	queue := func(t *testing.T) guidance.Store {
		s, _ := open(t)
		b := first("c1", 1)
		b.Mails = []guidance.Mail{mail("m1", "c1", 1, 1)}
		put(t, s, b)
		b = added(b, 2, "mer")
		b.Mails = []guidance.Mail{mail("m2", "c1", 2, 2), mail("m1", "c1", 2, 2)} // m1 is there
		put(t, s, b)
		return s
	}
	due := func(t *testing.T, s guidance.Store, now, until int, want string, attempt int) guidance.Mail {
		t.Helper()
		m, ok, err := s.Due(t.Context(), at(now), at(until))
		if err != nil || ok != (want != "") || m.ID != want || ok && m.Attempt != attempt {
			t.Fatalf("Due at %d: %q attempt %d, %v, %v; want %q attempt %d", now, m.ID, m.Attempt, ok, err, want, attempt)
		}
		return m
	}
	t.Run("each goes to one, the oldest first, and comes back when that one dies", func(t *testing.T) {
		s := queue(t)
		due(t, s, 0, 9, "", 0)
		m1 := due(t, s, 5, 10, "m1", 1)
		same(t, "mail", guidance.Mail{ID: "m1", Case: "c1", Seq: 1, Kind: guidance.MailReceipt, At: at(1), Attempt: 1, Status: guidance.MailQueued, Next: at(1)}, m1)
		m2 := due(t, s, 5, 12, "m2", 1)
		due(t, s, 5, 12, "", 0)
		again := due(t, s, 10, 20, "m1", 2)
		is(t, "the late one", guidance.ErrLost, s.Done(t.Context(), m1, guidance.MailSent, "<1@x>"))
		is(t, "sent", nil, s.Done(t.Context(), again, guidance.MailSent, "<1@x>"))
		is(t, "sent twice", guidance.ErrLost, s.Done(t.Context(), again, guidance.MailSent, "<1@x>"))
		is(t, "failed", nil, s.Failed(t.Context(), m2, at(30), "nei\x00 \xff"))
		is(t, "failed twice", guidance.ErrLost, s.Failed(t.Context(), m2, at(30), "nei"))
		due(t, s, 29, 40, "", 0)
		m2 = due(t, s, 30, 40, "m2", 2)
		is(t, "dead", nil, s.Dead(t.Context(), m2, "ukjent adresse"))
		due(t, s, 59, 60, "", 0)
		dead, err := s.DeadMails(t.Context(), 10)
		is(t, "DeadMails", nil, err)
		if len(dead) != 1 || dead[0].ID != "m2" || dead[0].Reason != "ukjent adresse" {
			t.Errorf("dead: %+v", dead)
		}
		mails, err := s.Mails(t.Context(), "c1")
		is(t, "Mails", nil, err)
		if len(mails) != 2 || mails[0].Status != guidance.MailSent || mails[0].MessageID != "<1@x>" || mails[1].Status != guidance.MailDead {
			t.Errorf("mails: %+v", mails)
		}
		is(t, "revive one that was sent", guidance.ErrLost, s.Revive(t.Context(), "m1", at(61)))
		is(t, "revive none", guidance.ErrLost, s.Revive(t.Context(), "m9", at(61)))
		is(t, "revive", nil, s.Revive(t.Context(), "m2", at(61)))
		is(t, "revive twice", guidance.ErrLost, s.Revive(t.Context(), "m2", at(61)))
		due(t, s, 60, 62, "", 0)
		m2 = due(t, s, 61, 70, "m2", 2) // as after its first attempt
		is(t, "sent in the end", nil, s.Done(t.Context(), m2, guidance.MailSent, "<2@x>"))
	})
	t.Run("who has one may hold it for longer, until another has it", func(t *testing.T) {
		s := queue(t)
		m1 := due(t, s, 1, 10, "m1", 1)
		is(t, "hold", nil, s.Hold(t.Context(), m1, at(20)))
		due(t, s, 1, 10, "", 0)
		m2 := due(t, s, 15, 16, "m2", 1)
		is(t, "hold what has run out", nil, s.Hold(t.Context(), m2, at(18)))
		due(t, s, 17, 30, "", 0)
		again := due(t, s, 18, 30, "m2", 2)
		is(t, "hold another's", guidance.ErrLost, s.Hold(t.Context(), m2, at(40)))
		is(t, "hold a mail that is not there", guidance.ErrLost, s.Hold(t.Context(), guidance.Mail{ID: "m9", Attempt: 1}, at(40)))
		is(t, "sent", nil, s.Done(t.Context(), m1, guidance.MailSent, "<1@x>"))
		is(t, "hold what is done", guidance.ErrLost, s.Hold(t.Context(), m1, at(40)))
		is(t, "failed", nil, s.Failed(t.Context(), again, at(50), "nei"))
		is(t, "hold what was given back", guidance.ErrLost, s.Hold(t.Context(), again, at(60)))
		due(t, s, 50, 60, "m2", 3)
	})
	t.Run("what was given up can be put aside, and what waits is counted", func(t *testing.T) {
		s := queue(t)
		waits := func(now, want int) {
			t.Helper()
			n, err := s.Waiting(t.Context(), at(now))
			is(t, "Waiting", nil, err)
			if n != want {
				t.Errorf("%d wait at %d, want %d", n, now, want)
			}
		}
		waits(0, 0)
		waits(1, 1)
		waits(2, 2)
		m1 := due(t, s, 5, 10, "m1", 1)
		is(t, "failed", nil, s.Failed(t.Context(), m1, at(40), "nei"))
		waits(5, 2) // also one that is tried again later
		drop := func(caseID string, after int64, id string) error {
			b := added(first(caseID, 1), 6, "aside")
			b.Expect, b.Events[0].Seq, b.Drop = after, after+1, id
			return s.Append(t.Context(), b)
		}
		put(t, s, first("c2", 1))
		is(t, "drop one that waits", guidance.ErrLost, drop("c1", 2, "m1"))
		m2 := due(t, s, 5, 10, "m2", 1)
		is(t, "dead", nil, s.Dead(t.Context(), m2, "ukjent adresse"))
		waits(5, 1)
		is(t, "drop none", guidance.ErrLost, drop("c1", 2, "m9"))
		invalid(t, "drop what is no text", drop("c1", 2, "m9\x00"))
		is(t, "drop another case's", guidance.ErrLost, drop("c2", 1, "m2"))
		is(t, "drop after something came", guidance.ErrMoved, drop("c1", 1, "m2"))
		if l := load(t, s, "c1"); len(l.Events) != 2 {
			t.Errorf("%d events: what was refused stands in the log", len(l.Events))
		}
		is(t, "drop", nil, drop("c1", 2, "m2"))
		is(t, "drop twice", guidance.ErrLost, drop("c1", 3, "m2"))
		is(t, "revive what was dropped", guidance.ErrLost, s.Revive(t.Context(), "m2", at(6)))
		dead, err := s.DeadMails(t.Context(), 10)
		is(t, "DeadMails", nil, err)
		mails, err := s.Mails(t.Context(), "c1")
		is(t, "Mails", nil, err)
		if len(dead) != 0 || len(mails) != 2 || mails[1].Status != guidance.MailDropped || mails[1].Reason != "ukjent adresse" {
			t.Errorf("dead %+v, mails %+v", dead, mails)
		}
	})
	t.Run("many workers, each mail to one of them", func(t *testing.T) {
		s, _ := open(t)
		const n = 20
		b := first("c1", 1)
		for i := range n {
			b.Mails = append(b.Mails, mail(guidance.MailID("c1", int64(i), "x"), "c1", 1, 1))
		}
		put(t, s, b)
		var mu sync.Mutex
		taken := map[string]int{}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					m, ok, err := s.Due(t.Context(), at(2), at(50))
					if err != nil {
						t.Error(err)
					}
					if !ok || err != nil {
						return
					}
					mu.Lock()
					taken[m.ID]++
					mu.Unlock()
					if err := s.Done(t.Context(), m, guidance.MailSent, ""); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for id, times := range taken {
			if times != 1 {
				t.Errorf("%s was taken %d times", id, times)
			}
		}
		if len(taken) != n {
			t.Errorf("%d of %d mails were taken", len(taken), n)
		}
	})
}
