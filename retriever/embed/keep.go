package embed

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Keep gives an embedder that remembers the vectors of the size questions it
// embedded last, at least one. A turn of a dialogue searches with a project's
// purpose, and with the same question again when more is known of the project;
// embedding is nearly all that a search costs. Texts are kept as their SHA-256
// alone. Passages are not kept: each is embedded once.
func Keep(e Embedder, size int) Embedder {
	vectors, err := lru.New[[sha256.Size]byte, []float32](max(1, size))
	if err != nil {
		panic(err) // only for a size below one
	}
	return &keeper{e, vectors}
}

type keeper struct {
	Embedder
	vectors *lru.Cache[[sha256.Size]byte, []float32]
}

// Embed implements Embedder.
func (k *keeper) Embed(ctx context.Context, kind Kind, texts []string) ([][]float32, error) {
	if kind != Query {
		return k.Embedder.Embed(ctx, kind, texts)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("embed: %w", err)
	}
	out := make([][]float32, len(texts))
	var missing []string
	var at []int // of the missing in texts
	for i, text := range texts {
		if v, ok := k.vectors.Get(sha256.Sum256([]byte(text))); ok {
			out[i] = slices.Clone(v) // the caller owns the result
			continue
		}
		missing, at = append(missing, text), append(at, i)
	}
	if len(missing) == 0 {
		return out, nil
	}
	made, err := k.Embedder.Embed(ctx, kind, missing)
	if err != nil {
		return nil, err
	}
	for i, v := range made {
		out[at[i]] = v
		k.vectors.Add(sha256.Sum256([]byte(missing[i])), slices.Clone(v))
	}
	return out, nil
}
