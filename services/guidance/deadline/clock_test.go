package deadline

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
)

// A month ends as deadlines in months end, and before a day on which nobody works.
func TestPreliminaryReply(t *testing.T) {
	r := rules(t)
	for start, want := range map[string]string{
		"2024-01-31 10:00": "2024-02-29 15:45", // a leap year
		"2025-01-31 10:00": "2025-02-28 15:45",
		"2025-12-31 10:00": "2026-01-30 15:45", // the 31st is a Saturday
		"2026-03-05 10:00": "2026-04-01 12:00", // Easter Sunday: half a day before Maundy Thursday
		"2026-03-31 10:00": "2026-04-30 15:45",
		"2026-04-17 10:00": "2026-05-15 15:00", // 17 May on a Sunday
		"2026-11-24 10:00": "2026-12-23 15:45", // Christmas Eve
		"2027-04-17 10:00": "2027-05-14 15:45", // 17 May, Whit Monday
		"2028-02-29 10:00": "2028-03-29 15:45",
		"2030-04-30 10:00": "2030-05-29 15:00", // Ascension Day
	} {
		due, ok := r.Due(Clock{Start: oslo(t, start)}, r.Calendar("dmp"), "preliminary", oslo(t, start))
		if !ok || show(due) != want {
			t.Errorf("received %s: due %s, want %s", start, show(due), want)
		}
	}
}

// The date is the one in Norway, wherever the instant was read.
func TestDateInNorway(t *testing.T) {
	r := rules(t)
	start := time.Date(2026, time.April, 30, 22, 30, 0, 0, time.UTC) // 1 May, half past midnight
	if due, _ := r.Due(Clock{Start: start}, r.Calendar("hdir"), "preliminary", start); show(due) != "2026-06-01 15:00" {
		t.Errorf("due %s", show(due))
	}
}

func TestRollAfter(t *testing.T) {
	target := Target{Months: 1, Free: After}
	due := target.due(Clock{Start: oslo(t, "2026-04-17 10:00")}, rules(t).Calendar("hdir"), time.Time{})
	if show(due) != "2026-05-18 15:00" {
		t.Errorf("due %s", show(due))
	}
}

// status gives how one target stands.
func status(t *testing.T, c Clock, target, at string) Status {
	t.Helper()
	r := rules(t)
	for _, s := range r.At(c, r.Calendar("hdir"), oslo(t, at)) {
		if s.Target == target {
			return s
		}
	}
	t.Fatalf("no target %s", target)
	return Status{}
}

// A case, followed: received on a Monday, waits for the asker, is answered.
func TestCaseFollowed(t *testing.T) {
	c := Clock{Start: oslo(t, "2026-06-08 09:00")}
	assessment := func(at string) Status { t.Helper(); return status(t, c, "assessment", at) }

	if s := assessment("2026-06-08 09:00"); show(s.Due) != "2026-06-11 15:00" || s.Left != 27*time.Hour || s.Soon || s.Overdue {
		t.Errorf("at first: %+v", s)
	}
	if s := assessment("2026-06-10 14:00"); !s.Soon || s.Left != 8*time.Hour {
		t.Errorf("the day before: %+v", s)
	}

	c = c.pause(oslo(t, "2026-06-10 10:00"), "asked how the data are collected")
	if s := assessment("2026-06-11 10:00"); !s.Paused || s.Soon || show(s.Due) != "2026-06-12 15:00" || s.Left != 12*time.Hour {
		t.Errorf("a day into the wait: %+v", s)
	}
	if s := assessment("2026-07-10 10:00"); !s.Paused || s.Overdue || s.Left != 12*time.Hour {
		t.Errorf("a month into the wait: %+v", s)
	}
	if s := status(t, c, "preliminary", "2026-07-10 10:00"); s.Paused || !s.Overdue || s.Late != 9*time.Hour {
		t.Errorf("the month runs on: %+v", s)
	}

	c = c.resume(oslo(t, "2026-06-15 08:00")) // Wednesday 10:00 to Monday: 5 + 7 + 7 hours
	if s := assessment("2026-06-15 08:00"); s.Paused || show(s.Due) != "2026-06-16 13:00" {
		t.Errorf("after the wait: %+v", s)
	}
	if s := assessment("2026-06-16 14:00"); !s.Overdue || s.Late != time.Hour || s.Left != 0 || s.Soon {
		t.Errorf("late: %+v", s)
	}
	if s := assessment("2026-06-09 10:00"); show(s.Due) != "2026-06-11 15:00" || s.Paused {
		t.Errorf("as it was before the wait: %+v", s)
	}

	c = c.Reach("assessment", oslo(t, "2026-06-16 12:00")).Reach("assessment", oslo(t, "2026-06-20 12:00"))
	if s := assessment("2026-08-01 12:00"); s.Overdue || show(s.Done) != "2026-06-16 12:00" || s.Late != 0 || s.Left != 0 {
		t.Errorf("done in time: %+v", s)
	}
	if s := assessment("2026-06-16 11:00"); !s.Done.IsZero() || s.Left != 2*time.Hour {
		t.Errorf("an hour before it was done: %+v", s)
	}
}

