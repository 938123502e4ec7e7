package gateway

import (
	"context"
	"slices"
	"sync/atomic"
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
	var come atomic.Bool
	stop := g.Events.Subscribe(g.hub.has, g.hub.publish, func(up bool) {
		if come.Store(up); up {
			g.lookAll(true)
		}
	})
	context.AfterFunc(g.base, stop)
	var again func()
	again = func() {
		if g.base.Err() == nil {
			g.lookAll(!come.Load())
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
