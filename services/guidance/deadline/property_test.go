package deadline

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var first = time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)

// instant draws an instant of 2024 to 2030, to the nanosecond, in some zone.
func instant(t *rapid.T, label string) time.Time {
	at := first.Add(time.Duration(rapid.Int64Range(0, int64(7*365*24*time.Hour)).Draw(t, label)))
	if rapid.Bool().Draw(t, label+" in Oslo") {
		at = at.In(Oslo)
	}
	return at
}

// soonAfter draws an instant within weeks of another.
func soonAfter(t *rapid.T, from time.Time, label string) time.Time {
	return from.Add(time.Duration(rapid.Int64Range(0, int64(40*24*time.Hour)).Draw(t, label)))
}

func amount(t *rapid.T, label string) time.Duration {
	return time.Duration(rapid.Int64Range(0, int64(300*time.Hour)).Draw(t, label))
}

func working(t *rapid.T) Working {
	return Working{Days: rapid.IntRange(0, 60).Draw(t, "days"), Time: amount(t, "time")}
}

// drawClock draws a case with waits, exemptions and things done, some of them nonsense.
func drawClock(t *rapid.T) Clock {
	c := Clock{Start: instant(t, "start")}
	for range rapid.IntRange(0, 4).Draw(t, "pauses") {
		p := Interval{From: soonAfter(t, c.Start.Add(-10*24*time.Hour), "from")}
		if rapid.IntRange(0, 3).Draw(t, "ends") > 0 {
			p.To = soonAfter(t, p.From.Add(-24*time.Hour), "to")
		}
		c.Pauses = append(c.Pauses, p)
	}
	for range rapid.IntRange(0, 2).Draw(t, "extensions") {
		e := Extension{Target: rapid.SampledFrom([]string{"assessment", "answer"}).Draw(t, "target"), At: soonAfter(t, c.Start, "at"), Reason: "r"}
		e.Until = soonAfter(t, e.At, "until")
		c.Extensions = append(c.Extensions, e)
	}
	if rapid.Bool().Draw(t, "assessed") {
		c = c.Reach("assessment", soonAfter(t, c.Start, "assessed at"))
	}
	return c
}

// onDuty reports whether t lies in working hours, their close included.
func onDuty(c *Calendar, t time.Time) bool {
	s, ok := c.work(dayOf(t))
	return ok && !t.Before(s.from) && !t.After(s.to)
}

func TestAddIsMonotonic(t *testing.T) {
	cal := rules(t).Calendar("hdir")
	rapid.Check(t, func(rt *rapid.T) {
		from, d := instant(rt, "from"), working(rt)
		due := cal.Add(from, d)
		if later := cal.Add(soonAfter(rt, from, "later"), d); later.Before(due) {
			rt.Fatalf("begun later, due earlier: %v, %v", due, later)
		}
		more := Working{Days: d.Days + rapid.IntRange(0, 5).Draw(rt, "more days"), Time: d.Time + amount(rt, "more")}
		if later := cal.Add(from, more); later.Before(due) {
			rt.Fatalf("more to do, due earlier: %v, %v", due, later)
		}
		if due.Before(from) || !onDuty(cal, due) {
			rt.Fatalf("%v + %+v = %v, before it began or outside working hours", from, d, due)
		}
	})
}

func TestAddAndBetweenAgree(t *testing.T) {
	cal := rules(t).Calendar("hdir")
	rapid.Check(t, func(rt *rapid.T) {
		from, d := instant(rt, "from"), amount(rt, "time")
		if got := cal.Between(from, cal.Add(from, Working{Time: d})); got != d {
			rt.Fatalf("%v of work are %v", d, got)
		}
		a, b := soonAfter(rt, from, "a"), time.Time{}
		b = soonAfter(rt, a, "b")
		if cal.Between(from, a)+cal.Between(a, b) != cal.Between(from, b) {
			rt.Fatal("the parts are not the whole")
		}
		half := d / 2
		if whole, parts := cal.Add(from, Working{Time: d}), cal.Add(cal.Add(from, Working{Time: half}), Working{Time: d - half}); cal.Between(whole, parts) != 0 {
			rt.Fatalf("in one go %v, in two %v", whole, parts)
		}
	})
}