func TestReceipt(t *testing.T) {
	c := Clock{Start: oslo(t, "2026-06-06 23:00")} // a Saturday night: a machine answers
	if s := status(t, c, "receipt", "2026-06-06 23:00"); s.Due.Sub(c.Start) != time.Minute {
		t.Errorf("%+v", s)
	}
	if s := status(t, c, "receipt", "2026-06-06 23:02"); !s.Overdue || s.Late != 0 {
		t.Errorf("late by the clock though nobody works: %+v", s)
	}
}

// Pauses that lie badly: over each other, turned round, outside the case, after it was due.
func TestBadPauses(t *testing.T) {
	start := oslo(t, "2026-06-08 09:00")
	day := func(from, to string) Interval { return Interval{From: oslo(t, from), To: oslo(t, to)} }
	for _, c := range []struct {
		why    string
		pauses []Interval
		want   string
	}{
		{"none", nil, "2026-06-11 15:00"},
		{"twice the same day", []Interval{day("2026-06-09 08:00", "2026-06-09 15:00"), day("2026-06-09 08:00", "2026-06-09 15:00")}, "2026-06-12 15:00"},
		{"over each other, out of order", []Interval{day("2026-06-09 12:00", "2026-06-10 08:00"), day("2026-06-09 08:00", "2026-06-09 13:00")}, "2026-06-12 15:00"},
		{"turned round: a clock went back", []Interval{day("2026-06-10 08:00", "2026-06-09 08:00")}, "2026-06-11 15:00"},
		{"before the case", []Interval{day("2026-06-01 08:00", "2026-06-05 08:00")}, "2026-06-11 15:00"},
		{"over its beginning", []Interval{day("2026-06-01 08:00", "2026-06-08 10:00")}, "2026-06-12 09:00"},
		{"after it was due", []Interval{day("2026-06-12 08:00", "2026-06-19 15:00")}, "2026-06-11 15:00"},
		{"one that moves it, one after", []Interval{day("2026-06-09 08:00", "2026-06-09 15:00"), day("2026-06-15 08:00", "2026-06-15 15:00")}, "2026-06-12 15:00"},
		{"one that moves it into the next", []Interval{day("2026-06-09 08:00", "2026-06-09 15:00"), day("2026-06-12 08:00", "2026-06-12 15:00")}, "2026-06-15 15:00"},
		{"one within another", []Interval{day("2026-06-09 08:00", "2026-06-10 15:00"), day("2026-06-09 10:00", "2026-06-09 11:00")}, "2026-06-15 15:00"},
		{"at night", []Interval{day("2026-06-09 15:00", "2026-06-10 08:00")}, "2026-06-11 15:00"},
	} {
		if s := status(t, Clock{Start: start, Pauses: c.pauses}, "assessment", "2026-06-30 10:00"); show(s.Due) != c.want {
			t.Errorf("%s: due %s, want %s", c.why, show(s.Due), c.want)
		}
	}
}

func TestPauseAndResumeOfAJumpingClock(t *testing.T) {
	c := Clock{Start: oslo(t, "2026-06-08 09:00")}
	c = c.pause(oslo(t, "2026-06-09 10:00"), "a").pause(oslo(t, "2026-06-09 11:00"), "b")
	if len(c.Pauses) != 1 || c.Pauses[0].Why != "a" {
		t.Errorf("one wait at a time: %+v", c.Pauses)
	}
	before := c
	c = c.resume(oslo(t, "2026-06-09 09:00")) // the clock went back an hour
	if p := c.Pauses[0]; !p.To.Equal(p.From) {
		t.Errorf("not empty: %+v", p)
	}
	if !before.Pauses[0].To.IsZero() {
		t.Error("Resume changed the clock it was given")
	}
	if c.waits(oslo(t, "2026-06-09 10:00")) {
		t.Error("still waits")
	}
}

