package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/gateway"
	"kiveileder/retriever"
	"kiveileder/services/conversation"
	"kiveileder/services/dialogue"
)

// A fakeDialogue answers as the test says. What cannot be a message it refuses
// as the real one does.
type fakeDialogue func(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error)

func (f fakeDialogue) Check(t *kiveileder.Turn) error {
	d, err := realDialogue()
	if err != nil {
		return err
	}
	return d.Check(t)
}

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

// advise is a small adviser. What is asked about REK depends on the purpose,
// which it asks for; greetings it greets, and what it does not know goes to a
// person.
func advise(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	question, facts := t.Question, maps.Clone(t.Known)
	if facts == nil {
		facts = map[string]any{}
	}
	maps.Copy(facts, t.Facts)
	reply := t.Awaited == "purpose" && strings.EqualFold(question, "forskning")
	if reply {
		question, facts["purpose"] = t.Original, "research"
	}
	a, err := echo(ctx, kiveileder.Turn{Question: question})
	a.Facts, a.Reply = facts, reply
	switch {
	case strings.Contains(question, "REK") && facts["purpose"] == nil:
		a.Status = kiveileder.Clarify
		a.Ask = &kiveileder.Ask{Fact: "purpose", Question: "Hva er formålet?", Options: []kiveileder.Option{{Value: "research", Label: "Forskning"}, {Value: "treatment", Label: "Helsehjelp"}}}
	case strings.HasPrefix(question, "Hei"):
		a.Status, a.Citations = kiveileder.Smalltalk, nil
	case strings.Contains(question, "jurist"):
		a.Status, a.Citations = kiveileder.Escalate, nil
	}
	return a, err
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
func (fakeLibrary) Asked(string) map[string][]string           { return nil }

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

// realDialogue is there for what it refuses.
var realDialogue = sync.OnceValues(func() (*dialogue.Dialogue, error) {
	ts, err := loadTexts()
	return dialogue.New(dialogue.Deps{Texts: ts}), err
})

// secret is what the tests' conversation ids are marked with.
var secret = []byte("a secret of the tests, 32 bytes or more")

func testKeys(t testing.TB) gateway.Keys {
	t.Helper()
	k, err := gateway.NewKeys(secret)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// open gives a gateway over fakes, with what change changes, and its log.
func open(t testing.TB, cfg gateway.Config, change func(*gateway.Deps)) (*gateway.Gateway, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	d := gateway.Deps{
		Keys: testKeys(t), Searcher: fakeSearcher(findAll), Library: fakeLibrary{}, Texts: texts(t),
		Versions: func() kiveileder.Versions { return versions },
		Log:      zap.New(core),
	}
	with(echo)(&d)
	if change != nil {
		change(&d)
	}
	return gateway.New(cfg, d), logs
}

// with holds conversations in memory and has a dialogue answer them.
func with(d fakeDialogue) func(*gateway.Deps) { return over(conversation.NewMemory("epoch"), d) }

// over holds conversations in a store.
func over(store conversation.Store, d fakeDialogue) func(*gateway.Deps) {
	return func(deps *gateway.Deps) {
		events := &localBus{}
		deps.Conversations, deps.Events = conversation.New(store, d, events), events
	}
}

// A localBus passes events on at once, to who wants them; what is told while
// it is down is lost.
type localBus struct {
	mu      sync.Mutex // guards what follows
	wants   func(key string) bool
	take    func(kiveileder.Event)
	changed func(up bool)
	down    bool
}

func (b *localBus) Publish(_ context.Context, e kiveileder.Event) error {
	b.mu.Lock()
	wants, take, down := b.wants, b.take, b.down
	b.mu.Unlock()
	if take != nil && !down && wants(e.Key) {
		take(e)
	}
	return nil
}

func (b *localBus) Subscribe(wants func(string) bool, take func(kiveileder.Event), changed func(bool)) func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wants, b.take, b.changed = wants, take, changed
	return func() {}
}

// set says whether events come.
func (b *localBus) set(up bool) {
	b.mu.Lock()
	b.down = !up
	changed := b.changed
	b.mu.Unlock()
	changed(up)
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

// containsLine reports whether a text has a line.
func containsLine(text, line string) bool {
	return slices.Contains(strings.Split(text, "\n"), line)
}

// sameTurn compares what the gateway passes on; what the conversation adds is
// its own business.
func sameTurn(t testing.TB, want, got kiveileder.Turn) {
	t.Helper()
	part := func(t kiveileder.Turn) kiveileder.Turn {
		return kiveileder.Turn{Question: t.Question, History: t.History, Facts: t.Facts, Language: t.Language}
	}
	if diff := cmp.Diff(part(want), part(got)); diff != "" {
		t.Errorf("turn (-want +got):\n%s", diff)
	}
}
