package retriever

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kiveileder/corpus"
)

func TestVectorsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dim, rows := rapid.IntRange(1, 50).Draw(t, "dimensions"), rapid.IntRange(0, 5000).Draw(t, "rows")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		width := rapid.IntRange(1, 300).Draw(t, "width")
		vs := make([]byte, dim*rows)
		for i := range vs {
			vs[i] = byte(int8(max(-128, min(127, r.IntN(width)-width/3+i%dim))))
		}
		got, err := unpackVectors(packVectors(vs, dim))
		if err != nil || !bytes.Equal(got, vs) {
			t.Fatalf("other vectors came back (%v)", err)
		}
	})
}

func TestVectorsDamaged(t *testing.T) {
	good := packVectors(bytes.Repeat([]byte{1, 2, 255, 7}, 40_000), 4)
	for n := range 200 {
		if _, err := unpackVectors(good[:n]); err == nil {
			t.Errorf("%d bytes were enough", n)
		}
	}
	for at := range 200 {
		b := bytes.Clone(good)
		b[at] ^= 0x55
		_, _ = unpackVectors(b) // that it is other bytes is for the checksum to tell
	}
}

// The form before this one is still read, and gives the same to the last bit.
func TestReadsTheFormBefore(t *testing.T) {
	s := &Snapshot{
		Format: snapshotFormat, Version: "v1", Model: "m", Corpus: &corpus.Corpus{},
		Space: &Space{Dim: 3}, Weights: &Weights{}, Judge: &Judge{},
		Vectors: []byte{1, 2, 3, 255, 128, 127}, Scales: []float32{0.5, 0.25}, InvLens: []float32{1, 2},
	}
	var b bytes.Buffer
	if err := s.Write(&b); err != nil {
		t.Fatal(err)
	}
	now := b.Bytes()
	rest := now[len(snapshotMagic):]
	rest = rest[:4+binary.LittleEndian.Uint32(rest)]
	before := slices.Concat([]byte(plainMagic), rest, s.Vectors)
	for name, form := range map[string][]byte{"now": now, "before": before} {
		got, err := ReadSnapshot(form)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if vs, err := got.vectors(); err != nil || !bytes.Equal(vs, s.Vectors) {
			t.Errorf("%s: vectors %v, %v, want %v", name, vs, err, s.Vectors)
		}
		var again bytes.Buffer
		if err := got.Write(&again); err != nil || !bytes.Equal(again.Bytes(), now) {
			t.Errorf("%s: written again it is another (%v)", name, err)
		}
	}
}
