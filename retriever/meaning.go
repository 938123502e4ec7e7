package retriever

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/viterin/vek/vek32"

	"kiveileder/retriever/embed"
)

// A Meaning says how alike questions are, in the metric that the bank taught:
// there language, tone and length count little. It is safe for concurrent use.
type Meaning struct {
	embedder embed.Embedder
	space    *Space
	root     func() []float32 // of the metric: root times root transposed is the metric
}

// NewMeaning compares in the space of a snapshot, with vectors of its model,
// which the embedder makes here or in another process.
func NewMeaning(e embed.Embedder, s *Snapshot) *Meaning {
	return &Meaning{e, s.Space, sync.OnceValue(s.Space.root)}
}

// Model names what makes the vectors: those of another one are not to be
// compared.
func (m *Meaning) Model() string { return m.embedder.ID() }

// Vectors gives one vector for each question. They may be kept.
func (m *Meaning) Vectors(ctx context.Context, questions []string) ([][]float32, error) {
	vs, err := m.embedder.Embed(ctx, embed.Query, questions)
	if err != nil {
		return nil, fmt.Errorf("meaning of questions: %w", err)
	}
	return vs, nil
}

// Place gives where a vector stands: the inner product of two places says how
// alike their questions are, 1 for the same. nil for a vector of another length.
func (m *Meaning) Place(v []float32) []float32 {
	if len(v) != m.space.Dim {
		return nil
	}
	c := make([]float32, m.space.Dim)
	vek32.Sub_Into(c, v, m.space.Mean[questionSide])
	root, out := m.root(), make([]float32, m.space.Dim)
	for i, x := range c {
		row := root[i*m.space.Dim : (i+1)*m.space.Dim]
		for j := range i + 1 {
			out[j] += x * row[j]
		}
	}
	vek32.DivNumber_Inplace(out, float32(math.Sqrt(math.Max(1e-12, float64(vek32.Dot(out, out))))))
	return out
}

// root gives the lower triangle of which the metric is the square (Cholesky).
func (s *Space) root() []float32 {
	n := s.Dim
	l := make([]float64, n*n)
	for i := range n {
		for j := range i + 1 {
			sum := float64(s.Metric[i*n+j])
			for k := range j {
				sum -= l[i*n+k] * l[j*n+k]
			}
			if i == j {
				l[i*n+i] = math.Sqrt(math.Max(1e-12, sum)) // a metric has no direction without length
			} else {
				l[i*n+j] = sum / l[j*n+j]
			}
		}
	}
	out := slices.Repeat([]float32{0}, n*n)
	for i, x := range l {
		out[i] = float32(x)
	}
	return out
}
