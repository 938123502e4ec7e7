// Package timing says what deadlines a case has: it reads a case as a clock of
// package deadline, and tells the list, the desk and the letters what follows.
//
// Everything rests on the case's own log, and nothing ticks. The days are
// those of the agency that leads: the first on the case, the usual calendar
// when there is none.
//
// A case that is reopened starts anew. Its targets count from the instant when
// it was last reopened: a whole new term for assessment, answer and
// preliminary reply. What was waited, extended, assessed and answered before
// then was about the earlier answer and counts no more. Only the confirmation
// of receipt is not owed again: whoever reopens a case has its number.
package timing

import (
	"slices"
	"sync"
	"time"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/deadline"
)

// Keys of targets.yaml that a case reaches. A test holds them against it.
const (
	Receipt     = "receipt"
	Assessment  = "assessment"
	Answer      = "answer"
	Preliminary = "preliminary"
)

var theRules = sync.OnceValue(func() *deadline.Rules {
	r, err := deadline.Default()
	if err != nil {
		panic("timing: " + err.Error()) // they are in the program, and a test reads them
	}
	return r
})

// Clock gives a case as a clock: when it began, when it waited for the asker,
// what was extended, and what is done. A case reads the receipt as reached
// when nobody is owed one by mail; whether a mail arrived stands in the log
// alone, see [ClockOf].
func Clock(c guidance.Case) deadline.Clock {
	spans, again := round(c)
	if len(spans) == 0 {
		return deadline.Clock{}
	}
	clock := deadline.Clock{Start: spans[0].From}
	for i, s := range spans {
		switch s.State {
		case guidance.Waiting, guidance.IsClosed: // for want of a reply, and taken up again by one
			clock.Pauses = append(clock.Pauses, deadline.Interval{From: s.From, To: s.To, Why: string(guidance.Waiting)})
		case guidance.Answered:
			clock = clock.Reach(Answer, s.From).Reach(Preliminary, s.From)
		}
		if i > 0 && s.State != guidance.IsWithdrawn { // whoever draws up, asks or refers has assessed
			clock = clock.Reach(Assessment, s.From)
		}
	}
	if again || !c.Received.HasContact {
		clock = clock.Reach(Receipt, clock.Start)
	}
	for _, n := range c.Informed {
		if !again || n.At.After(clock.Start) {
			clock = clock.Reach(Preliminary, n.At)
		}
	}
	for _, e := range c.Extensions {
		if again && !e.At.After(clock.Start) { // it was for the earlier answer
			continue
		}
		clock.Extensions = append(clock.Extensions, deadline.Extension{Target: e.Target, At: e.At, Until: e.Until, Reason: e.Reason})
	}
	return clock
}

// ClockOf gives the clock of a case with its log, which also knows when the
// mail with the receipt was delivered.
func ClockOf(s guidance.Snapshot) deadline.Clock {
	c := Clock(s.Case)
	receipt := guidance.MailID(s.ID, 1, guidance.MailReceipt)
	for _, e := range s.Log {
		if d, ok := e.Data.(guidance.DeliveredData); ok && d.Mail == receipt {
			return c.Reach(Receipt, e.At)
		}
	}
	return c
}

// round gives the spans since the case was received or last reopened, and
// whether it was reopened. Order tells, not time: where a clock stood still,
// an answer and what reopened the case have the same instant.
func round(c guidance.Case) (spans []guidance.Span, again bool) {
	for i, s := range slices.Backward(c.Spans) {
		if s.State == guidance.IsReopened {
			return c.Spans[i:], true
		}
	}
	return c.Spans, false
}

// ended reports whether nothing more is owed.
func ended(c guidance.Case) bool {
	return c.State == guidance.None || slices.Contains(guidance.TheFlow.Ends, c.State)
}

// calendar gives that of the agency that leads.
func calendar(c guidance.Case) *deadline.Calendar {
	if len(c.Agencies) == 0 {
		return theRules().Calendar("")
	}
	return theRules().Calendar(c.Agencies[0])
}

// forPeople reports whether people reach the target. What a machine does in
// minutes is no work for the desk; that it failed is told by the mail.
func forPeople(t deadline.Target) bool { return t.Elapsed == 0 }

// Due gives when the next thing that people owe in a case is due; zero when it
// has ended and when nothing can come to be overdue before something happens
// in it. It is for [guidance.Config].Due: it is kept in the list when an event
// is stored, and is right until the next one.
//
// The desk asks for what is overdue by Filter.Due = now: every case that the
// list gives is overdue at that instant, and none is left out. For this holds
// while a case waits for the asker, because what stands still is left out: its
// due date moves with every minute, but it cannot become overdue before the
// asker replies, and the reply stores a new date. What was overdue when the
// waiting began keeps its date, and so does what a wait does not move: the
// preliminary reply, and a date that was promised after the target was missed. Once the lawyers have
// been told that the asker does not reply, what they make of it is owed, too. New targets or calendars reach the list with the
// next event of each case; [Status] computes afresh.
func Due(c guidance.Case) time.Time {
	if ended(c) {
		return time.Time{}
	}
	// What will be overdue if nothing happens, and when: what stands still is
	// asked how it would be much later.
	clock, cal := Clock(c), calendar(c)
	much := theRules().At(clock, cal, c.Changed.AddDate(1, 0, 0))
	var next time.Time
	for i, s := range theRules().At(clock, cal, c.Changed) {
		t, _ := theRules().Target(s.Target)
		open := forPeople(t) && s.Done.IsZero() && !s.Lifted && (!s.Paused || much[i].Overdue)
		if open && (next.IsZero() || s.Due.Before(next)) {
			next = s.Due
		}
	}
	if d := decide(c); !d.IsZero() && (next.IsZero() || d.Before(next)) {
		next = d
	}
	return utc(next)
}

// Expected gives when an asker can expect the answer, as things stand at an
// instant: for the receipt at first, and for the asker's own view later. While
// the case waits for the asker it is when the answer would come if the reply
// came now. Zero when there is no honest date: the case has ended, the date
// has passed, or the target was lifted.
func Expected(c guidance.Case, at time.Time) time.Time {
	if ended(c) {
		return time.Time{}
	}
	for _, s := range theRules().At(Clock(c), calendar(c), at) {
		if s.Target == Answer && s.Done.IsZero() && !s.Lifted && !s.Overdue {
			return s.Due.UTC()
		}
	}
	return time.Time{}
}

// A Target is one that may be extended.
type Target struct {
	Target string        `json:"target"`
	Name   deadline.Text `json:"name"`
}

// Targets gives those that may be extended, in their order.
func Targets() []Target {
	var out []Target
	for _, t := range theRules().Targets {
		if t.Exempt {
			out = append(out, Target{t.Key, t.Name})
		}
	}
	return out
}

// CheckExtension refuses an exemption that would change nothing, in words for
// whoever asks for it: a target that is not there, may not be extended, is
// reached already or not owed, or is due later than that anyway.
func CheckExtension(c guidance.Case, d guidance.ExtendedData, at time.Time) error {
	clock := Clock(c)
	extended, err := theRules().Extend(clock, deadline.Extension{Target: d.Target, At: at, Until: d.Until, Reason: d.Reason})
	if err != nil {
		return err
	}
	if _, done := clock.Done[d.Target]; done || ended(c) {
		return say.Error(kiveileder.CodeConflict, "over")
	}
	before, _ := theRules().Due(clock, calendar(c), d.Target, at)
	after, known := theRules().Due(extended, calendar(c), d.Target, at)
	if known && !after.After(before) {
		return say.Error(kiveileder.CodeInvalid, "later")
	}
	return nil
}
