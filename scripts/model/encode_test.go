package main

import (
	"math"
	"testing"
)

func TestHalf(t *testing.T) {
	for _, tc := range []struct {
		in   float32
		want uint16
	}{
		{0, 0}, {float32(math.Copysign(0, -1)), 0x8000}, {1, 0x3c00}, {-2, 0xc000},
		{1 + 0x1p-11, 0x3c00}, {1 + 0x1.8p-10, 0x3c02}, // ties go to even
		{2 - 0x1p-12, 0x4000}, // carries into the exponent
		{65504, 0x7bff}, {65519, 0x7bff}, {65520, 0x7c00}, {1e30, 0x7c00},
		{0x1p-14, 0x0400}, {0x1p-24, 0x0001}, {0x1p-25, 0}, {0x1.8p-24, 0x0002}, {0x1.ffcp-15, 0x0400},
	} {
		if got := half(tc.in); got != tc.want {
			t.Errorf("half(%v) = %#04x, want %#04x", tc.in, got, tc.want)
		}
	}
}

func TestReferenceTexts(t *testing.T) {
	refs, err := parseTexts(referenceTexts)
	if err != nil {
		t.Fatal(err)
	}
	langs := map[string]int{}
	for _, r := range refs {
		langs[r.Lang]++
	}
	for _, lang := range []string{"nb", "nn", "en", "sv", "da"} {
		if langs[lang] < 8 {
			t.Errorf("%d texts in %s, want at least 8", langs[lang], lang)
		}
	}
}
