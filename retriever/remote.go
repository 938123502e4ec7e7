package retriever

import (
	"context"

	"kiveileder"
	"kiveileder/internal/rpc"
	"kiveileder/retriever/embed"
)

// A Searcher finds passages, here or in another process. *Retriever and
// *Client are Searchers; package searchtest has their common suite.
type Searcher interface {
	// Search gives at most q.K hits, best first, and the verdict. The same
	// query gives the same result for one version of the corpus. It fails
	// when the context ends, and with a *kiveileder.Error of the code
	// CodeUnavailable when the other process cannot be reached.
	Search(ctx context.Context, q Query) (Result, error)
}

const callSearch = "search"

// Handle lets a server answer for a searcher.
func Handle(s *rpc.Server, x Searcher) { rpc.Handle(s, callSearch, x.Search) }

// A Client searches in another process.
type Client struct{ rpc *rpc.Client }

// NewClient gives the searcher that a client reaches.
func NewClient(c *rpc.Client) *Client { return &Client{c} }

// Search asks the other process.
func (c *Client) Search(ctx context.Context, q Query) (Result, error) {
	return rpc.Call[Query, Result](ctx, c.rpc, callSearch, q)
}

const callEmbed = "embed"

type embedding struct {
	Model string     `json:"model"`
	Kind  embed.Kind `json:"kind"`
	Texts []string   `json:"texts"`
}

// HandleEmbedder lets a server answer for an embedder.
func HandleEmbedder(s *rpc.Server, e embed.Embedder) {
	rpc.Handle(s, callEmbed, func(ctx context.Context, in embedding) ([][]float32, error) {
		if in.Model != e.ID() { // of another version
			return nil, kiveileder.Errorf(kiveileder.CodeUnavailable, "no model %q here", in.Model)
		}
		return e.Embed(ctx, in.Kind, in.Texts)
	})
}

// An Embedder embeds in another process, which has the model that it names.
type Embedder struct {
	rpc   *rpc.Client
	model string
	dim   int
}

var _ embed.Embedder = (*Embedder)(nil)

// NewEmbedder gives the embedder that a client reaches: the model of a snapshot.
func NewEmbedder(c *rpc.Client, s *Snapshot) *Embedder { return &Embedder{c, s.Model, s.Space.Dim} }

// ID implements embed.Embedder.
func (e *Embedder) ID() string { return e.model }

// Dim implements embed.Embedder.
func (e *Embedder) Dim() int { return e.dim }

// Embed asks the other process.
func (e *Embedder) Embed(ctx context.Context, kind embed.Kind, texts []string) ([][]float32, error) {
	return rpc.Call[embedding, [][]float32](ctx, e.rpc, callEmbed, embedding{e.model, kind, texts})
}
