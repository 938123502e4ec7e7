package pgvector

import (
	"encoding/binary"

	"kiveileder/retriever/lexical"
)

// Postings are kept as the distance from the document before, doubled, plus
// one when a count other than 1 follows: little more than a byte each.

// appendPostings appends postings in that form.
func appendPostings(to []byte, ps []lexical.Posting) []byte {
	last := int32(0)
	for _, p := range ps {
		gap := uint64(p.Doc-last) << 1
		last = p.Doc
		if p.Count == 1 {
			to = binary.AppendUvarint(to, gap)
			continue
		}
		to = binary.AppendUvarint(to, gap|1)
		to = binary.AppendUvarint(to, uint64(p.Count))
	}
	return to
}

// readPostings appends the postings that stand in from to a slice. Documents
// are below docs, or the postings are damaged.
func readPostings(to []lexical.Posting, from []byte, docs int) ([]lexical.Posting, error) {
	doc := uint64(0)
	for i := 0; i < len(from); {
		x := uint64(from[i])
		i++
		if x >= 0x80 { // longer than a byte, which is rare
			v, n := binary.Uvarint(from[i-1:])
			if n <= 0 {
				return nil, errDamaged
			}
			x, i = v, i+n-1
		}
		count := uint64(1)
		if x&1 != 0 {
			v, n := binary.Uvarint(from[i:])
			if n <= 0 {
				return nil, errDamaged
			}
			count, i = v, i+n
		}
		if doc += x >> 1; doc >= uint64(docs) {
			return nil, errDamaged
		}
		to = append(to, lexical.Posting{Doc: int32(doc), Count: int32(count)})
	}
	return to, nil
}

// postings are those of one term, by side; empty for a term that no document
// has.
type postings [sides][]byte

func (p *postings) size() int { return 160 + len(p[texts]) + len(p[others]) }

// The sides of letters: passages' texts have statistics of their own.
const (
	others = iota
	texts
	sides
)
