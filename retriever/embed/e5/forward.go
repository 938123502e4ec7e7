package e5

import (
	"context"
	"encoding/binary"
	"math"
)

// buffers is the memory of one window on its way through the layers, reused
// from window to window. n is the number of tokens.
type buffers struct {
	x       []float32 // [n][hidden]: what goes from layer to layer
	qkv     []float32 // [n][3*hidden]
	mid     []float32 // [n][ff]
	y       []float32 // [n][hidden]: what a half layer adds to x
	workers [maxHelpers + 1]scratch
}

// forward runs the transformer over w.ids and sets w.mean. It is BERT (Devlin
// et al. 2018) without a head: embeddings, then per layer attention and feed
// forward, each added to its input and normalised.
func (m *Model) forward(ctx context.Context, w *window, run runner) error {
	b, _ := m.buffers.Get().(*buffers)
	if b == nil {
		b = new(buffers)
	}
	defer m.buffers.Put(b)
	n, hidden := len(w.ids), m.head.hidden
	b.x, b.y = sized(b.x, n*hidden), sized(b.y, n*hidden)
	b.qkv, b.mid = sized(b.qkv, n*3*hidden), sized(b.mid, n*m.head.ff)

	run.each(n, func(_, t int) { m.embedToken(b.x[t*hidden:][:hidden], w.ids[t], t) })
	for i := range m.w.layers {
		if err := ctx.Err(); err != nil {
			return err
		}
		m.layer(&m.w.layers[i], b, n, run)
	}
	w.mean = make([]float32, hidden)
	for t := range n {
		for i, v := range b.x[t*hidden:][:hidden] {
			w.mean[i] += v
		}
	}
	for i := range w.mean {
		w.mean[i] /= float32(n)
	}
	return nil
}

func (m *Model) layer(l *layer, b *buffers, n int, run runner) {
	m.linear(b.qkv, b.x, n, &l.qkv, b, run, nil)
	// b.mid is free until the feed forward; it takes the attention's result.
	heads := b.mid[:n*m.head.hidden]
	run.each(m.head.heads, func(worker, head int) {
		m.attend(heads, b.qkv, n, head, &b.workers[worker])
	})
	m.linear(b.y, heads, n, &l.attnOut, b, run, nil)
	m.addNorm(b, n, l.attnNormW, l.attnNormB, run)
	m.linear(b.mid, b.x, n, &l.ffIn, b, run, gelu)
	m.linear(b.y, b.mid, n, &l.ffOut, b, run, nil)
	m.addNorm(b, n, l.outputNormW, l.outputNormB, run)
}

func (m *Model) linear(dst, x []float32, n int, w *matrix, b *buffers, run runner, finish func([]float32)) {
	run.each(m.kernel.parts(w, n), func(worker, part int) {
		m.kernel.linear(dst, x, n, w, part, &b.workers[worker], finish)
	})
}

// addNorm sets x to the layer norm of x + y, token by token.
func (m *Model) addNorm(b *buffers, n int, weight, bias []float32, run runner) {
	const tokens = 8 // in a part
	hidden := m.head.hidden
	run.each((n+tokens-1)/tokens, func(_, part int) {
		for t := part * tokens; t < min(n, (part+1)*tokens); t++ {
			x, y := b.x[t*hidden:][:hidden], b.y[t*hidden:][:hidden]
			for i, v := range y {
				x[i] += v
			}
			layerNorm(x, weight, bias, m.head.eps)
		}
	})
}

// embedToken writes the normalised sum of token and position embedding.
func (m *Model) embedToken(dst []float32, id int32, pos int) {
	perRow := len(dst) / blockLen
	at := int(id) * perRow
	scales := m.w.embScales[at*2:]
	for i := range perRow {
		d := fromHalf(binary.LittleEndian.Uint16(scales[2*i:]))
		b := m.w.embBlocks[(at+i)*blockBytes:][:blockBytes]
		out := dst[i*blockLen:][:blockLen]
		for j, v := range b {
			out[j] = nibbles[v&15] * d
			out[j+blockBytes] = nibbles[v>>4] * d
		}
	}
	for i, v := range m.w.positions[pos*len(dst):][:len(dst)] {
		dst[i] += v
	}
	layerNorm(dst, m.w.normW, m.w.normB, m.head.eps)
}

// attend computes one head of scaled dot-product attention (Vaswani et al.
// 2017) for all tokens: softmax(Q K^T / sqrt(d)) V. Every token sees every
// other. qkv is [n][query | key | value]; the head's d columns of dst, which
// is [n][hidden], are written.
func (m *Model) attend(dst, qkv []float32, n, head int, s *scratch) {
	hidden := m.head.hidden
	d := hidden / m.head.heads
	padded := (n + padTo - 1) / padTo * padTo
	s.keys, s.values = sized(s.keys, d*padded), sized(s.values, d*padded)
	transpose(s.keys, qkv[hidden+head*d:], n, d, 3*hidden, padded)
	transpose(s.values, qkv[2*hidden+head*d:], n, d, 3*hidden, padded)
	s.prob = sized(s.prob, padded)
	scale := float32(1 / math.Sqrt(float64(d)))
	for t := range n {
		q := qkv[t*3*hidden+head*d:][:d]
		m.kernel.scores(s.prob, q, s.keys)
		softmax(s.prob[:n], scale)
		clear(s.prob[n:])
		m.kernel.mix(dst[t*hidden+head*d:][:d:d], s.prob, s.values)
	}
}

// transpose copies n rows of d columns, stride apart in src, to d rows of
// padded columns in dst, filled up with zeroes.
func transpose(dst, src []float32, n, d, stride, padded int) {
	for e := range d {
		row := dst[e*padded:][:padded]
		for t := range n {
			row[t] = src[t*stride+e]
		}
		clear(row[n:])
	}
}