// A wait moves what is due by the working time that it took, no more and no less.
func TestPauseShifts(t *testing.T) {
	r := rules(t)
	cal := r.Calendar("hdir")
	rapid.Check(t, func(rt *rapid.T) {
		c := Clock{Start: instant(rt, "start")}
		far := c.Start.Add(365 * 24 * time.Hour)
		due, _ := r.Due(c, cal, "answer", far)
		from := soonAfter(rt, c.Start, "from")
		to := soonAfter(rt, from, "to")
		moved, _ := r.Due(c.pause(from, "").resume(to), cal, "answer", far)
		if !from.Before(due) {
			if !moved.Equal(due) {
				rt.Fatalf("a wait after it was due moved it: %v, %v", due, moved)
			}
			return
		}
		if got, want := cal.Between(due, moved), cal.Between(from, to); got != want || moved.Before(due) {
			rt.Fatalf("%v of waiting moved it by %v, from %v to %v", want, got, due, moved)
		}
	})
}

func TestNeverDueOnAFreeDay(t *testing.T) {
	r := rules(t)
	cal := r.Calendar("hdir")
	rapid.Check(t, func(rt *rapid.T) {
		c := drawClock(rt)
		at := soonAfter(rt, c.Start, "asked at")
		for _, s := range r.At(c, cal, at) {
			if s.Target == "receipt" { // a machine's
				continue
			}
			if _, ok := cal.work(dayOf(s.Due)); !ok || s.Due.Before(c.Start) {
				rt.Fatalf("%s is due %v", s.Target, s.Due)
			}
			if s.Left > 0 && s.Late > 0 || s.Overdue && s.Soon || s.Left < 0 || s.Late < 0 {
				rt.Fatalf("%+v contradicts itself", s)
			}
		}
	})
}

// What is done, begun or decided after an instant does not change what holds at it.
func TestThePastStays(t *testing.T) {
	r := rules(t)
	cal := r.Calendar("hdir")
	rapid.Check(t, func(rt *rapid.T) {
		c := drawClock(rt)
		at := soonAfter(rt, c.Start, "asked at")
		known := Clock{Start: c.Start}
		for _, p := range c.Pauses {
			if p.From.After(at) {
				continue
			}
			if p.To.After(at) {
				p.To = time.Time{} // it was not known when it would end
			}
			known.Pauses = append(known.Pauses, p)
		}
		for _, e := range c.Extensions {
			if !e.At.After(at) {
				known.Extensions = append(known.Extensions, e)
			}
		}
		for k, done := range c.Done {
			if !done.After(at) {
				known = known.Reach(k, done)
			}
		}
		if diff := cmp.Diff(r.At(known, cal, at), r.At(c, cal, at)); diff != "" {
			rt.Fatalf("-then +now:\n%s", diff)
		}
	})
}

// Neither the zone that an instant was read in nor the machine's clock counts.
func TestOnlyTheInstantCounts(t *testing.T) {
	r := rules(t)
	cal := r.Calendar("hdir")
	tokyo := time.FixedZone("", 9*3600)
	rapid.Check(t, func(rt *rapid.T) {
		c := drawClock(rt)
		at := soonAfter(rt, c.Start, "asked at")
		far := c
		far.Start = c.Start.In(tokyo)
		if diff := cmp.Diff(r.At(c, cal, at), r.At(far, cal, at.UTC())); diff != "" {
			rt.Fatalf("-here +there:\n%s", diff)
		}
	})
	now := time.Now() // has a monotonic reading
	c := Clock{Start: now}.pause(now, "")
	if got := c.Pauses[0].From; got != got.Round(0) {
		t.Error("the machine's clock is kept")
	}
	if diff := cmp.Diff(r.At(c, cal, now.Round(0)), r.At(c, cal, now)); diff != "" {
		t.Errorf("-wall +monotonic:\n%s", diff)
	}
}

// Working hours keep their length through summer time, at any hour of the night.
func TestSummerTime(t *testing.T) {
	night := &Calendar{works: [7]bool{true, true, true, true, true, true, true}, periods: []period{{101, 1231, 0, 24 * 60}}}
	for date, want := range map[string]time.Duration{"2026-03-29": 23 * time.Hour, "2026-10-25": 25 * time.Hour, "2026-06-08": 24 * time.Hour} {
		from := oslo(t, date+" 00:00")
		to := from.AddDate(0, 0, 1)
		if got := night.Between(from, to); got != want {
			t.Errorf("%s has %v, want %v", date, got, want)
		}
		if got := night.Add(from, Working{Time: want}); !got.Equal(to) {
			t.Errorf("%s ends %v", date, got)
		}
	}
	rapid.Check(t, func(rt *rapid.T) { // where one always works, working time is time
		from := instant(rt, "from")
		to := soonAfter(rt, from, "to")
		if got := night.Between(from, to); got != to.Sub(from) {
			rt.Fatalf("%v, want %v", got, to.Sub(from))
		}
	})
}
