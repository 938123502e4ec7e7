package main

import (
	"context"
	"fmt"
	"time"
)

// idle measures what sockets cost that say nothing.
func idle(ctx context.Context, b *bench) error {
	w, err := b.world(ctx, 1)
	if err != nil {
		return err
	}
	defer w.stop()
	p, err := startPeer(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	fmt.Fprintf(b.out, "  %-34s %10s %12s %12s\n", "", "KB each", "after GC", "cores")
	ours, err := b.watch(ctx, "conversation open", w.gateways, true, w.services...)
	if err != nil {
		return err
	}
	bare, err := b.watch(ctx, "bare echo, library defaults", []*server{p}, false)
	if err != nil {
		return err
	}
	b.figure(figure{what: fmt.Sprintf("idle socket, RSS each of %d", b.sockets), value: max(ours.fresh, ours.settled), unit: "KB", goal: 12, peer: "bare echo", than: max(bare.fresh, bare.settled)})
	b.figure(figure{what: fmt.Sprintf("%d idle sockets", b.sockets), value: ours.cores, unit: "cores", peer: "bare echo", than: bare.cores})
	return nil
}

// forcedGC is how long the runtime waits at most between collections.
const forcedGC = 2*time.Minute + 10*time.Second

// A watched is what idle sockets cost: KB each when they are new and after a
// collection, and processors altogether.
type watched struct{ fresh, settled, cores float64 }

// watch opens sockets to servers in turn. What others grow by is printed.
func (b *bench) watch(ctx context.Context, name string, to []*server, open bool, others ...*server) (watched, error) {
	time.Sleep(2 * time.Second) // what starting left behind is collected
	before, behind := rss(to), rss(others)
	clients, err := fleet(ctx, sockets(to), b.sockets, open, "")
	if err != nil {
		return watched{}, err
	}
	defer part(clients)
	for _, c := range clients {
		go c.listen()
	}
	time.Sleep(5 * time.Second)
	each := func(rss, before float64) float64 { return (rss - before) / float64(b.sockets) }
	x := watched{fresh: each(rss(to), before)}
	used := cpu(to)
	time.Sleep(b.idle)
	x.cores = (cpu(to) - used).Seconds() / b.idle.Seconds()
	time.Sleep(max(0, forcedGC-b.idle))
	x.settled = each(rss(to), before)
	fmt.Fprintf(b.out, "  %-34s %10.1f %12.1f %12.3f\n", fmt.Sprintf("%d, %s", b.sockets, name), x.fresh, x.settled, x.cores)
	if len(others) > 0 {
		fmt.Fprintf(b.out, "  %-34s %10s %12.1f\n", "  the services beside", "", each(rss(others), behind))
	}
	return x, ctx.Err()
}
