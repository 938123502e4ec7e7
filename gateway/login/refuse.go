package login

import (
	_ "embed"
	"encoding/json"
	"errors"
	"net/http"

	"go.uber.org/zap"

	"kiveileder"
	words "kiveileder/internal/refusal"
)

// A refused says why somebody was refused: to operators by a word of ours, to
// people by a text. What caused it stays out of the log, for it may hold what
// a provider or a browser sent.
type refused struct {
	reason string
	text   string
	status int
	detail string // for operators, of a provider that does not do what it should; never about people
}

func (e *refused) Error() string { return "login: refused: " + e.reason }

func refusal(reason, text string) error { return refusalAs(http.StatusForbidden, reason, text) }

func refusalAs(status int, reason, text string) error {
	return &refused{reason: reason, text: text, status: status}
}

// refuse answers with what an error says, and logs one line, with more about it
// where there is more.
func (l *Login) refuse(w http.ResponseWriter, r *http.Request, event, provider string, err error, about ...zap.Field) {
	var e *refused
	fields := append([]zap.Field{zap.String("provider", provider)}, about...)
	if !errors.As(err, &e) {
		e = &refused{reason: "internal", text: "internal", status: http.StatusInternalServerError}
		if kiveileder.ErrorCode(err) == kiveileder.CodeUnavailable {
			e = &refused{reason: "store_away", text: "login_away", status: http.StatusServiceUnavailable}
		}
		fields = append(fields, zap.Error(err)) // one of our own, which hold nothing of people
	}
	log := l.cfg.Log.Info
	if e.status >= http.StatusInternalServerError {
		log = l.cfg.Log.Error
	}
	if e.detail != "" {
		fields = append(fields, zap.String("detail", e.detail))
	}
	log(event, append(fields, zap.String("reason", e.reason), zap.Int("status", e.status))...)
	w.Header().Set("Cache-Control", "no-store")
	l.cfg.Refuse(w, r, e.status, codeOf(e.status), l.text(r, e.text))
}

func codeOf(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "unauthenticated"
	case http.StatusForbidden:
		return "forbidden"
	case http.StatusNotFound:
		return string(kiveileder.CodeNotFound)
	case http.StatusServiceUnavailable:
		return string(kiveileder.CodeUnavailable)
	case http.StatusInternalServerError:
		return string(kiveileder.CodeInternal)
	}
	return string(kiveileder.CodeInvalid)
}

func refuseJSON(w http.ResponseWriter, _ *http.Request, status int, code, message string) {
	reply(w, status, map[string]any{"error": map[string]string{"code": code, "message": message}})
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client went away; nobody is left to tell
}

//go:embed texts.yaml
var textsYAML []byte

// said has the words of what is refused here.
var said = words.Must("gateway/login", textsYAML)

func (l *Login) text(r *http.Request, key string) string {
	return said.Words(key)[l.cfg.Language(r)]
}
