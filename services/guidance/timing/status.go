package timing

import (
	"slices"
	"time"

	"kiveileder/services/guidance"
	"kiveileder/services/guidance/deadline"
)

// A Standing is how one target of a case stands at an instant, as the desk shows
// it. Working time is in whole minutes.
type Standing struct {
	Target      string        `json:"target"`
	Name        deadline.Text `json:"name"`
	Due         time.Time     `json:"due,omitzero"` // none when lifted; while paused, if work went on now
	Left        int           `json:"left"`         // minutes of working time until it is due
	Late        int           `json:"late"`         // minutes of working time that it is, or was, late
	Done        time.Time     `json:"done,omitzero"`
	Overdue     bool          `json:"overdue"` // late, or done late
	Soon        bool          `json:"soon"`
	Paused      bool          `json:"paused"`
	Lifted      bool          `json:"lifted"`
	Extended    bool          `json:"extended"`
	Reason      string        `json:"reason,omitempty"` // of the exemption; internal
	MayExtend   bool          `json:"may_extend"`
	Unconfirmed bool          `json:"unconfirmed"` // no source at hand says the target
	Law         []Law         `json:"law,omitempty"`
}

// Law is a provision that a target rests on.
type Law struct {
	Act         string `json:"act"`
	Paragraph   string `json:"paragraph"`
	Says        string `json:"says"`
	Source      string `json:"source"`
	InForce     bool   `json:"in_force"` // at the instant
	Binding     bool   `json:"binding"`  // in guidance, not only for decisions
	Unconfirmed bool   `json:"unconfirmed"`
}

// Status says how the targets of a case stand at an instant, in their order. Of
// a case that has ended it gives what was reached: the rest is owed no more.
func Status(s guidance.Snapshot, at time.Time) []Standing {
	out := []Standing{}
	if s.Case.State == guidance.None {
		return out
	}
	for _, d := range theRules().At(ClockOf(s), calendar(s.Case), at) {
		if ended(s.Case) && d.Done.IsZero() {
			continue
		}
		t, _ := theRules().Target(d.Target)
		st := Standing{
			Target: d.Target, Name: t.Name, Due: utc(d.Due), Left: minutes(d.Left), Late: minutes(d.Late), Done: utc(d.Done),
			Overdue: d.Overdue, Soon: d.Soon, Paused: d.Paused, Lifted: d.Lifted, Extended: d.Extended, Reason: d.Reason,
			MayExtend: t.Exempt && d.Done.IsZero() && !d.Lifted, Unconfirmed: t.Unconfirmed,
		}
		basis := t.Basis(at)
		for _, l := range t.Law {
			st.Law = append(st.Law, Law{Act: l.Act, Paragraph: l.Paragraph, Says: l.Says, Source: l.Source, InForce: slices.Contains(basis, l), Binding: l.Binding, Unconfirmed: l.Unconfirmed})
		}
		out = append(out, st)
	}
	if st, told := silence(s.Case, at); told {
		out = append(out, st)
	}
	return out
}

func minutes(d time.Duration) int { return int(d / time.Minute) }

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}
