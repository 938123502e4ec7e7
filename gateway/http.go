package gateway

import (
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
	"kiveileder/retriever"
	"kiveileder/services/dialogue"
)

// maxBody is the most that a request's body may hold: a question and its
// history with room for JSON's escapes.
const maxBody = 512 << 10

// ask answers POST /v1/ask.
func (g *Gateway) ask(w http.ResponseWriter, r *http.Request) {
	var t kiveileder.Turn
	if err := g.decode(w, r, &t); err != nil {
		g.fail(w, r, err)
		return
	}
	t.Prefers = languageOf(r)
	a, err := g.turn(r.Context(), t)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	g.reply(w, http.StatusOK, a)
}

// decode reads the body as JSON of v's form.
func (g *Gateway) decode(w http.ResponseWriter, r *http.Request, v any) error {
	bad := func(err error) error {
		return &kiveileder.Error{Code: kiveileder.CodeInvalid, Message: g.Texts.Get("error_json", languageOf(r)), Err: err}
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return &kiveileder.Error{Code: kiveileder.CodeInvalid, Message: g.Texts.Get("error_long", languageOf(r), dialogue.MaxQuestionChars), Err: err}
	case err != nil:
		return bad(err)
	case !utf8.Valid(b):
		return kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_text", languageOf(r)))
	}
	if err := json.Unmarshal(b, v); err != nil {
		return bad(err)
	}
	return nil
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
	q := r.URL.Query().Get("q")
	k := 10
	if s := r.URL.Query().Get("k"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 100 {
			g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "k: 1–100"))
			return
		}
		k = n
	}
	switch {
	case strings.TrimSpace(q) == "":
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_empty", languageOf(r))))
		return
	case !utf8.ValidString(q):
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_text", languageOf(r))))
		return
	case utf8.RuneCountInString(q) > dialogue.MaxQuestionChars:
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_long", languageOf(r), dialogue.MaxQuestionChars)))
		return
	}
	res, err := g.Searcher.Search(r.Context(), retriever.Query{Text: q, K: k})
	if err != nil {
		g.fail(w, r, err)
		return
	}
	hits := make([]searchHit, 0, len(res.Hits))
	for _, h := range res.Hits {
		p := h.Passage
		hits = append(hits, searchHit{p.Source, p.ID, p.Section, p.Text, h.Score, "/kilder/" + p.Source + "#" + p.Anchor()})
	}
	g.reply(w, http.StatusOK, map[string]any{"hits": hits})
}

func (g *Gateway) live(w http.ResponseWriter, _ *http.Request) {
	g.reply(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (g *Gateway) ready(w http.ResponseWriter, r *http.Request) {
	if g.Ready != nil {
		if err := g.Ready(); err != nil {
			g.reply(w, http.StatusServiceUnavailable, map[string]string{"status": "not ready", "reason": err.Error()})
			return
		}
	}
	g.reply(w, http.StatusOK, map[string]any{"status": "ready", "versions": g.Versions()})
}

func (g *Gateway) reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // the client went away; nobody is left to tell
}

// statusOf maps an error's code to HTTP, in this one place.
func statusOf(c kiveileder.Code) int {
	switch c {
	case kiveileder.CodeInvalid:
		return http.StatusBadRequest
	case kiveileder.CodeNotFound:
		return http.StatusNotFound
	case kiveileder.CodeRateLimited:
		return http.StatusTooManyRequests
	case kiveileder.CodeUnavailable:
		return http.StatusServiceUnavailable
	case kiveileder.CodeConflict:
		return http.StatusConflict
	}
	return http.StatusInternalServerError
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
	code, message := g.explain(r, err)
	var b errorBody
	b.Error.Code, b.Error.Message, b.Error.Request = code, message, requestID(r.Context())
	if code == kiveileder.CodeRateLimited {
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	}
	g.reply(w, statusOf(code), b)
}

// explain gives what a client may know of an error, and logs one that is ours.
func (g *Gateway) explain(r *http.Request, err error) (kiveileder.Code, string) {
	code := kiveileder.ErrorCode(err)
	if code == kiveileder.CodeInternal || code == kiveileder.CodeUnavailable {
		if r.Context().Err() == nil {
			g.Log.Error("request failed", zap.String("request", requestID(r.Context())), zap.Error(err))
		}
		key := "error_internal"
		if code == kiveileder.CodeUnavailable {
			key = "error_unavailable"
		}
		return code, g.Texts.Get(key, languageOf(r))
	}
	return code, kiveileder.ErrorMessage(err)
}
