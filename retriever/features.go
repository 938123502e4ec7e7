package retriever

import (
	"cmp"
	"slices"

	"kiveileder/retriever/index"
)

// The features of a passage for a query. None of them depends on which other
// passages there are, so a score means the same for ten passages and for a
// hundred thousand, and the same in every index.
const (
	fBias      = iota
	fPassage   // learned cosine with the passage's text
	fSentence  // learned cosine with its nearest sentence
	fRaw       // plain cosine with the passage's text, stretched
	fGrams     // n-gram share in the passage's text and headings
	fReference // share of the paragraphs that the query names which the passage names
	fBest      // learned cosine with its nearest question
	fSecond    // ... second nearest
	fMean      // mean over the nearest four
	fRawBest   // plain cosine with its nearest question, stretched
	fFourGrams // mean of the best four n-gram shares in its questions
	fOneGrams  // best n-gram share in one of its questions
	nFeatures
)

// onlyText are the features that a passage has without questions.
const onlyText = fReference + 1

// nearest is how many questions of a passage the means look at.
const nearest = 4

type features [nFeatures]float32

// stretch spreads the plain cosines of the built-in model, which all lie
// between .75 and .93 (measured), over about 0 to 1.
func stretch(c float32) float32 { return (c - 0.8) * 8 }

// A gathering collects what the matches say of one passage.
type gathering struct {
	f          features
	cos, grams best
	seen       bool
}

// none is given as skip when no entry is left out.
const none = -1

// gather makes the features of every passage that the matches speak of. skip
// is the number of an entry to leave out: a question of the bank must not find
// itself when the bank is learned from.
func (r *Retriever) gather(ms []index.Match, refs []string, skip int) []scored {
	pooled := r.gatherings.Get().(*[]gathering)
	defer r.gatherings.Put(pooled)
	gs := *pooled
	clear(gs)
	n := 0
	for _, m := range ms {
		if !m.Kind.OfPassage() || int(m.Entry) == skip {
			continue
		}
		g := &gs[m.Ref]
		if !g.seen {
			g.seen = true
			n++
		}
		switch m.Kind {
		case index.PassageText:
			g.f[fPassage], g.f[fRaw], g.f[fGrams] = m.Cos, stretch(m.Raw), m.Grams
			g.f[fSentence] = max(g.f[fSentence], m.Cos)
		case index.Sentence:
			g.f[fSentence] = max(g.f[fSentence], m.Cos)
		case index.Question:
			g.cos.add(m.Cos)
			g.grams.add(m.Grams)
			g.f[fRawBest] = max(g.f[fRawBest], stretch(m.Raw))
		}
	}
	out := make([]scored, 0, n)
	for p := range gs {
		g := &gs[p]
		if !g.seen {
			continue
		}
		g.f[fBias] = 1
		g.f[fReference] = shareOf(refs, r.refs[p])
		if g.cos.n > 0 {
			g.f[fBest], g.f[fSecond], g.f[fMean] = g.cos.top[0], g.cos.top[min(1, g.cos.n-1)], g.cos.mean()
			g.f[fOneGrams], g.f[fFourGrams] = g.grams.top[0], g.grams.mean()
		}
		out = append(out, scored{passage: p, bank: g.cos.n > 0, f: g.f})
	}
	return out
}

// A scored passage.
type scored struct {
	passage int
	bank    bool // it has questions
	score   float32
	f       features
}

// rank scores the gathered passages, best first; equal scores keep the order
// of the corpus.
func (r *Retriever) rank(ss []scored) []scored {
	for i := range ss {
		s := &ss[i]
		s.score = r.weights.score(&s.f, s.bank)
		if !s.bank {
			s.score -= reserve
		}
	}
	slices.SortStableFunc(ss, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	return ss
}

// best keeps the highest few of the numbers that it is given, highest first.
type best struct {
	top [nearest]float32
	n   int
}

func (b *best) add(x float32) {
	k := b.n
	switch {
	case k < nearest:
		b.n++
	case x <= b.top[nearest-1]:
		return
	default:
		k = nearest - 1
	}
	for ; k > 0 && b.top[k-1] < x; k-- {
		b.top[k] = b.top[k-1]
	}
	b.top[k] = x
}

func (b *best) mean() float32 {
	sum := float32(0)
	for _, x := range b.top[:b.n] {
		sum += x
	}
	return sum / float32(max(1, b.n))
}

func shareOf(refs []string, in map[string]bool) float32 {
	if len(refs) == 0 {
		return 0
	}
	n := 0
	for _, x := range refs {
		if in[x] {
			n++
		}
	}
	return float32(n) / float32(len(refs))
}
