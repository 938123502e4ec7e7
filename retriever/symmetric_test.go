package retriever

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A matrix times its inverse is one.
func TestInvert(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 7, 60} {
		b := make([]float64, n*n)
		for i := range b {
			b[i] = r.NormFloat64()
		}
		a := make([]float64, n*n) // b times its transpose is positive definite
		for i := range n {
			for j := range n {
				a[i*n+j] = dot(b[i*n:(i+1)*n], b[j*n:(j+1)*n])
				if i == j {
					a[i*n+j]++
				}
			}
		}
		inv, err := invert(a, n)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			for j := range n {
				x, want := 0.0, 0.0
				for k := range n {
					x += a[i*n+k] * inv[k*n+j]
				}
				if i == j {
					want = 1
				}
				if math.Abs(x-want) > 1e-8 {
					t.Fatalf("%d: row %d, column %d of the product is %v", n, i, j, x)
				}
			}
		}
	}
	for name, a := range map[string][]float64{"zero": {0}, "negative": {-1}, "not a number": {math.NaN()}, "indefinite": {1, 2, 2, 1}} {
		if _, err := invert(a, int(math.Sqrt(float64(len(a))))); err == nil {
			t.Errorf("%s has an inverse", name)
		}
	}
}
