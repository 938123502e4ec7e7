// Package openai is an embedder that asks an OpenAI-compatible endpoint: the
// vendor's own, or a server such as vLLM, Ollama or text-embeddings-inference
// beside this one.
//
// Texts leave the process. Whoever calls must have masked personal data.
package openai

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"kiveileder/retriever/embed"
)

// Options say which endpoint and model to use.
type Options struct {
	// BaseURL is what comes before "/embeddings", such as
	// "http://localhost:8000/v1". Required.
	BaseURL string
	// Model is the model's name at the endpoint. Required.
	Model string
	// Dim is the length of the model's vectors. Required: stores are laid out
	// before the first call. An answer of another length is an error.
	Dim int
	// APIKey is sent as a bearer token if it is set.
	APIKey string
	// QueryPrefix and PassagePrefix are put before texts, as models of the E5
	// family want: "query: " and "passage: ".
	QueryPrefix, PassagePrefix string
	// MaxRunes is where longer texts are cut off, as most endpoints refuse
	// texts above the model's limit. Default 16,000, which is safe for 8,192
	// tokens of Norwegian.
	MaxRunes int
	// Timeout bounds one attempt. Default 30 s.
	Timeout time.Duration
	// HTTPClient is used for all calls. Default http.DefaultClient.
	HTTPClient *http.Client
}

// Defaults and limits.
const (
	defaultMaxRunes = 16_000
	defaultTimeout  = 30 * time.Second
	batchSize       = 64 // texts in a request
	maxAttempts     = 4
	firstBackoff    = 250 * time.Millisecond
	maxBackoff      = 10 * time.Second
	maxAnswer       = 64 << 20 // bytes
)

// Client is an [embed.Embedder] over HTTP. It is safe for concurrent use.
type Client struct {
	opt      Options
	endpoint string
	backoff  time.Duration
}

var _ embed.Embedder = (*Client)(nil)

// New checks the options. It does not call the endpoint.
func New(opt Options) (*Client, error) {
	u, err := url.Parse(opt.BaseURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("embedding endpoint: base URL %q: want http(s)://host/path", opt.BaseURL)
	}
	if opt.Model == "" {
		return nil, errors.New("embedding endpoint: no model name")
	}
	if opt.Dim < 1 {
		return nil, fmt.Errorf("embedding endpoint: dimension is %d, want the model's", opt.Dim)
	}
	if opt.MaxRunes <= 0 {
		opt.MaxRunes = defaultMaxRunes
	}
	if opt.Timeout <= 0 {
		opt.Timeout = defaultTimeout
	}
	if opt.HTTPClient == nil {
		opt.HTTPClient = http.DefaultClient
	}
	endpoint := strings.TrimSuffix(opt.BaseURL, "/") + "/embeddings"
	return &Client{opt: opt, endpoint: endpoint, backoff: firstBackoff}, nil
}

// ID returns the model's name with everything else that shapes a vector. The
// endpoint's address is left out, so a model may move; what weights it serves
// under the name cannot be known from here.
func (c *Client) ID() string {
	return fmt.Sprintf("openai:%s@%d%q%q", c.opt.Model, c.opt.Dim, c.opt.QueryPrefix, c.opt.PassagePrefix)
}

// Dim returns Options.Dim.
func (c *Client) Dim() int { return c.opt.Dim }

// Embed implements [embed.Embedder]. It sends 64 texts at a time, and tries
// again up to three times if the endpoint is busy, broken or unreachable.
func (c *Client) Embed(ctx context.Context, kind embed.Kind, texts []string) ([][]float32, error) {
	prefix, err := c.prefix(kind)
	if err != nil {
		return nil, err
	}
	out := make([][]float32, 0, len(texts))
	for start := 0; start < len(texts); start += batchSize {
		batch := make([]string, 0, batchSize)
		for _, text := range texts[start:min(start+batchSize, len(texts))] {
			batch = append(batch, c.input(prefix, text))
		}
		vectors, err := c.retry(ctx, batch)
		if err != nil {
			return nil, fmt.Errorf("embed %s with %s: %w", kind, c.opt.Model, err)
		}
		out = append(out, vectors...)
	}
	return out, nil
}

func (c *Client) prefix(kind embed.Kind) (string, error) {
	switch kind {
	case embed.Query:
		return c.opt.QueryPrefix, nil
	case embed.Passage:
		return c.opt.PassagePrefix, nil
	}
	return "", fmt.Errorf("embed: unknown kind %v", kind)
}

// input is the text as it is sent: valid UTF-8, not too long and not empty,
// which endpoints refuse.
func (c *Client) input(prefix, text string) string {
	text = prefix + strings.ToValidUTF8(text, string(utf8.RuneError))
	count := 0
	for i := range text {
		if count == c.opt.MaxRunes {
			text = text[:i]
			break
		}
		count++
	}
	if strings.TrimSpace(text) == "" {
		return "-"
	}
	return text
}

// unit scales v to length 1 in place. It reports false if v has no direction.
func unit(v []float32) bool {
	var sq float64
	for _, x := range v {
		sq += float64(x) * float64(x)
	}
	if !(sq > 0) || math.IsInf(sq, 0) {
		return false
	}
	inv := 1 / math.Sqrt(sq)
	for i, x := range v {
		v[i] = float32(float64(x) * inv)
	}
	return true
}
