package deadline

import (
	"slices"
	"time"

	"kiveileder"
)

// A Target is what an asker may expect and when. It has one measure: Elapsed,
// Working or Months.
type Target struct {
	Key         string
	Name        Text
	Elapsed     time.Duration // by the clock
	Working     Working
	Months      int // to the close of work on the day
	Free        Roll
	Soon        time.Duration // working time before it is due from which it is near
	Pauses      bool          // the time stands still in pauses
	Exempt      bool          // may be extended or lifted
	Unconfirmed bool          // no source at hand says it
	Law         []Law
}

// Roll is where a month that ends on a free day ends.
type Roll string

const (
	Before Roll = "before" // the working day before
	After  Roll = "after"  // the working day after
)

// Law is a provision that a target rests on.
type Law struct {
	Act         string // LOV-2025-06-20-81
	Paragraph   string
	Says        string // in our words
	Source      string // where it was read
	InForce     bool
	From, Until time.Time // in force from and before; zero where not known
	Binding     bool      // in guidance, not only for decisions
	Unconfirmed bool
}

// Basis gives what is in force at an instant of what the target rests on.
func (t Target) Basis(at time.Time) []Law {
	var out []Law
	for _, l := range t.Law {
		if l.InForce && !at.Before(l.From) && (l.Until.IsZero() || at.Before(l.Until)) {
			out = append(out, l)
		}
	}
	return out
}

// A Clock is what the log of a case says about its time. The zero To of an
// interval says that it lasts. Nothing is counted in it: see [Rules.At].
type Clock struct {
	Start      time.Time            `json:"start"`
	Pauses     []Interval           `json:"pauses,omitempty"`
	Extensions []Extension          `json:"extensions,omitempty"`
	Done       map[string]time.Time `json:"done,omitempty"` // by target
}

// An Interval is a time in which a case waits.
type Interval struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"`
	Why  string    `json:"why,omitempty"`
}

// An Extension is an exemption from a target: until a later instant, or, when
// Until is zero, altogether. It holds from At on.
type Extension struct {
	Target string    `json:"target"`
	At     time.Time `json:"at"`
	Until  time.Time `json:"until,omitzero"`
	Reason string    `json:"reason"`
}

func (i Interval) open() bool { return i.To.IsZero() }

// Reach gives the clock with a target done. Done once is done: a later instant
// changes nothing.
func (c Clock) Reach(target string, at time.Time) Clock {
	if _, ok := c.Done[target]; ok {
		return c
	}
	done := map[string]time.Time{target: plain(at)}
	for k, t := range c.Done {
		done[k] = t
	}
	c.Done = done
	return c
}

// Extend gives the clock with an exemption. It is refused without a reason,
// for a target that may not be extended, and when it ends before it is made.
func (r *Rules) Extend(c Clock, e Extension) (Clock, error) {
	t, ok := r.Target(e.Target)
	switch {
	case !ok:
		return c, say.Error(kiveileder.CodeInvalid, "no_target")
	case !t.Exempt:
		return c, say.Error(kiveileder.CodeInvalid, "not_exempt")
	case e.Reason == "":
		return c, say.Error(kiveileder.CodeInvalid, "why")
	case !e.Until.IsZero() && !e.Until.After(e.At):
		return c, say.Error(kiveileder.CodeInvalid, "ahead")
	}
	c.Extensions = append(slices.Clone(c.Extensions), e)
	return c, nil
}

// paused gives the pauses that were known at an instant, within the case,
// apart and in order. One that lasts ends at the instant.
func (c Clock) paused(at time.Time) []span {
	var out []span
	for _, p := range c.Pauses {
		s := span{later(plain(p.From), plain(c.Start)), at}
		if !p.open() {
			s.to = earlier(plain(p.To), at)
		}
		if s.length() > 0 {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b span) int { return a.from.Compare(b.from) })
	joined := out[:0]
	for _, s := range out {
		if n := len(joined); n > 0 && !s.from.After(joined[n-1].to) {
			joined[n-1].to = later(joined[n-1].to, s.to)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// waits reports whether the case waits at an instant.
func (c Clock) waits(at time.Time) bool {
	return slices.ContainsFunc(c.Pauses, func(p Interval) bool {
		return !at.Before(plain(p.From)) && (p.open() || at.Before(plain(p.To)))
	})
}
