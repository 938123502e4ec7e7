package retriever

import (
	"math"
	"math/rand/v2"
	"slices"

	"kiveileder/retriever/lexical"
)

// A Class is what a message turns out to be.
type Class string

const (
	Covered        Class = "covered"        // the sources answer
	Uncertain      Class = "uncertain"      // in the field; what is nearest may not answer
	Declined       Class = "declined"       // outside the field, or no question at all
	Smalltalk      Class = "smalltalk"      // Intent says which
	WantsPerson    Class = "wants_person"   // asks for a person, or disagrees
	Underspecified Class = "underspecified" // in the field, but the purpose is missing
)

// A Verdict is the judgement of a message.
type Verdict struct {
	Class      Class    `json:"class"`
	Answers    float64  `json:"answers"`          // estimated probability that the first hits answer
	Intent     string   `json:"intent,omitempty"` // of Smalltalk, WantsPerson and Declined
	Topic      string   `json:"topic,omitempty"`  // nearest topic of questions that the sources do not answer, or from outside
	TopicTitle string   `json:"topic_title,omitempty"`
	Agencies   []string `json:"agencies,omitempty"` // who would know
}

// The classes that the judge's models tell apart.
const (
	cCovered = iota
	cUnanswered
	cOutside
	cSmalltalk
	cPerson
	cUnder
	cRefuse
	nClasses
)

// groupOf puts an entry in its class; kinds are the intents' kinds.
func (r *Retriever) groupOf(e *Entry) int {
	switch e.Kind {
	case Question:
		return cCovered
	case Unanswered:
		return cUnanswered
	case Outside:
		return cOutside
	case IntentText:
		switch r.intents[e.Ref].Kind {
		case "smalltalk":
			return cSmalltalk
		case "escalate":
			return cPerson
		case "clarify":
			return cUnder
		}
		return cRefuse
	}
	return -1
}

// clues of a message for the judge: per class the nearest examples by meaning
// and by letters, the votes of the nearest of all, the linear model's view;
// then how the search went.
const (
	perClass = 5  // nearest, mean of four, n-grams, votes, linear
	maxWants = 16 // things that a question can ask for (corpus/asks.yaml)
	nClues   = perClass*nClasses + 16 + 2*maxWants
)

type clues [nClues]float32

// voters is how many of the nearest examples vote.
const voters = 12

// cluesOf fills the clues from a compared workspace. skip is an entry to leave
// out, -1 for none; linear the scores of a model that has not seen the message.
func (r *Retriever) cluesOf(w *workspace, ranked []scored, linear []float32, text string, skip int) clues {
	var c clues
	var cos, grams [nClasses]best
	var near [voters]struct {
		s float32
		g int
	}
	for i := range near {
		near[i].s = float32(math.Inf(-1))
	}
	for i := range r.entries {
		g := r.groups[i]
		if g < 0 || i == skip {
			continue
		}
		gr := w.qone[r.oneDoc[int32(i)]]
		cos[g].add(w.cos[i])
		grams[g].add(gr)
		s := w.cos[i] + 0.5*gr
		if s <= near[voters-1].s {
			continue
		}
		k := voters - 1
		for ; k > 0 && near[k-1].s < s; k-- {
			near[k] = near[k-1]
		}
		near[k].s, near[k].g = s, int(g)
	}
	var votes [nClasses]float32
	all := float32(0)
	for _, n := range near {
		if math.IsInf(float64(n.s), -1) {
			continue
		}
		// the bank has many more covered questions than others: a vote counts
		// by the share of its class
		v := float32(math.Exp(float64(6*(n.s-near[0].s)))) / r.prior[n.g]
		votes[n.g] += v
		all += v
	}
	for g := range nClasses {
		k := g * perClass
		c[k] = cos[g].top[0]
		c[k+1] = cos[g].mean()
		c[k+2] = grams[g].top[0]
		c[k+3] = votes[g] / max(all, 1e-9)
		c[k+4] = linear[g] / 4
	}
	k := perClass * nClasses
	put := func(x float32) { c[k] = x; k++ }
	first, second := ranked[0], ranked[min(1, len(ranked)-1)]
	put(1)
	put(first.score / 10)
	put((first.score - second.score) / 4)
	put(float32(shareOfTop(ranked, 1)))
	put(float32(shareOfTop(ranked, 3)))
	put(first.f[fBest] - first.f[fMean])
	put(first.f[fPassage])
	put(first.f[fSentence])
	put(first.f[fGrams])
	put(first.f[fRawBest])
	words := float32(len(lexical.Terms(text)))
	put(float32(math.Log(1+float64(words))) / 4)
	put(max(0, cos[cCovered].top[0]-cos[cUnanswered].top[0]))
	put(max(0, cos[cUnanswered].top[0]-cos[cCovered].top[0]))
	put(float32(len(lexical.References(text))))
	put(r.unknown(text))
	put(first.score/10 - cos[cUnanswered].top[0])
	for i := range maxWants {
		asks, lacks := float32(0), float32(0)
		if i < len(r.wants) && r.wants[i].Asks.MatchString(text) {
			asks = 1
			if r.wants[i].Offers != nil && !r.offers[first.passage][i] {
				lacks = 1
			}
		}
		put(asks)
		put(lacks)
	}
	return c
}

