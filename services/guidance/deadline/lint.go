package deadline

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"kiveileder"
)

// linter makes rules of what is written and collects what is wrong with it.
type linter struct {
	rules    *Rules
	problems []error
}

func (l *linter) bad(where, format string, args ...any) {
	l.problems = append(l.problems, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...)))
}

// must notes an error.
func (l *linter) must(where string, err error) {
	if err != nil {
		l.bad(where, "%v", err)
	}
}

func (l *linter) text(where string, t Text) {
	for _, lang := range kiveileder.Languages {
		if t[lang] == "" {
			l.bad(where, "name: %s is missing", lang)
		}
	}
}

func (l *linter) calendar(c calendarData) {
	for _, d := range c.Holidays {
		if d.Closes != "" {
			l.bad("holiday "+d.Name[kiveileder.Bokmal], "closes is for special days; nobody works on a holiday")
		}
		l.day("holiday", d)
	}
	if len(c.Holidays) == 0 {
		l.bad("calendar.yaml", "no holidays")
	}
	for _, d := range c.Special {
		l.day("special", d)
	}
	for _, h := range c.Hours {
		l.hours(h)
	}
	if l.rules.hours[c.Default] == nil {
		l.bad("default", "no hours %q", c.Default)
	}
	l.rules.otherwise = c.Default
	for _, agency := range slices.Sorted(maps.Keys(c.Agencies)) {
		if l.rules.hours[c.Agencies[agency]] == nil {
			l.bad("agency "+agency, "no hours %q", c.Agencies[agency])
		}
	}
	l.rules.agencies = c.Agencies
	for _, h := range l.rules.hours {
		h.days = l.rules.days
	}
}

func (l *linter) day(kind string, d dayData) {
	where := kind + " " + d.Name[kiveileder.Bokmal]
	l.text(where, d.Name)
	s := special{name: d.Name, unconfirmed: d.Unconfirmed, free: d.Closes == ""}
	switch {
	case (d.Date == "") == (d.Easter == nil):
		l.bad(where, "give either date or easter")
		return
	case d.Easter != nil:
		s.moving, s.offset = true, *d.Easter
		if s.offset < -80 || s.offset > 250 { // must stay within the year
			l.bad(where, "easter: %d days leave the year", s.offset)
		}
	default:
		var err error
		s.monthDay, err = parseMonthDay(d.Date)
		l.must(where, err)
	}
	if d.Closes != "" {
		var err error
		s.closes, err = parseClock(d.Closes)
		l.must(where, err)
	}
	same := func(o special) bool {
		return o.moving == s.moving && o.offset == s.offset && o.monthDay == s.monthDay
	}
	if slices.ContainsFunc(l.rules.days, same) {
		l.bad(where, "the day is there twice")
	}
	l.rules.days = append(l.rules.days, s)
}

