package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"kiveileder"
)

// callPing is answered by every server.
const callPing = "ping"

// longestCall is the time of a call whose caller names none.
const longestCall = 30 * time.Second

// A Server answers calls. Fill it with Handle, then serve it under /rpc/.
type Server struct {
	// Name of the role, which Client.Ping compares with the one that it means.
	Name string
	// Token is what callers must know.
	Token Token
	// Certified asks each caller for a certificate that the listener has checked.
	Certified bool

	calls map[string]func(ctx context.Context, body []byte) (any, error)
}

// Handle answers calls of a name. Its errors reach the caller with their code,
// the message that a user may read, and their text for the caller's log.
func Handle[In, Out any](s *Server, name string, f func(ctx context.Context, in In) (Out, error)) {
	if s.calls == nil {
		s.calls = map[string]func(context.Context, []byte) (any, error){
			callPing: func(context.Context, []byte) (any, error) { return s.Name, nil },
		}
	}
	s.calls[name] = func(ctx context.Context, body []byte) (any, error) {
		var in In
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, &kiveileder.Error{Code: kiveileder.CodeInvalid, Err: fmt.Errorf("call can't be read: %w", err)}
		}
		return f(ctx, in)
	}
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/rpc/")
	call := s.calls[name]
	switch {
	case call == nil:
		http.NotFound(w, r)
		return
	case r.Method != http.MethodPost:
		http.Error(w, "POST expected", http.StatusMethodNotAllowed)
		return
	case s.Certified && (r.TLS == nil || len(r.TLS.VerifiedChains) == 0):
		http.Error(w, "certificate expected", http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "body can't be read", http.StatusBadRequest)
		return
	}
	once, ok := s.Token.called(r.Header, name, body)
	if !ok { // before anything is done, and without a proof of ours
		http.Error(w, "token of the roles expected", http.StatusUnauthorized)
		return
	}
	status, out := s.answer(r, call, body)
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	s.Token.answer(h, once, name, out)
	w.WriteHeader(status)
	_, _ = w.Write(out) // the caller went away
}

func (s *Server) answer(r *http.Request, call func(context.Context, []byte) (any, error), body []byte) (status int, out []byte) {
	left := longestCall
	if d, err := time.ParseDuration(r.Header.Get(timeHeader)); err == nil && d > 0 {
		left = min(d, longestCall)
	}
	ctx, cancel := context.WithTimeout(WithRequest(r.Context(), r.Header.Get(requestHeader)), left)
	defer cancel()
	ctx = otel.GetTextMapPropagator().Extract(ctx, propagation.HeaderCarrier(r.Header))
	ctx, span := tracer.Start(ctx, strings.TrimPrefix(r.URL.Path, "/rpc/"), trace.WithSpanKind(trace.SpanKindServer))
	defer span.End()
	v, err := safely(ctx, call, body)
	if err != nil {
		f := failureOf(err)
		if errors.Is(err, context.DeadlineExceeded) && f.Code == kiveileder.CodeInternal {
			f.Code = kiveileder.CodeUnavailable
		}
		return Status(f.Code), marshal(f)
	}
	return http.StatusOK, marshal(v)
}

// safely makes a call. A panic in it is an error, which the caller logs.
func safely(ctx context.Context, call func(context.Context, []byte) (any, error), body []byte) (v any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic of type %T\n%s", p, debug.Stack()) // its value may hold what people wrote
		}
	}()
	return call(ctx, body)
}
