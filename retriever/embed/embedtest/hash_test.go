package embedtest_test

import (
	"context"
	"testing"

	"kiveileder/retriever/embed"
	"kiveileder/retriever/embed/embedtest"
)

func TestHash(t *testing.T) {
	embedtest.Test(t, func(*testing.T) embed.Embedder { return embedtest.Hash(64) })
}

// TestHashIsClose shows what the fake is good for: shared words bring texts
// together.
func TestHashIsClose(t *testing.T) {
	v, err := embedtest.Hash(256).Embed(context.Background(), embed.Query, []string{
		"krav til samtykke",
		"Hvilke krav til samtykke gjelder?",
		"bøter i millioner kroner",
	})
	if err != nil {
		t.Fatal(err)
	}
	if near, far := dot(v[0], v[1]), dot(v[0], v[2]); near <= far+0.2 {
		t.Errorf("cosine with a similar text %.2f, with another %.2f: want a clear gap", near, far)
	}
}

func dot(a, b []float32) (sum float32) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}
