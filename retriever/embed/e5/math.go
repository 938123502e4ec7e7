package e5

import "math"

// exp is e^x for x <= 0, within 2e-7 of the true value relative to it. It
// splits x = k ln 2 + r with |r| <= ln 2 / 2 and takes e^r by its Taylor
// series; ln 2 is in two parts so that the product is exact (Cody and Waite).
func exp(x float32) float32 {
	if x < -87 {
		return 0
	}
	const (
		ln2High = 0.693359375
		ln2Low  = -2.12194440e-4
	)
	k := int32(x*math.Log2E - 0.5) // rounds to nearest as x <= 0
	r := x - float32(k)*ln2High - float32(k)*ln2Low
	p := 1 + r*(1+r*(1.0/2+r*(1.0/6+r*(1.0/24+r*(1.0/120+r*(1.0/720))))))
	return p * math.Float32frombits(uint32(k+127)<<23)
}

// The table of gelu covers +-geluRange; outside, gelu is 0 or x to float32
// precision. Linear interpolation between points 1/512 apart errs by less than
// 1e-6 (h^2/8 times the largest second derivative, 0.8).
const (
	geluRange = 8
	geluPerX  = 512
)

var geluTable = func() (table [2*geluRange*geluPerX + 2]float32) {
	for i := range table {
		x := float64(i)/geluPerX - geluRange
		table[i] = float32(x * 0.5 * math.Erfc(-x/math.Sqrt2))
	}
	return table
}()

// gelu replaces each x by x times the normal distribution function at x
// (Hendrycks and Gimpel 2016), the model's activation.
func gelu(v []float32) {
	for i, x := range v {
		f := (x + geluRange) * geluPerX
		if !(f >= 0) { // also NaN
			v[i] = 0
			continue
		}
		if f >= 2*geluRange*geluPerX {
			continue
		}
		k := int(f)
		a, b := geluTable[k], geluTable[k+1]
		v[i] = a + (b-a)*(f-float32(k))
	}
}

// layerNorm scales v to mean 0 and variance 1, then applies weight and bias
// (Ba et al. 2016).
func layerNorm(v, weight, bias []float32, eps float32) {
	var sum float32
	for _, x := range v {
		sum += x
	}
	mean := sum / float32(len(v))
	var sq float32
	for _, x := range v {
		sq += (x - mean) * (x - mean)
	}
	inv := float32(1 / math.Sqrt(float64(sq/float32(len(v))+eps)))
	weight, bias = weight[:len(v)], bias[:len(v)]
	for i, x := range v {
		v[i] = (x-mean)*inv*weight[i] + bias[i]
	}
}

// softmax turns the scores v, each to be multiplied by scale, into weights
// that sum to 1.
func softmax(v []float32, scale float32) {
	top := v[0]
	for _, x := range v {
		top = max(top, x)
	}
	var sum float32
	for i, x := range v {
		e := exp((x - top) * scale)
		v[i] = e
		sum += e
	}
	inv := 1 / sum
	for i := range v {
		v[i] *= inv
	}
}

// normalise scales v to length 1. The zero vector, which no model gives, would
// become the first unit vector: the result is valid whatever comes in.
func normalise(v []float32) {
	var sq float64
	for _, x := range v {
		sq += float64(x) * float64(x)
	}
	if !(sq > 0) || math.IsInf(sq, 0) {
		clear(v)
		v[0] = 1
		return
	}
	inv := 1 / math.Sqrt(sq)
	for i, x := range v {
		v[i] = float32(float64(x) * inv)
	}
}
