package retriever

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"kiveileder/corpus"
	"kiveileder/retriever/embed"
	"kiveileder/retriever/index"
)

// snapshotFormat changes when the form of a snapshot or what is learned into
// it changes; an older one is then refused.
const snapshotFormat = 1

// A Snapshot is a corpus made ready to search: what was read, what was
// embedded and what was learned. It is shipped, so that nothing is parsed,
// embedded or learned at the start.
type Snapshot struct {
	Format  int
	Version string // corpus.Hash of the files that it was made from
	Model   string // embed.Embedder.ID
	Corpus  *corpus.Corpus
	Vectors []byte    // one signed byte a dimension, entry after entry; nil when it was read
	Sum     uint32    // CRC-32C of Vectors, which gzip does not guard
	Scales  []float32 // by entry: the value of 1 in Vectors
	Space   *Space
	InvLens []float32
	Weights *Weights
	Judge   *Judge

	stored []byte // the vectors as they were read: they are needed once
	plain  bool   // as they are, not packed
}

// Snapshot gives what was built, for writing.
func (b *Built) Snapshot(version string) *Snapshot {
	s := &Snapshot{
		Format: snapshotFormat, Version: version, Model: b.embedder.ID(), Corpus: b.corpus,
		Space: b.space, Weights: b.weights, Judge: b.judge,
		Vectors: make([]byte, 0, len(b.entries)*b.space.Dim),
	}
	for _, e := range b.entries {
		q, scale := quantise(e.Vector)
		s.InvLens = append(s.InvLens, e.InvLen)
		s.Scales = append(s.Scales, scale)
		s.Vectors = append(s.Vectors, q...)
	}
	return s
}

// A snapshot is written as its magic, the length of the first part, that part
// (everything but the vectors: gob, gzip), the CRC-32C of the last part, and
// that part (packVectors).
const (
	snapshotMagic = "KVSNAP3\n"
	plainMagic    = "KVSNAP2\n" // the form before: no second checksum, the vectors as they are
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Write writes the snapshot.
func (s *Snapshot) Write(w io.Writer) error {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	vectors, err := s.vectors()
	if err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	rest := *s
	rest.Vectors, rest.Sum = nil, crc32.Checksum(vectors, castagnoli)
	if err := errors.Join(gob.NewEncoder(z).Encode(&rest), z.Close()); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	last := packVectors(vectors, len(vectors)/max(1, len(s.Scales)))
	head := binary.LittleEndian.AppendUint32([]byte(snapshotMagic), uint32(packed.Len()))
	sum := binary.LittleEndian.AppendUint32(nil, crc32.Checksum(last, castagnoli))
	for _, part := range [][]byte{head, packed.Bytes(), sum, last} {
		if _, err := w.Write(part); err != nil {
			return fmt.Errorf("write snapshot: %w", err)
		}
	}
	return nil
}

// ReadSnapshot reads a snapshot. Broken bytes and other formats are errors.
// The snapshot keeps b, which must not be changed.
func ReadSnapshot(b []byte) (*Snapshot, error) {
	head := len(snapshotMagic) + 4
	magic := string(b[:min(len(b), len(snapshotMagic))])
	if len(b) < head || magic != snapshotMagic && magic != plainMagic {
		return nil, errors.New("read snapshot: this is none of this version: make it again with `kiveileder corpus build`")
	}
	n := int(binary.LittleEndian.Uint32(b[head-4:]))
	if n > len(b)-head {
		return nil, fmt.Errorf("read snapshot: %w", io.ErrUnexpectedEOF)
	}
	var s Snapshot
	if err := s.readRest(b[head : head+n]); err != nil {
		return nil, fmt.Errorf("read snapshot: %w", err)
	}
	if s.Format != snapshotFormat {
		return nil, fmt.Errorf("read snapshot: form %d, want %d: make it again with `kiveileder corpus build`", s.Format, snapshotFormat)
	}
	if s.Corpus == nil || s.Space == nil || s.Weights == nil || s.Judge == nil {
		return nil, errors.New("read snapshot: parts are missing: make it again with `kiveileder corpus build`")
	}
	s.stored, s.plain = b[head+n:], magic == plainMagic
	if !s.plain {
		if len(s.stored) < 4 {
			return nil, fmt.Errorf("read snapshot: %w", io.ErrUnexpectedEOF)
		}
		sum := binary.LittleEndian.Uint32(s.stored)
		if s.stored = s.stored[4:]; crc32.Checksum(s.stored, castagnoli) != sum {
			return nil, fmt.Errorf("read snapshot: %w", errVectors)
		}
		return &s, nil
	}
	switch {
	case len(s.stored) != len(s.Scales)*s.Space.Dim:
		return nil, fmt.Errorf("read snapshot: %w", io.ErrUnexpectedEOF)
	case s.Sum != 0 && crc32.Checksum(s.stored, castagnoli) != s.Sum: // none in those made before the sum was
		return nil, fmt.Errorf("read snapshot: %w", errVectors)
	}
	return &s, nil
}

// vectors gives Vectors, also of a snapshot that was read.
func (s *Snapshot) vectors() ([]byte, error) {
	if s.Vectors != nil || s.stored == nil {
		return s.Vectors, nil
	}
	if s.plain {
		return s.stored, nil
	}
	vs, err := unpackVectors(s.stored)
	if err == nil && crc32.Checksum(vs, castagnoli) != s.Sum {
		err = errVectors
	}
	return vs, err
}

// readRest reads everything but the vectors.
func (s *Snapshot) readRest(packed []byte) error {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	in := bufio.NewReaderSize(z, 1<<20)
	if err := gob.NewDecoder(in).Decode(s); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, in) // gzip compares its checksum at the end
	return err
}

