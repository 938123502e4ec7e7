package huffman

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// uneven gives bytes like the steps of a bell curve.
func uneven(n int, width float64) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(int8(math.Round(max(-128, min(127, r.NormFloat64()*width)))))
	}
	return b
}

func unpacked(t interface{ Fatal(...any) }, b []byte) []byte {
	n, err := Len(b)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]byte, n)
	if err := Unpack(out, b); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestGivesBack(t *testing.T) {
	for name, src := range map[string][]byte{
		"nothing":                {},
		"one byte":               {7},
		"one value":              bytes.Repeat([]byte{200}, 100_000),
		"two values":             bytes.Repeat([]byte{0, 255}, 70_000),
		"every value":            bytes.Repeat([]byte("\x00\x01\x02\xfd\xfe\xff"), 40_000),
		"one block":              uneven(blockLen, 9),
		"two blocks":             uneven(2*blockLen, 9),
		"two blocks and a byte":  uneven(2*blockLen+1, 9),
		"five blocks less four":  uneven(5*blockLen-4, 40),
		"values that are rare":   append(bytes.Repeat([]byte{1}, 1<<22), uneven(300, 60)...),
		"nearly even: no gain":   uneven(300_000, 4000),
		"a few, for short codes": uneven(300_000, 0.3),
	} {
		if got := unpacked(t, Pack(src)); !bytes.Equal(got, src) {
			t.Errorf("%s: other bytes came back", name)
		}
	}
}

func TestGivesBackAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := bytes.Repeat(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"), rapid.IntRange(1, 2000).Draw(t, "times"))
		if !bytes.Equal(unpacked(t, Pack(src)), src) {
			t.Fatal("other bytes came back")
		}
	})
}

// Packed is nearly what information theory gives.
func TestSize(t *testing.T) {
	src := uneven(1<<20, 20)
	var counts [256]float64
	for _, b := range src {
		counts[b]++
	}
	least := 0.0
	for _, c := range counts {
		if c > 0 {
			least -= c * math.Log2(c/float64(len(src))) / 8
		}
	}
	if got := len(Pack(src)); float64(got) > 1.01*least+1000 {
		t.Errorf("packed to %d bytes, %.0f would do", got, least)
	}
}

// Damaged bytes are refused or give others; they never break the program.
func TestDamaged(t *testing.T) {
	good := Pack(uneven(3*blockLen, 9))
	for n := range 300 {
		if Unpack(make([]byte, 3*blockLen), good[:n]) == nil {
			t.Errorf("%d bytes were enough", n)
		}
	}
	if Unpack(make([]byte, 3*blockLen), good[:len(good)-1]) == nil {
		t.Error("one byte less was enough")
	}
	if Unpack(make([]byte, 3*blockLen-1), good) == nil {
		t.Error("a place too small was enough")
	}
	rapid.Check(t, func(t *rapid.T) {
		b := bytes.Clone(good)
		for range rapid.IntRange(1, 4).Draw(t, "bytes") {
			at := rapid.OneOf(rapid.IntRange(0, 200), rapid.IntRange(0, len(b)-1)).Draw(t, "at")
			b[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
		}
		if n, err := Len(b); err == nil {
			_ = Unpack(make([]byte, n), b)
		}
	})
}

func BenchmarkUnpack(b *testing.B) {
	src := uneven(10<<20, 20)
	packed, dst := Pack(src), make([]byte, len(src))
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if err := Unpack(dst, packed); err != nil {
			b.Fatal(err)
		}
	}
}
