package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// retry sends a batch until it succeeds, fails for good or has had its tries.
func (c *Client) retry(ctx context.Context, batch []string) ([][]float32, error) {
	for attempt := 1; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		vectors, err := c.send(ctx, batch)
		var again *temporary
		if err == nil || !errors.As(err, &again) {
			return vectors, err
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%w (%v)", ctx.Err(), err)
		}
		if attempt == maxAttempts {
			return nil, fmt.Errorf("gave up after %d attempts: %w", attempt, err)
		}
		if err := sleep(ctx, c.pause(attempt, again.after)); err != nil {
			return nil, err
		}
	}
}

// pause grows from attempt to attempt. Half of it is chance, so that clients
// that failed together do not come back together. An endpoint that says when
// to come back is believed, within reason.
func (c *Client) pause(attempt int, after time.Duration) time.Duration {
	d := c.backoff << (attempt - 1)
	d = d/2 + rand.N(d/2+1)
	return min(max(d, after), maxBackoff)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// temporary marks an error that may pass by itself.
type temporary struct {
	err   error
	after time.Duration // what the endpoint asked for
}

func (t *temporary) Error() string { return t.err.Error() }
func (t *temporary) Unwrap() error { return t.err }

type request struct {
	Model string   `json:"model"`
	Input []string `json:"input"`
}

type answer struct {
	Data []struct {
		Index     int       `json:"index"`
		Embedding []float32 `json:"embedding"`
	} `json:"data"`
}

// send makes one attempt.
func (c *Client) send(ctx context.Context, batch []string) ([][]float32, error) {
	body, err := json.Marshal(request{Model: c.opt.Model, Input: batch})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.opt.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if c.opt.APIKey != "" {
		req.Header.Set("Authorization", "Bearer "+c.opt.APIKey)
	}
	resp, err := c.opt.HTTPClient.Do(req)
	if err != nil {
		return nil, &temporary{err: err}
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, &temporary{err: err}
	}
	if resp.StatusCode != http.StatusOK {
		return nil, refused(resp, raw)
	}
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		return nil, fmt.Errorf("answer is not understood: %w", err)
	}
	return c.vectors(a, len(batch))
}

// refused turns an error status into an error. Of the body it keeps only the
// type and code: the message may quote the text that was sent, and errors end
// up in logs.
func refused(resp *http.Response, raw []byte) error {
	var body struct {
		Error struct {
			Type string `json:"type"`
			Code any    `json:"code"`
		} `json:"error"`
	}
	err := fmt.Errorf("endpoint answered %s", resp.Status)
	if json.Unmarshal(raw, &body) == nil && body.Error.Type != "" {
		err = fmt.Errorf("%w (type %.60q, code %.60q)", err, body.Error.Type, fmt.Sprint(body.Error.Code))
	}
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode < 500 {
		return err
	}
	seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
	return &temporary{err: err, after: time.Duration(seconds) * time.Second}
}

// vectors checks an answer for n texts and puts it in their order.
func (c *Client) vectors(a answer, n int) ([][]float32, error) {
	if len(a.Data) != n {
		return nil, fmt.Errorf("endpoint gave %d vectors for %d texts", len(a.Data), n)
	}
	out := make([][]float32, n)
	for _, d := range a.Data {
		if d.Index < 0 || d.Index >= n || out[d.Index] != nil {
			return nil, fmt.Errorf("endpoint gave no or several vectors for a text (index %d of %d)", d.Index, n)
		}
		if len(d.Embedding) != c.opt.Dim {
			return nil, fmt.Errorf("endpoint gave vectors of length %d, want %d: wrong model or dimension", len(d.Embedding), c.opt.Dim)
		}
		if !unit(d.Embedding) {
			return nil, errors.New("endpoint gave a vector without direction")
		}
		out[d.Index] = d.Embedding
	}
	return out, nil
}
