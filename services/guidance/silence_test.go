package guidance_test

import (
	"slices"
	"testing"
	"time"

	"kiveileder/services/guidance"
)

var waiter = guidance.Actor{ID: "waiting", Role: guidance.System}

// waiting is a case that asked its asker.
func waiting(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	d.does(anne, guidance.Claimed, nil)
	d.does(anne, guidance.Assessed, nil)
	d.does(anne, guidance.Asked, guidance.AskedData{Text: "Har dere samtykke?"})
	return d
}

// next is the reminder that the service gives when it finds the case as it is.
func (d *desk) next() guidance.RemindedData {
	x := d.snap.Case.Silence
	return guidance.RemindedData{Since: x.Since, Number: len(x.Reminded) + 1}
}

// told brings it to where the lawyers were told that nobody replies.
func (d *desk) told() *desk {
	d.t.Helper()
	d.does(waiter, guidance.Reminded, d.next())
	d.does(waiter, guidance.Reminded, d.next())
	d.does(waiter, guidance.Unanswered, guidance.UnansweredData{Since: d.snap.Case.Silence.Since})
	d.stands(guidance.Waiting)
	return d
}

func (d *desk) mails(kind guidance.MailKind) (n int) {
	d.t.Helper()
	mails, err := d.Store.Mails(d.t.Context(), "c1")
	if err != nil {
		d.t.Fatal(err)
	}
	for _, m := range mails {
		if m.Kind == kind {
			n++
		}
	}
	return n
}

func TestClosedForLackOfReply(t *testing.T) {
	d := waiting(t)
	d.refused("silent", anne, guidance.Closed, nil)
	d.refused("silent", waiter, guidance.Closed, nil)
	d.told()
	d.refused("role", person, guidance.Closed, nil)
	d.refused("role", dina, guidance.Closed, nil)
	d.refused("on_case", bodil, guidance.Closed, nil)
	if !slices.Contains(d.May(d.snap, anne, d.now), guidance.Closed) || slices.Contains(d.May(d.snap, bodil, d.now), guidance.Closed) {
		t.Error("who may close it is not shown that they may, or another is")
	}
	d.does(anne, guidance.Closed, guidance.ClosedData{Reason: "Vi hører gjerne fra dere senere.", Until: d.now.AddDate(99, 0, 0)})
	d.stands(guidance.IsClosed)
	if x := d.snap.Case.Closing; !x.Until.IsZero() { // nobody but the service says until when
		t.Errorf("closed until %s", x.Until)
	}
	if d.mails(guidance.MailReminder) != 2 || d.mails(guidance.MailClosing) != 1 {
		t.Errorf("%d reminders, %d closings", d.mails(guidance.MailReminder), d.mails(guidance.MailClosing))
	}
	v := guidance.ForAsker("KI-2027-0001", d.snap.Case)
	if v.State != guidance.IsClosed || v.Closed == nil || v.Closed.Reason != "Vi hører gjerne fra dere senere." {
		t.Errorf("the asker sees %+v", v)
	}
	if may := d.May(d.snap, person, d.now); !slices.Contains(may, guidance.Replied) || !slices.Contains(may, guidance.Added) || slices.Contains(may, guidance.Withdrawn) {
		t.Errorf("the asker may %v", may)
	}
	if guidance.ForAsker("", d.snap.Case).Reminded != nil {
		t.Error("reminders of a case that is closed")
	}
}

// One command closes it: nobody must claim it first, unless another holds it.
func TestCloseWithOneCommand(t *testing.T) {
	d := waiting(t).told()
	if err := d.tries(cato, guidance.Closed, nil); err == nil {
		t.Fatal("closed while Anne held it")
	}
	d.now = d.now.Add(time.Hour) // her lease is over
	d.does(cato, guidance.Closed, nil)
	d.stands(guidance.IsClosed)
}

