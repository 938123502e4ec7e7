package e5

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The model file, "KIE5" version 1. Little endian; sections follow each other
// without gaps.
//
//	header      64 bytes, see parseHeader
//	tokens      per token: u8 length, bytes; the id is the place in this list
//	scores      f32 per token: unigram log probability
//	norm        per code point: u32 from, u8 count, count x u32 to; from rises
//	positions   f16 [positions][hidden], token type already added
//	            f32 [2][hidden]: layer norm weight, bias
//	embeddings  Q4 matrix [tokens][hidden]
//	per layer   query, key and value under each other, [3*hidden][hidden]
//	            attention output [hidden][hidden]
//	            feed forward in [ff][hidden]
//	            feed forward out [hidden][ff]
//	            (each: Q4 matrix, then f32 bias per row)
//	            f32 [4][hidden]: attention norm weight, bias, output norm ditto
//
// A Q4 matrix is all block scales (f16, row by row), then all blocks. A block
// is 32 weights in 16 bytes: byte j has weight j in its low and weight j+16 in
// its high nibble, and a weight is (nibble-8) * scale. This is Q4_0 of GGML
// with the scales taken out, so that blocks are used where they lie.
const (
	fileMagic   = "KIE5"
	fileVersion = 1
	headerSize  = 64

	blockLen   = 32 // weights in a block
	blockBytes = blockLen / 2
)

// header is the fixed part of the file.
type header struct {
	hidden, layers, heads, ff int
	tokens, positions, norms  int
	tokenBytes, normBytes     int
	bos, eos, unk             int
	eps, unkScore             float32
}

// parseHeader checks the header and that b is neither cut short nor too long.
func parseHeader(b []byte) (header, error) {
	var h header
	if len(b) < headerSize || string(b[:4]) != fileMagic {
		return h, errors.New("not a KIE5 model file")
	}
	u32 := func(off int) int { return int(binary.LittleEndian.Uint32(b[off:])) }
	u16 := func(off int) int { return int(binary.LittleEndian.Uint16(b[off:])) }
	f32 := func(off int) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b[off:])) }
	if v := u32(4); v != fileVersion {
		return h, fmt.Errorf("model file version %d, this program reads %d", v, fileVersion)
	}
	h = header{
		hidden: u32(8), layers: u32(12), heads: u32(16), ff: u32(20),
		tokens: u32(24), positions: u32(28), norms: u32(32),
		tokenBytes: u32(36), normBytes: u32(40),
		bos: u16(48), eos: u16(50), unk: u16(52),
		eps: f32(56), unkScore: f32(60),
	}
	if size := u32(44); size != len(b) {
		return h, fmt.Errorf("model file has %d bytes, its header says %d: cut short or damaged", len(b), size)
	}
	return h, h.check(u16(54))
}

// check refuses shapes that the code cannot run, so that nothing after loading
// needs to look at them again.
func (h header) check(block int) error {
	switch {
	case block != blockLen,
		h.hidden < blockLen || h.hidden > 1<<12 || h.hidden%blockLen != 0,
		h.ff < blockLen || h.ff > 1<<14 || h.ff%blockLen != 0,
		h.layers < 1 || h.layers > 1<<8,
		h.heads < 1 || h.hidden%h.heads != 0,
		h.positions < 3 || h.positions > 1<<16,
		h.tokens < 4 || h.tokens > 1<<20,
		h.bos >= h.tokens || h.eos >= h.tokens || h.unk >= h.tokens:
		return fmt.Errorf("model file has shapes this program does not run: %+v", h)
	}
	return nil
}

// matrix is a Q4 matrix of rows x cols.
type matrix struct {
	rows, cols int
	scales     []float32 // [rows][cols/blockLen]
	blocks     []byte    // [rows][cols/blockLen][blockBytes], in the file
	bias       []float32 // [rows]
}

// layer is one transformer block (post-norm, as in BERT).
type layer struct {
	qkv, attnOut, ffIn, ffOut matrix
	attnNormW, attnNormB      []float32
	outputNormW, outputNormB  []float32
}

// weights is everything in the file but the tokenizer.
type weights struct {
	positions            []float32 // [positions][hidden]
	normW, normB         []float32
	embScales, embBlocks []byte // left in the file: 20 MB, of which a text needs a few rows
	layers               []layer
}

func readWeights(r *sections, h header) weights {
	w := weights{positions: r.halves(h.positions * h.hidden)}
	w.normW, w.normB = r.floats(h.hidden), r.floats(h.hidden)
	w.embScales = r.take(h.tokens * h.hidden / blockLen * 2)
	w.embBlocks = r.take(h.tokens * h.hidden / 2)
	for range h.layers {
		w.layers = append(w.layers, layer{
			qkv:         r.matrix(3*h.hidden, h.hidden),
			attnOut:     r.matrix(h.hidden, h.hidden),
			ffIn:        r.matrix(h.ff, h.hidden),
			ffOut:       r.matrix(h.hidden, h.ff),
			attnNormW:   r.floats(h.hidden),
			attnNormB:   r.floats(h.hidden),
			outputNormW: r.floats(h.hidden),
			outputNormB: r.floats(h.hidden),
		})
	}
	return w
}

// sections cuts the file into its parts. It remembers that the file ended too
// early and then yields nothing.
type sections struct {
	b   []byte
	err error
}

func (r *sections) take(n int) []byte {
	if n > len(r.b) {
		r.err = errors.New("model file is damaged: its sections are longer than the file")
		r.b = nil
		return nil
	}
	head := r.b[:n:n]
	r.b = r.b[n:]
	return head
}

func (r *sections) floats(n int) []float32 {
	b := r.take(4 * n)
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}

func (r *sections) halves(n int) []float32 {
	b := r.take(2 * n)
	out := make([]float32, len(b)/2)
	for i := range out {
		out[i] = fromHalf(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return out
}

func (r *sections) matrix(rows, cols int) matrix {
	return matrix{
		rows: rows, cols: cols,
		scales: r.halves(rows * cols / blockLen),
		blocks: r.take(rows * cols / 2),
		bias:   r.floats(rows),
	}
}

// fromHalf widens an IEEE 754 half-precision number; the result is exact.
func fromHalf(h uint16) float32 {
	sign, exp, frac := uint32(h&0x8000)<<16, uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exp {
	case 0: // zero or subnormal: a multiple of 2^-24
		f := float32(frac) * 0x1p-24
		return math.Float32frombits(sign | math.Float32bits(f))
	case 0x1f: // infinity or NaN
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}
