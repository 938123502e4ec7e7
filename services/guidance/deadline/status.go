package deadline

import "time"

// A Status is how a target stands at an instant.
type Status struct {
	Target   string
	Due      time.Time     // zero when Lifted; while Paused, when it would be due if work went on now
	Left     time.Duration // working time until it is due, none once it is
	Late     time.Duration // working time that it is, or was, late
	Done     time.Time     // zero while it is not
	Overdue  bool          // it is late, or was done late, even when that took no working time
	Soon     bool          // not done, not overdue, and near
	Paused   bool          // the case waits, and the target with it
	Lifted   bool          // exempt altogether
	Extended bool
	Reason   string // of the exemption that counts
}

// At says how every target of a case stands at an instant, in the order of
// the targets. Only what the clock knew at the instant counts, so that asking
// for a past instant gives what was true then.
func (r *Rules) At(c Clock, cal *Calendar, at time.Time) []Status {
	out := make([]Status, 0, len(r.Targets))
	for _, t := range r.Targets {
		out = append(out, t.at(c, cal, plain(at)))
	}
	return out
}

// Due gives when a target of a case is due as things stand at an instant;
// false when it is not known or lifted.
func (r *Rules) Due(c Clock, cal *Calendar, target string, at time.Time) (time.Time, bool) {
	t, ok := r.Target(target)
	if !ok {
		return time.Time{}, false
	}
	s := t.at(c, cal, plain(at))
	return s.Due, !s.Lifted
}

func (t Target) at(c Clock, cal *Calendar, at time.Time) Status {
	s := Status{Target: t.Key}
	if done, ok := c.Done[t.Key]; ok && !plain(done).After(at) {
		s.Done = plain(done)
		at = s.Done // what comes after changes nothing
	}
	s.Paused = s.Done.IsZero() && t.Pauses && c.waits(at)
	s.Due = t.due(c, cal, at)
	for _, e := range c.Extensions {
		if e.Target != t.Key || !t.Exempt || plain(e.At).After(at) {
			continue
		}
		if e.Until.IsZero() {
			s.Lifted, s.Reason = true, e.Reason
			continue
		}
		if until := cal.promised(e.Until); !s.Lifted && until.After(s.Due) {
			s.Due, s.Extended, s.Reason = until, true, e.Reason
		}
	}
	if s.Lifted {
		s.Due, s.Extended = time.Time{}, false
		return s
	}
	s.Overdue = at.After(s.Due)
	s.Late = cal.Between(s.Due, at)
	if s.Done.IsZero() {
		s.Left = cal.Between(at, s.Due)
		s.Soon = !s.Overdue && !s.Paused && s.Left <= t.Soon
	}
	return s
}

// due gives when the target is due, without exemptions, by the pauses known at
// an instant.
func (t Target) due(c Clock, cal *Calendar, at time.Time) time.Time {
	start := plain(c.Start)
	switch {
	case t.Elapsed > 0:
		return start.Add(t.Elapsed)
	case t.Months > 0:
		due := cal.close(dayOf(start).months(t.Months), t.Free)
		if due.Before(start) { // a month of free days: no data at hand has one
			return cal.run(start, 0, nil)
		}
		return due
	}
	due := cal.Add(start, t.Working)
	pauses := c.paused(at)
	if !t.Pauses || len(pauses) == 0 {
		return due
	}
	// A pause that began when it was already due comes too late.
	for i, p := range pauses {
		unpaused := cal.run(start, cal.Between(start, due), pauses[:i])
		if !p.from.Before(unpaused) {
			return unpaused
		}
	}
	return cal.run(start, cal.Between(start, due), pauses)
}