func TestTakenUpAgain(t *testing.T) {
	until := time.Hour
	closed := func(t *testing.T) *desk {
		d := waiting(t)
		d.Fill = func(_ guidance.Case, data any, at time.Time) (any, error) {
			if x, ok := data.(guidance.ClosedData); ok {
				x.Until = at.Add(until)
				return x, nil
			}
			return data, nil
		}
		d.told().does(anne, guidance.Closed, nil)
		return d
	}
	t.Run("by a reply", func(t *testing.T) {
		d := closed(t)
		d.does(person, guidance.Replied, guidance.RepliedData{Task: d.snap.Case.Tasks[0].ID, Text: "Ja."})
		d.stands(guidance.IsReopened)
		if v := guidance.ForAsker("", d.snap.Case); v.Closed != nil || v.Tasks[0].Reply != "Ja." {
			t.Errorf("the asker sees %+v", v)
		}
		d.does(anne, guidance.DraftSaved, draft(0, "Ja.")) // and it goes on as any
		d.stands(guidance.Drafting)
	})
	t.Run("by an addition", func(t *testing.T) {
		d := closed(t)
		d.does(person, guidance.Added, guidance.AddedData{Text: "Vi trenger mer tid."})
		d.stands(guidance.IsReopened)
	})
	t.Run("too late", func(t *testing.T) {
		d := closed(t)
		d.now = d.now.Add(until)
		if slices.Contains(d.May(d.snap, person, d.now), guidance.Replied) {
			t.Error("a reply is offered that is refused")
		}
		d.refused("in_time", person, guidance.Replied, guidance.RepliedData{Task: d.snap.Case.Tasks[0].ID, Text: "Ja."})
		d.does(person, guidance.Added, guidance.AddedData{Text: "Hallo?"}) // the lawyers see it
		d.stands(guidance.IsClosed)
		d.refused("role", person, guidance.Reopened, guidance.ReopenedData{Reason: "Vi er klare."})
		d.does(bodilAt("hdir"), guidance.Reopened, guidance.ReopenedData{Reason: "Vi tar den likevel."})
		d.stands(guidance.IsReopened)
	})
	t.Run("a clock that went back lets it be taken up", func(t *testing.T) {
		d := closed(t)
		d.now = d.now.Add(-48 * time.Hour)
		d.does(person, guidance.Replied, guidance.RepliedData{Task: d.snap.Case.Tasks[0].ID, Text: "Ja."})
		d.stands(guidance.IsReopened)
	})
}

func bodilAt(agency string) guidance.Actor {
	a := bodil
	a.Agency = agency
	return a
}

// What the service found out about a silence counts only for that one: not when
// the asker wrote since, and not when somebody reminded them meanwhile.
func TestReminderTooLate(t *testing.T) {
	d := waiting(t)
	late, told := d.next(), guidance.UnansweredData{Since: d.snap.Case.Silence.Since}
	d.now = d.now.Add(time.Minute)
	d.does(person, guidance.Added, guidance.AddedData{Text: "Snart."})
	d.refused("still_silent", waiter, guidance.Reminded, late)
	d.refused("still_silent", waiter, guidance.Unanswered, told)
	late = d.next()
	d.refused("new_day", anne, guidance.Reminded, nil)
	d.now = d.now.AddDate(0, 0, 1)
	d.refused("holder", cato, guidance.Reminded, nil)
	d.does(anne, guidance.Reminded, guidance.RemindedData{Number: 7}) // hers is the first, whatever she says
	if x := d.snap.Log[len(d.snap.Log)-1].Data.(guidance.RemindedData); x.Number != 1 {
		t.Errorf("%+v", x)
	}
	d.refused("still_silent", waiter, guidance.Reminded, late)
	d.refused("new_day", anne, guidance.Reminded, nil)
	d.told()
	d.refused("still_silent", waiter, guidance.Reminded, d.next()) // the lawyers have it now
	d.now = d.now.AddDate(0, 0, 1)
	d.does(anne, guidance.Reminded, nil)
	d.refused("silent", anne, guidance.Closed, nil) // one who reminds waits once more
}

// A lawyer who closes a case while the asker replies is shown the reply, and a
// lawyer who writes is not held up by a reminder.
func TestClosingMeetsReply(t *testing.T) {
	d := waiting(t).told()
	seen := d.snap.Case.Seq
	d.does(person, guidance.Replied, guidance.RepliedData{Task: d.snap.Case.Tasks[0].ID, Text: "Ja."})
	_, _, err := d.Do(t.Context(), "c1", guidance.Command{Actor: anne, Kind: guidance.Closed, Seen: seen})
	if c, ok := err.(*guidance.Conflict); !ok || len(c.Events) != 1 || c.Events[0].Kind != guidance.Replied {
		t.Errorf("%v", err)
	}
	d = waiting(t)
	seen = d.snap.Case.Seq
	d.does(waiter, guidance.Reminded, d.next())
	if _, _, err := d.Do(t.Context(), "c1", guidance.Command{Actor: anne, Kind: guidance.DraftSaved, Data: draft(0, "Ja."), Seen: seen}); err != nil {
		t.Error(err)
	}
}

// Texts of a case that was closed go like those of any that is at an end.
func TestClosedIsAnonymised(t *testing.T) {
	d := waiting(t).told()
	d.does(anne, guidance.Closed, guidance.ClosedData{Reason: "Om Kari og studien."})
	d.does(guidance.Actor{ID: "retention", Role: guidance.System}, guidance.Anonymised, guidance.AnonymisedData{Reason: "Tiden er ute."})
	for _, e := range d.snap.Log {
		if x, ok := e.Data.(guidance.ClosedData); ok && x.Reason != "" {
			t.Errorf("%+v", x)
		}
	}
	d.refused("gone", person, guidance.Replied, guidance.RepliedData{Task: d.snap.Case.Tasks[0].ID, Text: "Ja."})
}
