// Package e5 is the sentence embedder that ships in the binary:
// multilingual-e5-small, four bits a weight, its vocabulary trimmed to the
// Nordic languages and English. It is plain Go without cgo and needs nothing
// at run time.
//
// A text becomes a vector in three steps. The tokenizer (tokenizer.go) cuts it
// into pieces; a transformer of 12 layers (forward.go) turns the pieces into
// one vector each; their mean, scaled to length 1, is the result. Nearly all
// time goes into matrix products. They have two implementations behind one
// seam (kernel.go): "vek" for processors with AVX2 and FMA, and "portable" for
// all others. KIVEILEDER_KERNEL=portable in the environment forces the latter.
// Their vectors differ by less than 0.0015 in cosine, so ID does not name the
// kernel and stored vectors serve both.
//
// The model file is embedded in the binary, packed (pack.go). scripts/model rebuilds it, and
// model/NOTICE tells where the weights come from.
package e5

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"kiveileder/retriever/embed"
)

// ModelSHA256 is the digest of the one model file whose vectors are known.
const ModelSHA256 = "e9102f20829e7fec30392e240973809c8c8aab0e6c56b7ed42a052c8fd364005"

//go:embed model/e5-small-nordic.kie5
var packedModel []byte

// modelFile is what Default unpacks into. It is no part of the heap, whose
// collector would let half as much garbage more pile up for it.
var modelFile [25_358_782]byte

// Default returns the model in the binary, loading it on the first call. All
// calls return the same value. It fails only if the binary was built with
// another model file than ModelSHA256 or KIVEILEDER_KERNEL is misspelt.
func Default() (*Model, error) { return loadDefault() }

var loadDefault = sync.OnceValues(func() (*Model, error) {
	if err := unpack(modelFile[:], packedModel); err != nil {
		return nil, fmt.Errorf("load e5 model: %w", err)
	}
	leave(packedModel)
	return LoadPinned(modelFile[:])
})

// Model turns texts into vectors. It is read-only after loading and safe for
// concurrent use.
type Model struct {
	head   header
	sum    string
	vocab  *tokenizer
	w      weights
	kernel kernel

	// slots has one place for each processor. A window of text holds at least
	// one while it runs, so that many callers neither thrash nor pile up
	// buffers; a lone query holds several and spreads out.
	slots   chan struct{}
	buffers sync.Pool // of *buffers

	crowdedSince atomic.Int64 // Unix nanoseconds; see team
}

// LoadPinned is Load for the file with the digest ModelSHA256 and no other.
func LoadPinned(b []byte) (*Model, error) {
	m, err := Load(b)
	if err != nil {
		return nil, err
	}
	if m.sum != ModelSHA256 {
		return nil, fmt.Errorf("load e5 model: sha256 is %s, want %s: not the file this program was tested with", m.sum, ModelSHA256)
	}
	return m, nil
}

// Load reads a model file. It checks magic, version, shapes and sizes, so that
// a file that loads cannot make Embed fail. The model keeps using b, which
// must not change.
func Load(b []byte) (*Model, error) {
	k, err := kernelFor(os.Getenv(kernelVariable))
	if err != nil {
		return nil, err
	}
	return load(b, k)
}

func load(b []byte, k kernel) (*Model, error) {
	// The digest takes as long as all the rest, so it runs beside it.
	digest := make(chan [sha256.Size]byte, 1)
	go func() { digest <- sha256.Sum256(b) }()

	h, err := parseHeader(b)
	if err != nil {
		return nil, fmt.Errorf("load e5 model: %w", err)
	}
	m := &Model{head: h, kernel: k, slots: make(chan struct{}, runtime.GOMAXPROCS(0))}
	r := &sections{b: b[headerSize:]}
	if m.vocab, err = newTokenizer(r, h); err != nil {
		return nil, fmt.Errorf("load e5 model: %w", err)
	}
	m.w = readWeights(r, h)
	if r.err == nil && len(r.b) > 0 {
		r.err = errors.New("model file is damaged: bytes left after the last section")
	}
	if r.err != nil {
		return nil, fmt.Errorf("load e5 model: %w", r.err)
	}
	sum := <-digest
	m.sum = hex.EncodeToString(sum[:])
	return m, nil
}

// ID returns "e5-small-nordic-q4@" and the first 12 hex digits of the model
// file's sha256.
func (m *Model) ID() string { return "e5-small-nordic-q4@" + m.sum[:12] }

// Dim returns 384.
func (m *Model) Dim() int { return m.head.hidden }

// Kernel names the implementation of the matrix products in use, "vek" or
// "portable", for logs.
func (m *Model) Kernel() string { return m.kernel.name() }

var _ embed.Embedder = (*Model)(nil)

// Embed implements [embed.Embedder]. A text of more than 510 tokens (about
// 1,800 characters) is read in windows of that size and gets the mean of their
// vectors; see maxWindows for very long texts.
func (m *Model) Embed(ctx context.Context, kind embed.Kind, texts []string) ([][]float32, error) {
	prefix, err := prefixOf(kind)
	if err != nil {
		return nil, err
	}
	var all []window
	for i, text := range texts {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("embed %s: %w", kind, err)
		}
		all = append(all, m.windows(i, m.vocab.tokens(prefix+text))...)
	}
	if err := m.runAll(ctx, all); err != nil {
		return nil, fmt.Errorf("embed %s: %w", kind, err)
	}
	out := make([][]float32, len(texts))
	for _, w := range all {
		if out[w.text] == nil {
			out[w.text] = make([]float32, m.head.hidden)
		}
		for i, v := range w.mean {
			out[w.text][i] += v * float32(len(w.ids)-2)
		}
	}
	for _, v := range out {
		normalise(v)
	}
	return out, nil
}

// prefixOf returns the words the model was trained to see before a text.
func prefixOf(kind embed.Kind) (string, error) {
	switch kind {
	case embed.Query:
		return "query: ", nil
	case embed.Passage:
		return "passage: ", nil
	}
	return "", fmt.Errorf("embed: unknown kind %v", kind)
}
