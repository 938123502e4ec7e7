package timing

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kiveileder/services/guidance"
	"kiveileder/services/guidance/deadline"
)

var (
	asker = guidance.Actor{ID: "k1", Role: guidance.Asker}
	anne  = guidance.Actor{ID: "anne", Name: "Anne Jurist", Role: guidance.Lawyer, Agency: "hdir"}
	svc   = guidance.Actor{ID: "system", Role: guidance.System}
)

// A story is a case that is told day by day.
type story struct {
	t *testing.T
	guidance.Snapshot
}

// received begins one: times are those in Norway.
func received(t *testing.T, when string, contact bool) *story {
	s := &story{t: t, Snapshot: guidance.Snapshot{ID: "c1", Number: "KI-2026-0042"}}
	return s.on(when, asker, guidance.ReceivedData{Question: "Må vi søke REK?", Agencies: []string{"hdir"}, HasContact: contact})
}

var draft = guidance.Draft{Sections: []guidance.Section{{Text: "Ja."}}}

var kinds = map[string]guidance.Kind{
	"guidance.ReceivedData": guidance.Received, "guidance.ClaimedData": guidance.Claimed, "guidance.AssessedData": guidance.Assessed,
	"guidance.DraftSavedData": guidance.DraftSaved, "guidance.SubmittedData": guidance.Submitted, "guidance.SignedData": guidance.Signed,
	"guidance.SentData": guidance.Sent, "guidance.AskedData": guidance.Asked, "guidance.RepliedData": guidance.Replied,
	"guidance.ExtendedData": guidance.Extended, "guidance.ReopenedData": guidance.Reopened, "guidance.WithdrawnData": guidance.Withdrawn,
	"guidance.ReferredData": guidance.Referred, "guidance.DeliveredData": guidance.Delivered, "guidance.UndeliveredData": guidance.Undelivered,
	"guidance.PublishedData": guidance.Published, "guidance.ReviewBeganData": guidance.ReviewBegan, "guidance.AddedData": guidance.Added,
	"guidance.UnpublishedData": guidance.Unpublished, "guidance.AnonymisedData": guidance.Anonymised, "guidance.ReleasedData": guidance.Released,
	"guidance.RemindedData": guidance.Reminded, "guidance.UnansweredData": guidance.Unanswered, "guidance.ClosedData": guidance.Closed,
	"guidance.UninvitedData": guidance.Uninvited, "guidance.InvitedData": guidance.Invited,
}

func (s *story) on(when string, who guidance.Actor, data ...any) *story {
	s.t.Helper()
	for _, d := range data {
		e := guidance.Event{Seq: int64(len(s.Log) + 1), ID: "x", At: oslo(s.t, when).UTC(), Actor: who, Kind: kinds[fmt.Sprintf("%T", d)], Data: d}
		s.Log = append(s.Log, e)
	}
	c, err := guidance.Fold(s.Log)
	if err != nil {
		s.t.Fatal(err)
	}
	s.Case = c
	return s
}

// answered drafts, signs and sends at once.
func (s *story) answered(when string) *story {
	s.t.Helper()
	h := draft.Hash()
	if s.Case.State == guidance.IsReceived {
		s.on(when, anne, guidance.AssessedData{})
	}
	return s.on(when, anne, guidance.DraftSavedData{Base: len(s.Case.Drafts), Draft: draft, Hash: h}, guidance.SubmittedData{Hash: h},
		guidance.SignedData{Agency: "hdir", Hash: h, Verdict: guidance.Approve}, guidance.SentData{Hash: h})
}

// reply is the asker's to the last question.
func (s *story) reply(when string) *story {
	s.t.Helper()
	return s.on(when, asker, guidance.RepliedData{Task: s.Case.Tasks[len(s.Case.Tasks)-1].ID, Text: "Ja."})
}

func (s *story) status(target, when string) Standing {
	s.t.Helper()
	for _, x := range Status(s.Snapshot, oslo(s.t, when)) {
		if x.Target == target {
			return x
		}
	}
	s.t.Fatalf("no target %s", target)
	return Standing{}
}

func oslo(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", s, deadline.Oslo)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func show(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(deadline.Oslo).Format("2006-01-02 15:04")
}

