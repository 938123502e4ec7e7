package sqlite

import (
	"fmt"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"kiveileder"
)

// bigAnswer is about as large as answers are.
func bigAnswer() *kiveileder.Answer {
	a := &kiveileder.Answer{Status: kiveileder.Answered, Lead: "Dette sier kildene."}
	for range kiveileder.MaxCitations {
		a.Citations = append(a.Citations, kiveileder.Citation{
			Source: "veiledning", Passage: "veiledning/rek-a1b2", Title: "Veiledning om formål", Section: []string{"Formål", "Helseforskning"},
			Quote: fmt.Sprintf("%0600d", 1), URL: "/kilder/veiledning#rek-a1b2",
		})
	}
	return a
}

func BenchmarkAdd(b *testing.B) {
	c := openFile(b, filepath.Join(b.TempDir(), "kiveileder.db")).Conversations()
	n := 0
	for b.Loop() {
		if _, _, err := c.Add(b.Context(), fmt.Sprint(n/500), kiveileder.Entry{ID: fmt.Sprint(n), At: time.Now(), Text: "Må vi søke REK?"}); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

func BenchmarkAddFrom32(b *testing.B) {
	c := openFile(b, filepath.Join(b.TempDir(), "kiveileder.db")).Conversations()
	var n atomic.Int64
	b.SetParallelism(32 / runtime.GOMAXPROCS(0))
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			i := n.Add(1)
			if _, _, err := c.Add(b.Context(), fmt.Sprint(i%32, " ", i/16_000), kiveileder.Entry{ID: fmt.Sprint(i), At: time.Now(), Text: "Må vi søke REK?"}); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkRead20(b *testing.B) {
	c := openFile(b, filepath.Join(b.TempDir(), "kiveileder.db")).Conversations()
	for i := range int64(100) {
		m := kiveileder.Entry{ID: fmt.Sprint(i), At: time.Now(), Text: "Må vi søke REK?"}
		a := kiveileder.Entry{ID: m.ID, At: m.At, ReplyTo: 2*i + 1, Thread: 2*i + 1, Answer: bigAnswer()}
		for _, e := range []kiveileder.Entry{m, a} {
			if _, _, err := c.Add(b.Context(), "k", e); err != nil {
				b.Fatal(err)
			}
		}
	}
	for b.Loop() {
		if s, err := c.Read(b.Context(), "k", 90, 20); err != nil || len(s.Entries) != 20 {
			b.Fatal(len(s.Entries), err)
		}
	}
}
