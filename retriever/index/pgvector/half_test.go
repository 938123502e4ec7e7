package pgvector

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestHalf(t *testing.T) {
	for h := range uint16(0x7c00) { // every finite one, and its negative
		for _, h := range []uint16{h, h | 0x8000} {
			if got := toHalf(fromHalf(h)); got != h {
				t.Fatalf("%#x stands for %v, which becomes %#x", h, fromHalf(h), got)
			}
		}
	}
	for _, c := range []struct {
		x    float32
		want uint16
	}{
		{0, 0}, {1, 0x3c00}, {-2, 0xc000}, {65504, 0x7bff}, {0.1, 0x2e66},
		{0x1p-24, 1}, {0x1p-25, 0}, {0x1.8p-24, 2}, {0x1.8p-25, 1}, {1e-30, 0},
		{1 + 0x1p-11, 0x3c00}, {1 + 0x3p-11, 0x3c02}, // ties go to even
		{0x1.ffep0, 0x4000}, // the fraction overflows
		{0x1.ff8p-15, 0x03ff}, {0x1.ffcp-15, 0x0400},
	} {
		if got := toHalf(c.x); got != c.want {
			t.Errorf("toHalf(%v) = %#x, want %#x", c.x, got, c.want)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 100000 {
		x := float32(math.Ldexp(rng.Float64()*2-1, rng.IntN(40)-25))
		if x > maxHalf || x < -maxHalf {
			continue
		}
		h := toHalf(x)
		d := math.Abs(float64(fromHalf(h) - x))
		for _, n := range []uint16{h - 1, h + 1} {
			if n&0x7fff < 0x7c00 && math.Abs(float64(fromHalf(n)-x)) < d {
				t.Fatalf("toHalf(%v) = %#x, but %#x is nearer", x, h, n)
			}
		}
	}
}
