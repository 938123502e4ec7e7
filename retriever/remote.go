package retriever

import (
	"context"

	"kiveileder/internal/rpc"
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
