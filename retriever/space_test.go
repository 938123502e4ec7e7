package retriever

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/viterin/vek/vek32"
)

// A made-up set: the first three coordinates say what a question is about, the
// others, much larger, how it is asked, as language and tone do.
func madeUp(classes, each int) (questions [][]float32, class []int, passages [][]float32) {
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func(about []float32, tone float64) []float32 {
		v := make([]float32, 8)
		for k := range v {
			switch {
			case k < 3:
				v[k] = about[k] + float32(0.05*rng.NormFloat64())
			default:
				v[k] = float32(tone * rng.NormFloat64())
			}
		}
		vek32.DivNumber_Inplace(v, float32(math.Sqrt(float64(vek32.Dot(v, v)))))
		return v
	}
	for c := range classes {
		about := []float32{float32(rng.NormFloat64()), float32(rng.NormFloat64()), float32(rng.NormFloat64())}
		for range each {
			questions, class = append(questions, draw(about, 1)), append(class, c)
		}
		passages = append(passages, draw(about, 0.3))
	}
	return questions, class, passages
}

// In the learned space questions of one class come nearer to each other than
// in the raw one, measured by how often the nearest neighbour is of the class.
func TestLearnSpaceBringsClassesNearer(t *testing.T) {
	qs, class, ps := madeUp(12, 10)
	s, err := learnSpace(8, qs, class, ps)
	if err != nil {
		t.Fatal(err)
	}
	raw, learned := 0, 0
	for i, q := range qs {
		p := s.probe(q)
		bestRaw, bestLearned := -1, -1
		var topRaw, topLearned float32
		for j, v := range qs {
			if i == j {
				continue
			}
			if x := vek32.Dot(q, v); bestRaw < 0 || x > topRaw {
				bestRaw, topRaw = j, x
			}
			x := (vek32.Dot(p.Dir, v) - p.Offset[questionSide]) * s.invLen(v, questionSide)
			if x < -1.001 || x > 1.001 {
				t.Fatalf("cosine %v", x)
			}
			if bestLearned < 0 || x > topLearned {
				bestLearned, topLearned = j, x
			}
		}
		if class[bestRaw] == class[i] {
			raw++
		}
		if class[bestLearned] == class[i] {
			learned++
		}
	}
	t.Logf("nearest neighbour of the same class: %d of %d raw, %d learned", raw, len(qs), learned)
	if learned < raw+len(qs)/8 || learned < len(qs)*3/4 {
		t.Errorf("nearest neighbour of the same class for %d of %d in the learned space, %d in the raw one", learned, len(qs), raw)
	}
}

// A vector compared with itself is as near as can be.
func TestProbeOfItself(t *testing.T) {
	qs, class, ps := madeUp(4, 5)
	s, err := learnSpace(8, qs, class, ps)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range qs {
		p := s.probe(q)
		if x := (vek32.Dot(p.Dir, q) - p.Offset[questionSide]) * s.invLen(q, questionSide); math.Abs(float64(x)-1) > 1e-3 {
			t.Errorf("cosine with itself %v", x)
		}
	}
}

func TestLearnSpaceErrors(t *testing.T) {
	v := []float32{1, 0}
	for _, c := range []struct {
		name  string
		qs    [][]float32
		class []int
	}{
		{"no questions", nil, nil},
		{"one question", [][]float32{v}, []int{0}},
		{"one question a passage", [][]float32{v, v, v}, []int{0, 1, 2}},
		{"questions without a passage", [][]float32{v, v, v}, []int{-1, -1, -1}},
		{"all the same", [][]float32{v, v, v}, []int{0, 0, 0}},
	} {
		if s, err := learnSpace(2, c.qs, c.class, [][]float32{v}); err == nil {
			t.Errorf("%s: a space %+v, want an error", c.name, s)
		}
	}
}
