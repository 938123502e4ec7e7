package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/gateway"
	"kiveileder/retriever"
	"kiveileder/services/dialogue"
)

// A fakeDialogue answers as the test says.
type fakeDialogue func(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error)

func (f fakeDialogue) Turn(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	return f(ctx, t)
}

// echo answers every question with itself as the lead.
func echo(_ context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	return kiveileder.Answer{
		Conversation: t.Conversation, Status: kiveileder.Answered, Language: kiveileder.Bokmal, Automated: true,
		Lead: "Spurt: " + t.Question, Citations: []kiveileder.Citation{{Source: example.ID, Passage: passages[0].ID, Quote: passages[0].Text}},
	}, nil
}

type fakeSearcher func(ctx context.Context, q retriever.Query) (retriever.Result, error)

func (f fakeSearcher) Search(ctx context.Context, q retriever.Query) (retriever.Result, error) {
	return f(ctx, q)
}

// findAll finds the passages of the example, as many as asked for.
func findAll(_ context.Context, q retriever.Query) (retriever.Result, error) {
	var r retriever.Result
	for i, p := range passages[:min(q.K, len(passages))] {
		r.Hits = append(r.Hits, retriever.Hit{Passage: p, Score: 2 - float64(i)})
	}
	return r, nil
}

var (
	example  = kiveileder.Source{ID: "formal-2024", Title: "Avklare formål", Kind: "guidance", Updated: "2024-02-14", Language: "nb"}
	passages = []kiveileder.Passage{
		{ID: "formal-2024/helseforskning-gdnq", Source: "formal-2024", Section: []string{"Formål", "Helseforskning"}, Text: "Må ha forhåndsgodkjenning fra REK & <samtykke>."},
		{ID: "formal-2024/annen-forskning-abcd", Source: "formal-2024", Section: []string{"Formål", "Annen forskning"}, Text: "Trenger ikke REK."},
	}
)

type fakeLibrary struct{}

func (fakeLibrary) Source(id string) (kiveileder.Source, bool) { return example, id == example.ID }
func (fakeLibrary) Sources() []kiveileder.Source               { return []kiveileder.Source{example} }
func (fakeLibrary) Passages(string) []kiveileder.Passage       { return passages }

var versions = kiveileder.Versions{Corpus: "c0ffee", Model: "fake"}

// texts are the service's own words, as they ship.
func texts(t testing.TB) corpus.Texts {
	t.Helper()
	ts, err := loadTexts()
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

var loadTexts = sync.OnceValues(func() (corpus.Texts, error) { return corpus.LoadTexts(corpus.Files) })

// open gives a gateway over fakes, with what change changes, and its log.
func open(t testing.TB, cfg gateway.Config, change func(*gateway.Deps)) (*gateway.Gateway, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	d := gateway.Deps{
		Dialogue: fakeDialogue(echo), Searcher: fakeSearcher(findAll), Library: fakeLibrary{}, Texts: texts(t),
		Versions: func() kiveileder.Versions { return versions },
		Log:      zap.New(core),
	}
	if change != nil {
		change(&d)
	}
	return gateway.New(cfg, d), logs
}

// checking gives a Dialogue that refuses bad messages as the real one does.
func checking(t testing.TB) gateway.Dialogue {
	signals, err := corpus.LoadSignals(corpus.Files)
	if err != nil {
		t.Fatal(err)
	}
	return dialogue.New(fakeSearcher(findAll), corpus.NewLibrary(&corpus.Corpus{}), texts(t), nil, signals, versions, func() string { return "2026-11-22" })
}

func with(d fakeDialogue) func(*gateway.Deps) {
	return func(deps *gateway.Deps) { deps.Dialogue = d }
}

// A call is a request as a test writes it down.
type call struct {
	method, path, body string
	header             map[string]string
	from               string // address of the client
}

// do sends a request to a handler.
func do(h http.Handler, c call) *httptest.ResponseRecorder {
	var body io.Reader
	if c.body != "" {
		body = strings.NewReader(c.body)
	}
	method := c.method
	if method == "" {
		method = http.MethodGet
	}
	r := httptest.NewRequest(method, c.path, body)
	if c.from != "" {
		r.RemoteAddr = c.from
	}
	for k, v := range c.header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// post asks over HTTP.
func post(h http.Handler, body string, header ...string) *httptest.ResponseRecorder {
	c := call{method: http.MethodPost, path: "/v1/ask", body: body, header: map[string]string{"Content-Type": "application/json"}}
	for i := 0; i+1 < len(header); i += 2 {
		c.header[header[i]] = header[i+1]
	}
	return do(h, c)
}

// An apiError is the body of every answer that is an error.
type apiError struct {
	Error struct {
		Code, Message, Request string
	}
}

func parse[T any](t testing.TB, b *bytes.Buffer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(b.Bytes(), &v); err != nil {
		t.Fatalf("%v in %q", err, b)
	}
	return v
}
