// Package pgvectortest makes indexes of any size up, and measures package
// pgvector on them: for the load tool and for benchmarks.
package pgvectortest

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"kiveileder/retriever/index"
	"kiveileder/retriever/lexical"
)

// A Size says how large a World is.
type Size struct {
	Passages  int
	Sentences int // of all passages together
	Questions int // of all passages together
	Dim       int // 384 when 0
}

// A World is a made-up corpus: texts of made-up words, some of them frequent,
// and vectors in clusters, as an embedder's are: all of them near one
// direction, and spread unevenly, so that the learned metric differs from the
// plain one. The same Size gives the same World.
type World struct {
	Entries []index.Entry

	size   Size
	words  []string
	mean   []float64
	spread []float64 // by dimension: standard deviation within a topic
	metric []float64 // by dimension: the learned one
}

// NewWorld makes one.
func NewWorld(size Size) *World {
	if size.Dim == 0 {
		size.Dim = 384
	}
	rng := rand.New(rand.NewPCG(2, 5))
	w := &World{size: size, mean: make([]float64, size.Dim), spread: make([]float64, size.Dim), metric: make([]float64, size.Dim)}
	variance := 0.0
	for k := range w.mean {
		w.mean[k] = rng.NormFloat64() / math.Sqrt(float64(size.Dim))
		// some directions vary ten times as much as others
		w.spread[k] = math.Pow(10, -rng.Float64()) * 0.5 / math.Sqrt(float64(size.Dim))
		variance += w.spread[k] * w.spread[k] / float64(size.Dim)
	}
	for k, s := range w.spread { // shrunk as the retriever's is
		w.metric[k] = variance / (0.75*s*s + 0.25*variance)
	}
	for range 30000 {
		w.words = append(w.words, word(rng))
	}
	topics := make([][]float64, max(1, size.Passages/50))
	for i := range topics {
		topics[i] = w.around(rng, w.mean, 1)
	}
	centres := make([][]float64, size.Passages)
	for p := range size.Passages {
		topic := rng.IntN(len(topics))
		centres[p] = w.around(rng, topics[topic], 0.7)
		w.add(index.PassageText, p, topic, w.text(rng, topic, 40+rng.IntN(80)), centres[p])
	}
	for _, of := range []struct {
		kind  index.Kind
		n     int
		near  float64
		words int
	}{{index.Sentence, size.Sentences, 0.4, 12}, {index.Question, size.Questions, 0.5, 9}} {
		for range of.n {
			p := rng.IntN(size.Passages)
			w.add(of.kind, p, p%len(topics), w.text(rng, p%len(topics), of.words), w.around(rng, centres[p], of.near))
		}
	}
	for _, of := range []struct {
		kind index.Kind
		n    int
	}{{index.Unanswered, 2000}, {index.Outside, 800}, {index.Intent, 400}} {
		for range of.n {
			topic := rng.IntN(len(topics))
			w.add(of.kind, topic, topic, w.text(rng, topic, 9), w.around(rng, topics[topic], 1))
		}
	}
	return w
}

// around gives a point near another.
func (w *World) around(rng *rand.Rand, at []float64, spread float64) []float64 {
	out := make([]float64, len(at))
	for k, x := range at {
		out[k] = x + spread*w.spread[k]*rng.NormFloat64()
	}
	return out
}

func (w *World) add(kind index.Kind, ref, topic int, text string, at []float64) {
	v := unit(at)
	length := 0.0
	for k, x := range v {
		d := float64(x) - w.mean[k]
		length += d * d * w.metric[k]
	}
	w.Entries = append(w.Entries, index.Entry{
		Kind: kind, Ref: int32(ref), Lang: "nb", Text: text, Vector: v, InvLen: float32(1 / math.Sqrt(length)),
	})
}

func unit(at []float64) []float32 {
	sum := 0.0
	for _, x := range at {
		sum += x * x
	}
	out := make([]float32, len(at))
	for k, x := range at {
		out[k] = float32(x / math.Sqrt(sum))
	}
	return out
}

// Query gives the i-th question: near some passage, with some of its words.
func (w *World) Query(i int) index.Query {
	rng := rand.New(rand.NewPCG(9, uint64(i)))
	e := &w.Entries[rng.IntN(w.size.Passages)]
	at := make([]float64, len(e.Vector))
	for k, x := range e.Vector {
		at[k] = float64(x)
	}
	raw := unit(w.around(rng, at, 0.8))
	dir, norm, offset := make([]float64, len(raw)), 0.0, 0.0
	for k, x := range raw {
		d := float64(x) - w.mean[k]
		dir[k] = d * w.metric[k]
		norm += d * dir[k]
	}
	q := index.Query{Probe: index.Probe{Raw: raw, Dir: make([]float32, len(raw))}, Most: 96}
	for k := range dir {
		q.Dir[k] = float32(dir[k] / math.Sqrt(norm))
		offset += float64(q.Dir[k]) * w.mean[k]
	}
	q.Offset = [2]float32{float32(offset), float32(offset)}
	ws := strings.Fields(e.Text)
	var asked []string
	for range 9 {
		asked = append(asked, ws[rng.IntN(len(ws))])
	}
	q.Terms = lexical.Terms(strings.Join(asked, " "))
	return q
}

// text gives words, frequent ones often, and every third one a topic's.
func (w *World) text(rng *rand.Rand, topic, n int) string {
	var b strings.Builder
	for i := range n {
		x := rng.Float64()
		at := int(float64(len(w.words)) * x * x * x * x)
		if i%3 == 0 {
			at = (topic*37 + rng.IntN(30)) % len(w.words)
		}
		b.WriteString(w.words[at])
		b.WriteByte(' ')
	}
	return b.String()
}

func word(rng *rand.Rand) string {
	var b strings.Builder
	for range 1 + rng.IntN(4) {
		b.WriteByte("bdfghjklmnprstv"[rng.IntN(15)])
		b.WriteByte("aeiouy"[rng.IntN(6)])
		if rng.IntN(2) == 0 {
			b.WriteByte("nrstl"[rng.IntN(5)])
		}
	}
	return b.String()
}

// Top gives the n passages that matches speak for most, best first: by the
// best of their entries, by meaning and letters alike.
func Top(ms []index.Match, n int) []int32 {
	best := map[int32]float32{}
	for _, m := range ms {
		if s, ok := best[m.Ref]; m.Kind.OfPassage() && (!ok || m.Cos+m.Grams > s) {
			best[m.Ref] = m.Cos + m.Grams
		}
	}
	out := make([]int32, 0, len(best))
	for p := range best {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b int32) int {
		return cmp.Or(cmp.Compare(best[b], best[a]), cmp.Compare(a, b))
	})
	return out[:min(n, len(out))]
}
