package eval

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kiveileder"
)

// A Remote is a running service, measured over its HTTP interface: a Finder, a
// Turner and a Judge. The service should not limit how much one client asks.
type Remote struct {
	Base string // http://host:port
	http http.Client
}

// NewRemote gives the service at an address.
func NewRemote(base string) *Remote {
	return &Remote{strings.TrimRight(base, "/"), http.Client{Timeout: 30 * time.Second}}
}

// Find implements Finder. The interface of searching takes no history.
func (r *Remote) Find(ctx context.Context, question string, _ []string, k int) ([]Quote, error) {
	var out struct {
		Hits []struct {
			Source, Passage, Quote string
			Section                []string
		}
	}
	q := url.Values{"q": {question}, "k": {strconv.Itoa(k)}}
	if err := r.call(ctx, http.MethodGet, "/v1/search?"+q.Encode(), nil, &out); err != nil {
		return nil, err
	}
	var quotes []Quote
	for _, h := range out.Hits {
		quotes = append(quotes, Quote{Source: h.Source, Passage: h.Passage, Section: h.Section, Text: h.Quote})
	}
	return quotes, nil
}

// Turn implements Turner.
func (r *Remote) Turn(ctx context.Context, t kiveileder.Turn) (a kiveileder.Answer, err error) {
	return a, r.call(ctx, http.MethodPost, "/v1/ask", t, &a)
}

// Judge implements Judge.
func (r *Remote) Judge(facts map[string]any) (outcomes, missing []string, escalate bool, err error) {
	var out struct {
		Outcomes, Missing []string
		Escalate          bool
	}
	err = r.call(context.Background(), http.MethodPost, "/v1/rules/evaluate", map[string]any{"facts": facts}, &out)
	return out.Outcomes, out.Missing, out.Escalate, err
}

func (r *Remote) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, r.Base+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := r.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		var f struct{ Error kiveileder.Error }
		if json.Unmarshal(b, &f) == nil && f.Error.Code != "" {
			return &f.Error
		}
		return fmt.Errorf("%s: %s: %.200s", path, resp.Status, b)
	}
	return json.Unmarshal(b, out)
}
