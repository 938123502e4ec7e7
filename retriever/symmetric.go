package retriever

import (
	"errors"
	"math"
)

// invert gives the inverse of a symmetric positive definite matrix, n by n, row
// by row, by its Cholesky factor (Golub and Van Loan, Matrix Computations,
// 4.2). It is small and used once in a build: a library for it would add three
// megabytes to the program.
func invert(a []float64, n int) ([]float64, error) {
	l := make([]float64, n*n) // a = l times its transpose
	for i := range n {
		for j := range i + 1 {
			x := a[i*n+j] - dot(l[i*n:i*n+j], l[j*n:j*n+j])
			if i != j {
				l[i*n+j] = x / l[j*n+j]
				continue
			}
			if !(x > 0) {
				return nil, errors.New("the matrix is not positive definite")
			}
			l[i*n+i] = math.Sqrt(x)
		}
	}
	m := make([]float64, n*n) // the inverse of l
	for j := range n {
		m[j*n+j] = 1 / l[j*n+j]
		for i := j + 1; i < n; i++ {
			x := 0.0
			for k := j; k < i; k++ {
				x -= l[i*n+k] * m[k*n+j]
			}
			m[i*n+j] = x / l[i*n+i]
		}
	}
	out := make([]float64, n*n)
	for i := range n {
		for j := range i + 1 {
			x := 0.0
			for k := i; k < n; k++ {
				x += m[k*n+i] * m[k*n+j]
			}
			out[i*n+j], out[j*n+i] = x, x
		}
	}
	return out, nil
}

func dot(a, b []float64) (x float64) {
	for i := range a {
		x += a[i] * b[i]
	}
	return x
}
