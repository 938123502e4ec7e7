package retriever

import (
	"kiveileder/retriever/lexical"
)

// The features of a passage for a query. None of them depends on which other
// passages there are, so a score means the same for ten passages and for a
// hundred thousand, and the same in every index.
const (
	fBias      = iota
	fPassage   // whitened cosine with the passage's text
	fSentence  // whitened cosine with its nearest sentence
	fRaw       // plain cosine with the passage's text, stretched
	fGrams     // n-gram share in the passage's text and headings
	fReference // share of the paragraphs that the query names which the passage names
	fBest      // whitened cosine with its nearest question
	fSecond    // ... second nearest
	fMean      // mean over the nearest four
	fRawBest   // plain cosine with its nearest question, stretched
	fFourGrams // mean of the best four n-gram shares in its questions
	fOneGrams  // best n-gram share in one of its questions
	nFeatures
)

// onlyText are the features that a passage has without questions.
const onlyText = fReference + 1

// nearest is how many questions of a passage fMean looks at.
const nearest = 4

type features [nFeatures]float32

// A workspace holds what one query needs, so that queries share nothing.
type workspace struct {
	cos   []float32 // whitened, by entry
	raw   []float32 // plain, by entry
	grams []float32 // n-gram share by passage text
	qone  []float32 // n-gram share by entry with questions
}

func (r *Retriever) newWorkspace() *workspace {
	return &workspace{
		cos:   make([]float32, len(r.entries)),
		raw:   make([]float32, len(r.entries)),
		grams: make([]float32, r.textGrams.Len()),
		qone:  make([]float32, r.oneGrams.Len()),
	}
}

// stretch spreads the plain cosines of this model, which all lie between .75
// and .93 (measured), over about 0 to 1.
func stretch(c float32) float32 { return (c - 0.8) * 8 }

// compare fills the workspace for a query.
func (r *Retriever) compare(w *workspace, vec []float32, text string) {
	p := r.space.probe(vec)
	for i := range r.entries {
		e := &r.entries[i]
		w.cos[i] = p.cosine(e.Vector, e.Kind.side(), r.invLens[i])
		w.raw[i] = stretch(dot(vec, e.Vector))
	}
	terms := lexical.Terms(text)
	r.textGrams.Score(terms, w.grams)
	r.oneGrams.Score(terms, w.qone)
}

// featuresOf gives the features of one passage. skip is the number of an
// entry to leave out, -1 for none: a question of the bank must not find
// itself when the bank is learned from.
func (r *Retriever) featuresOf(w *workspace, passage int, refs []string, skip int) features {
	var f features
	f[fBias] = 1
	pe := r.passageEntry[passage]
	f[fPassage] = w.cos[pe]
	f[fRaw] = w.raw[pe]
	f[fSentence] = w.cos[pe]
	for _, s := range r.sentences[passage] {
		f[fSentence] = max(f[fSentence], w.cos[s])
	}
	f[fGrams] = w.grams[passage]
	f[fReference] = shareOf(refs, r.refs[passage])
	var cos, grams best
	for _, q := range r.questions[passage] {
		if int(q) == skip {
			continue
		}
		cos.add(w.cos[q])
		grams.add(w.qone[r.oneDoc[q]])
		f[fRawBest] = max(f[fRawBest], w.raw[q])
	}
	if cos.n == 0 {
		return f
	}
	f[fBest], f[fSecond], f[fMean] = cos.top[0], cos.top[min(1, cos.n-1)], cos.mean()
	f[fOneGrams], f[fFourGrams] = grams.top[0], grams.mean()
	return f
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
