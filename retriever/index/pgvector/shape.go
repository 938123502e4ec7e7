package pgvector

import (
	"encoding/binary"
	"fmt"

	"kiveileder/retriever/index"
	"kiveileder/retriever/lexical"
)

// A shape is what a process keeps of all entries of a generation: some 20 bytes
// each. Vectors and postings are fetched when they are needed.
type shape struct {
	kind   []index.Kind
	ref    []int32
	block  []int32 // the passage's number; below zero for what belongs to none
	doc    []int32 // number of its document on its side, -1 for none
	ofKind [index.Kinds][]int32
	sides  [sides]struct {
		docs  lexical.Documents
		entry []int32 // by document
	}
	bank   int // how many of the first documents among the others are questions
	blocks int // of entries without a passage
	heads  []int32
}

// side gives the side that a lexical kind's letters are compared on.
func side(k index.Kind) int {
	if k == index.PassageText {
		return texts
	}
	return others
}

// add appends an entry. terms is the length of its document.
func (s *shape) add(kind index.Kind, ref int32, terms int) error {
	n := int32(len(s.kind))
	if kind >= index.Kinds || kind.OfPassage() && ref < 0 {
		return fmt.Errorf("entry %d has kind %d and number %d", n, kind, ref)
	}
	at := ref
	if !kind.OfPassage() {
		if len(s.ofKind[kind])%blockSize == 0 {
			s.blocks++
			at = int32(-s.blocks)
		} else {
			of := s.ofKind[kind]
			at = s.block[of[len(of)-1]]
		}
	} else {
		for int(ref) >= len(s.heads) {
			s.heads = append(s.heads, 0)
		}
		if kind == index.PassageText {
			s.heads[ref]++
		}
	}
	doc := int32(-1)
	if kind.Lexical() {
		l := &s.sides[side(kind)]
		doc = int32(l.docs.Add(terms))
		l.entry = append(l.entry, n)
		if kind == index.Question && int(doc) == s.bank {
			s.bank++
		}
	}
	s.kind = append(s.kind, kind)
	s.ref = append(s.ref, ref)
	s.block = append(s.block, at)
	s.doc = append(s.doc, doc)
	s.ofKind[kind] = append(s.ofKind[kind], n)
	return nil
}

// check reports a passage that has not exactly one text.
func (s *shape) check() error {
	for p, n := range s.heads {
		if n != 1 {
			return fmt.Errorf("passage %d has %d texts, want one", p, n)
		}
	}
	return nil
}

// directory gives the shape in the form of index_generation.directory: per
// entry its kind, its number as the distance from the last of the kind, and
// the length of its document.
func (s *shape) directory() []byte {
	to := make([]byte, 0, 4*len(s.kind))
	var last [index.Kinds]int32
	lens := [sides][]int{}
	for i := range lens {
		for _, n := range s.sides[i].docs.Lens() {
			lens[i] = append(lens[i], n)
		}
	}
	for i, k := range s.kind {
		to = append(to, byte(k))
		to = binary.AppendVarint(to, int64(s.ref[i])-int64(last[k]))
		last[k] = s.ref[i]
		if k.Lexical() {
			to = binary.AppendUvarint(to, uint64(lens[side(k)][s.doc[i]]))
		}
	}
	return to
}

// readShape reads a directory.
func readShape(directory []byte) (*shape, error) {
	s := &shape{}
	r := reader{b: directory}
	var last [index.Kinds]int32
	for len(r.b) > 0 {
		k := index.Kind(r.byte())
		if k >= index.Kinds {
			return nil, errDamaged
		}
		last[k] += int32(r.varint())
		terms := 0
		if k.Lexical() {
			terms = int(r.uvarint())
		}
		if err := s.add(k, last[k], terms); err != nil || r.short {
			return nil, errDamaged
		}
	}
	return s, s.check()
}
