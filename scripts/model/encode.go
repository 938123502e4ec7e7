package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
)

// Sizes of a Q4_0 block: one half-precision scale and 32 four-bit weights.
const (
	blockWeights = 32
	blockBytes   = 2 + blockWeights/2
)

// encode writes the KIE5 version 1 layout; package e5 documents it. keep has
// one bit per token of src, most significant bit first.
func encode(src *source, keep []byte) ([]byte, error) {
	kept, err := keptTokens(src, keep)
	if err != nil {
		return nil, err
	}
	e := &encoder{src: src}
	for _, id := range kept {
		piece := src.pieces[id]
		if len(piece) > math.MaxUint8 {
			return nil, fmt.Errorf("token %d is %d bytes long", id, len(piece))
		}
		e.body.WriteByte(byte(len(piece)))
		e.body.Write(piece)
	}
	tokenBytes := e.body.Len()
	for _, id := range kept {
		e.u32(math.Float32bits(src.scores[id]))
	}
	before := e.body.Len()
	e.norm()
	normBytes := e.body.Len() - before
	e.positions()
	e.embeddings(kept)
	for l := range src.layers {
		e.layer(l)
	}
	if e.err != nil {
		return nil, e.err
	}
	return append(e.header(kept, tokenBytes, normBytes), e.body.Bytes()...), nil
}

// keptTokens lists the ids to keep in rising order, so that the four special
// tokens keep the ids 0 to 3.
func keptTokens(src *source, keep []byte) ([]int, error) {
	if want := (len(src.pieces) + 7) / 8; len(keep) != want {
		return nil, fmt.Errorf("vocab-keep.bitmap has %d bytes, want %d", len(keep), want)
	}
	var kept []int
	for id := range src.pieces {
		if keep[id/8]&(0x80>>(id%8)) != 0 {
			kept = append(kept, id)
		}
	}
	if len(kept) < 4 || kept[3] != 3 {
		return nil, fmt.Errorf("vocab-keep.bitmap drops a special token")
	}
	return kept, nil
}

// encoder collects the sections after the header and the first error.
type encoder struct {
	src  *source
	body bytes.Buffer
	err  error
}

func (e *encoder) u16(v uint16) { e.body.Write(binary.LittleEndian.AppendUint16(nil, v)) }
func (e *encoder) u32(v uint32) { e.body.Write(binary.LittleEndian.AppendUint32(nil, v)) }

// header is 64 bytes. The score of an unknown character is taken from the
// whole vocabulary: trimming must not change how text is cut.
func (e *encoder) header(kept []int, tokenBytes, normBytes int) []byte {
	src := e.src
	lowest := float32(math.Inf(1))
	for _, s := range src.scores {
		lowest = min(lowest, s)
	}
	h := []byte("KIE5")
	for _, v := range []int{
		1, src.hidden, src.layers, src.heads, src.ff, len(kept), src.positions,
		len(src.norm), tokenBytes, normBytes, headerBytes + e.body.Len(),
	} {
		h = binary.LittleEndian.AppendUint32(h, uint32(v))
	}
	for _, v := range []int{src.bos, src.eos, src.unk, blockWeights} {
		h = binary.LittleEndian.AppendUint16(h, uint16(v))
	}
	h = binary.LittleEndian.AppendUint32(h, math.Float32bits(src.eps))
	return binary.LittleEndian.AppendUint32(h, math.Float32bits(lowest-unknownPenalty))
}

const (
	headerBytes = 64
	// unknownPenalty is what SentencePiece takes off the lowest score.
	unknownPenalty = 10
)

func (e *encoder) norm() {
	for _, n := range e.src.norm {
		e.u32(n.from)
		e.body.WriteByte(byte(len(n.to)))
		for _, to := range n.to {
			e.u32(to)
		}
	}
}

// positions writes position + token type embedding as one half-precision
// table: the model always uses both and only ever type 0.
func (e *encoder) positions() {
	pos := e.tensor("emb.pos", 4*e.src.positions*e.src.hidden)
	typ := e.tensor("emb.type", 4*e.src.types*e.src.hidden)
	if e.err != nil {
		return
	}
	for i := range len(pos) / 4 {
		e.u16(half(float32At(pos, i) + float32At(typ, i%e.src.hidden)))
	}
	e.floats("emb.ln.w", e.src.hidden)
	e.floats("emb.ln.b", e.src.hidden)
}

func (e *encoder) embeddings(kept []int) {
	rowBytes := e.src.hidden / blockWeights * blockBytes
	all := e.tensor("emb.word", e.src.embeddingRows*rowBytes)
	if e.err != nil {
		return
	}
	var rows []byte
	for _, id := range kept {
		rows = append(rows, all[id*rowBytes:(id+1)*rowBytes]...)
	}
	e.blocks(rows)
}

func (e *encoder) layer(l int) {
	h, ff := e.src.hidden, e.src.ff
	name := func(s string) string { return fmt.Sprintf("l%d.%s", l, s) }
	e.matrix(h, h, name("q"), name("k"), name("v"))
	e.matrix(h, h, name("ao"))
	e.matrix(ff, h, name("fi"))
	e.matrix(h, ff, name("fo"))
	for _, ln := range []string{"aln.w", "aln.b", "oln.w", "oln.b"} {
		e.floats(name(ln), h)
	}
}

// matrix writes the named matrices of shape out x in below each other, then
// their biases.
func (e *encoder) matrix(out, in int, names ...string) {
	var rows []byte
	for _, n := range names {
		rows = append(rows, e.tensor(n+".w", out*in/blockWeights*blockBytes)...)
	}
	e.blocks(rows)
	for _, n := range names {
		e.floats(n+".b", out)
	}
}

// blocks writes Q4_0 blocks: all scales first, then all weights, so that the
// weights can be used where they lie.
func (e *encoder) blocks(b []byte) {
	for i := 0; i < len(b); i += blockBytes {
		e.body.Write(b[i : i+2])
	}
	for i := 0; i < len(b); i += blockBytes {
		e.body.Write(b[i+2 : i+blockBytes])
	}
}

func (e *encoder) floats(name string, n int) { e.body.Write(e.tensor(name, 4*n)) }

// tensor returns the named tensor and demands its exact size.
func (e *encoder) tensor(name string, size int) []byte {
	b := e.src.tensors[name]
	if len(b) != size && e.err == nil {
		e.err = fmt.Errorf("tensor %q has %d bytes, want %d", name, len(b), size)
	}
	return b
}

func float32At(b []byte, i int) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
}

// half rounds to IEEE 754 half precision, ties to even. Values too large
// become infinite, as the standard says.
func half(f float32) uint16 {
	bits := math.Float32bits(f)
	sign := uint16(bits >> 16 & 0x8000)
	abs := math.Float64frombits(math.Float64bits(float64(f)) &^ (1 << 63))
	switch {
	case abs != abs:
		return sign | 0x7e00
	case abs >= 65520:
		return sign | 0x7c00
	case abs < 0x1p-14: // subnormal: a multiple of 2^-24; 1024 of them is the first normal
		return sign | uint16(math.RoundToEven(abs*0x1p24))
	}
	frac, exp := math.Frexp(abs) // abs = frac * 2^exp, frac in [0.5, 1)
	mant := uint16(math.RoundToEven(frac*2048)) - 1024
	return sign | (uint16(exp+14)<<10 + mant) // a mantissa of 1024 carries into the exponent
}
