package gateway

import (
	"context"
	"slices"
	"time"
)

// Once in lookInterval feeds look into the store, spread over lookSpread: all
// of them while events do not come, and once when they come again; else those
// whose client waits for an answer, which who made it may not have been able to
// tell of.
const lookInterval, lookSpread = 15 * time.Second, 5 * time.Second

// watch passes on what is told of conversations that somebody here is in,
// until the service ends. That events may be lost does no harm: what they tell
// of is in the store.
func (g *Gateway) watch() {
	if g.Events == nil {
		return
	}
	stop := g.Events.Subscribe(g.wants, g.heard, func(up bool) {
		if g.hears.Store(up); !up {
			g.looks.none.Purge() // somebody may hand over now and nobody tells
			return
		}
		g.lookAll(true)
		g.lookAtAllCases(true)
		g.desk.missed()
	})
	context.AfterFunc(g.base, stop)
	var again func()
	again = func() {
		if g.base.Err() == nil {
			if g.lookAll(!g.hears.Load()); !g.hears.Load() {
				g.lookAtAllCases(false)
			}
			time.AfterFunc(lookInterval, again)
		}
	}
	time.AfterFunc(lookInterval, again)
}

// lookAll lets every feed look, or those that wait, spread over time, so that
// the store is not asked by all in one moment.
func (g *Gateway) lookAll(all bool) {
	feeds := g.hub.all()
	if !all {
		feeds = slices.DeleteFunc(feeds, func(f *feed) bool { return !f.waits() })
	}
	spread := min(lookSpread, time.Duration(len(feeds))*perSocket)
	for _, f := range feeds {
		f.lookWithin(spread)
	}
}
