// Package rpc is how the roles of the service speak with each other: a call is
// a POST of JSON to /rpc/<name>, its answer JSON. Every call of the service
// may be repeated without harm (see Call), so that a caller can turn to
// another replica when one is gone.
//
// Both sides prove that they know the token of the roles (proof.go), or show
// certificates to each other (TLS in internal/app), or both. What is left of
// the caller's time and the request's id and trace go along.
package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"go.opentelemetry.io/otel"

	"kiveileder"
)

// Headers of a call.
const (
	timeHeader    = "Kiveileder-Time" // what is left of the caller's time, as a time.Duration
	requestHeader = "X-Request-Id"
)

var tracer = otel.Tracer("kiveileder/rpc")

// maxBody is the most that a call or its answer may hold: a whole conversation
// with room to spare.
const maxBody = 64 << 20

// failure is the body of a call that failed.
type failure struct {
	Code    kiveileder.Code `json:"code"`
	Message string          `json:"message,omitempty"` // that a user may read

	Texts map[kiveileder.Language]string `json:"texts,omitempty"`

	Detail string `json:"detail,omitempty"` // for the caller's log
}

type requestKey struct{}

// WithRequest gives a context that belongs to a request with an id.
func WithRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// Request gives the id of the request that a context belongs to, empty when
// there is none.
func Request(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// Status gives the HTTP status of an error's code. Between roles it is for
// proxies and people who look on; a caller reads the body.
func Status(c kiveileder.Code) int {
	switch c {
	case kiveileder.CodeInvalid:
		return http.StatusBadRequest
	case kiveileder.CodeNotFound:
		return http.StatusNotFound
	case kiveileder.CodeConflict:
		return http.StatusConflict
	case kiveileder.CodeRateLimited:
		return http.StatusTooManyRequests
	case kiveileder.CodeUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// failureOf puts an error into a body, and back with errorOf.
func failureOf(err error) failure {
	f := failure{Code: kiveileder.ErrorCode(err), Detail: err.Error()}
	var e *kiveileder.Error
	if errors.As(err, &e) {
		f.Message, f.Texts = e.Message, e.Texts
	}
	return f
}

func errorOf(name string, f failure) error {
	cause := errors.New(name + ": " + f.Detail)
	if f.Code == kiveileder.CodeInternal || f.Code == "" {
		return cause
	}
	return &kiveileder.Error{Code: f.Code, Message: f.Message, Texts: f.Texts, Err: cause}
}

// errUnreached says that the other side could not be asked, in contrast to one
// that says itself that it can't.
var errUnreached = errors.New("not reached")

func unreached(err error) error {
	return &kiveileder.Error{Code: kiveileder.CodeUnavailable, Err: fmt.Errorf("%w: %w", errUnreached, err)}
}

func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		b, _ = json.Marshal(failure{Code: kiveileder.CodeInternal, Detail: "answer could not be written: " + err.Error()})
	}
	return b
}
