package e5

import (
	"runtime"
	"sync/atomic"
	"time"
)

// maxHelpers bounds how far one query spreads. Beyond a few processors the
// waiting at the end of each step outweighs the gain.
const maxHelpers = 3

// runner runs the independent parts of one step.
type runner interface {
	// each calls f(worker, part) once for every part below n and returns when
	// all calls have returned. Calls may be concurrent and in any order, but
	// those with the same worker, at most maxHelpers, follow each other.
	each(n int, f func(worker, part int))
}

// solo runs all parts on the caller.
type solo struct{}

func (solo) each(n int, f func(worker, part int)) {
	for i := range n {
		f(0, i)
	}
}

// team runs parts on the caller and on helpers that live for one query.
//
// A query has about 80 steps of 20 to 500 microseconds. Waking a goroutine for
// each would cost a good part of that, so helpers watch for the next step
// instead of sleeping. Parts are claimed one by one: a helper that gets no
// processor delays nobody.
//
// A worker that loses its processor in the middle of a part does delay the
// others, for milliseconds each time: on a crowded machine a team is slower
// than its leader alone. So a team whose workers wait too much ends itself,
// and the leader goes on alone.
type team struct {
	current atomic.Pointer[phase]
	ended   atomic.Bool // no more phases for the helpers
	stalled atomic.Bool // because of too much waiting
	leader  clock
}

// phase is one call of each.
type phase struct {
	n          int64
	f          func(worker, part int)
	next, done atomic.Int64
}

func newTeam(helpers int) *team {
	t := &team{}
	for worker := 1; worker <= helpers; worker++ {
		go t.help(worker)
	}
	return t
}

func (t *team) each(n int, f func(worker, part int)) {
	if t.stalled.Load() {
		solo{}.each(n, f)
		return
	}
	p := &phase{n: int64(n), f: f}
	t.current.Store(p)
	t.leader.work(func() { p.work(0) })
	t.leader.wait(t, func() bool { return p.done.Load() == p.n })
}

func (t *team) help(worker int) {
	var c clock
	var p *phase
	news := func() bool { return t.current.Load() != p || t.ended.Load() || t.stalled.Load() }
	for !t.ended.Load() {
		if p == nil {
			for t.current.Load() == nil && !t.ended.Load() {
				runtime.Gosched()
			}
		} else {
			c.wait(t, news)
		}
		if t.stalled.Load() {
			return
		}
		if p = t.current.Load(); p != nil {
			c.work(func() { p.work(worker) })
		}
	}
}

// end lets the helpers go. No part is running by then.
func (t *team) end() { t.ended.Store(true) }

// work claims and runs parts until none is left. On a phase that is over it
// does nothing.
func (p *phase) work(worker int) {
	for {
		part := p.next.Add(1) - 1
		if part >= p.n {
			return
		}
		p.f(worker, int(part))
		p.done.Add(1)
	}
}

// clock tells how one worker of a team has spent its time.
type clock struct{ worked, waited time.Duration }

// A team is stalled when a worker has waited longer than patience and a third
// of the time it worked. On an idle machine it is some 5 percent. Linux takes
// a processor away for some 3 ms.
const patience = 500 * time.Microsecond

func (c *clock) work(f func()) {
	start := time.Now()
	f()
	c.worked += time.Since(start)
}

// wait returns when done says so, at first looking all the time, then letting
// others run in between. It marks the team as stalled if it takes too long.
func (c *clock) wait(t *team, done func() bool) {
	start := time.Now()
	for spin := 0; !done(); spin++ {
		if spin > 100 {
			runtime.Gosched()
		}
		if spin%64 == 63 && c.waited+time.Since(start) > patience+c.worked/3 {
			t.stalled.Store(true)
		}
	}
	c.waited += time.Since(start)
}
