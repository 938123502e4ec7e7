package e5

import (
	"encoding/binary"
	"math"
)

// portableKernel needs nothing but 64-bit integers.
//
// It takes four tokens at a time and rounds their activations to eight bits,
// block by block. A byte of the model holds two weights, so for given
// activations there are only 256 different things that a byte can contribute:
// they are put in a table once, and then every row of the matrix is a matter
// of looking up and adding. The four tokens share each addition, as 16-bit
// lanes of one uint64: a block's sum is at most 32*8*127 = 32,512 either way.
type portableKernel struct{}

func (portableKernel) name() string { return "portable" }

// lanes is the number of tokens that share a uint64.
const lanes = 4

// tableBytes is how many of a block's bytes have their tables at once. Eight
// tables are 16 KB, which leaves room in a first-level cache of 32 KB.
const tableBytes = 8

func (portableKernel) parts(_ *matrix, n int) int { return (n + lanes - 1) / lanes }

// lut is the memory for one group of four tokens.
type lut struct {
	tables [tableBytes][256]uint64
	sums   []uint64         // [rows]: lane sums of the block so far
	acc    [][lanes]float32 // [rows]: result so far
}

func (portableKernel) linear(dst, x []float32, n int, m *matrix, part int, s *scratch, finish func([]float32)) {
	if s.lut == nil {
		s.lut = new(lut)
	}
	l, first := s.lut, part*lanes
	count := min(lanes, n-first)
	l.reset(m.rows)
	for b := range m.cols / blockLen {
		var scale [lanes]float32
		var packed [blockLen]uint64
		for i := range count {
			scale[i] = pack(&packed, x[(first+i)*m.cols+b*blockLen:][:blockLen], 16*i)
		}
		l.tabulate(packed[:tableBytes], packed[blockBytes:])
		l.addFirst(m, b)
		l.tabulate(packed[tableBytes:blockBytes], packed[blockBytes+tableBytes:])
		l.addSecond(m, b, &scale)
	}
	for i := range count {
		out := dst[(first+i)*m.rows:][:m.rows]
		for r, bias := range m.bias {
			out[r] = l.acc[r][i] + bias
		}
		if finish != nil {
			finish(out)
		}
	}
}

func (l *lut) reset(rows int) {
	if cap(l.acc) < rows {
		l.sums, l.acc = make([]uint64, rows), make([][lanes]float32, rows)
	}
	l.sums, l.acc = l.sums[:rows], l.acc[:rows]
	clear(l.acc)
}

// pack rounds a block of activations to -127..127 and adds them to the lane at
// shift. It returns what to multiply the rounded numbers by.
func pack(packed *[blockLen]uint64, x []float32, shift int) float32 {
	var top float32
	for _, v := range x {
		top = max(top, v, -v)
	}
	if !(top > 0) || math.IsInf(float64(top), 0) {
		return 0
	}
	inv := 127 / top
	const magic = 3 << 22 // adding it leaves the nearest integer in the low bits
	for i, v := range x {
		q := int32(math.Float32bits(float32(v*inv)+magic)) - int32(math.Float32bits(magic))
		packed[i] += uint64(int64(q)) << shift
	}
	return top / 127
}

// tabulate fills the tables for some bytes of a block: low has the activations
// that meet the low nibbles, high those that meet the high ones. Lanes borrow
// from each other when they are negative; addSecond puts that right.
func (l *lut) tabulate(low, high []uint64) {
	for j := range l.tables {
		table := &l.tables[j]
		var lows [16]uint64
		sum := -(8 * low[j])
		for k := range lows {
			lows[k] = sum
			sum += low[j]
		}
		sum = -(8 * high[j])
		for h := 0; h < 256; h += 16 {
			row := (*[16]uint64)(table[h:])
			for k, v := range lows {
				row[k] = sum + v
			}
			sum += high[j]
		}
	}
}

// addFirst sums up the first eight bytes of block b for each row. The looking
// up is spelt out here and in addSecond as the compiler would not inline it.
func (l *lut) addFirst(m *matrix, b int) {
	t, stride := &l.tables, m.cols/2
	blocks := m.blocks[b*blockBytes:]
	for r := range l.sums {
		w := binary.LittleEndian.Uint64(blocks[r*stride:])
		l.sums[r] = t[0][byte(w)] + t[1][byte(w>>8)] + t[2][byte(w>>16)] + t[3][byte(w>>24)] +
			t[4][byte(w>>32)] + t[5][byte(w>>40)] + t[6][byte(w>>48)] + t[7][byte(w>>56)]
	}
}

// addSecond sums up the other eight bytes and adds the block to the result.
func (l *lut) addSecond(m *matrix, b int, scale *[lanes]float32) {
	t, stride, perRow := &l.tables, m.cols/2, m.cols/blockLen
	blocks, scales := m.blocks[b*blockBytes+tableBytes:], m.scales[b:]
	s0, s1, s2, s3 := scale[0], scale[1], scale[2], scale[3]
	acc := l.acc[:len(l.sums)]
	for r, sum := range l.sums {
		w := binary.LittleEndian.Uint64(blocks[r*stride:])
		// Half a lane's range makes every lane positive, so that none borrows.
		sum += t[0][byte(w)] + t[1][byte(w>>8)] + t[2][byte(w>>16)] + t[3][byte(w>>24)] +
			t[4][byte(w>>32)] + t[5][byte(w>>40)] + t[6][byte(w>>48)] + t[7][byte(w>>56)] +
			0x8000_8000_8000_8000
		d, a := scales[r*perRow], &acc[r]
		a[0] += float32(int32(sum&0xffff)-0x8000) * (d * s0)
		a[1] += float32(int32(sum>>16&0xffff)-0x8000) * (d * s1)
		a[2] += float32(int32(sum>>32&0xffff)-0x8000) * (d * s2)
		a[3] += float32(int32(sum>>48)-0x8000) * (d * s3)
	}
}

func (portableKernel) scores(dst, q, keys []float32) {
	clear(dst)
	for e := 0; e+1 < len(q); e += 2 { // two at a time halves the traffic on dst
		a, b := q[e], q[e+1]
		k0, k1 := keys[e*len(dst):][:len(dst)], keys[(e+1)*len(dst):][:len(dst)]
		for i := range dst {
			dst[i] += a*k0[i] + b*k1[i]
		}
	}
	if len(q)%2 == 1 {
		last := len(q) - 1
		for i, k := range keys[last*len(dst):][:len(dst)] {
			dst[i] += q[last] * k
		}
	}
}

func (portableKernel) mix(dst, p, values []float32) {
	for e := range dst {
		v := values[e*len(p):][:len(p)]
		var s0, s1, s2, s3 float32
		for i := 0; i+3 < len(p); i += 4 { // padTo is a multiple of four
			s0 += p[i] * v[i]
			s1 += p[i+1] * v[i+1]
			s2 += p[i+2] * v[i+2]
			s3 += p[i+3] * v[i+3]
		}
		dst[e] = s0 + s1 + s2 + s3
	}
}
