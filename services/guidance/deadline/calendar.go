package deadline

import (
	"iter"
	"slices"
	"sync"
	"time"
)

// A Calendar says when an agency works.
type Calendar struct {
	works       [7]bool // by time.Weekday
	periods     []period
	days        []special
	unconfirmed bool

	years sync.Map // by year a *[367]span by the day in it, empty on free days; never changed once there
}

// Working is an amount of work: whole days, then time.
type Working struct {
	Days int
	Time time.Duration
}

// a period of the year with its hours; from and to are month*100 + day
type period struct {
	from, to      int
	opens, closes clock
}

func (p period) covers(d day) bool {
	md := int(d.month)*100 + d.day
	return p.from <= md && md <= p.to
}

// special is a day on which nobody works, or not as long.
type special struct {
	name        Text
	moving      bool
	offset      int // from Easter Sunday
	monthDay    int
	free        bool
	closes      clock
	unconfirmed bool
}

func (s special) on(d day) bool {
	if s.moving {
		return easter(d.year).plus(s.offset) == d
	}
	return s.monthDay == int(d.month)*100+d.day
}

// a span of time, from included, to not
type span struct{ from, to time.Time }

func (s span) length() time.Duration { return max(0, s.to.Sub(s.from)) }

// work gives the working hours of a day; a free day has none. A list of cases
// asks for the same days over and over, so that years are kept once computed.
func (c *Calendar) work(d day) (span, bool) {
	if d.year < 2000 || d.year > 2200 { // what is kept stays small, whatever is asked
		return c.compute(d)
	}
	kept, ok := c.years.Load(d.year)
	if !ok {
		year := new([367]span)
		for e := (day{d.year, time.January, 1}); e.year == d.year; e = e.plus(1) {
			if s, ok := c.compute(e); ok {
				year[e.number()] = s
			}
		}
		kept, _ = c.years.LoadOrStore(d.year, year)
	}
	s := kept.(*[367]span)[d.number()]
	return s, !s.from.IsZero()
}

func (c *Calendar) compute(d day) (span, bool) {
	if !c.works[d.weekday()] {
		return span{}, false
	}
	var p period
	for _, p = range c.periods {
		if p.covers(d) {
			break
		}
	}
	closes := p.closes
	for _, s := range c.days {
		switch {
		case !s.on(d):
		case s.free:
			return span{}, false
		default:
			closes = min(closes, s.closes)
		}
	}
	s := span{d.at(p.opens), d.at(closes)}
	return s, s.from.Before(s.to)
}

// horizon bounds every search for a working day: no calendar that passes the
// lint is closed for long, but no data may hang the service.
const horizon = 10 * 366

// spans gives the working hours from the day of t on, for ten years.
func (c *Calendar) spans(t time.Time) iter.Seq[span] {
	return func(yield func(span) bool) {
		d := dayOf(t)
		for range horizon {
			if s, ok := c.work(d); ok && !yield(s) {
				return
			}
			d = d.plus(1)
		}
	}
}

// Add gives the instant by which d is worked off, counted from an instant.
// Days run to the close of the last of them, and the day of from is not
// counted; time runs in working hours, after the days. The result always lies
// in working hours, their close included: nothing to do is done when work next
// begins. Negative amounts count as nothing, and beyond ten years it gives the
// last instant within them.
func (c *Calendar) Add(from time.Time, d Working) time.Time {
	from = plain(from)
	if d.Days <= 0 {
		return c.run(from, max(0, d.Time), nil)
	}
	left, closed := d.Days, from
	for s := range c.spans(dayOf(from).plus(1).at(0)) {
		closed = s.to
		if left--; left == 0 {
			break
		}
	}
	if d.Time <= 0 {
		return closed
	}
	return c.run(closed, d.Time, nil)
}

// Between gives the working time between two instants, none when to is not
// after from.
func (c *Calendar) Between(from, to time.Time) time.Duration {
	return c.between(plain(from), plain(to), nil)
}

// between leaves out the pauses, which are apart and in order.
func (c *Calendar) between(from, to time.Time, pauses []span) time.Duration {
	var sum time.Duration
	if !from.Before(to) {
		return 0
	}
	for s := range c.spans(from) {
		if !s.from.Before(to) {
			break
		}
		s.from, s.to = later(s.from, from), earlier(s.to, to)
		for _, piece := range without(s, pauses) {
			sum += piece.length()
		}
	}
	return sum
}

// run gives the first instant by which need has been worked, the pauses left
// out; with no need, the first instant of work.
func (c *Calendar) run(from time.Time, need time.Duration, pauses []span) time.Time {
	last := from
	for s := range c.spans(from) {
		s.from = later(s.from, from)
		for _, piece := range without(s, pauses) {
			if need <= piece.length() {
				return piece.from.Add(need)
			}
			need -= piece.length()
			last = piece.to
		}
	}
	return last
}

// without gives the parts of s outside the pauses, none of them empty.
func without(s span, pauses []span) []span {
	var out []span
	over, _ := slices.BinarySearchFunc(pauses, s.from, func(p span, t time.Time) int { return p.to.Compare(t) })
	for _, p := range pauses[over:] { // a case may have waited a thousand times
		if !p.from.Before(s.to) {
			break
		}
		if before := (span{s.from, earlier(p.from, s.to)}); before.length() > 0 {
			out = append(out, before)
		}
		s.from = later(s.from, p.to)
	}
	if s.length() > 0 {
		out = append(out, s)
	}
	return out
}

// close gives the close of work on a day; on a free one that of the nearest
// working day in the direction.
func (c *Calendar) close(d day, roll Roll) time.Time {
	step := 1
	if roll == Before {
		step = -1
	}
	for range horizon {
		if s, ok := c.work(d); ok {
			return s.to
		}
		d = d.plus(step)
	}
	return d.at(0)
}

// promised gives the instant that somebody was promised, or the close of the
// working day before when nobody works on its day.
func (c *Calendar) promised(t time.Time) time.Time {
	t = plain(t)
	if _, ok := c.work(dayOf(t)); ok {
		return t
	}
	return c.close(dayOf(t), Before)
}

// plain drops the reading of the machine's monotonic clock, so that instants
// compare by what they say, and reads them in Norway.
func plain(t time.Time) time.Time { return t.Round(0).In(Oslo) }

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
