package pgvector

import (
	"encoding/binary"
	"math"
	"slices"

	"kiveileder/retriever/index"
)

// A block is the entries of one passage, or up to blockSize others of one kind,
// with their exact vectors. What is fetched is fetched by block.
type block struct {
	entries []int32 // numbers, ascending
	invLen  []float32
	vectors []float32 // one after the other
}

// blockSize is how many entries that belong to no passage share a block.
const blockSize = 64

// vector gives the i-th vector.
func (b *block) vector(i, dim int) []float32 { return b.vectors[i*dim : (i+1)*dim : (i+1)*dim] }

// find gives the place of an entry in the block.
func (b *block) find(entry int32) int {
	i, _ := slices.BinarySearch(b.entries, entry)
	return i
}

func (b *block) size() int { return 96 + 8*len(b.entries) + 4*len(b.vectors) }

// How a vector stands in a block.
const (
	asFloats = iota // four bytes a dimension
	asBytes         // a scale, and one signed byte a dimension
)

// appendBlock appends the entries with the numbers in form: how many there are,
// then each with its number as the distance from the last, the inverse of its
// length and its vector.
func appendBlock(to []byte, entries []index.Entry, numbers []int32) []byte {
	to = binary.AppendUvarint(to, uint64(len(numbers)))
	last := int32(0)
	for _, n := range numbers {
		e := &entries[n]
		to = binary.AppendUvarint(to, uint64(n-last))
		last = n
		to = appendFloat(to, e.InvLen)
		to = appendVector(to, e.Vector)
	}
	return to
}

func appendFloat(to []byte, x float32) []byte {
	return binary.LittleEndian.AppendUint32(to, math.Float32bits(x))
}

// appendVector appends a vector so that reading gives exactly it: vectors that
// were stored as signed bytes before (those of the built-in corpus) become
// bytes again.
func appendVector(to []byte, v []float32) []byte {
	at := len(to)
	most := float32(0)
	for _, x := range v {
		most = max(most, x, -x)
	}
	scale := most / 127
	for _, s := range []float32{scale, math.Nextafter32(scale, 0), math.Nextafter32(scale, 2*scale)} {
		to = appendFloat(append(to[:at], asBytes), s)
		ok := true
		for _, x := range v {
			q := 0.0
			if s != 0 {
				q = math.Round(float64(x / s))
			}
			if ok = math.Abs(q) <= 127 && float32(int8(q))*s == x; !ok {
				break
			}
			to = append(to, byte(int8(q)))
		}
		if ok {
			return to
		}
	}
	to = append(to[:at], asFloats)
	for _, x := range v {
		to = appendFloat(to, x)
	}
	return to
}

// readBlock reads what appendBlock wrote.
func readBlock(from []byte, dim int) (*block, error) {
	r := reader{b: from}
	n := int(r.uvarint())
	if n < 0 || n > len(from) {
		return nil, errDamaged
	}
	b := &block{make([]int32, n), make([]float32, n), make([]float32, n*dim)}
	last := int32(0)
	for i := range n {
		last += int32(r.uvarint())
		b.entries[i] = last
		b.invLen[i] = r.float()
		v := b.vector(i, dim)
		switch form := r.byte(); form {
		case asBytes:
			s := r.float()
			for k, q := range r.bytes(dim) {
				v[k] = float32(int8(q)) * s
			}
		case asFloats:
			for k := range v {
				v[k] = r.float()
			}
		default:
			return nil, errDamaged
		}
	}
	if r.short || len(r.b) != 0 {
		return nil, errDamaged
	}
	return b, nil
}

// A reader reads numbers; reading beyond the end gives zeros and sets short.
type reader struct {
	b     []byte
	short bool
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.b) {
		r.b, r.short = nil, true
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0xff
}

func (r *reader) float() float32 {
	if b := r.bytes(4); b != nil {
		return math.Float32frombits(binary.LittleEndian.Uint32(b))
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	x, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b, r.short = nil, true
		return 0
	}
	r.b = r.b[n:]
	return x
}

func (r *reader) varint() int64 {
	x, n := binary.Varint(r.b)
	if n <= 0 {
		r.b, r.short = nil, true
		return 0
	}
	r.b = r.b[n:]
	return x
}
