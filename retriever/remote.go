package retriever

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"kiveileder"
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

// maxSearchBody is the most that a search's request may hold.
const maxSearchBody = 1 << 20

// Handler serves a searcher to Clients: POST /search.
func Handler(s Searcher) http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST /search", func(w http.ResponseWriter, r *http.Request) {
		var q Query
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxSearchBody)).Decode(&q); err != nil {
			http.Error(w, "query expected", http.StatusBadRequest)
			return
		}
		res, err := s.Search(r.Context(), q)
		if err != nil {
			http.Error(w, "search failed", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(res) // the client went away
	})
	return m
}

// A Client searches in another process.
type Client struct {
	url  string
	http *http.Client
}

// NewClient gives a client for the Handler at base. A nil hc is one with a
// timeout of five seconds.
func NewClient(base string, hc *http.Client) *Client {
	if hc == nil {
		hc = &http.Client{Timeout: 5 * time.Second}
	}
	return &Client{strings.TrimRight(base, "/") + "/search", hc}
}

// Search asks the other process.
func (c *Client) Search(ctx context.Context, q Query) (Result, error) {
	b, err := json.Marshal(q)
	if err != nil {
		return Result{}, fmt.Errorf("search: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(b))
	if err != nil {
		return Result{}, fmt.Errorf("search: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return Result{}, fmt.Errorf("search: %w", ctx.Err())
		}
		return Result{}, unavailable(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 200))
		return Result{}, unavailable(fmt.Errorf("%s: %s", resp.Status, bytes.TrimSpace(text)))
	}
	var res Result
	if err := json.NewDecoder(resp.Body).Decode(&res); err != nil {
		return Result{}, unavailable(errors.Join(err, ctx.Err()))
	}
	return res, nil
}

func unavailable(err error) error {
	return &kiveileder.Error{Code: kiveileder.CodeUnavailable, Err: fmt.Errorf("search: %w", err)}
}
