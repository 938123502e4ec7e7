package e5

import (
	"fmt"

	"github.com/viterin/vek"
)

// kernelVariable is the environment variable that chooses the kernel: "" for
// the best this processor runs, or "portable" or "vek".
const kernelVariable = "KIVEILEDER_KERNEL"

// kernel does the arithmetic that dominates the run time. Implementations have
// no state, so a value serves any number of callers.
//
// A result depends only on the token's own inputs, never on how many tokens or
// workers there are: the same text gives the same bits alone and in a batch.
type kernel interface {
	name() string

	// parts says into how many pieces linear is cut for n tokens.
	parts(m *matrix, n int) int

	// linear computes one part of dst[t][r] = bias[r] + sum_c m[r][c] x[t][c]
	// for n tokens, with dst [n][rows] and x [n][cols]. Parts write disjoint
	// elements of dst. finish, if not nil, is applied to each of them.
	linear(dst, x []float32, n int, m *matrix, part int, s *scratch, finish func([]float32))

	// scores computes dst[s] = sum_e q[e] keys[e][s], keys [len(q)][len(dst)].
	scores(dst, q, keys []float32)

	// mix computes dst[e] = sum_s p[s] values[e][s], values [len(dst)][len(p)].
	mix(dst, p, values []float32)
}

// padTo is what kernel.scores and kernel.mix may count on: the number of
// positions, len(dst) and len(p), is a multiple of it.
const padTo = 32

// scratch is one worker's memory. Slices grow as needed and are never cleared.
type scratch struct {
	keys, values, prob []float32 // attention of one head
	rows               []float32 // vek: some rows of a matrix
	lut                *lut      // portable: tables of one block
}

func kernelFor(name string) (kernel, error) {
	fast := vek.Info().Acceleration
	switch {
	case name == "" && fast:
		return vekKernel{}, nil
	case name == "" || name == portableKernel{}.name():
		return portableKernel{}, nil
	case name == vekKernel{}.name() && fast:
		return vekKernel{}, nil
	case name == vekKernel{}.name():
		return nil, fmt.Errorf("%s=%s: this processor has no AVX2 and FMA", kernelVariable, name)
	}
	return nil, fmt.Errorf("%s=%q: want portable, vek or nothing", kernelVariable, name)
}

// sized returns s with length n, in new memory if it is too small.
func sized(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}
