package guidance_test

import (
	"bytes"
	"testing"

	"kiveileder/services/guidance"
)

func TestSealer(t *testing.T) {
	old, young := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	seal := func(keys ...[]byte) *guidance.Sealer {
		s, err := guidance.NewSealer(keys...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	who := guidance.Contact{Name: "Kari", Email: "kari@example.no"}
	sealed, err := seal(old).Seal("c1", who)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := seal(young, old).Open("c1", sealed); got != who || err != nil {
		t.Errorf("after the key was changed: %v, %v", got, err)
	}
	again, err := seal(old).Seal("c1", who)
	if err != nil || bytes.Equal(again, sealed) || bytes.Contains(sealed, []byte("Kari")) {
		t.Errorf("sealed alike twice, or readable: %v", err)
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := seal(old).Open("c1", bad); err == nil {
			t.Errorf("it opens with byte %d changed", i)
		}
		if _, err := seal(old).Open("c1", sealed[:i]); err == nil {
			t.Errorf("it opens with %d bytes", i)
		}
	}
	if _, err := seal(old).Open("c2", sealed); err == nil {
		t.Error("it opens for another case")
	}
	if _, err := seal(young).Open("c1", sealed); err == nil {
		t.Error("it opens with another key")
	}
	if _, err := guidance.NewSealer([]byte("short")); err == nil {
		t.Error("a short key was taken")
	}
	if _, err := guidance.NewSealer(); err == nil {
		t.Error("no key was taken")
	}
}
