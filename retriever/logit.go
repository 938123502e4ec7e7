package retriever

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"

	"kiveileder/retriever/lexical"
)

// A sparse vector: the indexes of its features with their values.
type sparse struct {
	at []uint32
	x  []float32
}

// hashBits is the size of the hashed word space.
const hashBits = 15

// wordFeatures gives the words, word pairs and n-grams of a text, hashed, with
// length 1 together. They tell how a message asks rather than what about.
func wordFeatures(text string) sparse {
	count := map[uint32]float32{}
	add := func(kind, s string) {
		h := fnv.New32a()
		_, _ = h.Write([]byte(kind + s))
		count[h.Sum32()&(1<<hashBits-1)]++
	}
	words := strings.Fields(lexical.Fold(text))
	add("^", strings.Join(words[:min(2, len(words))], " "))
	for i, w := range words {
		add("w", w)
		if i > 0 {
			add("p", words[i-1]+" "+w)
		}
	}
	for _, g := range lexical.Terms(text) {
		add("g", g)
	}
	if strings.HasSuffix(strings.TrimSpace(text), "?") {
		add("?", "")
	}
	var s sparse
	norm := 0.0
	for _, n := range count {
		v := 1 + math.Log(float64(n))
		norm += v * v
	}
	norm = math.Sqrt(math.Max(norm, 1))
	for _, h := range sortedKeys(count) {
		s.at = append(s.at, h)
		s.x = append(s.x, float32((1+math.Log(float64(count[h])))/norm))
	}
	return s
}

// A Linear is a multinomial logistic model over the words and the vector of a
// message.
type Linear struct {
	Classes int
	Words   []float32 // 2^hashBits x Classes
	Vec     []float32 // Dim x Classes
	Bias    []float32
}

// scores gives the log-odds of each class, up to a constant.
func (l *Linear) scores(w sparse, vec []float32) []float32 {
	out := append([]float32(nil), l.Bias...)
	for i, at := range w.at {
		row := l.Words[int(at)*l.Classes:]
		for c := range out {
			out[c] += w.x[i] * row[c]
		}
	}
	for k, x := range vec {
		row := l.Vec[k*l.Classes:]
		for c := range out {
			out[c] += vecScale * x * row[c]
		}
	}
	return out
}

// vecScale makes the parts of a unit vector about as large as word features.
const vecScale = 4

type message struct {
	words  sparse
	vec    []float32
	class  int
	weight float64
}

// learnLinear fits the model by stochastic gradient descent (AdaGrad), the
// same for the same messages.
func learnLinear(ms []message, dim, classes, epochs int) *Linear {
	const (
		rate = 0.25
		l2   = 2e-6
	)
	l := &Linear{
		Classes: classes,
		Words:   make([]float32, (1<<hashBits)*classes),
		Vec:     make([]float32, dim*classes),
		Bias:    make([]float32, classes),
	}
	gw, gv, gb := make([]float32, len(l.Words)), make([]float32, len(l.Vec)), make([]float32, classes)
	step := func(w, g *float32, d float32) {
		d += l2 * *w
		*g += d * d
		*w -= rate * d / float32(math.Sqrt(float64(*g)+1e-6))
	}
	rng := rand.New(rand.NewPCG(3, 5))
	order := rng.Perm(len(ms))
	for range epochs {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			m := &ms[i]
			p := softmax(l.scores(m.words, m.vec))
			for c := range p {
				d := float32(p[c])
				if c == m.class {
					d--
				}
				d *= float32(m.weight)
				if math.Abs(float64(d)) < 1e-4 {
					continue
				}
				step(&l.Bias[c], &gb[c], d)
				for k, at := range m.words.at {
					j := int(at)*classes + c
					step(&l.Words[j], &gw[j], d*m.words.x[k])
				}
				for k, x := range m.vec {
					j := k*classes + c
					step(&l.Vec[j], &gv[j], d*vecScale*x)
				}
			}
		}
	}
	return l
}

func softmax(s []float32) []float64 {
	top := s[0]
	for _, x := range s {
		top = max(top, x)
	}
	out := make([]float64, len(s))
	sum := 0.0
	for i, x := range s {
		out[i] = math.Exp(float64(x - top))
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