// When things are due, in cases as they come.
func TestDue(t *testing.T) {
	ask := guidance.AskedData{Text: "Har dere samtykke?"}
	for name, c := range map[string]struct {
		s        *story
		due      string // in the list
		expected string // the answer, asked for when the case last changed
	}{
		"received on a Monday":                    {received(t, "2026-06-08 09:00", true), "2026-06-11 15:00", "2026-07-06 15:00"},
		"received on a Saturday in Easter":        {received(t, "2026-04-04 12:00", true), "2026-04-09 15:45", "2026-05-05 15:45"},
		"over Easter":                             {received(t, "2026-03-31 10:00", true), "2026-04-08 15:45", "2026-05-04 15:45"},
		"the night that summer time begins":       {received(t, "2026-03-29 01:59", true), "2026-04-01 12:00", "2026-04-29 15:45"},
		"the night that summer time ends":         {received(t, "2026-10-25 02:30", true), "2026-10-28 15:45", "2026-11-20 15:45"},
		"assessed: the answer is next":            {received(t, "2026-06-08 09:00", true).on("2026-06-09 10:00", anne, guidance.AssessedData{}), "2026-07-06 15:00", "2026-07-06 15:00"},
		"assessed in March: the month ends first": {received(t, "2026-03-05 10:00", true).on("2026-03-06 10:00", anne, guidance.AssessedData{}), "2026-04-01 12:00", "2026-04-07 15:45"},
		"while the asker is asked: the month": {
			received(t, "2026-06-08 09:00", true).on("2026-06-09 10:00", anne, guidance.AssessedData{}, ask), "2026-07-08 15:00", "2026-07-06 15:00"},
		"waited over the end of a month": {
			received(t, "2026-01-20 09:00", true).on("2026-01-21 08:00", anne, guidance.AssessedData{}, ask).reply("2026-02-03 08:00"), "2026-02-20 15:45", "2026-03-02 15:45"},
		"waited over the change of the hour": {
			received(t, "2026-03-20 09:00", true).on("2026-03-27 08:00", anne, guidance.AssessedData{}, ask).reply("2026-03-30 08:00"), "2026-04-20 15:45", "2026-04-23 15:45"},
		"nobody has looked, and the asker adds to it": {
			received(t, "2026-06-08 09:00", true).on("2026-06-15 09:00", asker, guidance.AddedData{Text: "Mer."}), "2026-06-11 15:00", "2026-07-06 15:00"},
		"asked when the answer was late: it keeps its date": {
			received(t, "2026-06-08 09:00", true).on("2026-08-03 09:00", anne, guidance.AssessedData{}, ask), "2026-07-06 15:00", "-"},
		"late, promised anew, then asked: the promise stands": {
			received(t, "2026-06-01 09:00", true).on("2026-08-03 09:00", anne, guidance.AssessedData{},
				guidance.ExtendedData{Target: Answer, Until: oslo(t, "2026-08-14 15:00"), Reason: "Ferie."}, guidance.ExtendedData{Target: Preliminary, Until: oslo(t, "2026-08-20 15:00"), Reason: "Kan ikke."}, ask),
			"2026-07-01 15:00", "2026-08-14 15:00"},
		"extended": {
			received(t, "2026-06-08 09:00", true).on("2026-06-09 10:00", anne, guidance.AssessedData{}, guidance.ExtendedData{Target: Answer, Until: oslo(t, "2026-09-01 15:00"), Reason: "Ferie."}),
			"2026-07-08 15:00", "2026-09-01 15:00"},
		"answered":  {received(t, "2026-06-08 09:00", true).answered("2026-06-10 10:00"), "-", "-"},
		"referred":  {received(t, "2026-06-08 09:00", true).on("2026-06-10 10:00", anne, guidance.ReferredData{To: "REK", Reason: "Deres."}), "-", "-"},
		"withdrawn": {received(t, "2026-06-08 09:00", true).on("2026-06-10 10:00", asker, guidance.WithdrawnData{}), "-", "-"},
		"reopened": {
			received(t, "2026-06-08 09:00", true).answered("2026-06-10 10:00").on("2026-08-03 09:00", asker, guidance.ReopenedData{Reason: "Mer."}), "2026-08-06 15:00", "2026-08-31 15:00"},
		"reopened twice, what was extended and waited before counts no more": {
			received(t, "2026-06-08 09:00", true).on("2026-06-09 09:00", anne, guidance.AssessedData{}, guidance.ExtendedData{Target: Answer, Until: oslo(t, "2026-12-01 15:00"), Reason: "Ferie."}, ask).
				reply("2026-06-10 09:00").answered("2026-06-10 10:00").on("2026-08-03 09:00", asker, guidance.ReopenedData{Reason: "Mer."}).
				answered("2026-08-04 10:00").on("2026-09-14 09:00", asker, guidance.ReopenedData{Reason: "Enda mer."}), "2026-09-17 15:45", "2026-10-12 15:45"},
		"the clock stood still: answered and reopened at one instant": {
			received(t, "2026-06-08 09:00", true).answered("2026-06-08 09:00").on("2026-06-08 09:00", asker, guidance.ReopenedData{Reason: "Mer."}), "2026-06-11 15:00", "2026-07-06 15:00"},
		"the clock was years ahead for a while": {
			received(t, "2031-01-06 09:00", true).on("2031-01-06 09:00", anne, guidance.AssessedData{}), "2031-02-03 15:45", "2031-02-03 15:45"},
		"nothing at all": {&story{t: t}, "-", "-"},
	} {
		if got, expected := show(Due(c.s.Case)), show(Expected(c.s.Case, c.s.Case.Changed)); got != c.due || expected != c.expected {
			t.Errorf("%s: due %s, want %s; answer expected %s, want %s", name, got, c.due, expected, c.expected)
		}
	}
}

