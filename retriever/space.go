package retriever

import (
	"errors"
	"fmt"
	"math"

	"github.com/viterin/vek/vek32"

	"kiveileder/retriever/index"
)

// A Space compares vectors in the metric that the bank taught: the embedding
// space whitened by the covariance within the questions of one passage, so
// that directions in which the same question varies (language, tone, length)
// count little and those that tell passages apart count much. This is the
// within-class covariance normalisation of Hatch et al. (Interspeech 2006).
//
// Only the query is transformed; a stored vector keeps its raw form and one
// number, the inverse of its length in the whitened space.
type Space struct {
	Dim    int
	Mean   [2][]float32 // of questions and of passages, whose prefixes differ
	Metric []float32    // Dim x Dim, row by row: the inverse of the covariance
}

// The sides of Mean, as index.Kind.Side tells them.
const (
	questionSide = iota
	passageSide
)

// shrinkage is the share of the isotropic part in the covariance; with fewer
// questions than dimensions it keeps the inverse tame. Chosen, not tuned.
const shrinkage = 0.25

// learnSpace estimates the space from vectors with their classes; class < 0
// means that the vector counts for the mean alone.
func learnSpace(dim int, questions [][]float32, class []int, passages [][]float32) (*Space, error) {
	if len(questions) < 2 {
		return nil, errors.New("learn space: the bank has no questions")
	}
	s := &Space{Dim: dim, Mean: [2][]float32{mean(dim, questions), mean(dim, passages)}}
	centre := map[int][]float64{}
	count := map[int]int{}
	for i, v := range questions {
		c := class[i]
		if c < 0 {
			continue
		}
		if centre[c] == nil {
			centre[c] = make([]float64, dim)
		}
		for k, x := range v {
			centre[c][k] += float64(x)
		}
		count[c]++
	}
	n := 0
	cov := make([]float64, dim*dim)
	row := make([]float64, dim)
	for i, v := range questions {
		c := class[i]
		if c < 0 || count[c] < 2 {
			continue
		}
		// dividing by count-1 makes the spread of a small class comparable
		f := math.Sqrt(float64(count[c]) / float64(count[c]-1))
		for k, x := range v {
			row[k] = f * (float64(x) - centre[c][k]/float64(count[c]))
		}
		for k, x := range row {
			for j, y := range row[:k+1] {
				cov[k*dim+j] += x * y
			}
		}
		n++
	}
	if n < 2 {
		return nil, errors.New("learn space: no passage has two questions")
	}
	spread := 0.0 // the mean of the diagonal
	for i := range dim {
		spread += cov[i*dim+i] / float64(n) / float64(dim)
	}
	for i := range dim {
		for j := range i + 1 {
			v := (1 - shrinkage) * cov[i*dim+j] / float64(n)
			if i == j {
				v += shrinkage * spread
			}
			cov[i*dim+j], cov[j*dim+i] = v, v
		}
	}
	inv, err := invert(cov, dim)
	if err != nil {
		return nil, fmt.Errorf("learn space: covariance: %w", err)
	}
	s.Metric = make([]float32, dim*dim)
	for i, x := range inv {
		s.Metric[i] = float32(x * spread) // keeps the numbers near one
	}
	return s, nil
}

func mean(dim int, vs [][]float32) []float32 {
	sum := make([]float64, dim)
	for _, v := range vs {
		for k, x := range v {
			sum[k] += float64(x)
		}
	}
	out := make([]float32, dim)
	for k := range sum {
		out[k] = float32(sum[k] / float64(max(1, len(vs))))
	}
	return out
}

// probe makes a query's vector ready: Dir is the metric times the centred
// vector, scaled so that its length in the learned space is 1.
func (s *Space) probe(v []float32) index.Probe {
	c := make([]float32, s.Dim)
	vek32.Sub_Into(c, v, s.Mean[questionSide])
	dir := s.apply(c)
	norm := float32(math.Sqrt(math.Max(1e-12, float64(vek32.Dot(dir, c)))))
	vek32.DivNumber_Inplace(dir, norm)
	return index.Probe{Raw: v, Dir: dir, Offset: [2]float32{vek32.Dot(dir, s.Mean[0]), vek32.Dot(dir, s.Mean[1])}}
}

func (s *Space) apply(c []float32) []float32 {
	out := make([]float32, s.Dim)
	for i := range out {
		out[i] = vek32.Dot(s.Metric[i*s.Dim:(i+1)*s.Dim], c)
	}
	return out
}

// invLen gives the inverse of a stored vector's length in the whitened space.
func (s *Space) invLen(v []float32, side int) float32 {
	c := make([]float32, s.Dim)
	vek32.Sub_Into(c, v, s.Mean[side])
	l := math.Sqrt(math.Max(1e-12, float64(vek32.Dot(s.apply(c), c))))
	return float32(1 / l)
}
