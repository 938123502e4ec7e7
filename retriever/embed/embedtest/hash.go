package embedtest

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"strings"

	"kiveileder/retriever/embed"
)

// Hash returns an embedder without a model, for tests of what lies around one:
// it takes microseconds and always gives the same vectors. Each sequence of
// three characters adds 1 or -1 to a place that its hash chooses (Weinberger
// et al. 2009, "Feature Hashing"), so texts that share words come out close.
// Letter case and kind make no difference. It panics if dim is below one.
func Hash(dim int) embed.Embedder {
	if dim < 1 {
		panic(fmt.Sprintf("embedtest.Hash: dim is %d", dim))
	}
	return hash(dim)
}

type hash int

func (h hash) ID() string { return fmt.Sprintf("hash-3gram@%d", int(h)) }

func (h hash) Dim() int { return int(h) }

func (h hash) Embed(ctx context.Context, kind embed.Kind, texts []string) ([][]float32, error) {
	if kind > embed.Passage {
		return nil, fmt.Errorf("embed: unknown kind %v", kind)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("embed %s: %w", kind, err)
	}
	out := make([][]float32, len(texts))
	for i, text := range texts {
		out[i] = h.vector(text)
	}
	return out, nil
}

func (h hash) vector(text string) []float32 {
	v := make([]float32, h)
	runes := []rune("  " + strings.ToLower(text) + " ")
	for i := range len(runes) - 2 {
		f := fnv.New64a()
		f.Write([]byte(string(runes[i : i+3])))
		sum := f.Sum64()
		sign := float32(sum>>63)*2 - 1
		v[sum%uint64(h)] += sign
	}
	var sq float64
	for _, x := range v {
		sq += float64(x) * float64(x)
	}
	if sq == 0 { // all signs cancelled out
		v[0], sq = 1, 1
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sq))
	}
	return v
}
