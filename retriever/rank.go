package retriever

import (
	"math"
	"math/rand/v2"
)

// Weights turn features into a score: the log-odds, up to a constant of the
// query, that the passage answers it. A passage with questions and one without
// have weights of their own, learned together so that their scores compete
// fairly: while learning, whole documents lose their questions in turn.
type Weights struct {
	Bank [nFeatures]float32 // for a passage with questions
	Text [nFeatures]float32 // for a passage without; zero behind onlyText
}

// reserve is by how much a passage without questions stands back. While
// learning, half of the documents that lose their questions are the ones asked
// about; in use that is rare. Measured with each document's questions taken
// away in turn, as hit@3 of the questions to it and to the others: 0 gives .74
// and .86, 1 gives .69 and .92, 2 gives .62 and .95, 3 gives .56 and .96, 4
// gives .46 and .96. With all questions there it is .96.
const reserve float32 = 2.3

func (w *Weights) score(f *features, bank bool) float32 {
	ws, s := &w.Text, float32(0)
	if bank {
		ws = &w.Bank
	}
	for i, x := range f {
		s += ws[i] * x
	}
	return s
}

// A sample is one question of the bank as a query: the passages that it meets
// with their features, its own entry left out.
type sample struct {
	met  []scored
	gold int // in met: the passage that answers
}

// learnWeights fits the weights by gradient descent (Adam) on the listwise
// likelihood that the right passage stands first among all. docOf gives each
// passage's document; hideShare is the share of samples in which documents
// lose their questions. The result is the same for the same samples.
func learnWeights(samples []sample, docOf []int, docs int, epochs int) *Weights {
	const (
		rate      = 0.10
		batch     = 64
		l2        = 1e-5
		hideShare = 0.35
	)
	rng := rand.New(rand.NewPCG(7, 11))
	w := &Weights{}
	for i := range w.Bank {
		w.Bank[i] = 1
		if i < onlyText {
			w.Text[i] = 1
		}
	}
	var m, v, g [2 * nFeatures]float64
	step := 0
	steps := epochs * ((len(samples) + batch - 1) / batch)
	order := rng.Perm(len(samples))
	score := []float64{}
	hidden := make([]bool, docs)
	for range epochs {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for from := 0; from < len(order); from += batch {
			clear(g[:])
			for _, si := range order[from:min(from+batch, len(order))] {
				s := &samples[si]
				clear(hidden)
				if rng.Float64() < hideShare {
					// the document asked about, or another one, has no bank
					hidden[docOf[s.met[s.gold].passage]] = rng.IntN(2) == 0
					hidden[rng.IntN(docs)] = true
				}
				score = score[:0]
				top := math.Inf(-1)
				for p := range s.met {
					m := &s.met[p]
					x := float64(w.score(&m.f, m.bank && !hidden[docOf[m.passage]]))
					score = append(score, x)
					top = math.Max(top, x)
				}
				all := 0.0
				for p, x := range score {
					score[p] = math.Exp(x - top)
					all += score[p]
				}
				for p, x := range score {
					d := x / all
					if p == s.gold {
						d--
					}
					if math.Abs(d) < 1e-5 {
						continue
					}
					base := 0
					if m := &s.met[p]; !m.bank || hidden[docOf[m.passage]] {
						base = nFeatures
					}
					n := nFeatures
					if base > 0 {
						n = onlyText
					}
					for i := range n {
						g[base+i] += d * float64(s.met[p].f[i])
					}
				}
			}
			step++
			for i := range g {
				wi := &w.Bank[i%nFeatures]
				if i >= nFeatures {
					wi = &w.Text[i-nFeatures]
					if i-nFeatures >= onlyText {
						continue
					}
				}
				gi := g[i]/batch + l2*float64(*wi)
				m[i] = 0.9*m[i] + 0.1*gi
				v[i] = 0.999*v[i] + 0.001*gi*gi
				mh := m[i] / (1 - math.Pow(0.9, float64(step)))
				vh := v[i] / (1 - math.Pow(0.999, float64(step)))
				left := 1 - float64(step-1)/float64(steps) // the rate falls to nothing
				*wi -= float32(rate * left * mh / (math.Sqrt(vh) + 1e-8))
			}
		}
	}
	return w
}
