package deadline

import (
	"fmt"
	"time"
)

// A day is a date in Norway.
type day struct {
	year  int
	month time.Month
	day   int
}

// dayOf gives the date that t falls on.
func dayOf(t time.Time) day {
	y, m, d := t.In(Oslo).Date()
	return day{y, m, d}
}

// plus gives the date n days later, or earlier.
func (d day) plus(n int) day {
	y, m, dd := time.Date(d.year, d.month, d.day+n, 0, 0, 0, 0, time.UTC).Date()
	return day{y, m, dd}
}

// months gives the date n months later as deadlines in months are counted: the
// same number in that month, or the month's last day when it has none.
func (d day) months(n int) day {
	first := time.Date(d.year, d.month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return day{first.Year(), first.Month(), min(d.day, last)}
}

func (d day) weekday() time.Weekday {
	return time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC).Weekday()
}

// number gives the day's number in its year, 1 to 366.
func (d day) number() int {
	return time.Date(d.year, d.month, d.day, 0, 0, 0, 0, time.UTC).YearDay()
}

// at gives the instant of a time of day. In the hour that summer time skips it
// is the instant before the skip plus what is missing, as in time.Date.
func (d day) at(c clock) time.Time {
	return time.Date(d.year, d.month, d.day, int(c)/60, int(c)%60, 0, 0, Oslo)
}

func (d day) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day) }

// A clock is a time of day in minutes after midnight.
type clock int

// easter gives Easter Sunday of a year of the Gregorian calendar. The lunar
// cycle gives the full moon of spring; the Sunday after it is Easter.
func easter(year int) day {
	golden := year % 19
	century := year / 100
	// how far the solar and lunar corrections have drifted by this century
	drift := century - century/4 - (8*century+13)/25
	moon := (drift + 19*golden + 15) % 30 // days from 21 March to the full moon
	if moon == 29 || moon == 28 && golden > 10 {
		moon-- // a moon must be less than 29.5 days after the last
	}
	sunday := day{year, time.March, 21}.plus(moon + 1)
	for sunday.weekday() != time.Sunday {
		sunday = sunday.plus(1)
	}
	return sunday
}
