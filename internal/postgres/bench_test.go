package postgres_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/internal/postgres"
	"kiveileder/internal/stacktest"
)

// bigAnswer is about as large as answers are.
func bigAnswer() *kiveileder.Answer {
	a := &kiveileder.Answer{Status: kiveileder.Answered, Lead: "Dette sier kildene."}
	for range kiveileder.MaxCitations {
		a.Citations = append(a.Citations, kiveileder.Citation{
			Source: "veiledning", Passage: "veiledning/rek-a1b2", Title: "Veiledning om formål", Section: []string{"Formål", "Helseforskning"},
			Quote: strings.Repeat("«Dei må søkje om førehandsgodkjenning.» ", 15), URL: "/kilder/veiledning#rek-a1b2",
		})
	}
	return a
}

func BenchmarkAdd(b *testing.B) {
	c := open(b, stacktest.Postgres(b)).Conversations()
	n := 0
	for b.Loop() {
		if _, _, err := c.Add(b.Context(), fmt.Sprint(n/500), kiveileder.Entry{ID: fmt.Sprint(n), At: time.Now(), Text: "Må vi søke REK?"}); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

func BenchmarkAddTurn(b *testing.B) {
	c := open(b, stacktest.Postgres(b)).Conversations()
	n := 0
	for b.Loop() {
		key := fmt.Sprint(n / 250)
		m, _, err := c.Add(b.Context(), key, kiveileder.Entry{ID: fmt.Sprint(n), At: time.Now(), Text: "Må vi søke REK?"})
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := c.Add(b.Context(), key, kiveileder.Entry{ID: m.ID, At: m.At, ReplyTo: m.Offset, Thread: m.Offset, Answer: bigAnswer()}); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

func BenchmarkAddFrom32(b *testing.B) {
	c := openWith(b, postgres.Config{URL: stacktest.Postgres(b), MaxConns: 10}).Conversations()
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
	c := open(b, stacktest.Postgres(b)).Conversations()
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

func BenchmarkBefore(b *testing.B) {
	c := open(b, stacktest.Postgres(b)).Conversations()
	for i := range int64(50) {
		m := kiveileder.Entry{ID: fmt.Sprint(i), At: time.Now(), Text: "Må vi søke REK?"}
		a := kiveileder.Entry{ID: m.ID, At: m.At, ReplyTo: 2*i + 1, Thread: 2*i + 1, Answer: bigAnswer()}
		for _, e := range []kiveileder.Entry{m, a} {
			if _, _, err := c.Add(b.Context(), "k", e); err != nil {
				b.Fatal(err)
			}
		}
	}
	for b.Loop() {
		if ms, last, err := c.Before(b.Context(), "k", 99, 6); err != nil || len(ms) != 6 || last == nil {
			b.Fatal(len(ms), err)
		}
	}
}
