package conversation_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/internal/stacktest"
	"kiveileder/services/conversation"
)

// While a replica does not reach Redis, it goes on from the store; when it
// does again, the others hear what it has changed.
func TestHistoryFaults(t *testing.T) {
	address, prefix := stacktest.Redis(t)
	for _, w := range []stacktest.Way{stacktest.Cut, stacktest.Slow(2 * time.Second), stacktest.Deaf, stacktest.Reset, stacktest.Half(20)} {
		t.Run(w.Name, func(t *testing.T) {
			t.Parallel()
			through, fault := stacktest.Proxy(t, address)
			memory := conversation.NewMemory("e1")
			near := conversation.Cached(memory, redisHistory(t, through, prefix+w.Name), nil)
			far := conversation.Cached(memory, redisHistory(t, address, prefix+w.Name), nil)
			n := int64(0)
			add := func() {
				t.Helper()
				start := time.Now()
				n++
				if _, added, err := near.Add(t.Context(), "k", kiveileder.Entry{ID: fmt.Sprint("m", n)}); err != nil || !added {
					t.Fatalf("added %v, %v", added, err)
				}
				if took := time.Since(start); took > 5*time.Second {
					t.Errorf("adding took %v", took)
				}
			}
			top := func(s conversation.Store) int64 {
				t.Helper()
				start := time.Now()
				got, err := s.Read(t.Context(), "k", 0, 1000)
				if err != nil || int64(len(got.Entries)) != got.Top {
					t.Fatalf("%d entries of %d, %v", len(got.Entries), got.Top, err)
				}
				if took := time.Since(start); took > 5*time.Second {
					t.Errorf("reading took %v", took)
				}
				return got.Top
			}
			for range 3 {
				add()
				if a, b := top(near), top(far); a != n || b != n {
					t.Fatalf("%d and %d entries, want %d", a, b, n)
				}
			}
			w.Spoil(fault)
			for range 20 {
				add()
				if got := top(near); got != n {
					t.Fatalf("%d entries, want %d", got, n)
				}
			}
			fault.Mend()
			for end := time.Now().Add(30 * time.Second); top(far) != n; time.Sleep(5 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("%d entries elsewhere, want %d", top(far), n)
				}
			}
			time.Sleep(1500 * time.Millisecond) // it is back by then at the latest
			for range 3 {
				add()
				if a, b := top(near), top(far); a != n || b != n {
					t.Fatalf("mended: %d and %d entries, want %d", a, b, n)
				}
			}
		})
	}
}

// How long those who come back wait: 200 who are at the end, and one who has
// missed ten answers.
func BenchmarkHistory(b *testing.B) {
	address, prefix := stacktest.Redis(b)
	for name, h := range map[string]conversation.History{
		"memory": conversation.NewMemoryHistory(1000, nil),
		"redis":  redisHistory(b, address, prefix),
	} {
		s := conversation.Cached(conversation.NewMemory("e1"), h, nil)
		for i := range 10 {
			m, _, err := s.Add(b.Context(), "k", kiveileder.Entry{ID: fmt.Sprint(i)})
			if err != nil {
				b.Fatal(err)
			}
			if _, _, err := s.Add(b.Context(), "k", kiveileder.Entry{ID: m.ID, ReplyTo: m.Offset, Answer: &kiveileder.Answer{Lead: strings.Repeat("søknad til REK ", 130)}}); err != nil {
				b.Fatal(err)
			}
		}
		for after, what := range map[int64]string{20: "at the end", 0: "ten answers"} {
			b.Run(name+"/"+what, func(b *testing.B) {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if _, err := s.Read(b.Context(), "k", after, 200); err != nil {
							b.Error(err)
						}
					}
				})
			})
		}
		b.Run(name+"/add", func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if _, _, err := s.Add(b.Context(), fmt.Sprint(i), kiveileder.Entry{ID: "m"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
