package e5

import (
	"math"
	"testing"
)

func TestExp(t *testing.T) {
	var worst float64
	for x := float32(0); x > -86; x -= 0.0137 {
		want := math.Exp(float64(x))
		worst = max(worst, math.Abs(float64(exp(x))-want)/want)
	}
	if worst > 3e-7 {
		t.Errorf("relative error up to %.2g, want 3e-7", worst)
	}
	if got := exp(float32(math.Inf(-1))); got != 0 {
		t.Errorf("exp(-Inf) = %v, want 0", got)
	}
}

func TestGelu(t *testing.T) {
	var worst float64
	for x := float32(-12); x < 12; x += 0.00037 {
		v := []float32{x}
		gelu(v)
		want := float64(x) * 0.5 * math.Erfc(-float64(x)/math.Sqrt2)
		worst = max(worst, math.Abs(float64(v[0])-want))
	}
	if worst > 2e-6 {
		t.Errorf("off by up to %.2g, want 2e-6", worst)
	}
	v := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))}
	gelu(v)
	if v[0] != 0 || !math.IsInf(float64(v[1]), 1) || v[2] != 0 {
		t.Errorf("gelu of NaN, Inf, -Inf = %v, want 0, Inf, 0", v)
	}
}

func TestFromHalf(t *testing.T) {
	for _, tc := range []struct {
		half uint16
		want float32
	}{
		{0x0000, 0}, {0x3c00, 1}, {0xc000, -2}, {0x3555, 0.33325195}, {0x7bff, 65504},
		{0x0001, 0x1p-24}, {0x83ff, -1023 * 0x1p-24}, {0x0400, 0x1p-14}, {0x7c00, float32(math.Inf(1))},
	} {
		if got := fromHalf(tc.half); got != tc.want {
			t.Errorf("fromHalf(%#04x) = %v, want %v", tc.half, got, tc.want)
		}
	}
	if !math.IsNaN(float64(fromHalf(0x7e00))) {
		t.Error("fromHalf(0x7e00) is a number")
	}
}

func TestNormalise(t *testing.T) {
	v := []float32{3, 0, -4}
	normalise(v)
	if v[0] != 0.6 || v[1] != 0 || v[2] != -0.8 {
		t.Errorf("normalise(3, 0, -4) = %v", v)
	}
	zero := make([]float32, 3)
	normalise(zero)
	if zero[0] != 1 {
		t.Errorf("normalise(0) = %v, want a unit vector", zero)
	}
}
