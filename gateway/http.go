package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"

	"kiveileder"
	"kiveileder/internal/refusal"
	"kiveileder/internal/rpc"
	"kiveileder/retriever"
	"kiveileder/services/dialogue"
)

// maxBody is the most that a request's body may hold: a question and its
// history with room for JSON's escapes.
const maxBody = 512 << 10

// ask answers POST /v1/ask: one turn of the conversation that is named, or of
// a new one. A name that is not of our making begins a new one too.
func (g *Gateway) ask(w http.ResponseWriter, r *http.Request) {
	var t kiveileder.Turn
	if err := g.decode(w, r, &t); err != nil {
		g.fail(w, r, err)
		return
	}
	id, lang := t.Conversation, LanguageOf(r)
	if _, _, ok := g.Keys.Check(id); !ok {
		id = g.Keys.New(time.Now())
	}
	key, err := g.keyOf(r.Context(), id, lang)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	_, e, err := g.turn(r, key, kiveileder.Post{
		ID: newID(), Question: t.Question, History: t.History, Facts: t.Facts, Language: t.Language, Prefers: lang,
	})
	if err != nil {
		g.fail(w, r, g.aboutConversation(err, lang))
		return
	}
	a := *e.Answer
	a.Conversation = id
	g.reply(w, http.StatusOK, a)
}

// turn takes a message and waits for its answer.
func (g *Gateway) turn(r *http.Request, key string, p kiveileder.Post) (m, e kiveileder.Entry, err error) {
	m, f, err := g.accept(r.Context(), key, p)
	if err != nil {
		return m, e, err
	}
	e, err = f.wait(r.Context())
	return m, e, err
}

// decode reads the body of a message as JSON of v's form.
func (g *Gateway) decode(w http.ResponseWriter, r *http.Request, v any) error {
	return g.decodeUpTo(w, r, v, maxBody, "error_long")
}

// decodeUpTo reads a body of at most so many bytes as JSON of v's form. long is
// the text that says of a longer one that it is too long.
func (g *Gateway) decodeUpTo(w http.ResponseWriter, r *http.Request, v any, most int64, long string) error {
	bad := func(err error) error {
		return &kiveileder.Error{Code: kiveileder.CodeInvalid, Message: g.Texts.Get("error_json", LanguageOf(r)), Err: err}
	}
	b, err := readUpTo(w, r, most)
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over) && long == "error_long":
		return &kiveileder.Error{Code: kiveileder.CodeInvalid, Message: g.Texts.Get(long, LanguageOf(r), dialogue.MaxQuestionChars), Err: err}
	case errors.As(err, &over):
		return &kiveileder.Error{Code: kiveileder.CodeInvalid, Message: g.Texts.Get(long, LanguageOf(r)), Err: err}
	case err != nil:
		return bad(err)
	case !utf8.Valid(b):
		return kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_text", LanguageOf(r)))
	}
	if err := json.Unmarshal(b, v); err != nil {
		return bad(err)
	}
	return nil
}

// spilled is how much of what is refused for its length is read all the same.
const spilled = 32 << 20

// readUpTo reads a body of at most so many bytes. Error: *http.MaxBytesError for
// a longer one; a client that sends all of it before it listens hears of that.
func readUpTo(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		_, _ = io.CopyN(io.Discard, r.Body, spilled)
	}
	return b, err
}

// A searchHit is a hit as GET /v1/search gives it.
type searchHit struct {
	Source  string   `json:"source"`
	Passage string   `json:"passage"`
	Section []string `json:"section"`
	Quote   string   `json:"quote"`
	Score   float64  `json:"score"`
	URL     string   `json:"url"`
}

// search answers GET /v1/search?q=…&k=10.
func (g *Gateway) search(w http.ResponseWriter, r *http.Request) {
	k := 10
	if s := r.URL.Query().Get("k"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 100 {
			g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "k: 1–100"))
			return
		}
		k = n
	}
	q, err := g.words(r)
	if err == nil && q == "" {
		err = kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_empty", LanguageOf(r)))
	}
	if err != nil {
		g.fail(w, r, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), turnTime)
	defer cancel()
	res, err := g.Searcher.Search(ctx, retriever.Query{Text: q, K: k})
	if err != nil {
		g.fail(w, r, err)
		return
	}
	hits := make([]searchHit, 0, len(res.Hits))
	for _, h := range res.Hits {
		p := h.Passage
		src, _ := g.Library.Source(p.Source) // of one that this gateway does not have yet, where it will be
		hits = append(hits, searchHit{p.Source, p.ID, p.Section, p.Text, h.Score, src.Place(p)})
	}
	g.reply(w, http.StatusOK, map[string]any{"hits": hits})
}