// The expected date that an asker sees goes on while the desk waits, and is never one that has passed.
func TestExpected(t *testing.T) {
	s := received(t, "2026-06-08 09:00", true).on("2026-06-09 10:00", anne, guidance.AssessedData{}, guidance.AskedData{Text: "Har dere samtykke?"})
	for at, want := range map[string]string{"2026-06-09 10:00": "2026-07-06 15:00", "2026-06-16 10:00": "2026-07-13 15:00", "2026-08-04 10:00": "2026-08-31 15:00"} {
		if got := show(Expected(s.Case, oslo(t, at))); got != want {
			t.Errorf("at %s: %s, want %s", at, got, want)
		}
	}
	s.reply("2026-06-16 10:00")
	for at, want := range map[string]string{"2026-07-13 15:00": "2026-07-13 15:00", "2026-07-13 15:01": "-"} {
		if got := show(Expected(s.Case, oslo(t, at))); got != want {
			t.Errorf("at %s: %s, want %s", at, got, want)
		}
	}
}

func TestReceipt(t *testing.T) {
	if s := received(t, "2026-06-08 09:00", false).status(Receipt, "2026-06-08 12:00"); show(s.Done) != "2026-06-08 09:00" || s.Overdue {
		t.Errorf("nobody to write to: %+v", s)
	}
	s := received(t, "2026-06-08 09:00", true)
	if x := s.status(Receipt, "2026-06-08 12:00"); !x.Done.IsZero() || !x.Overdue {
		t.Errorf("before the mail: %+v", x)
	}
	s.on("2026-06-08 12:30", svc, guidance.DeliveredData{Channel: "mail", Mail: guidance.MailID("c1", 7, guidance.MailAnswer)})
	if x := s.status(Receipt, "2026-06-08 13:00"); !x.Done.IsZero() {
		t.Errorf("another mail: %+v", x)
	}
	s.on("2026-06-08 13:30", svc, guidance.DeliveredData{Channel: "mail", Mail: guidance.MailID("c1", 1, guidance.MailReceipt)})
	if x := s.status(Receipt, "2026-06-08 14:00"); show(x.Done) != "2026-06-08 13:30" || !x.Overdue {
		t.Errorf("it came late: %+v", x)
	}
	s.answered("2026-06-10 09:00").on("2026-06-11 09:00", asker, guidance.ReopenedData{Reason: "Mer."})
	if x := s.status(Receipt, "2026-06-11 09:00"); x.Overdue {
		t.Errorf("owed again: %+v", x)
	}
}

// The desk asks the list for what is overdue, and gets just that.
func TestOverdueList(t *testing.T) {
	now := oslo(t, "2026-06-08 09:00")
	s := guidance.New(guidance.Config{Store: guidance.NewMemory(), Due: Due, Now: func() time.Time { return now }})
	do := func(id string, who guidance.Actor, kind guidance.Kind, data any) {
		t.Helper()
		snap, err := s.Load(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Do(t.Context(), id, guidance.Command{Actor: who, Kind: kind, Data: data, Seen: snap.Case.Seq}); err != nil {
			t.Fatal(err)
		}
	}
	overdue := func(at string) (ids []string) {
		t.Helper()
		rows, err := s.Store.List(t.Context(), guidance.Filter{Due: oslo(t, at), Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
		slices.Sort(ids)
		return ids
	}
	for _, id := range []string{"asked", "new", "withdrawn"} {
		if _, err := s.Open(t.Context(), id, asker, guidance.ReceivedData{Question: "Må vi søke?", Agencies: []string{"hdir"}}, guidance.Contact{}); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(time.Hour)
	do("asked", anne, guidance.Claimed, nil)
	do("asked", anne, guidance.Assessed, nil)
	do("asked", anne, guidance.Asked, guidance.AskedData{Text: "Har dere samtykke?"})
	do("withdrawn", asker, guidance.Withdrawn, nil)
	for at, want := range map[string][]string{
		"2026-06-11 15:00": nil, "2026-06-11 15:01": {"new"}, "2026-07-07 09:00": {"new"}, // the answer's 20 days stand still
		"2026-07-08 15:01": {"asked", "new"}, // the month does not
	} {
		if got := overdue(at); !slices.Equal(got, want) {
			t.Errorf("at %s: %v, want %v", at, got, want)
		}
	}
}
