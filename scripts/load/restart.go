package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// askers is how many people ask while processes are stopped and started.
const askers = 10

// restart stops and starts every process in turn while people ask, as a new
// version is brought out, and measures how long they waited. Nothing may be lost
// and nothing shown twice.
func restart(ctx context.Context, b *bench) error {
	qs, err := readQuestions(b.file)
	if err != nil {
		return err
	}
	w, err := b.world(ctx, 2)
	if err != nil {
		return err
	}
	defer w.stop()
	talk, enough := context.WithCancel(ctx)
	defer enough()
	people := make([]*asker, askers)
	var wg sync.WaitGroup
	for i := range people {
		people[i] = &asker{urls: sockets(w.gateways), at: i}
		wg.Go(func() {
			people[i].talk(ctx, talk, func(n int) string { return qs[(i*7+n)%len(qs)] }) // soon they are repeated ones
		})
	}
	time.Sleep(3 * time.Second) // all are under way
	for _, s := range w.all() {
		begin := time.Now()
		s.stop()
		stopped := time.Since(begin)
		if err := s.start(ctx); err != nil {
			return err
		}
		fmt.Fprintf(b.out, "  %-10s stopped in %.2f s, ready again after %.2f s\n", s.name, stopped.Seconds(), time.Since(begin).Seconds())
		time.Sleep(3 * time.Second) // as who brings out a version waits
	}
	enough()
	wg.Wait()
	var waited times
	lost, doubled, back, answered := 0, 0, 0, 0
	for _, p := range people {
		if err := p.settle(ctx, w.gateways[0]); err != nil {
			return err
		}
		waited = append(waited, p.waited...)
		lost, doubled, back, answered = lost+p.lost, doubled+p.doubled, back+p.back, answered+len(p.waited)
	}
	slices.Sort(waited)
	fmt.Fprintf(b.out, "  %d people, %d processes restarted: %d answers, came back %d times, lost %d, doubled %d\n", askers, len(w.all()), answered, back, lost, doubled)
	slowest := slices.MaxFunc(people, func(x, y *asker) int { return cmp.Compare(x.most, y.most) })
	fmt.Fprintf(b.out, "  the longest wait: %s\n", strings.Join(slowest.longest, "; "))
	heads(b.out, "")
	row(b.out, "from question to answer", waited, 0)
	b.figure(figure{what: "rolling restart: longest wait for an answer", value: waited.at(1) / 1e3, unit: "s"})
	b.figure(figure{what: "rolling restart: messages or answers lost", value: float64(lost), unit: none})
	b.figure(figure{what: "rolling restart: shown or stored twice", value: float64(doubled), unit: none})
	return nil
}
