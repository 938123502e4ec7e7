package retriever

import (
	"math"
	"math/rand/v2"
	"slices"
)

type judged struct {
	c      clues
	class  int
	right  bool // covered, and the right passage is among the first three
	weight float64
}

// learnJudge fits the judge on all examples, each left out in turn from the
// neighbours, and in one of five parts from the linear model.
func (b *Built) learnJudge(exams []exam, prior [nClasses]float32) *Judge {
	j := &Judge{Prior: prior}
	var at []int
	for i := range b.entries {
		if b.groupOf(b.entries[i].Kind, b.entries[i].Ref) >= 0 {
			at = append(at, i)
		}
	}
	const folds = 5
	rng := rand.New(rand.NewPCG(13, 17))
	fold := make([]int, len(at))
	ms := make([]message, len(at))
	for k, i := range at {
		fold[k] = rng.IntN(folds)
		e := &b.entries[i]
		g := b.groupOf(e.Kind, e.Ref)
		ms[k] = message{wordFeatures(e.Text), e.Vector, g, classWeight(prior[g])}
	}
	var parts [folds]*Linear
	each(folds, func(f int) {
		var train []message
		for k := range ms {
			if fold[k] != f {
				train = append(train, ms[k])
			}
		}
		parts[f] = learnLinear(train, b.space.Dim, nClasses, linearEpochs)
	})
	js := make([]judged, len(at))
	each(len(at), func(k int) {
		i := at[k]
		e := &b.entries[i]
		ranked := b.rank(slices.Clone(exams[i].met))
		if len(ranked) == 0 {
			return
		}
		x := &js[k]
		x.class, x.weight = ms[k].class, ms[k].weight
		x.c = b.cluesOf(exams[i], ranked, parts[fold[k]].scores(ms[k].words, ms[k].vec))
		for _, s := range ranked[:min(3, len(ranked))] {
			x.right = x.right || x.class == cCovered && s.passage == int(e.Ref)
		}
	})
	j.fit(slices.DeleteFunc(js, func(x judged) bool { return x.weight == 0 }))
	j.Linear = learnLinear(ms, b.space.Dim, nClasses, linearEpochs)
	return j
}

const linearEpochs = 4

// classWeight balances the classes half way, by the root of their share.
func classWeight(prior float32) float64 {
	return math.Sqrt(1 / (nClasses * float64(max(prior, 1e-3))))
}

// fit learns both heads by full gradient descent (Adam) over shuffled batches.
func (j *Judge) fit(js []judged) {
	const (
		epochs = 30
		rate   = 0.02
		l2     = 1e-4
		batch  = 128
	)
	n := (nClasses + 1) * nClues
	w, m, v, g := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	rng := rand.New(rand.NewPCG(19, 23))
	order := rng.Perm(len(js))
	step := 0
	steps := epochs * ((len(js) + batch - 1) / batch)
	for range epochs {
		rng.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
		for from := 0; from < len(order); from += batch {
			clear(g)
			for _, k := range order[from:min(from+batch, len(order))] {
				x := &js[k]
				s := make([]float32, nClasses)
				for c := range s {
					for i, f := range x.c {
						s[c] += float32(w[c*nClues+i]) * f
					}
				}
				for c, p := range softmax(s) {
					if c == x.class {
						p--
					}
					for i, f := range x.c {
						g[c*nClues+i] += x.weight * p * float64(f)
					}
				}
				if x.class > cOutside {
					continue
				}
				z := 0.0
				for i, f := range x.c {
					z += w[nClasses*nClues+i] * float64(f)
				}
				d := sigmoid(z)
				if x.right {
					d--
				}
				for i, f := range x.c {
					g[nClasses*nClues+i] += x.weight * d * float64(f)
				}
			}
			step++
			for i := range g {
				gi := g[i]/batch + l2*w[i]
				m[i] = 0.9*m[i] + 0.1*gi
				v[i] = 0.999*v[i] + 0.001*gi*gi
				mh, vh := m[i]/(1-math.Pow(0.9, float64(step))), v[i]/(1-math.Pow(0.999, float64(step)))
				// the rate falls to nothing, so that the end does not hang on
				// which examples came last
				left := 1 - float64(step-1)/float64(steps)
				w[i] -= rate * left * mh / (math.Sqrt(vh) + 1e-8)
			}
		}
	}
	for c := range nClasses {
		for i := range nClues {
			j.Class[c][i] = float32(w[c*nClues+i])
		}
	}
	for i := range nClues {
		j.Answers[i] = float32(w[nClasses*nClues+i])
	}
}
