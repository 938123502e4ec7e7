package conversationtest

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/services/conversation"
)

// Bench measures what is done most often. open gives an empty store, which it
// closes when the benchmark ends.
func Bench(b *testing.B, open func(b *testing.B) conversation.Store) {
	for _, c := range []struct {
		name  string
		bench func(b *testing.B, s conversation.Store)
	}{
		{"Add", benchAdd},
		{"AddTurn", benchAddTurn},
		{"AddFrom32", benchAddFrom32},
		{"Read20", benchRead20},
		{"Before", benchBefore},
	} {
		b.Run(c.name, func(b *testing.B) { c.bench(b, open(b)) })
	}
}

func question(n int64) kiveileder.Entry {
	return kiveileder.Entry{ID: fmt.Sprint(n), At: time.Now(), Text: "Må vi søke REK?"}
}

// answerTo gives an answer that is about as large as answers are.
func answerTo(m kiveileder.Entry) kiveileder.Entry {
	a := &kiveileder.Answer{Status: kiveileder.Answered, Lead: "Dette sier kildene."}
	for range kiveileder.MaxCitations {
		a.Citations = append(a.Citations, kiveileder.Citation{
			Source: "veiledning", Passage: "veiledning/rek-a1b2", Title: "Veiledning om formål", Section: []string{"Formål", "Helseforskning"},
			Quote: strings.Repeat("«Dei må søkje om førehandsgodkjenning.» ", 15), URL: "/kilder/veiledning#rek-a1b2",
		})
	}
	return kiveileder.Entry{ID: m.ID, At: m.At, ReplyTo: m.Offset, Thread: m.Offset, Answer: a}
}

func addTurn(b *testing.B, s conversation.Store, key string, n int64) {
	m, _, err := s.Add(b.Context(), key, question(n))
	if err != nil {
		b.Fatal(err)
	}
	if _, _, err := s.Add(b.Context(), key, answerTo(m)); err != nil {
		b.Fatal(err)
	}
}

func benchAdd(b *testing.B, s conversation.Store) {
	for n := int64(0); b.Loop(); n++ {
		if _, _, err := s.Add(b.Context(), fmt.Sprint(n/500), question(n)); err != nil {
			b.Fatal(err)
		}
	}
}

func benchAddTurn(b *testing.B, s conversation.Store) {
	for n := int64(0); b.Loop(); n++ {
		addTurn(b, s, fmt.Sprint(n/250), n)
	}
}

func benchAddFrom32(b *testing.B, s conversation.Store) {
	var n atomic.Int64
	b.SetParallelism(32 / runtime.GOMAXPROCS(0))
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			i := n.Add(1)
			if _, _, err := s.Add(b.Context(), fmt.Sprint(i%32, " ", i/16_000), question(i)); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func benchRead20(b *testing.B, s conversation.Store) {
	for n := range int64(100) {
		addTurn(b, s, "k", n)
	}
	for b.Loop() {
		if got, err := s.Read(b.Context(), "k", 90, 20); err != nil || len(got.Entries) != 20 {
			b.Fatal(len(got.Entries), err)
		}
	}
}

func benchBefore(b *testing.B, s conversation.Store) {
	for n := range int64(50) {
		addTurn(b, s, "k", n)
	}
	for b.Loop() {
		if ms, last, err := s.Before(b.Context(), "k", 99, 6); err != nil || len(ms) != 6 || last == nil {
			b.Fatal(len(ms), err)
		}
	}
}
