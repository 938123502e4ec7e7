package e5

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// tokenizer cuts text into the model's tokens the way SentencePiece does with
// a unigram vocabulary: normalise, mark spaces with U+2581, then find the cut
// with the highest sum of token scores (Kudo 2018, "Subword Regularization",
// section 3.2). It is read-only after newTokenizer.
type tokenizer struct {
	text     []byte   // all tokens behind each other
	ends     []uint32 // [tokens+1]; token i is text[ends[i]:ends[i+1]]
	scores   []float32
	table    []uint32 // open addressing on hash; token id + 1, 0 is free
	longest  int      // bytes in the longest token
	unk      int32
	unkScore float32
	ascii    [utf8.RuneSelf]rewrite // of norm, for speed
	normFrom []rune                 // rising
	normTo   [][]rune
}

// rewrite is what becomes of a character; ok is false if it stays.
type rewrite struct {
	to []rune
	ok bool
}

// spaceMark stands for a space inside tokens.
const spaceMark = '\u2581'

func newTokenizer(r *sections, h header) (*tokenizer, error) {
	list := r.take(h.tokenBytes)
	t := &tokenizer{
		text:     make([]byte, 0, len(list)),
		ends:     make([]uint32, 1, h.tokens+1),
		scores:   r.floats(h.tokens),
		unk:      int32(h.unk),
		unkScore: h.unkScore,
	}
	for range h.tokens {
		if len(list) == 0 || len(list) <= int(list[0]) {
			return nil, errors.New("model file is damaged: token list ends too early")
		}
		n := int(list[0])
		t.text = append(t.text, list[1:1+n]...)
		t.ends = append(t.ends, uint32(len(t.text)))
		t.longest = max(t.longest, n)
		list = list[1+n:]
	}
	if err := t.readNorm(r.take(h.normBytes), h.norms); err != nil {
		return nil, err
	}
	if r.err != nil {
		return nil, r.err
	}
	t.buildTable()
	return t, nil
}

func (t *tokenizer) readNorm(b []byte, n int) error {
	for range n {
		if len(b) < 5 || len(b) < 5+4*int(b[4]) {
			return errors.New("model file is damaged: normalisation map ends too early")
		}
		from, count := rune(binary.LittleEndian.Uint32(b)), int(b[4])
		to := make([]rune, count)
		for i := range to {
			to[i] = rune(binary.LittleEndian.Uint32(b[5+4*i:]))
		}
		b = b[5+4*count:]
		t.normFrom, t.normTo = append(t.normFrom, from), append(t.normTo, to)
		if from >= 0 && int(from) < len(t.ascii) {
			t.ascii[from] = rewrite{to, true}
		}
	}
	if !slices.IsSorted(t.normFrom) {
		return errors.New("model file is damaged: normalisation map is not sorted")
	}
	return nil
}

// tokens returns the ids of text, without the marks for its begin and end. It
// accepts any bytes; broken UTF-8 counts as U+FFFD.
func (t *tokenizer) tokens(text string) []int32 {
	s := t.normalise(text)
	starts := make([]int32, 0, len(s)+1) // where characters begin, and the end
	for i := range string(s) {
		starts = append(starts, int32(i))
	}
	starts = append(starts, int32(len(s)))
	return t.bestCut(s, starts)
}

// normalise composes letters and their accents, which PDFs and some systems
// keep apart, maps each code point, folds runs of spaces into one, puts a space
// in front and writes spaces as spaceMark.
func (t *tokenizer) normalise(text string) []byte {
	out := make([]byte, 0, len(text)+len(text)/4+8)
	first, wasSpace := true, false
	put := func(r rune) {
		space := r == ' '
		if space && wasSpace {
			return
		}
		if first && !space {
			out = utf8.AppendRune(out, spaceMark)
		}
		first, wasSpace = false, space
		if space {
			r = spaceMark
		}
		out = utf8.AppendRune(out, r)
	}
	for _, r := range norm.NFC.String(text) {
		to, ok := t.rewritten(r)
		if !ok {
			put(r)
			continue
		}
		for _, r := range to {
			put(r)
		}
	}
	if first {
		out = utf8.AppendRune(out, spaceMark)
	}
	return out
}

func (t *tokenizer) rewritten(r rune) ([]rune, bool) {
	if r < utf8.RuneSelf {
		return t.ascii[r].to, t.ascii[r].ok
	}
	i, ok := slices.BinarySearch(t.normFrom, r)
	if !ok {
		return nil, false
	}
	return t.normTo[i], true
}

// reach is the best way to reach a character boundary: the token that ends
// there and the boundary it began at.
type reach struct {
	score float32
	token int32
	from  int32
}

// bestCut is the Viterbi search over s, whose characters begin at starts. On a
// tie the longer last token wins.
func (t *tokenizer) bestCut(s []byte, starts []int32) []int32 {
	n := len(starts) - 1
	best := make([]reach, n+1)
	for i := range best {
		best[i].score = float32(math.Inf(-1))
	}
	best[0].score = 0
	for i := range n {
		begin, here := int(starts[i]), best[i].score
		hash, pos := uint32(hashSeed), begin
		for e := i + 1; e <= n; e++ {
			end := int(starts[e])
			if end-begin > t.longest {
				break
			}
			for ; pos < end; pos++ {
				hash = hashByte(hash, s[pos])
			}
			id, ok := t.find(hash, s[begin:end])
			if !ok || id == t.unk {
				continue
			}
			if score := here + t.scores[id]; score > best[e].score {
				best[e] = reach{score, id, int32(i)}
			}
		}
		if score := here + t.unkScore; score > best[i+1].score {
			best[i+1] = reach{score, t.unk, int32(i)}
		}
	}
	var ids []int32
	for i := int32(n); i > 0; i = best[i].from {
		ids = append(ids, best[i].token)
	}
	slices.Reverse(ids)
	return ids
}

// FNV-1a, 32 bits: it can be continued byte by byte as a token grows.
const (
	hashSeed  = 2166136261
	hashPrime = 16777619
)

func hashByte(h uint32, b byte) uint32 { return (h ^ uint32(b)) * hashPrime }

func (t *tokenizer) buildTable() {
	size := 1
	for size < 4*len(t.scores) {
		size *= 2
	}
	t.table = make([]uint32, size)
	for id := range t.scores {
		h := uint32(hashSeed)
		for _, b := range t.token(int32(id)) {
			h = hashByte(h, b)
		}
		slot := t.slot(h)
		for t.table[slot] != 0 {
			slot = (slot + 1) & (len(t.table) - 1)
		}
		t.table[slot] = uint32(id) + 1
	}
}

// slot spreads a hash over the table; the high bits of FNV are the better mixed.
func (t *tokenizer) slot(h uint32) int { return int(h^h>>15) & (len(t.table) - 1) }

func (t *tokenizer) find(hash uint32, s []byte) (int32, bool) {
	for slot := t.slot(hash); ; slot = (slot + 1) & (len(t.table) - 1) {
		v := t.table[slot]
		if v == 0 {
			return 0, false
		}
		if id := int32(v - 1); bytes.Equal(t.token(id), s) {
			return id, true
		}
	}
}

func (t *tokenizer) token(id int32) []byte { return t.text[t.ends[id]:t.ends[id+1]] }