// unknown gives the share of a message's terms that neither the sources nor
// two questions of the bank know: an own product's name, another field. Two,
// because one may be the message itself while the judge learns.
func (r *Retriever) unknown(text string) float32 {
	terms := lexical.Terms(text)
	n := 0
	for _, t := range terms {
		if r.textGrams.Count(t, r.textGrams.Len()) == 0 && r.oneGrams.Count(t, r.bankDocs) < 2 {
			n++
		}
	}
	return float32(n) / float32(max(1, len(terms)))
}

// shareOfTop gives the share of the listwise probability that the first n
// passages hold.
func shareOfTop(ranked []scored, n int) float64 {
	top := float64(ranked[0].score)
	all, first := 0.0, 0.0
	for i, s := range ranked {
		p := math.Exp(float64(s.score) - top)
		all += p
		if i < n {
			first += p
		}
	}
	return first / all
}

// A Judge tells from clues what a message is and whether the hits answer.
type Judge struct {
	Linear  *Linear
	Class   [nClasses][nClues]float32
	Answers [nClues]float32
}

func (j *Judge) classes(c *clues) []float64 {
	s := make([]float32, nClasses)
	for g := range s {
		for i, x := range c {
			s[g] += j.Class[g][i] * x
		}
	}
	return softmax(s)
}

func (j *Judge) answers(c *clues) float64 {
	s := 0.0
	for i, x := range c {
		s += float64(j.Answers[i] * x)
	}
	return sigmoid(s)
}

type judged struct {
	c      clues
	class  int
	right  bool // covered, and the right passage is among the first three
	weight float64
}