var weekdays = map[string]time.Weekday{"mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday,
	"thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday, "sun": time.Sunday}

func (l *linter) hours(h hoursData) {
	where := "hours " + h.Hours
	if l.rules.hours[h.Hours] != nil {
		l.bad(where, "the key is there twice")
	}
	c := &Calendar{unconfirmed: h.Unconfirmed}
	for _, w := range h.Weekdays {
		day, ok := weekdays[w]
		if !ok {
			l.bad(where, "weekday %q is none of mon, tue, wed, thu, fri, sat, sun", w)
		}
		c.works[day] = c.works[day] || ok
	}
	if len(h.Weekdays) == 0 {
		l.bad(where, "no weekdays")
	}
	for _, p := range h.Periods {
		from, err := parseMonthDay(p.From)
		l.must(where, err)
		to, err := parseMonthDay(p.To)
		l.must(where, err)
		opens, err := parseClock(p.Opens)
		l.must(where, err)
		closes, err := parseClock(p.Closes)
		l.must(where, err)
		if from > to {
			l.bad(where, "period %s to %s: cut it at the turn of the year", p.From, p.To)
		}
		if opens >= closes {
			l.bad(where, "period from %s closes before it opens", p.From)
		}
		c.periods = append(c.periods, period{from, to, opens, closes})
	}
	for d := (day{2024, time.January, 1}); d.year == 2024; d = d.plus(1) {
		n := 0
		for _, p := range c.periods {
			if p.covers(d) {
				n++
			}
		}
		if n != 1 { // one such day says enough
			l.bad(where, "%02d-%02d is in %d periods, must be in one", d.month, d.day, n)
			break
		}
	}
	l.rules.hours[h.Hours] = c
}

func (l *linter) target(d targetData) {
	where := "target " + d.Target
	l.text(where, d.Name)
	if _, twice := l.rules.Target(d.Target); twice || d.Target == "" {
		l.bad(where, "the key is missing or there twice")
	}
	t := Target{Key: d.Target, Name: d.Name, Months: d.Months, Pauses: d.Pauses, Exempt: d.Exempt, Unconfirmed: d.Unconfirmed}
	measures := 0
	if d.Elapsed != "" {
		measures++
		t.Elapsed = l.duration(where, "elapsed", d.Elapsed)
	}
	if d.Working != nil {
		measures++
		t.Working.Days = d.Working.Days
		if d.Working.Hours != "" {
			t.Working.Time = l.duration(where, "working.hours", d.Working.Hours)
		}
		if t.Working.Days < 0 || t.Working.Days > 366 || t.Working == (Working{}) {
			l.bad(where, "working: give 1 to 366 days, or hours")
		}
	}
	if d.Months != 0 {
		measures++
		if d.Months < 0 || d.Months > 24 {
			l.bad(where, "months: %d, give 1 to 24", d.Months)
		}
		if d.Free != string(Before) && d.Free != string(After) {
			l.bad(where, "free: %q, must be before or after where months are counted", d.Free)
		}
		if d.Pauses {
			l.bad(where, "pauses: months run on")
		}
		t.Free = Roll(d.Free)
	} else if d.Free != "" {
		l.bad(where, "free: only where months are counted")
	}
	if d.Elapsed != "" && d.Pauses {
		l.bad(where, "pauses: the clock runs on")
	}
	if measures != 1 {
		l.bad(where, "give one of elapsed, working, months")
	}
	if d.Soon != "" {
		t.Soon = l.duration(where, "soon", d.Soon)
	}
	if len(d.Law) == 0 && !d.Unconfirmed {
		l.bad(where, "rests on no law: say unconfirmed")
	}
	for _, law := range d.Law {
		t.Law = append(t.Law, l.law(where, law))
	}
	l.rules.Targets = append(l.rules.Targets, t)
}

func (l *linter) law(where string, d lawData) Law {
	where += ": " + d.Paragraph
	for _, f := range [][2]string{{"act", d.Act}, {"paragraph", d.Paragraph}, {"says", d.Says}, {"source", d.Source}} {
		if f[1] == "" {
			l.bad(where, "law: %s is missing", f[0])
		}
	}
	law := Law{Act: d.Act, Paragraph: d.Paragraph, Says: d.Says, Source: d.Source, InForce: d.InForce, Binding: d.Binding, Unconfirmed: d.Unconfirmed}
	law.From = l.date(where, d.From)
	law.Until = l.date(where, d.Until)
	if !d.InForce && (d.From != "" || d.Until != "") {
		l.bad(where, "law: has dates but in_force is not true")
	}
	return law
}

func (l *linter) duration(where, what, s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 || d > 366*24*time.Hour {
		l.bad(where, "%s: %q is not a time such as 8h or 30m, up to a year", what, s)
	}
	return d
}

// date reads a date as the midnight that it begins with; "" is no date.
func (l *linter) date(where, s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	t, err := time.ParseInLocation(time.DateOnly, s, Oslo)
	if err != nil {
		l.bad(where, "law: %q is not a date such as 2026-01-01", s)
	}
	return t
}
