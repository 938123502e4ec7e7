package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"kiveileder/retriever/embed"
	"kiveileder/retriever/embed/embedtest"
)

const testDim = 32

// newClient returns a client of h that does not wait long between attempts.
func newClient(t *testing.T, h http.HandlerFunc, change ...func(*Options)) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	opt := Options{BaseURL: srv.URL + "/v1/", Model: "m", Dim: testDim, APIKey: "secret", HTTPClient: srv.Client()}
	for _, f := range change {
		f(&opt)
	}
	c, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	c.backoff = time.Millisecond
	return c
}

// serve answers like a good endpoint would, last vector first and not
// normalised, and refuses what real ones refuse.
func serve(w http.ResponseWriter, r *http.Request) {
	var req request
	err := json.NewDecoder(r.Body).Decode(&req)
	switch {
	case r.Method != http.MethodPost || r.URL.Path != "/v1/embeddings":
		http.NotFound(w, r)
		return
	case r.Header.Get("Authorization") != "Bearer secret":
		http.Error(w, "who are you", http.StatusUnauthorized)
		return
	case err != nil || req.Model != "m" || len(req.Input) == 0 || len(req.Input) > 64:
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	for _, text := range req.Input {
		if text == "" || utf8.RuneCountInString(text) > defaultMaxRunes {
			http.Error(w, "bad text", http.StatusBadRequest)
			return
		}
	}
	vectors, err := embedtest.Hash(testDim).Embed(r.Context(), embed.Query, req.Input)
	if err != nil {
		return // the caller has gone
	}
	type item struct {
		Index     int       `json:"index"`
		Embedding []float32 `json:"embedding"`
	}
	var data []item
	for i := len(vectors) - 1; i >= 0; i-- {
		for k := range vectors[i] {
			vectors[i][k] *= 3
		}
		data = append(data, item{i, vectors[i]})
	}
	json.NewEncoder(w).Encode(map[string]any{"data": data})
}

func TestContract(t *testing.T) {
	embedtest.Test(t, func(t *testing.T) embed.Embedder { return newClient(t, serve) })
}

func TestBatches(t *testing.T) {
	var calls atomic.Int64
	c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		serve(w, r)
	})
	texts := make([]string, 150)
	for i := range texts {
		texts[i] = fmt.Sprint("text number ", i)
	}
	got, err := c.Embed(context.Background(), embed.Passage, texts)
	if err != nil || len(got) != len(texts) {
		t.Fatalf("got %d vectors, %v", len(got), err)
	}
	if calls.Load() != 3 {
		t.Errorf("%d requests for 150 texts, want 3", calls.Load())
	}
}

func TestPrefix(t *testing.T) {
	seen := make(chan string, 1)
	c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		var req request
		json.NewDecoder(r.Body).Decode(&req)
		seen <- req.Input[0]
		fmt.Fprintf(w, `{"data":[{"index":0,"embedding":[%s1]}]}`, strings.Repeat("0,", testDim-1))
	}, func(o *Options) { o.QueryPrefix, o.PassagePrefix = "query: ", "passage: " })
	for kind, want := range map[embed.Kind]string{embed.Query: "query: x", embed.Passage: "passage: x"} {
		if _, err := c.Embed(context.Background(), kind, []string{"x"}); err != nil {
			t.Fatal(err)
		}
		if got := <-seen; got != want {
			t.Errorf("%s: sent %q, want %q", kind, got, want)
		}
	}
}

func TestRetries(t *testing.T) {
	for _, tc := range []struct {
		name      string
		status    int
		failures  int64
		wantCalls int64
		wantErr   string
	}{
		{"busy, then well", http.StatusTooManyRequests, 2, 3, ""},
		{"broken, then well", http.StatusBadGateway, 3, 4, ""},
		{"broken for good", http.StatusInternalServerError, 99, 4, "gave up after 4 attempts"},
		{"refused", http.StatusBadRequest, 99, 1, "400 Bad Request"},
		{"wrong key", http.StatusUnauthorized, 99, 1, "401 Unauthorized"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var calls atomic.Int64
			c := newClient(t, func(w http.ResponseWriter, r *http.Request) {
				if calls.Add(1) <= tc.failures {
					w.WriteHeader(tc.status)
					fmt.Fprint(w, `{"error":{"message":"about hemmelig tekst","type":"some_type","code":7}}`)
					return
				}
				serve(w, r)
			})
			_, err := c.Embed(context.Background(), embed.Query, []string{"hemmelig tekst"})
			if got := calls.Load(); got != tc.wantCalls {
				t.Errorf("%d calls, want %d", got, tc.wantCalls)
			}
			wantError(t, err, tc.wantErr)
			if err != nil && strings.Contains(err.Error(), "hemmelig") {
				t.Errorf("error quotes the text: %v", err)
			}
		})
	}
}

func TestBadAnswers(t *testing.T) {
	vector := "[" + strings.Repeat("0,", testDim-1) + "1]"
	for _, tc := range []struct{ name, body, want string }{
		{"no JSON", "<html>", "not understood"},
		{"too few", `{"data":[]}`, "0 vectors for 1 texts"},
		{"too many", `{"data":[{"index":0,"embedding":` + vector + `},{"index":1,"embedding":` + vector + `}]}`, "2 vectors for 1 texts"},
		{"wrong index", `{"data":[{"index":1,"embedding":` + vector + `}]}`, "index 1 of 1"},
		{"wrong length", `{"data":[{"index":0,"embedding":[1,2]}]}`, "length 2, want 32"},
		{"zero vector", `{"data":[{"index":0,"embedding":` + strings.ReplaceAll(vector, "1", "0") + `}]}`, "without direction"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newClient(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, tc.body) })
			got, err := c.Embed(context.Background(), embed.Query, []string{"x"})
			wantError(t, err, tc.want)
			if got != nil {
				t.Errorf("got %v besides the error", got)
			}
		})
	}
}

// TestTimeout has an endpoint that never answers: each attempt is given up.
func TestTimeout(t *testing.T) {
	var calls atomic.Int64
	c := newClient(t, func(_ http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		io.Copy(io.Discard, r.Body) // or the server does not notice that the client left
		<-r.Context().Done()
	}, func(o *Options) { o.Timeout = 20 * time.Millisecond })
	_, err := c.Embed(context.Background(), embed.Query, []string{"x"})
	wantError(t, err, "gave up after 4 attempts")
	if calls.Load() == 0 {
		t.Error("endpoint was never called")
	}
}

// TestCancelDuringPause ends the context while the client waits to try again.
func TestCancelDuringPause(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	c := newClient(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(http.StatusServiceUnavailable)
		time.AfterFunc(10*time.Millisecond, cancel)
	})
	start := time.Now()
	_, err := c.Embed(ctx, embed.Query, []string{"x"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("took %v to notice", d)
	}
}

func TestOptions(t *testing.T) {
	for _, tc := range []struct {
		name string
		opt  Options
		want string
	}{
		{"no URL", Options{Model: "m", Dim: 1}, "base URL"},
		{"not a web URL", Options{BaseURL: "file:///x", Model: "m", Dim: 1}, "base URL"},
		{"no model", Options{BaseURL: "http://localhost/v1", Dim: 1}, "no model"},
		{"no dimension", Options{BaseURL: "http://localhost/v1", Model: "m"}, "dimension is 0"},
		{"enough", Options{BaseURL: "http://localhost/v1", Model: "m", Dim: 1}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := New(tc.opt)
			wantError(t, err, tc.want)
		})
	}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("unexpected error: %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("error is %v, want it to say %q", err, want)
	}
}