// learnJudge fits the judge on all examples, each left out in turn from the
// neighbours, and in one of five parts from the linear model.
func (r *Retriever) learnJudge() *Judge {
	var at []int
	for i := range r.entries {
		if r.groups[i] >= 0 {
			at = append(at, i)
		}
	}
	const folds = 5
	rng := rand.New(rand.NewPCG(13, 17))
	fold := make([]int, len(at))
	for i := range fold {
		fold[i] = rng.IntN(folds)
	}
	ms := make([]message, len(at))
	for k, i := range at {
		e := &r.entries[i]
		g := int(r.groups[i])
		ms[k] = message{wordFeatures(e.Text), e.Vector, g, float64(classWeight(r.prior[g]))}
	}
	linear := make([][]float32, len(at))
	var parts [folds]*Linear
	each(folds, func(f int) {
		var train []message
		for k := range ms {
			if fold[k] != f {
				train = append(train, ms[k])
			}
		}
		parts[f] = learnLinear(train, r.space.Dim, nClasses, 4)
	})
	for k := range ms {
		linear[k] = parts[fold[k]].scores(ms[k].words, ms[k].vec)
	}
	js := make([]judged, len(at))
	each(len(at), func(k int) {
		i := at[k]
		e := &r.entries[i]
		w := r.workspaces.Get().(*workspace)
		defer r.workspaces.Put(w)
		r.compare(w, e.Vector, e.Text)
		ranked := r.ranked(w, e.Text, i)
		g := int(r.groups[i])
		js[k] = judged{c: r.cluesOf(w, ranked, linear[k], e.Text, i), class: g, weight: ms[k].weight}
		for _, s := range ranked[:min(3, len(ranked))] {
			js[k].right = js[k].right || g == cCovered && s.passage == int(e.Ref)
		}
	})
	j := &Judge{}
	j.fit(js)
	j.Linear = learnLinear(ms, r.space.Dim, nClasses, 4)
	return j
}

// classWeight balances the classes half way, by the root of their share.
func classWeight(prior float32) float32 {
	return float32(math.Sqrt(1 / (nClasses * float64(max(prior, 1e-3)))))
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
				w[i] -= rate * mh / (math.Sqrt(vh) + 1e-8)
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

// judge gives the verdict on a compared message.
func (r *Retriever) judge(w *workspace, ranked []scored, vec []float32, text string) Verdict {
	c := r.cluesOf(w, ranked, r.judgeModel.Linear.scores(wordFeatures(text), vec), text, -1)
	p := r.judgeModel.classes(&c)
	v := Verdict{Answers: r.judgeModel.answers(&c)}
	best := slices.Index(p, slices.Max(p))
	in := p[cCovered] + p[cUnanswered]
	switch {
	case best == cSmalltalk && p[best] > 0.5:
		v.Class, v.Intent = Smalltalk, r.nearestIntent(w, "smalltalk")
	case best == cPerson && p[best] > 0.5:
		v.Class, v.Intent = WantsPerson, r.nearestIntent(w, "escalate")
	case best == cRefuse && p[best] > 0.5:
		v.Class, v.Intent = Declined, r.nearestIntent(w, "decline")
	case best == cUnder && p[best] > 0.5:
		v.Class, v.Intent = Underspecified, ""
	case p[cOutside]+p[cRefuse]+p[cSmalltalk] > in+p[cUnder]+p[cPerson]:
		v.Class = Declined
		v.Topic, v.TopicTitle, _ = r.nearestTopic(w, Outside)
	case v.Answers >= r.threshold:
		v.Class = Covered
	default:
		v.Class = Uncertain
	}
	if v.Class == Uncertain || v.Class == WantsPerson || v.Class == Covered {
		v.Topic, v.TopicTitle, v.Agencies = r.nearestTopic(w, Unanswered)
	}
	return v
}

func (r *Retriever) nearestIntent(w *workspace, kind string) string {
	name, top := "", float32(math.Inf(-1))
	for i, e := range r.entries {
		if e.Kind != IntentText || r.intents[e.Ref].Kind != kind {
			continue
		}
		if s := w.cos[i] + w.qone[r.oneDoc[int32(i)]]; s > top {
			name, top = r.intents[e.Ref].Intent, s
		}
	}
	return name
}

func (r *Retriever) nearestTopic(w *workspace, kind Kind) (key, title string, agencies []string) {
	top, at := float32(math.Inf(-1)), int32(-1)
	for i, e := range r.entries {
		if e.Kind != kind {
			continue
		}
		if s := w.cos[i] + 0.5*w.qone[r.oneDoc[int32(i)]]; s > top {
			at, top = e.Ref, s
		}
	}
	if at < 0 {
		return "", "", nil
	}
	t := r.topics[at]
	return t.Key, t.Title, t.Agency
}
