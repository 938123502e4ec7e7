package gateway

import (
	"context"
	"sync"
	"time"

	"kiveileder/gateway/ws"
)

// While events do not come, every feed looks into the store once in
// lookInterval, and once when they come again; spread over lookSpread.
const lookInterval, lookSpread = 15 * time.Second, 5 * time.Second

// watch passes on what is told of conversations that somebody here is in,
// until the service ends. That events may be lost does no harm: what they tell
// of is in the store.
func (g *Gateway) watch() {
	if g.Events == nil {
		return
	}
	var mu sync.Mutex // guards looking
	var looking *time.Timer
	stop := g.Events.Subscribe(g.hub.has, g.hub.publish, func(up bool) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case up && looking != nil:
			looking.Stop()
			looking = nil
			g.lookAll()
		case up:
			g.lookAll()
		case looking == nil:
			looking = time.AfterFunc(lookInterval, func() {
				mu.Lock()
				defer mu.Unlock()
				if looking != nil && g.base.Err() == nil {
					g.lookAll()
					looking.Reset(lookInterval)
				}
			})
		}
	})
	context.AfterFunc(g.base, stop)
}

// lookAll lets every feed look, spread over time, so that the store is not
// asked by all in one moment.
func (g *Gateway) lookAll() {
	feeds := g.hub.all()
	spread := min(lookSpread, time.Duration(len(feeds))*perSocket)
	for _, f := range feeds {
		time.AfterFunc(ws.Jitter(spread), f.look)
	}
}
