package bus_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/gateway/bus"
	"kiveileder/gateway/bus/bustest"
	"kiveileder/internal/stacktest"
)

// How long an event with an answer is under way, from Publish to the last of
// the subscribers who want it.
func BenchmarkPublishToTake(b *testing.B) {
	answer := &kiveileder.Answer{Lead: "Kildene sier:"}
	for range 3 {
		answer.Citations = append(answer.Citations, kiveileder.Citation{Quote: string(make([]byte, 900)), Title: "Avklare formål"})
	}
	e := kiveileder.Event{Key: "k", Entry: &kiveileder.Entry{Offset: 2, ID: "m", ReplyTo: 1, Thread: 1, Answer: answer}}
	for _, c := range []struct {
		name string
		open func(b *testing.B) (from, to bus.Bus)
	}{
		{"memory", func(*testing.B) (bus.Bus, bus.Bus) { m := bus.NewMemory(); return m, m }},
		{"redis", func(b *testing.B) (bus.Bus, bus.Bus) {
			address, prefix := stacktest.Redis(b)
			return open(b, address, prefix), open(b, address, prefix)
		}},
	} {
		for _, subscribers := range []int{1, 1000} {
			b.Run(fmt.Sprintf("%s/%d", c.name, subscribers), func(b *testing.B) {
				from, to := c.open(b)
				var wg sync.WaitGroup
				bustest.Listen(b, to, func(string) bool { return false })
				for range subscribers {
					b.Cleanup(to.Subscribe(nil, func(kiveileder.Event) { wg.Done() }, nil))
				}
				var took []time.Duration
				for b.Loop() {
					wg.Add(subscribers)
					start := time.Now()
					if err := from.Publish(b.Context(), e); err != nil {
						b.Fatal(err)
					}
					wg.Wait()
					took = append(took, time.Since(start))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
				b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
			})
		}
	}
}
