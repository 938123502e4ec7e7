package e5

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

// What stands in the binary is the file that ModelSHA256 names, to the last
// bit, and is made of it again.
func TestPacked(t *testing.T) {
	file := make([]byte, len(modelFile))
	if err := unpack(file, packedModel); err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(file); hex.EncodeToString(sum[:]) != ModelSHA256 {
		t.Errorf("unpacked, its sha256 is %x, want %s", sum, ModelSHA256)
	}
	again, err := Pack(file)
	if err != nil || !bytes.Equal(again, packedModel) {
		t.Errorf("packed again it is another (%v)", err)
	}
}

func TestPackedWrong(t *testing.T) {
	file := make([]byte, len(modelFile))
	for _, n := range []int{0, 4, 68, 70, 1000, 800_000, 5_000_000, len(packedModel) - 1} {
		if unpack(file, packedModel[:n]) == nil {
			t.Errorf("%d bytes of %d were enough", n, len(packedModel))
		}
	}
	if unpack(file[:len(file)-1], packedModel) == nil {
		t.Error("a place too small was enough")
	}
	if unpack(nil, packedModel) == nil {
		t.Error("no place was enough")
	}
	for at := 0; at < len(packedModel); at += len(packedModel) / 10 {
		b := bytes.Clone(packedModel)
		b[at] ^= 0x10
		if unpack(file, b) == nil {
			if _, err := LoadPinned(file); err == nil {
				t.Errorf("byte %d changed, and nothing is said", at)
			}
		}
	}
}

// Pages that were left come back as they were.
func TestLeave(t *testing.T) {
	before := sha256.Sum256(packedModel)
	leave(packedModel)
	if sha256.Sum256(packedModel) != before {
		t.Error("the packed model is another when it comes back")
	}
	for n := range 9000 { // whatever the length, nothing beside it is touched
		leave(packedModel[n:min(2*n, len(packedModel))])
	}
	if sha256.Sum256(packedModel) != before {
		t.Error("the packed model is another when parts of it come back")
	}
}
