package timing

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kiveileder/services/guidance"
)

// drawLog draws a log that could be one: any order of what the flow lets
// happen, days apart or at the same instant.
func drawLog(t *rapid.T) []guidance.Event {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, int64(2*365*24*time.Hour)).Draw(t, "opened"))).Truncate(time.Microsecond)
	var log []guidance.Event
	add := func(who guidance.Actor, kind guidance.Kind, data any) bool {
		e := guidance.Event{Seq: int64(len(log) + 1), ID: "x", At: at, Actor: who, Kind: kind, Data: data}
		if _, err := guidance.Fold(append(slices.Clip(log), e)); err != nil {
			return false
		}
		log = append(log, e)
		return true
	}
	add(asker, guidance.Received, guidance.ReceivedData{Question: "?", Agencies: []string{"hdir"}, HasContact: rapid.Bool().Draw(t, "contact")})
	kinds := []guidance.Kind{guidance.Assessed, guidance.Assessed, guidance.DraftSaved, guidance.DraftSaved, guidance.Submitted, guidance.Sent, guidance.Asked, guidance.Asked,
		guidance.Replied, guidance.Replied, guidance.Extended, guidance.Reopened, guidance.Withdrawn, guidance.Referred, guidance.Published, guidance.Unpublished, guidance.Noted,
		guidance.Reminded, guidance.Reminded, guidance.Unanswered, guidance.Unanswered, guidance.Closed, guidance.Added}
	for range rapid.IntRange(0, 25).Draw(t, "events") {
		at = at.Add(rapid.SampledFrom([]time.Duration{0, time.Minute, 3 * time.Hour, 26 * time.Hour, 6 * 24 * time.Hour, 25 * 24 * time.Hour}).Draw(t, "after"))
		c, err := guidance.Fold(log)
		if err != nil {
			t.Fatal(err)
		}
		hash := draft.Hash()
		switch kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind {
		case guidance.Assessed:
			add(anne, kind, guidance.AssessedData{})
		case guidance.DraftSaved:
			add(anne, kind, guidance.DraftSavedData{Base: len(c.Drafts), Draft: draft, Hash: hash})
		case guidance.Submitted:
			add(anne, kind, guidance.SubmittedData{Hash: hash})
		case guidance.Sent:
			add(anne, kind, guidance.SentData{Hash: hash})
		case guidance.Asked:
			add(anne, kind, guidance.AskedData{Text: "?"})
		case guidance.Replied:
			for _, x := range c.Tasks {
				if x.Open() {
					add(asker, kind, guidance.RepliedData{Task: x.ID, Text: "Ja."})
				}
			}
		case guidance.Reminded:
			add(svc, kind, guidance.RemindedData{})
		case guidance.Unanswered:
			add(svc, kind, guidance.UnansweredData{})
		case guidance.Closed:
			add(anne, kind, guidance.ClosedData{Until: at.Add(10 * 24 * time.Hour)})
		case guidance.Added:
			add(asker, kind, guidance.AddedData{Text: "Mer."})
		case guidance.Extended:
			target := rapid.SampledFrom([]string{Assessment, Answer, Preliminary}).Draw(t, "target")
			add(anne, kind, guidance.ExtendedData{Target: target, Until: at.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "days")) * 24 * time.Hour), Reason: "r"})
		case guidance.Reopened:
			add(asker, kind, guidance.ReopenedData{Reason: "r"})
		case guidance.Withdrawn:
			add(asker, kind, guidance.WithdrawnData{})
		case guidance.Referred:
			add(anne, kind, guidance.ReferredData{To: "REK", Reason: "r"})
		case guidance.Published:
			add(anne, kind, guidance.PublishedData{Title: "t"})
		case guidance.Unpublished:
			add(anne, kind, guidance.UnpublishedData{})
		case guidance.Noted:
			add(anne, kind, guidance.NotedData{Agency: "hdir", Text: "n"})
		}
	}
	return log
}

// before reports whether a is due earlier than b, where zero is never.
func before(a, b time.Time) bool {
	if a.IsZero() || b.IsZero() {
		return !a.IsZero() && b.IsZero()
	}
	return a.Before(b)
}

// Along any log: waiting for the asker never brings a due date nearer, neither
// when it begins nor when it ends, and a case that has ended has none.
func TestPauseNeverHurries(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		log := drawLog(rt)
		var c, asked guidance.Case // asked: as it was before it waited
		for i := range log {
			was := c
			var err error
			if c, err = guidance.Fold(log[:i+1]); err != nil {
				rt.Fatal(err)
			}
			if c.State == guidance.Waiting && was.State != guidance.Waiting && was.State != guidance.IsClosed {
				asked = was
			}
			if log[i].Kind == guidance.Asked && before(Due(c), Due(was)) {
				rt.Fatalf("event %d, %s: due %v, before %v", i+1, log[i].Kind, Due(c), Due(was))
			}
			if log[i].Kind == guidance.Replied && c.State != guidance.Waiting && was.State == guidance.Waiting && was.Silence.Told.IsZero() && before(Due(c), Due(asked)) {
				rt.Fatalf("event %d: after the wait due %v, before it %v", i+1, Due(c), Due(asked))
			}
			if slices.Contains(guidance.TheFlow.Ends, c.State) && (!Due(c).IsZero() || !Expected(c, c.Changed).IsZero()) {
				rt.Fatalf("event %d: %s, and yet due", i+1, c.State)
			}
		}
	})
}

// What the list keeps says the same as the desk's own view, at any instant
// until the next event: overdue there is overdue here.
func TestListAndDeskAgree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		log := drawLog(rt)
		c, err := guidance.Fold(log)
		if err != nil {
			rt.Fatal(err)
		}
		due := Due(c)
		for range 6 {
			at := c.Changed.Add(time.Duration(rapid.Int64Range(0, int64(200*24*time.Hour)).Draw(rt, "at")))
			if rapid.IntRange(0, 4).Draw(rt, "sharp") == 0 && due.After(c.Changed) {
				at = due.Add(rapid.SampledFrom([]time.Duration{-time.Microsecond, 0, time.Microsecond}).Draw(rt, "by"))
			}
			overdue := false
			for _, s := range Status(guidance.Snapshot{ID: "c1", Case: c, Log: log}, at) {
				overdue = overdue || s.Target != Receipt && s.Done.IsZero() && s.Overdue
			}
			if listed := !due.IsZero() && due.Before(at); listed != overdue {
				rt.Fatalf("at %v: in the list (due %v) %v, at the desk %v", at, due, listed, overdue)
			}
		}
	})
}

// Clocks hold what their case says, whatever the log: pauses in order and
// apart, nothing done before the start, and the same however it is computed.
func TestClockOfAnyLog(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c, err := guidance.Fold(drawLog(rt))
		if err != nil {
			rt.Fatal(err)
		}
		k := Clock(c)
		for i, p := range k.Pauses {
			if p.From.Before(k.Start) || !p.To.IsZero() && p.To.Before(p.From) || p.To.IsZero() && (i != len(k.Pauses)-1 || c.State != guidance.Waiting && c.State != guidance.IsClosed) {
				rt.Fatalf("pause %d of %+v", i, k)
			}
		}
		for key, at := range k.Done {
			if at.Before(k.Start) {
				rt.Fatalf("%s was reached before the case began: %+v", key, k)
			}
		}
	})
}
