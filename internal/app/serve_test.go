package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"kiveileder"
	"kiveileder/internal/app"
	"kiveileder/retriever"
)

// An announcement waits for the line that says where a service listens.
type announcement struct {
	mu   sync.Mutex // guards text
	text string
	url  chan string
}

func newAnnouncement() *announcement { return &announcement{url: make(chan string, 1)} }

func (a *announcement) Write(b []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.text += string(b)
	if _, rest, ok := strings.Cut(a.text, "listens on "); ok && strings.HasSuffix(rest, "\n") {
		select {
		case a.url <- strings.TrimSpace(rest):
		default:
		}
	}
	return len(b), nil
}

// serve runs an app until stop is called, which gives Serve's error.
func serve(t testing.TB, a *app.App) (url string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, done := newAnnouncement(), make(chan error, 1)
	go func() { done <- a.Serve(ctx, out) }()
	stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(time.Minute):
			return fmt.Errorf("did not stop")
		}
	})
	t.Cleanup(func() { _ = stop() })
	select {
	case url = <-out.url:
	case err := <-done:
		t.Fatal("serve:", err)
	case <-time.After(time.Minute):
		t.Fatal("serve: does not say where it listens")
	}
	return url, stop
}

func get(t testing.TB, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestServe(t *testing.T) {
	cfg, _ := install(t)
	url, stop := serve(t, start(t, cfg))
	for path, want := range map[string]string{
		"/":                                 "<html",
		"/kilder/veiledning":                "CE-merket",
		"/livez":                            "ok",
		"/readyz":                           `"openai:hash`,
		"/v1/search?q=medisinsk+utstyr&k=1": "veiledning/utstyr",
	} {
		if code, body := get(t, url+path); code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d, want %q in %.200s", path, code, want, body)
		}
	}
	res, err := http.Post(url+"/v1/ask", "application/json", strings.NewReader(`{"question":"Hva gjelder for medisinsk utstyr?"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var a kiveileder.Answer
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil || res.StatusCode != http.StatusOK || a.Conversation == "" {
		t.Errorf("%d: %+v, %v", res.StatusCode, a, err)
	}
	if err := stop(); err != nil {
		t.Errorf("stopped with %v", err)
	}
	if _, err := http.Get(url + "/livez"); err == nil {
		t.Error("still listening after the stop")
	}
}

// A running service takes a new document up by itself, drops a broken one with
// a line in the log, and answers all the while.
func TestServeTakesDocumentsUp(t *testing.T) {
	t.Parallel()
	cfg, _ := install(t)
	core, logs := observer.New(zapcore.InfoLevel)
	a, err := app.New(context.Background(), cfg, zap.New(core))
	if err != nil {
		t.Fatal(err)
	}
	url, _ := serve(t, a)
	until := func(what string, ok func() bool) {
		t.Helper()
		for end := time.Now().Add(time.Minute); !ok(); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("waited in vain: %s", what)
			}
		}
	}
	const question = "/v1/search?k=1&q=N%C3%A5r+slettes+loggen%3F"
	finds := func(text string) bool {
		code, body := get(t, url+question)
		if code != http.StatusOK {
			t.Fatalf("status %d", code)
		}
		return strings.Contains(body, text)
	}
	if finds("rundskriv") {
		t.Fatal("found before it is there")
	}
	take(t, cfg, circular, false)
	until("the document is found", func() bool { return finds("tolv måneder") })

	passages := filepath.Join(cfg.Data, "sources", "rundskriv-om-roboter", "passages.jsonl")
	good, err := os.ReadFile(passages)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(passages, []byte(`{"id":`), 0o644); err != nil {
		t.Fatal(err)
	}
	until("the log tells of the broken one", func() bool { return logs.FilterLevelExact(zapcore.ErrorLevel).Len() > 0 })
	if !finds("tolv måneder") {
		t.Error("the old version is gone")
	}
	if err := os.WriteFile(passages, bytes.Replace(good, []byte("tolv måneder"), []byte("to måneder"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	until("the mended one is taken up", func() bool { return finds("to måneder") })
	if n := logs.FilterLevelExact(zapcore.ErrorLevel).Len(); n != 1 {
		t.Errorf("the broken document was logged %d times", n)
	}
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg, _ := install(t)
	cfg.Addr = l.Addr().String()
	err = start(t, cfg).Serve(context.Background(), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "listen on "+cfg.Addr) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("error %v", err)
	}
}

// What an operator should know before questions come is told at the start.
func TestNewErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, c *app.Config)
		want  []string
	}{
		{"a question was added after the build", func(t *testing.T, c *app.Config) {
			appendTo(t, filepath.Join(c.Corpus, "questions", "outside.yaml"), "  nn: [Vert det regn?]\n")
		}, []string{"do not fit", "kiveileder corpus build"}},
		{"broken snapshot", func(t *testing.T, c *app.Config) {
			if err := os.Truncate(filepath.Join(c.Corpus, "snapshot.bin"), 1000); err != nil {
				t.Fatal(err)
			}
		}, []string{"read snapshot"}},
		{"no snapshot", func(t *testing.T, c *app.Config) { c.Corpus = t.TempDir() }, []string{"no snapshot", "kiveileder corpus build"}},
		{"another model", func(_ *testing.T, c *app.Config) { c.EmbedModel = "other" }, []string{"openai:hash", "openai:other", "kiveileder corpus build"}},
		{"no model name", func(_ *testing.T, c *app.Config) { c.EmbedModel = "" }, []string{"no model name"}},
		{"no address of an endpoint", func(_ *testing.T, c *app.Config) { c.EmbedURL = "endpoint" }, []string{"http(s)://"}},
		{"data folder is a file", func(t *testing.T, c *app.Config) { c.Data = file(t, "data", "x") }, []string{"data folder"}},
		{"added document is broken", func(t *testing.T, c *app.Config) {
			take(t, *c, circular, false)
			appendTo(t, filepath.Join(c.Data, "sources", "rundskriv-om-roboter", "meta.yaml"), "colour: red\n")
		}, []string{"data folder", "rundskriv-om-roboter", `"colour"`}},
		{"added document has a passage twice", func(t *testing.T, c *app.Config) {
			take(t, *c, circular, false)
			name := filepath.Join(c.Data, "sources", "rundskriv-om-roboter", "passages.jsonl")
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			appendTo(t, name, string(b))
		}, []string{"data folder", "is there twice"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, _ := install(t)
			c.spoil(t, &cfg)
			_, err := app.New(context.Background(), cfg, app.Silent())
			if err == nil {
				t.Fatal("it starts")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error lacks %q: %v", want, err)
				}
			}
		})
	}
}

func appendTo(t testing.TB, name, text string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(b, text...), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Personal data goes to no endpoint, neither from a turn nor from a search.
func TestNothingPersonalIsSentOn(t *testing.T) {
	cfg, e := install(t)
	a := start(t, cfg)
	const question = "Pasient Kari Nordmann, 01013870000, tlf. 46778899, spør om medisinsk utstyr"
	if _, err := a.Turn(context.Background(), kiveileder.Turn{Question: question, History: []string{question}}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Search(context.Background(), retriever.Query{Text: "Og " + question, History: []string{question}}); err != nil {
		t.Fatal(err)
	}
	sent := strings.Join(e.texts(), "\n")
	if !strings.Contains(sent, "[fødselsnummer]") {
		t.Errorf("sent %q: the test does not test", sent)
	}
	for _, p := range []string{"Nordmann", "01013870000", "46778899"} {
		if strings.Contains(sent, p) {
			t.Errorf("%q was sent on: %q", p, sent)
		}
	}
}

// The same question again costs the endpoint nothing, unless nothing is kept.
func TestCacheSize(t *testing.T) {
	for size, want := range map[int]int{10: 1, 0: 2} {
		cfg, e := install(t)
		cfg.CacheSize = size
		a := start(t, cfg)
		for range 2 {
			if _, err := a.Turn(context.Background(), kiveileder.Turn{Question: "Hva er medisinsk utstyr?"}); err != nil {
				t.Fatal(err)
			}
		}
		if got := len(e.texts()); got != want {
			t.Errorf("cache of %d: %d texts embedded, want %d", size, got, want)
		}
	}
}

func TestLogger(t *testing.T) {
	for _, c := range []struct {
		level, format string
		want          string // what of the lines is written
	}{
		{"info", "json", `"msg":"hello"`},
		{"debug", "json", `"msg":"quiet"`},
		{"error", "json", ""},
		{"info", "console", "hello"},
		{"loud", "", "hello"}, // what nobody knows is info, for people
	} {
		var b bytes.Buffer
		log := app.Logger(app.Config{LogLevel: c.level, LogFormat: c.format}, &b)
		log.Debug("quiet")
		log.Info("hello")
		if !strings.Contains(b.String(), c.want) || c.want == "" && b.Len() > 0 {
			t.Errorf("%s %s: %q, want %q", c.level, c.format, b.String(), c.want)
		}
		if c.level != "debug" && strings.Contains(b.String(), "quiet") {
			t.Errorf("%s: %q holds more than it should", c.level, b.String())
		}
	}
}

// The time in which balancers turn away does not go off the time that requests
// under way have.
func TestDrainDelay(t *testing.T) {
	defer app.SetDrainTime(100 * time.Millisecond)()
	cfg, _ := install(t)
	cfg.DrainDelay = 1500 * time.Millisecond
	url, stop := serve(t, start(t, cfg))
	begin := time.Now()
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	until(t, "it is not ready while it drains", func() bool {
		code, _ := get(t, url+"/readyz")
		return code == http.StatusServiceUnavailable
	})
	if code, _ := get(t, url+"/livez"); code != http.StatusOK {
		t.Errorf("before the delay is over: status %d", code)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took < cfg.DrainDelay {
		t.Errorf("stopped after %v", took)
	}
}

// A collector that hangs costs the traces, not an orderly end.
func TestCollectorHangs(t *testing.T) {
	let := make(chan struct{})
	collector := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-let }))
	defer collector.Close()
	defer close(let)
	defer otel.SetTracerProvider(otel.GetTracerProvider())
	cfg, _ := install(t)
	cfg.OTLPURL, cfg.TraceShare = collector.URL, 1
	url, stop := serve(t, start(t, cfg))
	get(t, url+"/v1/search?q=medisinsk+utstyr")
	begin := time.Now()
	if err := stop(); err != nil {
		t.Errorf("stopped with %v", err)
	}
	if took := time.Since(begin); took > 15*time.Second { // else as long as the collector hangs
		t.Errorf("stopped after %v", took)
	}
}
