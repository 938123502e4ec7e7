package e5

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"kiveileder/internal/huffman"
)

// The model file stands in the binary packed, 2.6 MB smaller: its header, and
// then every span of it in its order, as
//
//	front   u32 length, deflate: what is before the embeddings
//	scales  u32 length, the high bytes by package huffman; the low bytes as they
//	        are, since nothing is to be gained there
//	blocks  u32 length, package huffman: the nibbles of weights are bell-shaped
//	plain   as it is
const packedMagic = "KIP5"

type spanKind int

const (
	front spanKind = iota
	scales
	blocks
	plain
)

// A span is so many bytes of a model file that are packed in a way.
type span struct {
	kind spanKind
	n    int
}

// spans gives what follows on the header in a file.
func (h header) spans() []span {
	matrix := func(rows, cols int) []span {
		return []span{{scales, rows * cols / blockLen * 2}, {blocks, rows * cols / 2}, {plain, 4 * rows}}
	}
	out := []span{
		{front, h.tokenBytes + 4*h.tokens + h.normBytes + 2*h.positions*h.hidden + 8*h.hidden},
		{scales, h.tokens * h.hidden / blockLen * 2},
		{blocks, h.tokens * h.hidden / 2},
	}
	for range h.layers {
		out = append(out, matrix(3*h.hidden, h.hidden)...)
		out = append(out, matrix(h.hidden, h.hidden)...)
		out = append(out, matrix(h.ff, h.hidden)...)
		out = append(out, matrix(h.hidden, h.ff)...)
		out = append(out, span{plain, 16 * h.hidden})
	}
	return out
}

// Pack gives a model file as it stands in the binary.
func Pack(file []byte) ([]byte, error) {
	h, err := parseHeader(file)
	if err != nil {
		return nil, fmt.Errorf("pack e5 model: %w", err)
	}
	out := append([]byte(packedMagic), file[:headerSize]...)
	r := &sections{b: file[headerSize:]}
	for _, s := range h.spans() {
		b := r.take(s.n)
		var low, packed []byte
		switch s.kind {
		case front:
			var z bytes.Buffer
			w, err := flate.NewWriter(&z, flate.BestCompression)
			if err != nil {
				return nil, err
			}
			if _, err := w.Write(b); err != nil {
				return nil, err
			}
			if err := w.Close(); err != nil {
				return nil, err
			}
			packed = z.Bytes()
		case scales:
			var high []byte
			for i := 0; i+1 < len(b); i += 2 {
				low, high = append(low, b[i]), append(high, b[i+1])
			}
			packed = huffman.Pack(high)
		case blocks:
			packed = huffman.Pack(b)
		case plain:
			out = append(out, b...)
			continue
		}
		out = binary.LittleEndian.AppendUint32(out, uint32(len(packed)))
		out = append(append(out, packed...), low...)
	}
	if r.err != nil || len(r.b) > 0 {
		return nil, fmt.Errorf("pack e5 model: the file is not as long as its header says")
	}
	return out, nil
}

// unpack gives a file back into dst, which must have its length. That the bytes
// are the right ones is for a digest to tell.
func unpack(dst, packed []byte) error {
	if len(packed) < len(packedMagic)+headerSize || string(packed[:len(packedMagic)]) != packedMagic || len(dst) < headerSize {
		return errors.New("not a packed model")
	}
	r := &sections{b: packed[len(packedMagic):]}
	copy(dst, r.take(headerSize))
	h, err := parseHeader(dst)
	if err != nil {
		return err
	}
	to := &sections{b: dst[headerSize:]}
	var beside errgroup.Group
	for _, s := range h.spans() {
		d := to.take(s.n)
		if s.kind == plain {
			copy(d, r.take(s.n))
			continue
		}
		n := 0
		if b := r.take(4); len(b) == 4 {
			n = int(binary.LittleEndian.Uint32(b))
		}
		b := r.take(n)
		switch s.kind {
		case front:
			beside.Go(func() error {
				_, err := io.ReadFull(flate.NewReader(bytes.NewReader(b)), d)
				return err
			})
		case scales:
			low := r.take(s.n / 2)
			beside.Go(func() error { return unpackScales(d, low, b) })
		case blocks:
			beside.Go(func() error { return huffman.Unpack(d, b) })
		}
	}
	if err := errors.Join(beside.Wait(), r.err, to.err); err != nil {
		return fmt.Errorf("packed model is damaged: %w", err)
	}
	return nil
}

func unpackScales(dst, low, packed []byte) error {
	high := make([]byte, len(dst)/2)
	if err := huffman.Unpack(high, packed); err != nil {
		return err
	}
	for i := range min(len(high), len(low)) {
		dst[2*i], dst[2*i+1] = low[i], high[i]
	}
	return nil
}
