package pgvector

import "math"

// maxHalf is the largest half-precision number.
const maxHalf = 65504

// toHalf gives the bits of the half-precision number nearest to x, ties to
// even, as Postgres would round it. |x| must be below maxHalf.
func toHalf(x float32) uint16 {
	bits := math.Float32bits(x)
	sign := uint16(bits >> 16 & 0x8000)
	exp := int(bits>>23&0xff) - 127
	switch {
	case exp < -25: // below half of the smallest
		return sign
	case exp < -14: // subnormal: in units of 2^-24
		whole := bits&0x7fffff | 0x800000
		shift := uint(-exp - 1)
		return sign | roundOff(whole, shift)
	}
	// a carry out of the fraction moves on into the exponent, as it should
	return sign | uint16(exp+14)<<10 + roundOff(bits&0x7fffff|0x800000, 13)
}

// roundOff drops the lowest n bits, to the nearest, ties to even.
func roundOff(x uint32, n uint) uint16 {
	up := x>>n&1 + 1<<(n-1) - 1
	return uint16((x + up) >> n)
}

// fromHalf gives the number that bits stand for.
func fromHalf(h uint16) float32 {
	frac, exp := float64(h&0x3ff), int(h>>10&0x1f)
	if exp == 0 {
		frac = math.Ldexp(frac, -24)
	} else {
		frac = math.Ldexp(frac+1024, exp-25)
	}
	if h&0x8000 != 0 {
		frac = -frac
	}
	return float32(frac)
}
