package retriever

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"math"

	"kiveileder/corpus"
	"kiveileder/retriever/embed"
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
	Vectors []byte    // one signed byte a dimension, entry after entry
	Scales  []float32 // by entry: the value of 1 in Vectors
	Space   *Space
	InvLens []float32
	Weights *Weights
	Judge   *Judge
}

// Snapshot gives the retriever's state for writing.
func (r *Retriever) Snapshot(c *corpus.Corpus, version string) *Snapshot {
	s := &Snapshot{
		Format: snapshotFormat, Version: version, Model: r.embedder.ID(), Corpus: c,
		Space: r.space, InvLens: r.invLens, Weights: r.weights, Judge: r.judgeModel,
		Vectors: make([]byte, 0, len(r.entries)*r.space.Dim),
	}
	for _, e := range r.entries {
		scale := float32(0)
		for _, x := range e.Vector {
			scale = max(scale, float32(math.Abs(float64(x))))
		}
		scale /= 127
		s.Scales = append(s.Scales, scale)
		for _, x := range e.Vector {
			s.Vectors = append(s.Vectors, byte(int8(math.Round(float64(x/scale)))))
		}
	}
	return s
}

// Write writes the snapshot.
func (s *Snapshot) Write(w io.Writer) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := gob.NewEncoder(z).Encode(s); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	return z.Close()
}

// ReadSnapshot reads a snapshot. Broken bytes and other formats are errors.
func ReadSnapshot(b []byte) (*Snapshot, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("read snapshot: %w", err)
	}
	var s Snapshot
	if err := gob.NewDecoder(bufio.NewReaderSize(z, 1<<20)).Decode(&s); err != nil {
		return nil, fmt.Errorf("read snapshot: %w", err)
	}
	if s.Format != snapshotFormat {
		return nil, fmt.Errorf("read snapshot: form %d, want %d: make it again with `kiveileder corpus build`", s.Format, snapshotFormat)
	}
	return &s, nil
}

// entries gives the snapshot's texts with their vectors.
func (s *Snapshot) entries() ([]Entry, error) {
	es, err := entriesOf(s.Corpus)
	if err != nil {
		return nil, err
	}
	dim := s.Space.Dim
	if len(es) != len(s.Scales) || len(s.Vectors) != len(es)*dim || len(s.InvLens) != len(es) {
		return nil, errors.New("snapshot does not fit its corpus: make it again with `kiveileder corpus build`")
	}
	flat := make([]float32, len(s.Vectors))
	for i := range es {
		v := flat[i*dim : (i+1)*dim : (i+1)*dim]
		for k, b := range s.Vectors[i*dim : (i+1)*dim] {
			v[k] = float32(int8(b)) * s.Scales[i]
		}
		es[i].Vector = v
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
		c[CacheKey(e.embedKind(), e.Text)] = e.Vector
	}
	return c, nil
}

// Open gives a retriever over the snapshot. The embedder must be the one that
// made it.
func Open(s *Snapshot, e embed.Embedder) (*Retriever, error) {
	if e.ID() != s.Model {
		return nil, fmt.Errorf("snapshot was made with model %q, have %q: make it again with `kiveileder corpus build`", s.Model, e.ID())
	}
	es, err := s.entries()
	if err != nil {
		return nil, err
	}
	r := newRetriever(e, s.Corpus, es, s.Space, s.InvLens)
	r.weights, r.judgeModel = s.Weights, s.Judge
	return r, nil
}
