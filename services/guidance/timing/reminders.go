package timing

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/deadline"
)

//go:embed reminders.yaml
var remindersFile []byte

var reminderWords = func() map[ReminderKind]deadline.Text {
	var m map[ReminderKind]deadline.Text
	if err := yaml.UnmarshalWithOptions(remindersFile, &m, yaml.Strict()); err != nil {
		panic("timing: reminders.yaml: " + err.Error()) // it is in the program, and a test reads it
	}
	return m
}()

// A ReminderKind says what somebody is reminded of.
type ReminderKind string

const (
	Soon               ReminderKind = "soon"
	Overdue            ReminderKind = "overdue"
	PreliminarySoon    ReminderKind = "preliminary_soon"
	PreliminaryOverdue ReminderKind = "preliminary_overdue"
	ReceiptMissing     ReminderKind = "receipt_missing"
	Undelivered        ReminderKind = "undelivered"
	LeaseLost          ReminderKind = "lease_lost"
	Nobody             ReminderKind = "nobody"
	AskerSilent        ReminderKind = "asker_silent"
	Review             ReminderKind = "review"
	Expired            ReminderKind = "expired"
)

var reminderKinds = []ReminderKind{Soon, Overdue, PreliminarySoon, PreliminaryOverdue, ReceiptMissing, Undelivered, LeaseLost, Nobody, AskerSilent, Review, Expired}

// How long something may be so before somebody is told, in working days.
const (
	receiptPatience = 1 // mail servers try again for a while
	nobodyPatience  = 1 // a case that nobody has claimed
)

// A Reminder is what somebody at the desk should be told now. It is true at
// the instant that it was made for, and nobody keeps it.
type Reminder struct {
	// Key names what is told: whoever has seen a key need not be told again. A
	// new date gives another key.
	Key    string        `json:"key"`
	Kind   ReminderKind  `json:"kind"`
	Target string        `json:"target,omitempty"`
	At     time.Time     `json:"at,omitzero"` // when it is or was due, or since when it is so
	To     string        `json:"to,omitempty"`
	Text   deadline.Text `json:"text"`
	Urgent bool          `json:"urgent"`
}

// Reminders gives what somebody should be told of a case at an instant, what
// is urgent first. To is the ID of the one to tell; empty for everybody at the
// agencies on the case. While the one who claimed it last is known, deadlines
// are told to that person, and to everybody once they have passed.
func Reminders(s guidance.Snapshot, at time.Time) []Reminder {
	out := []Reminder{}
	add := func(k ReminderKind, target deadline.Target, when time.Time, to string, urgent bool) {
		out = append(out, Reminder{
			Key: fmt.Sprintf("%s:%s:%d", k, target.Key, when.Unix()), Kind: k, Target: target.Key, At: utc(when), To: to,
			Text: words(k, target, when), Urgent: urgent,
		})
	}
	c, none := s.Case, deadline.Target{}
	if c.State == guidance.None {
		return out
	}
	if !ended(c) {
		holder := ""
		if c.Holder != nil {
			holder = c.Holder.ID
		}
		for _, d := range theRules().At(ClockOf(s), calendar(c), at) {
			t, _ := theRules().Target(d.Target)
			soon, over := Soon, Overdue
			switch {
			case !d.Done.IsZero() || d.Lifted:
				continue
			case !forPeople(t):
				if !at.Before(patient(c, c.Opened, receiptPatience)) {
					add(ReceiptMissing, t, d.Due, "", false)
				}
				continue
			case t.Key == Preliminary:
				soon, over = PreliminarySoon, PreliminaryOverdue
			}
			switch {
			case d.Overdue:
				add(over, t, d.Due, "", true)
			case d.Soon:
				add(soon, t, d.Due, holder, false)
			}
		}
		last := c.Spans[len(c.Spans)-1]
		switch {
		case c.Holder == nil && !at.Before(patient(c, last.From, nobodyPatience)):
			add(Nobody, none, last.From, "", false)
		case c.Holder != nil && !s.Lease.Holds(at):
			add(LeaseLost, none, s.Lease.Until, holder, false)
		}
		if x := c.Silence; x != nil && !x.Told.IsZero() {
			who := holder
			if at.After(decide(c)) {
				who = ""
			}
			add(AskerSilent, none, x.Since, who, who == "")
		}
	}
	if n := len(c.Undelivered); n > 0 {
		add(Undelivered, none, undelivered(s), "", true)
	}
	switch standing, _, since := c.Standing(); standing {
	case guidance.UnderReview:
		add(Review, none, since, "", true)
	case guidance.Valid:
		if end, ok := lastDay(c.Publication.ValidUntil); ok && !at.Before(end) {
			add(Expired, none, end, "", true)
		}
	}
	slices.SortStableFunc(out, func(a, b Reminder) int {
		switch {
		case a.Urgent == b.Urgent:
			return 0
		case a.Urgent:
			return -1
		}
		return 1
	})
	return out
}

// patient gives the instant until when nobody is told.
func patient(c guidance.Case, from time.Time, days int) time.Time {
	return calendar(c).Add(from, deadline.Working{Days: days})
}

// lastDay gives the end of a day in Norway that is written as an ISO date.
func lastDay(s string) (end time.Time, ok bool) {
	t, err := time.ParseInLocation(time.DateOnly, s, deadline.Oslo)
	return t.AddDate(0, 0, 1), err == nil
}

// undelivered gives when the last mail came back.
func undelivered(s guidance.Snapshot) time.Time {
	for _, e := range slices.Backward(s.Log) {
		if e.Kind == guidance.Undelivered {
			return e.At
		}
	}
	return s.Case.Changed
}

func words(k ReminderKind, t deadline.Target, when time.Time) deadline.Text {
	out := deadline.Text{}
	for _, lang := range kiveileder.Languages {
		out[lang] = strings.NewReplacer("{name}", t.Name[lang], "{date}", date(when, lang), "{time}", date(when, lang)).Replace(reminderWords[k][lang])
	}
	return out
}

// date writes an instant by Norwegian time.
func date(t time.Time, lang kiveileder.Language) string {
	if t.IsZero() {
		return "–"
	}
	t = t.In(deadline.Oslo)
	if lang == kiveileder.English {
		return t.Format("2 January 2006 at 15:04")
	}
	return t.Format("02.01.2006 kl. 15.04")
}
