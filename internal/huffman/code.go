package huffman

import "slices"

// lengths gives how many bits each value takes, at most maxBits: the best there
// are (Larmore and Hirschberg 1990, package-merge).
func lengths(src []byte) (lens [256]uint8) {
	var counts [256]int
	for _, b := range src {
		counts[b]++
	}
	// two values at least, or bits would not tell anything
	counts[0], counts[1] = max(counts[0], 1), max(counts[1], 1)

	type parcel struct {
		count  int
		values []byte
	}
	lighter := func(a, b parcel) int { return a.count - b.count }
	var single []parcel
	for v, n := range counts {
		if n > 0 {
			single = append(single, parcel{n, []byte{byte(v)}})
		}
	}
	slices.SortStableFunc(single, lighter)
	row := single
	for range maxBits - 1 {
		next := slices.Clone(single)
		for pair := range slices.Chunk(row, 2) {
			if len(pair) == 2 {
				next = append(next, parcel{pair[0].count + pair[1].count, slices.Concat(pair[0].values, pair[1].values)})
			}
		}
		slices.SortStableFunc(next, lighter)
		row = next
	}
	for _, p := range row[:2*len(single)-2] {
		for _, v := range p.values {
			lens[v]++
		}
	}
	return lens
}

// codes gives the bits of each value: shorter ones first, values of a length in
// their order.
func codes(lens [256]uint8) (code [256]uint16) {
	next := uint16(0)
	for bits := uint8(1); bits <= maxBits; bits++ {
		next <<= 1
		for v, l := range lens {
			if l == bits {
				code[v] = next
				next++
			}
		}
	}
	return code
}
