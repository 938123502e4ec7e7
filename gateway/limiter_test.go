package gateway_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kiveileder/gateway"
	"kiveileder/internal/stacktest"
)

// testLimiter is the suite of Limiters: of 60 a minute 20 may come at once.
func testLimiter(t *testing.T, open func(t *testing.T, name string, perMinute int) gateway.Limiter, real bool) {
	run := func(name string, test func(t *testing.T)) {
		t.Run(name, func(t *testing.T) {
			if real {
				t.Parallel()
				test(t)
				return
			}
			synctest.Test(t, test)
		})
	}
	// taken takes until nothing is left, and gives how much there was.
	taken := func(t *testing.T, l gateway.Limiter, client string) (n int, wait time.Duration) {
		for n < 1000 {
			if wait = l.Take(t.Context(), client); wait > 0 {
				return n, wait
			}
			n++
		}
		return n, 0
	}
	run("a third at once, then at an even pace", func(t *testing.T) {
		l := open(t, "a", 60)
		n, wait := taken(t, l, "192.0.2.1")
		if n != 20 || wait <= 0 || wait > time.Second {
			t.Errorf("took %d, then wait %v; want 20, at most 1s", n, wait)
		}
		if again := l.Take(t.Context(), "192.0.2.1"); again <= 0 || again > wait {
			t.Errorf("asking costs: wait %v, then %v", wait, again)
		}
		time.Sleep(wait + 5*time.Millisecond)
		if n, _ := taken(t, l, "192.0.2.1"); n != 1 {
			t.Errorf("after the wait took %d, want 1", n)
		}
		time.Sleep(2*time.Second + 5*time.Millisecond)
		if n, _ := taken(t, l, "192.0.2.1"); n != 2 {
			t.Errorf("after two seconds took %d, want 2", n)
		}
	})
	run("each client for itself, each name for itself", func(t *testing.T) {
		l, other := open(t, "a", 60), open(t, "b", 60)
		taken(t, l, "192.0.2.1")
		if n, _ := taken(t, l, "192.0.2.2"); n != 20 {
			t.Errorf("another client took %d", n)
		}
		if n, _ := taken(t, other, "192.0.2.1"); n != 20 {
			t.Errorf("of another name took %d", n)
		}
	})
	run("small and large", func(t *testing.T) {
		for perMinute, want := range map[int]int{1: 1, 2: 1, 3: 1, 4: 2, 6: 2, 7: 3} {
			l := open(t, fmt.Sprint(perMinute), perMinute)
			n, wait := taken(t, l, "192.0.2.1")
			interval := time.Minute / time.Duration(perMinute)
			if n != want || wait <= 0 || wait > interval {
				t.Errorf("of %d a minute took %d, then wait %v; want %d, at most %v", perMinute, n, wait, want, interval)
			}
		}
		if n, _ := taken(t, open(t, "large", 100_000_000), "192.0.2.1"); n != 1000 {
			t.Errorf("of a hundred million took %d", n)
		}
	})
	run("many at once take no more", func(t *testing.T) {
		l := open(t, "a", 60)
		var n atomic.Int32
		var wg sync.WaitGroup
		for range 40 {
			wg.Go(func() {
				if l.Take(t.Context(), "192.0.2.1") == 0 {
					n.Add(1)
				}
			})
		}
		wg.Wait()
		if n.Load() != 20 {
			t.Errorf("took %d, want 20", n.Load())
		}
	})
}

func TestMemoryLimiter(t *testing.T) {
	testLimiter(t, func(_ *testing.T, _ string, perMinute int) gateway.Limiter {
		return gateway.NewMemoryLimiter(perMinute)
	}, false)
}

func limits(t *testing.T, address, prefix string) func(string, int) gateway.Limiter {
	t.Helper()
	return gateway.RedisLimits(stacktest.OpenRedis(t, address, prefix), []byte("secret"))
}

func TestRedisLimiter(t *testing.T) {
	testLimiter(t, func(t *testing.T, name string, perMinute int) gateway.Limiter {
		address, prefix := stacktest.Redis(t)
		return limits(t, address, prefix)(name, perMinute)
	}, true)
}

// Replicas count together, and what they count by tells nobody's address.
func TestRedisLimiterTogether(t *testing.T) {
	address, prefix := stacktest.Redis(t)
	a, b := limits(t, address, prefix)("a", 60), limits(t, address, prefix)("a", 60)
	n := 0
	for i := range 40 {
		if []gateway.Limiter{a, b}[i%2].Take(t.Context(), "192.0.2.1") == 0 {
			n++
		}
	}
	if n != 20 {
		t.Errorf("took %d, want 20", n)
	}
	c := stacktest.OpenRedis(t, address, prefix)
	keys, err := c.Do(t.Context(), "keys", prefix+"limit:*").StringSlice()
	if err != nil || len(keys) != 1 || strings.Contains(keys[0], "192") {
		t.Errorf("keys %q, %v", keys, err)
	}
	// a clock that was set back locks nobody out
	if err := c.Set(t.Context(), keys[0], float64(time.Now().Add(time.Hour).UnixMicro()), time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	fresh := limits(t, address, prefix)("a", 60)
	if wait := fresh.Take(t.Context(), "192.0.2.1"); wait <= 0 || wait > time.Second {
		t.Errorf("wait %v", wait)
	}
}

func TestRedisLimiterWithout(t *testing.T) {
	address, prefix := stacktest.Redis(t)
	through, fault := stacktest.Proxy(t, address)
	l := limits(t, through, prefix)("a", 60)
	count := func() (n int) {
		for range 40 {
			start := time.Now()
			if l.Take(t.Context(), "192.0.2.1") == 0 {
				n++
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		}
		return n
	}
	stacktest.Silent.Spoil(fault)
	if n := count(); n != 20 {
		t.Errorf("without Redis took %d, want 20", n)
	}
	fault.Mend()
	time.Sleep(1500 * time.Millisecond)
	if n := count(); n != 20 && n != 21 { // what was taken while it was away, Redis does not know
		t.Errorf("mended: took %d, want 20", n)
	}
}
