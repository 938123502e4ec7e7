package retriever

import (
	"encoding/binary"
	"errors"
	"math"

	"kiveileder/internal/huffman"
)

// packVectors gives quantised vectors a fifth smaller. All vectors of a model
// point much the same way, so each byte is packed as what it differs by from
// its dimension's mean:
//
//	u32 dimensions
//	i8 per dimension: the mean
//	the differences, see package huffman
func packVectors(vs []byte, dim int) []byte {
	dim = max(1, dim)
	sums := make([]int, dim)
	for i, b := range vs {
		sums[i%dim] += int(int8(b))
	}
	out := binary.LittleEndian.AppendUint32(nil, uint32(dim))
	rows := max(1, len(vs)/dim)
	for _, n := range sums {
		out = append(out, byte(int8(math.Round(float64(n)/float64(rows)))))
	}
	means, diffs := out[4:], make([]byte, len(vs))
	for i, b := range vs {
		diffs[i] = b - means[i%dim] // may wrap; adding wraps back
	}
	return append(out, huffman.Pack(diffs)...)
}

// unpackVectors gives back what was packed, to the last bit.
func unpackVectors(b []byte) ([]byte, error) {
	if len(b) < 4 {
		return nil, errVectors
	}
	dim := int(binary.LittleEndian.Uint32(b))
	if dim < 1 || dim > len(b)-4 {
		return nil, errVectors
	}
	means, b := b[4:4+dim], b[4+dim:]
	n, err := huffman.Len(b)
	if err != nil || n%dim != 0 {
		return nil, errVectors
	}
	vs := make([]byte, n)
	if err := huffman.Unpack(vs, b); err != nil {
		return nil, errVectors
	}
	for at := 0; at < n; at += dim {
		row := vs[at : at+dim]
		for i, m := range means {
			row[i] += m
		}
	}
	return vs, nil
}

var errVectors = errors.New("the vectors are damaged: make it again with `kiveileder corpus build`")
