package e5

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// maxWindows bounds the work for one text. A longer text, beyond about 14,000
// characters, is judged by this many windows spread evenly over it: the mean
// of more would hardly move, and no caller can keep the processors busy for
// minutes with one string.
const maxWindows = 8

// window is a piece of a text that the model reads at once.
type window struct {
	text int       // index of the text
	ids  []int32   // with the begin and end marks
	mean []float32 // the result, not normalised
}

// windows cuts the tokens of one text into windows of equal reach; the last
// may be shorter. There is always at least one.
func (m *Model) windows(text int, ids []int32) []window {
	size := m.head.positions - 2
	n := max(1, (len(ids)+size-1)/size)
	var out []window
	for i := range min(n, maxWindows) {
		at := i
		if n > maxWindows {
			at = i * (n - 1) / (maxWindows - 1) // the first and the last are always read
		}
		part := ids[at*size : min(len(ids), (at+1)*size)]
		framed := make([]int32, 0, len(part)+2)
		framed = append(framed, int32(m.head.bos))
		framed = append(framed, part...)
		framed = append(framed, int32(m.head.eos))
		out = append(out, window{text: text, ids: framed})
	}
	return out
}

// runAll fills in the means. A lone window is spread over the processors that
// are free; several run side by side, which needs no waiting for each other.
func (m *Model) runAll(ctx context.Context, all []window) error {
	if len(all) == 1 {
		return m.runAlone(ctx, &all[0])
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(len(all), cap(m.slots)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(all); i = next.Add(1) - 1 {
				if m.runOne(ctx, &all[i]) != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return ctx.Err() // nothing else stops a window
}

func (m *Model) runOne(ctx context.Context, w *window) error {
	if err := m.acquire(ctx); err != nil {
		return err
	}
	defer m.release(1)
	return m.forward(ctx, w, solo{})
}

func (m *Model) runAlone(ctx context.Context, w *window) error {
	if err := m.acquire(ctx); err != nil {
		return err
	}
	n := 1
	for n < maxHelpers+1 && !m.crowded() && m.tryAcquire() {
		n++
	}
	defer m.release(n)
	if n == 1 {
		return m.forward(ctx, w, solo{})
	}
	t := newTeam(n - 1)
	defer t.end()
	err := m.forward(ctx, w, t)
	if t.stalled.Load() {
		m.crowdedSince.Store(time.Now().UnixNano())
	}
	return err
}

// crowdedFor is how long queries stay on one processor after a team stalled.
const crowdedFor = 500 * time.Millisecond

func (m *Model) crowded() bool {
	return time.Now().UnixNano()-m.crowdedSince.Load() < int64(crowdedFor)
}

func (m *Model) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case m.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *Model) tryAcquire() bool {
	select {
	case m.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

func (m *Model) release(n int) {
	for range n {
		<-m.slots
	}
}
