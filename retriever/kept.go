package retriever

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"

	"kiveileder/corpus"
	"kiveileder/retriever/embed"
)

// A document is embedded once, where it is taken in, and its vectors are kept
// beside it: packed, they are the magic, the model's id on a line, the length of
// a vector, then for each text the hash of its key, its scale and its signed
// bytes as in a snapshot, and last the CRC-32C of all that.
const keptMagic = "KVKEPT1\n"

const hashBytes = 16

func hashOf(key string) [hashBytes]byte {
	h := sha256.Sum256([]byte(key))
	return [hashBytes]byte(h[:])
}

// Pack gives the packed vectors of a corpus's texts, and embeds those that had,
// packed before, does not have; nil when had has them all.
func Pack(ctx context.Context, e embed.Embedder, c *corpus.Corpus, had []byte) ([]byte, error) {
	es, err := entriesOf(c)
	if err != nil {
		return nil, err
	}
	cache := Cache{}
	if err := Unpack(had, e.ID(), c, cache); err == nil {
		all := true
		for _, en := range es {
			all = all && cache[keyOf(en)] != nil
		}
		if all {
			return nil, nil
		}
	}
	if err := fill(ctx, e, es, cache, nil); err != nil {
		return nil, err
	}
	b := append([]byte(keptMagic), e.ID()+"\n"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(e.Dim()))
	for _, en := range es {
		h := hashOf(keyOf(en))
		q, scale := quantise(en.Vector)
		b = append(b, h[:]...)
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(scale))
		b = append(b, q...)
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli)), nil
}

// Unpack puts the packed vectors of a corpus's texts into a cache, as far as
// they are there. Those of another model, and broken ones, are an error.
func Unpack(b []byte, model string, c *corpus.Corpus, cache Cache) error {
	head := keptMagic + model + "\n"
	if !bytes.HasPrefix(b, []byte(head)) || len(b) < len(head)+8 {
		return fmt.Errorf("kept vectors: not those of model %q", model)
	}
	sum := len(b) - 4
	if crc32.Checksum(b[:sum], castagnoli) != binary.LittleEndian.Uint32(b[sum:]) {
		return fmt.Errorf("kept vectors: %w", errVectors)
	}
	dim, rest := int(binary.LittleEndian.Uint32(b[len(head):])), b[len(head)+4:sum]
	each := hashBytes + 4 + dim
	if dim == 0 || len(rest)%each != 0 {
		return fmt.Errorf("kept vectors: %w", errVectors)
	}
	at := map[[hashBytes]byte][]byte{}
	for ; len(rest) > 0; rest = rest[each:] {
		at[[hashBytes]byte(rest)] = rest[hashBytes:each]
	}
	es, err := entriesOf(c)
	if err != nil {
		return err
	}
	for _, en := range es {
		key := keyOf(en)
		if v := at[hashOf(key)]; v != nil && cache[key] == nil {
			to := make([]float32, dim)
			dequantise(to, v[4:], math.Float32frombits(binary.LittleEndian.Uint32(v)))
			cache[key] = to
		}
	}
	return nil
}