// entries gives the snapshot's texts with their vectors.
func (s *Snapshot) entries() ([]index.Entry, error) {
	es, err := entriesOf(s.Corpus)
	if err != nil {
		return nil, err
	}
	dim := s.Space.Dim
	vectors, err := s.vectors()
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	if len(es) != len(s.Scales) || len(vectors) != len(es)*dim || len(s.InvLens) != len(es) {
		return nil, errors.New("snapshot does not fit its corpus: make it again with `kiveileder corpus build`")
	}
	flat := make([]float32, len(vectors))
	for i := range es {
		v := flat[i*dim : (i+1)*dim : (i+1)*dim]
		dequantise(v, vectors[i*dim:(i+1)*dim], s.Scales[i])
		es[i].Vector, es[i].InvLen = v, s.InvLens[i]
	}
	return es, nil
}

// Cache gives the snapshot's vectors for the next build.
func (s *Snapshot) Cache() (Cache, error) {
	es, err := s.entries()
	if err != nil {
		return nil, err
	}
	c := Cache{}
	for _, e := range es {
		c[keyOf(e)] = e.Vector
	}
	return c, nil
}

// Open gives a retriever over the snapshot. The embedder must be the one that
// made it.
func Open(ctx context.Context, s *Snapshot, e embed.Embedder) (*Retriever, error) {
	r, _, err := Extend(ctx, s, e, &corpus.Corpus{}, nil)
	return r, err
}

// quantise gives a vector as signed bytes and the value of 1. What was
// quantised before stays the same, so that a build from a snapshot's vectors
// gives that snapshot again.
func quantise(v []float32) ([]byte, float32) {
	most := float32(0)
	for _, x := range v {
		most = max(most, float32(math.Abs(float64(x))))
	}
	scale := most / 127
	out := make([]byte, len(v))
	if scale == 0 {
		return out, 0
	}
	for i, x := range v {
		out[i] = byte(int8(math.Round(float64(x / scale))))
	}
	return out, scale
}

func dequantise(to []float32, q []byte, scale float32) {
	for i, b := range q {
		to[i] = float32(int8(b)) * scale
	}
}
