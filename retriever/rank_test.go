package retriever

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// madeUpSamples gives queries over six passages of two documents, the last
// passage without questions. The questions' similarity tells the right one,
// the text's a little, and the n-grams mislead.
func madeUpSamples(n int) []sample {
	rng := rand.New(rand.NewPCG(3, 4))
	noise := func() float32 { return 0.1 * float32(rng.NormFloat64()) }
	var out []sample
	for range n {
		s := sample{gold: rng.IntN(6)}
		for p := range 6 {
			m := scored{passage: p, bank: p < 5}
			m.f[fBias] = 1
			m.f[fPassage] = 0.3 + noise()
			m.f[fGrams] = 0.3 + noise()
			if m.bank {
				m.f[fBest] = 0.4 + noise()
			}
			if p == s.gold {
				m.f[fPassage] += 0.3
				m.f[fGrams] -= 0.2
				if m.bank {
					m.f[fBest] += 0.5
				}
			}
			s.met = append(s.met, m)
		}
		out = append(out, s)
	}
	return out
}

var madeUpDocs = []int{0, 0, 0, 1, 1, 1}

func firstRight(w *Weights, samples []sample) int {
	n := 0
	for _, s := range samples {
		best := 0
		for p := range s.met {
			if w.score(&s.met[p].f, s.met[p].bank) > w.score(&s.met[best].f, s.met[best].bank) {
				best = p
			}
		}
		if best == s.gold {
			n++
		}
	}
	return n
}

func TestLearnWeights(t *testing.T) {
	samples := madeUpSamples(900)
	train, test := samples[:600], samples[600:]
	w := learnWeights(train, madeUpDocs, 2, 12)
	if got := firstRight(w, test); got < 270 {
		t.Errorf("right passage first for %d of %d", got, len(test))
	}
	even := &Weights{}
	for i := range even.Bank {
		even.Bank[i] = 1
		if i < onlyText {
			even.Text[i] = 1
		}
	}
	if before := firstRight(even, test); before >= 270 {
		t.Errorf("even weights already get %d of %d: the test tells nothing", before, len(test))
	}
	if w.Bank[fBest] <= w.Bank[fGrams] || w.Text[fPassage] <= w.Text[fGrams] {
		t.Errorf("weights %+v: want those of what tells above those of what misleads", w)
	}
	for i := onlyText; i < nFeatures; i++ {
		if w.Text[i] != 0 {
			t.Errorf("weight %d of a passage without questions is %v, want none", i, w.Text[i])
		}
	}
}

func TestLearnWeightsIsDeterministic(t *testing.T) {
	a := learnWeights(madeUpSamples(200), madeUpDocs, 2, 4)
	b := learnWeights(madeUpSamples(200), madeUpDocs, 2, 4)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
}

func TestBest(t *testing.T) {
	for _, c := range []struct {
		in   []float32
		top  [nearest]float32
		mean float32
	}{
		{nil, [nearest]float32{}, 0},
		{[]float32{.25}, [nearest]float32{.25}, .25},
		{[]float32{.25, .75}, [nearest]float32{.75, .25}, .5},
		{[]float32{1, 5, 2, 4, 3, 6}, [nearest]float32{6, 5, 4, 3}, 4.5},
		{[]float32{-1, -2}, [nearest]float32{-1, -2}, -1.5},
		{[]float32{2, 2, 2, 2, 2}, [nearest]float32{2, 2, 2, 2}, 2},
	} {
		var b best
		for _, x := range c.in {
			b.add(x)
		}
		if b.top != c.top || b.mean() != c.mean {
			t.Errorf("%v: best %v with mean %v, want %v with %v", c.in, b.top, b.mean(), c.top, c.mean)
		}
	}
}