func TestExtend(t *testing.T) {
	r := rules(t)
	c := Clock{Start: oslo(t, "2026-06-08 09:00")}
	at := oslo(t, "2026-06-10 09:00")
	for _, bad := range []Extension{
		{Target: "nothing", At: at, Reason: "r"},
		{Target: "preliminary", At: at, Reason: "the law's"},
		{Target: "answer", At: at},
		{Target: "answer", At: at, Until: at, Reason: "r"},
	} {
		if _, err := r.Extend(c, bad); err == nil {
			t.Errorf("taken: %+v", bad)
		}
	}
	saturday, err := r.Extend(c, Extension{Target: "assessment", At: at, Until: oslo(t, "2026-06-20 12:00"), Reason: "waits for DMP"})
	if err != nil {
		t.Fatal(err)
	}
	if s := status(t, saturday, "assessment", "2026-06-12 10:00"); show(s.Due) != "2026-06-19 15:00" || !s.Extended || s.Reason != "waits for DMP" {
		t.Errorf("promised for a Saturday: %+v", s)
	}
	if s := status(t, saturday, "assessment", "2026-06-09 10:00"); s.Extended || show(s.Due) != "2026-06-11 15:00" {
		t.Errorf("before it was extended: %+v", s)
	}
	lifted, err := r.Extend(saturday, Extension{Target: "assessment", At: at, Reason: "the asker wants to wait"})
	if err != nil {
		t.Fatal(err)
	}
	if s := status(t, lifted, "assessment", "2026-09-01 10:00"); !s.Lifted || s.Overdue || !s.Due.IsZero() || s.Left != 0 {
		t.Errorf("lifted: %+v", s)
	}
	if _, ok := r.Due(lifted, r.Calendar("hdir"), "assessment", at); ok {
		t.Error("a lifted target is due")
	}
	shorter, _ := r.Extend(c, Extension{Target: "answer", At: at, Until: oslo(t, "2026-06-12 12:00"), Reason: "r"})
	if s := status(t, shorter, "answer", "2026-06-11 10:00"); s.Extended || show(s.Due) != "2026-07-06 15:00" {
		t.Errorf("an extension never shortens: %+v", s)
	}
}

// The new act counts from the day it is in force, not before.
func TestBasis(t *testing.T) {
	preliminary, _ := rules(t).Target("preliminary")
	var acts []string
	for _, l := range preliminary.Basis(oslo(t, "2026-06-08 09:00")) {
		acts = append(acts, l.Act)
		if l.Binding {
			t.Errorf("%s binds, and nobody has confirmed that it is in force", l.Paragraph)
		}
	}
	if diff := cmp.Diff([]string{"LOV-1967-02-10", "LOV-1915-08-13-5"}, acts); diff != "" {
		t.Errorf("in force (-want +got):\n%s", diff)
	}
	l := Law{InForce: true, From: oslo(t, "2027-01-01 00:00"), Until: oslo(t, "2028-01-01 00:00")}
	target := Target{Law: []Law{l}}
	for at, want := range map[string]int{"2026-12-31 23:59": 0, "2027-01-01 00:00": 1, "2027-12-31 23:59": 1, "2028-01-01 00:00": 0} {
		if got := len(target.Basis(oslo(t, at))); got != want {
			t.Errorf("%s: %d in force, want %d", at, got, want)
		}
	}
}

func TestUnconfirmed(t *testing.T) {
	all := strings.Join(rules(t).unconfirmed(), "\n")
	for _, want := range []string{"hours: state", "day: Julaften", "target: answer", "law: preliminary: forvaltningsloven (1967) § 11 a"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not among:\n%s", want, all)
		}
	}
	if strings.Contains(all, "forvaltningsloven (2025) § 17") {
		t.Error("the act of 2025 was read in its source")
	}
}

func TestClockAsJSON(t *testing.T) {
	c := Clock{Start: oslo(t, "2026-06-08 09:00")}.pause(oslo(t, "2026-06-09 09:00"), "asked").Reach("receipt", oslo(t, "2026-06-08 09:00"))
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var back Clock
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, back); diff != "" || strings.Contains(string(b), `"to"`) {
		t.Errorf("%s\n%s", b, diff)
	}
}

// pause gives the clock that waits from an instant on. A clock that waits
// already goes on as it does.
func (c Clock) pause(at time.Time, why string) Clock {
	if !slices.ContainsFunc(c.Pauses, Interval.open) {
		c.Pauses = append(slices.Clone(c.Pauses), Interval{From: plain(at), Why: why})
	}
	return c
}

// resume gives the clock that no longer waits.
func (c Clock) resume(at time.Time) Clock {
	c.Pauses = slices.Clone(c.Pauses)
	for i, p := range c.Pauses {
		if p.open() { // a clock that went back makes it empty, not negative
			c.Pauses[i].To = later(p.From, plain(at))
		}
	}
	return c
}

// unconfirmed names everything that no source at hand says, for those who must
// confirm it.
func (r *Rules) unconfirmed() []string {
	var out []string
	for _, s := range r.days {
		if s.unconfirmed {
			out = append(out, "day: "+s.name[kiveileder.Bokmal])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(r.hours)) {
		if r.hours[key].unconfirmed {
			out = append(out, "hours: "+key)
		}
	}
	for _, t := range r.Targets {
		if t.Unconfirmed {
			out = append(out, "target: "+t.Key)
		}
		for _, l := range t.Law {
			if l.Unconfirmed {
				out = append(out, "law: "+t.Key+": "+l.Paragraph)
			}
		}
	}
	return out
}
