package pgvector

import (
	"math"

	pgv "github.com/pgvector/pgvector-go"

	"kiveileder/retriever/index"
)

// Postgres finds candidates by meaning; the exact values are computed here, by
// the arithmetic of every index. The learned cosine of an entry,
//
//	(Dir·Vector − Offset)·InvLen
//
// is made one inner product, so that Postgres needs no other arithmetic than
// pgvector's. With c the mean of the kind's vectors, an entry is stored as
//
//	[(Vector − c)·InvLen, InvLen]     and asked for with     [Dir, Dir·c − Offset].
//
// Centring keeps the numbers small that halfvec rounds. What the rounding can
// do to a value at most is known, from the largest rounding error among the
// stored vectors and that of the asked one: with it a search proves that it has
// seen every entry that could be among the best.

// A cloud is what is known of one kind's stored vectors. Scale and Tail are
// powers of two, which cost no precision.
type cloud struct {
	Entries int       `json:"entries"`
	Centre  []float32 `json:"centre,omitempty"`
	Scale   float64   `json:"scale,omitempty"` // everything is multiplied by it, to make use of halfvec's range
	Tail    float64   `json:"tail,omitempty"`  // the last number is, too: a graph over inner products shall not be led by it

	// The largest ones among the entries.
	Error   float64 `json:"error,omitempty"`   // length of what rounding took or added
	Norm    float64 `json:"norm,omitempty"`    // length of what is stored
	Lever   float64 `json:"lever,omitempty"`   // length of Vector times InvLen
	Inverse float64 `json:"inverse,omitempty"` // InvLen
	HNSW    bool    `json:"hnsw,omitempty"`
}

// newCloud measures the vectors of the entries with the numbers of.
func newCloud(entries []index.Entry, of []int32, dim int) cloud {
	c := cloud{Entries: len(of), Centre: make([]float32, dim), Scale: 1, Tail: 1}
	if len(of) == 0 {
		return cloud{}
	}
	mean := make([]float64, dim)
	for _, n := range of {
		for k, x := range entries[n].Vector {
			mean[k] += float64(x)
		}
	}
	for k, x := range mean {
		c.Centre[k] = float32(x / float64(len(of)))
	}
	most, squares, inverses := 0.0, 0.0, 0.0
	for _, n := range of {
		e := &entries[n]
		length := 0.0
		for k, x := range e.Vector {
			w := (float64(x) - float64(c.Centre[k])) * float64(e.InvLen)
			most = max(most, math.Abs(w))
			squares += w * w
			length += float64(x) * float64(x)
		}
		inverse := math.Abs(float64(e.InvLen))
		inverses += inverse
		c.Inverse = max(c.Inverse, inverse)
		c.Lever = max(c.Lever, inverse*math.Sqrt(length))
	}
	typical := math.Sqrt(squares / float64(len(of)*dim))
	if mean := inverses / float64(len(of)); typical > 0 && mean > 0 {
		c.Tail = below(typical / mean)
	}
	if most = max(most, c.Inverse*c.Tail); most > 0 {
		c.Scale = below(1024 / most)
	}
	half := make([]uint16, dim+1)
	for _, n := range of {
		c.store(half, &entries[n], func(lost, norm float64) {
			c.Error, c.Norm = max(c.Error, lost), max(c.Norm, norm)
		})
	}
	return c
}

// store gives what is stored for an entry, with the lengths of what rounding
// lost and of what is stored.
func (c *cloud) store(to []uint16, e *index.Entry, seen func(lost, norm float64)) {
	lost, norm := 0.0, 0.0
	put := func(k int, w float64) {
		to[k] = toHalf(float32(w))
		h := float64(fromHalf(to[k]))
		lost += (h - w) * (h - w)
		norm += h * h
	}
	for k, x := range e.Vector {
		put(k, (float64(x)-float64(c.Centre[k]))*float64(e.InvLen)*c.Scale)
	}
	put(len(e.Vector), float64(e.InvLen)*c.Scale*c.Tail)
	if seen != nil {
		seen(math.Sqrt(lost), math.Sqrt(norm))
	}
}

// below gives the largest power of two that is not above x > 0.
func below(x float64) float64 {
	_, exp := math.Frexp(x)
	return math.Ldexp(1, max(-300, min(300, exp-1)))
}

// An ask is what Postgres compares a kind's stored vectors with.
type ask struct {
	vector string  // a halfvec's text
	unit   float64 // what an inner product of 1 stands for
	bound  float64 // by how much a product, in that unit, can be off the value computed here
}

// ask makes a probe ready for the kind. ok is false when there is nothing to
// ask for: the probe is no direction, or is not finite.
func (c *cloud) ask(p index.Probe, offset float32) (a ask, ok bool) {
	q := make([]float64, len(p.Dir)+1)
	most, dir, shift := 0.0, 0.0, 0.0
	for k, x := range p.Dir {
		q[k] = float64(x)
		dir += q[k] * q[k]
		shift += q[k] * float64(c.Centre[k])
	}
	dir = math.Sqrt(dir)
	q[len(p.Dir)] = (shift - float64(offset)) / c.Tail
	for _, x := range q {
		most = max(most, math.Abs(x)) // NaN stays
	}
	if !(most > 0) || math.IsInf(most, 0) {
		return ask{}, false
	}
	scale := below(1024 / most)
	lost, norm, exact := 0.0, 0.0, 0.0
	asked := make([]float32, len(q))
	for k, x := range q {
		x *= scale
		h := fromHalf(toHalf(float32(x)))
		lost += (float64(h) - x) * (float64(h) - x)
		norm += float64(h) * float64(h)
		exact += x * x
		asked[k] = h
	}
	lost, norm = math.Sqrt(lost), math.Sqrt(norm)
	a = ask{vector: pgv.NewHalfVector(asked).String(), unit: 1 / (scale * c.Scale)}
	// Rounding of what is stored and of what is asked; then the summing, in
	// float32, there and here (Higham, Accuracy and Stability, 3.1), and the
	// last two operations here.
	const u = 0x1p-24
	sum := float64(len(q)+4) * u
	a.bound = a.unit * (norm*c.Error + lost*(c.Norm+c.Error) + sum*norm*c.Norm)
	a.bound += (sum*dir*c.Lever + 4*u*(dir*c.Lever+math.Abs(float64(offset))*c.Inverse))
	a.bound *= 1.001 // for the arithmetic of these lines
	return a, true
}
