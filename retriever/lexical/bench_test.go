package lexical

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// BenchmarkScore scores made-up questions against 25,000 made-up texts, the
// size of the built-in bank.
func BenchmarkScore(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	words := make([]string, 4000)
	for i := range words {
		for range 2 + rng.IntN(4) {
			words[i] += string("bdfghjklmnprstv"[rng.IntN(15)]) + string("aeiouy"[rng.IntN(6)])
		}
	}
	text := func(n int) string {
		var ws []string
		for range n {
			// frequent words are much more frequent, as in any language
			ws = append(ws, words[int(float64(len(words))*rng.Float64()*rng.Float64()*rng.Float64())])
		}
		return strings.Join(ws, " ")
	}
	x := NewIndex()
	for range 25000 {
		x.Add(Terms(text(9)))
	}
	qs := make([][]string, 64)
	for i := range qs {
		qs[i] = Terms(text(10))
	}
	scores := make([]float32, x.Len())
	b.Run(fmt.Sprint(x.Len()), func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			x.Score(qs[i%len(qs)], scores)
		}
	})
}
