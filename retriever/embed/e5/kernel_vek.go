package e5

import (
	"encoding/binary"

	"github.com/viterin/vek/vek32"
)

// vekKernel uses the AVX2 and FMA assembly of package vek.
//
// vek32.MatMul_Into is used for matrix x vector only. In that form it runs all
// rows in one call without leaving the assembly, and it stays on this
// goroutine as long as there are fewer than 100,000 products.
//
// Weights are widened to float32 a few rows at a time, right before all tokens
// use them, so they stay in the first-level cache and the process never holds
// the 85 MB that the whole model would take.
type vekKernel struct{}

func (vekKernel) name() string { return "vek" }

const (
	vekPartWeights  = 24576 // weights in a part: 64 rows of 384
	vekPanelWeights = 6144  // weights widened at once: 24 KB
)

func (vekKernel) parts(m *matrix, _ int) int {
	rows := vekPartWeights / m.cols
	return (m.rows + rows - 1) / rows
}

func (vekKernel) linear(dst, x []float32, n int, m *matrix, part int, s *scratch, finish func([]float32)) {
	partRows := vekPartWeights / m.cols
	begin := part * partRows
	end := min(begin+partRows, m.rows)
	panel := vekPanelWeights / m.cols
	s.rows = sized(s.rows, vekPanelWeights)
	for r := begin; r < end; r += panel {
		rows := min(panel, end-r)
		m.widen(s.rows, r, rows)
		for t := range n {
			out := dst[t*m.rows+r:][:rows:rows]
			vek32.MatMul_Into(out, s.rows[:rows*m.cols], x[t*m.cols:][:m.cols], m.cols)
		}
	}
	for t := range n {
		out := dst[t*m.rows+begin : t*m.rows+end]
		vek32.Add_Inplace(out, m.bias[begin:end])
		if finish != nil {
			finish(out)
		}
	}
}

func (vekKernel) scores(dst, q, keys []float32) { vek32.MatMul_Into(dst, q, keys, len(q)) }

func (vekKernel) mix(dst, p, values []float32) { vek32.MatMul_Into(dst, values, p, len(p)) }

// widen writes the weights of some rows as float32.
func (m *matrix) widen(dst []float32, row, rows int) {
	perRow := m.cols / blockLen
	scales := m.scales[row*perRow : (row+rows)*perRow]
	blocks := m.blocks[row*perRow*blockBytes:]
	for i, d := range scales {
		block := blocks[i*blockBytes:][:blockBytes]
		out := (*[blockLen]float32)(dst[i*blockLen:])
		widenHalf((*[24]float32)(out[:24]), binary.LittleEndian.Uint64(block), d)
		widenHalf((*[24]float32)(out[8:]), binary.LittleEndian.Uint64(block[8:]), d)
	}
}

// widenHalf writes weights 0 to 7 and 16 to 23 of a block from eight of its
// bytes. It is unrolled by hand, which the compiler does not do: a query
// spends a quarter of its time here.
func widenHalf(out *[24]float32, b uint64, d float32) {
	out[0], out[16] = nibbles[b&15]*d, nibbles[b>>4&15]*d
	out[1], out[17] = nibbles[b>>8&15]*d, nibbles[b>>12&15]*d
	out[2], out[18] = nibbles[b>>16&15]*d, nibbles[b>>20&15]*d
	out[3], out[19] = nibbles[b>>24&15]*d, nibbles[b>>28&15]*d
	out[4], out[20] = nibbles[b>>32&15]*d, nibbles[b>>36&15]*d
	out[5], out[21] = nibbles[b>>40&15]*d, nibbles[b>>44&15]*d
	out[6], out[22] = nibbles[b>>48&15]*d, nibbles[b>>52&15]*d
	out[7], out[23] = nibbles[b>>56&15]*d, nibbles[b>>60]*d
}

// nibbles holds the value of each nibble before scaling.
var nibbles = [16]float32{-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7}
