// Package index is where the retriever's texts stand with their vectors. An
// index compares and fetches; it does not judge. Scoring lives above it, so
// that every index gives the same hits in the same order.
//
// Package memory keeps everything in the process, package pgvector in Postgres,
// for several processes; package indextest has the suite that every index
// passes.
package index

import (
	"context"

	"kiveileder"
)

// Kind says what an entry is.
type Kind uint8

const (
	PassageText Kind = iota // a passage, with its headings
	Sentence                // a sentence or item of a passage
	Question                // an exemplar question of a passage
	Unanswered              // a question of the field that the sources do not answer
	Outside                 // a message from outside the field
	Intent                  // an example of an intent
	Kinds                   // how many there are
)

// OfPassage reports whether entries of the kind belong to a passage, the one
// with the number Ref.
func (k Kind) OfPassage() bool { return k <= Question }

// Lexical reports whether entries of the kind are compared by letters too.
// Sentences are not: their passage is.
func (k Kind) Lexical() bool { return k != Sentence }

// Side tells which of a probe's two offsets a kind's vectors go with.
func (k Kind) Side() int {
	if k == PassageText || k == Sentence {
		return 1
	}
	return 0
}

// An Entry is one text with its vector.
type Entry struct {
	Kind   Kind
	Ref    int32 // number of its passage, topic or intent
	Lang   kiveileder.Language
	Text   string
	Letter string    // what stands for the text in comparing by letters; empty means Text
	Vector []float32 // unit length
	InvLen float32   // inverse of the vector's length in the learned space
}

// A Probe is a query's vector, made ready by the learned space.
type Probe struct {
	Raw    []float32
	Dir    []float32
	Offset [2]float32 // by Kind.Side
}

// A Query is what entries are compared with.
type Query struct {
	Probe
	Terms []string // lexical.Terms of the text
	// Most is how many entries of each kind are looked for, nearest by Cos
	// and best by Grams; 0 means all.
	Most int
}

// A Match is an entry compared with a query.
type Match struct {
	Entry int32 // its number in the order of Replace
	Kind  Kind
	Ref   int32
	Cos   float32 // (Dir·Vector − Offset)·InvLen: cosine in the learned space
	Raw   float32 // plain cosine
	Grams float32 // share of the query's terms, see lexical.Index.Score; 0 for sentences
}

// An Index holds one version of entries. Implementations are safe for
// concurrent use.
type Index interface {
	// Replace puts entries in place of all there were, in one step: a Compare
	// beside it sees the old ones or the new ones. On error the old ones stay.
	// Each Ref of a passage has exactly one entry of the kind PassageText.
	Replace(ctx context.Context, version string, entries []Entry) error

	// Version gives what the last Replace named, empty before the first.
	Version(ctx context.Context) (string, error)

	// Compare gives the q.Most nearest entries of each kind, the q.Most best
	// by letters of each lexical kind, and all other entries of the passages
	// that these belong to: each once, in the order of their numbers. Equal
	// values are taken in that order too. Grams are exact for all of them,
	// with statistics over the passages' texts for PassageText and over all
	// other lexical entries for the rest. No entries is no error.
	Compare(ctx context.Context, q Query) ([]Match, error)

	// Known tells of each term whether a passage's text has it or at least two
	// questions do.
	Known(ctx context.Context, terms []string) ([]bool, error)
}

// An Extender is an Index that a few entries can be added to at little cost.
type Extender interface {
	Index

	// With gives an index of the entries of this one and more behind them, of
	// the kinds that belong to passages: what it finds is what one Replace with
	// all of them would. This one stays as it is.
	With(ctx context.Context, more []Entry) (Index, error)
}
