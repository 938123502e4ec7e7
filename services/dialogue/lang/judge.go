package lang

import "slices"

// word returns what one word in lower case says. Listed words speak for
// themselves; others by their ending, their beginning and their pieces.
func (t *tables) word(w string) scores {
	if s, ok := t.words[w]; ok {
		return s
	}
	if s, ok := t.compound(w); ok {
		return s
	}
	var s scores
	add := func(o scores, by float64) {
		for l := range s {
			s[l] += o[l] * by
		}
	}
	if len(w) > 4 {
		for n := min(t.longest, len(w)-2); n > 0; n-- { // longest ending first
			if o, ok := t.endings[w[len(w)-n:]]; ok {
				add(o, 0.4)
				break
			}
		}
		for n := min(t.longest, len(w)-2); n > 1; n-- {
			if o, ok := t.starts[w[:n]]; ok {
				add(o, 0.4)
				break
			}
		}
	}
	for _, r := range w {
		if o, ok := t.letters[r]; ok {
			add(o, 1)
		}
	}
	n := 0
	var sum scores
	eachPiece(w, func(p string) {
		n++
		if o, ok := t.pieces[p]; ok {
			for l := range sum {
				sum[l] += o[l]
			}
		}
	})
	if n > 0 {
		add(sum, pieceWeight*2/float64(n))
	}
	return s
}

// compound returns what the last word of a compound says: "journalsystemet"
// ends like "systemet". Only long last words count.
func (t *tables) compound(w string) (scores, bool) {
	const shortest = 6 // bytes of the last word
	for i := 3; i <= len(w)-shortest; i++ {
		if s, ok := t.words[w[i:]]; ok {
			for l := range s {
				s[l] *= 0.7
			}
			s[2] = 0 // English writes its words apart
			return s, true
		}
	}
	return scores{}, false
}

// quoted returns how many words at the start of words are a term that people
// quote in any language, or 0.
func (t *tables) quoted(words []string) int {
	best := 0
	for _, p := range t.phrases[words[0]] {
		if len(p) > best && len(p) <= len(words) && slices.Equal(words[:len(p)], p) {
			best = len(p)
		}
	}
	return best
}
