// Package embed is the vocabulary of sentence embedding: texts go in, unit
// vectors come out, and texts of like meaning get vectors that point the same
// way.
//
// The package holds no model. Package e5 is the one that ships in the binary,
// package openai speaks to an external endpoint, and package embedtest has the
// contract suite that both of them pass.
package embed

import (
	"context"
	"strconv"
)

// Kind tells what a text is for. Retrieval models embed a question and the
// passage that answers it differently, so the two are never interchangeable.
type Kind uint8

const (
	Query   Kind = iota // what somebody asks
	Passage             // what might answer it
)

// String returns "query" or "passage".
func (k Kind) String() string {
	switch k {
	case Query:
		return "query"
	case Passage:
		return "passage"
	}
	return "Kind(" + strconv.Itoa(int(k)) + ")"
}

// Embedder turns texts into vectors. Implementations are safe for concurrent
// use; embedtest.Test checks every promise made here.
type Embedder interface {
	// ID names the model and its exact weights. Vectors may be compared only
	// if their ids are equal, so ids are stored beside vectors. It never
	// changes during the life of the value and is never empty.
	ID() string

	// Dim is the length of every vector. It never changes and is above zero.
	Dim() int

	// Embed returns one vector for each text, in the order of texts. Each has
	// length Dim and Euclidean norm 1, so an inner product is a cosine. The
	// caller owns the result.
	//
	// A text always gets the same vector, whatever else is in the call. No
	// text is refused: the empty string, broken UTF-8 and texts longer than
	// the model reads all get a valid vector. An empty list gives an empty
	// result and no error.
	//
	// On error the result is nil; there are no partial results. If ctx ends
	// first, errors.Is finds ctx.Err() in the error.
	Embed(ctx context.Context, kind Kind, texts []string) ([][]float32, error)
}