// words gives what a request searches for, empty when it names nothing.
func (g *Gateway) words(r *http.Request) (string, error) {
	q := strings.TrimSpace(r.URL.Query().Get("q"))
	switch {
	case !utf8.ValidString(q):
		return "", kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_text", LanguageOf(r)))
	case utf8.RuneCountInString(q) > dialogue.MaxQuestionChars:
		return "", kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_long", LanguageOf(r), dialogue.MaxQuestionChars))
	}
	return q, nil
}

func (g *Gateway) live(w http.ResponseWriter, _ *http.Request) {
	g.reply(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (g *Gateway) ready(w http.ResponseWriter, r *http.Request) {
	if g.draining.Load() {
		g.reply(w, http.StatusServiceUnavailable, map[string]string{"status": "draining"})
		return
	}
	if g.Ready != nil {
		if err := g.Ready(r.Context()); err != nil {
			g.reply(w, http.StatusServiceUnavailable, map[string]string{"status": "not ready"})
			return
		}
	}
	state := map[string]any{"status": "ready", "versions": g.Versions()}
	if g.Degraded != nil {
		if parts := g.Degraded(); len(parts) > 0 {
			state["degraded"] = parts
		}
	}
	g.reply(w, http.StatusOK, state)
}

func (g *Gateway) reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // the client went away; nobody is left to tell
}

type errorBody struct {
	Error struct {
		Code    kiveileder.Code `json:"code"`
		Message string          `json:"message"`
		Request string          `json:"request,omitempty"`
	} `json:"error"`
}

// fail tells the client what it may know of an error and the log the rest.
func (g *Gateway) fail(w http.ResponseWriter, r *http.Request, err error) {
	g.failAs(w, r, rpc.Status(kiveileder.ErrorCode(err)), err)
}

func (g *Gateway) failAs(w http.ResponseWriter, r *http.Request, status int, err error) {
	if r.Context().Err() != nil && status == http.StatusInternalServerError {
		status = statusGone // nobody hears it, but the count shall not say that we failed
	}
	code, message := g.explain(r.Context(), LanguageOf(r), requestID(r.Context()), err)
	var b errorBody
	b.Error.Code, b.Error.Message, b.Error.Request = code, message, requestID(r.Context())
	var limited *limitedError
	switch {
	case errors.As(err, &limited):
		w.Header().Set("Retry-After", strconv.Itoa(limited.seconds()))
	case code == kiveileder.CodeRateLimited:
		w.Header().Set("Retry-After", "10")
	case code == kiveileder.CodeUnavailable:
		w.Header().Set("Retry-After", "5")
	}
	g.reply(w, status, b)
}

// statusGone is for a client that went away before its answer, as nginx
// counts it.
const statusGone = 499

// explain gives what a client may know of an error, and logs one that is ours.
func (g *Gateway) explain(ctx context.Context, lang kiveileder.Language, request string, err error) (kiveileder.Code, string) {
	code := kiveileder.ErrorCode(err)
	switch code {
	case kiveileder.CodeInternal:
		if ctx.Err() == nil {
			g.Log.Error("request failed", zap.String("request", request), zap.Error(err))
		}
		return code, g.Texts.Get("error_internal", lang)
	case kiveileder.CodeUnavailable:
		g.Log.Warn("request not served", zap.String("request", request), zap.Error(err))
		return code, g.Texts.Get("error_unavailable", lang)
	}
	return code, refusal.Text(err, lang)
}

var (
	errStopping = kiveileder.Errorf(kiveileder.CodeUnavailable, "stopping")
	errFull     = kiveileder.Errorf(kiveileder.CodeUnavailable, "as many sockets as there may be")
	errTooMany  = errors.New("too many sockets of one client")
)

// explainAdmission puts the refusal of a socket into an error for the client.
func (g *Gateway) explainAdmission(r *http.Request, err error) error {
	if errors.Is(err, errTooMany) {
		return &limitedError{30 * time.Second, g.Texts.Get("error_sockets", LanguageOf(r))}
	}
	return err
}
