package app

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/sdk/trace"

	"kiveileder"
)

// The start waits for what is away and says so once; what is wrong otherwise
// it tells at once.
func TestPatiently(t *testing.T) {
	away := &kiveileder.Error{Code: kiveileder.CodeUnavailable, Err: errors.New("nobody listens there")}
	wrong := errors.New("the server refuses the password")
	cases := map[string]struct {
		waits bool
		fails []error // one after the other, then none
		want  error
		took  time.Duration
		told  int
	}{
		"there":                      {waits: true},
		"comes after a while":        {waits: true, fails: []error{away, away, away}, took: 3 * time.Second, told: 1},
		"comes, and is wrong":        {waits: true, fails: []error{away, wrong}, want: wrong, took: time.Second, told: 1},
		"wrong":                      {waits: true, fails: []error{wrong}, want: wrong},
		"nobody has time to wait":    {fails: []error{away}, want: away},
		"does not come for a minute": {waits: true, fails: make([]error, 1000), want: away, took: patience + time.Second, told: 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin, told, n := time.Now(), 0, 0
				var waits func(error)
				if c.waits {
					waits = func(error) { told++ }
				}
				err := patiently(t.Context(), waits, func() error {
					n++
					switch {
					case n > len(c.fails):
						return nil
					case c.fails[n-1] == nil:
						return away
					}
					return c.fails[n-1]
				})
				if !errors.Is(err, c.want) || time.Since(begin) != c.took || told != c.told {
					t.Errorf("%v after %v, told %d times, want %v after %v, %d times", err, time.Since(begin), told, c.want, c.took, c.told)
				}
			})
		})
	}
	t.Run("is stopped", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := patiently(ctx, func(error) { cancel() }, func() error { return away })
		if err == nil || !strings.Contains(err.Error(), "nobody listens there") {
			t.Errorf("%v, want what it waited for", err)
		}
	})
}

// What is looked at every few seconds is not traced, whatever the share.
func TestUntraced(t *testing.T) {
	tracer := trace.NewTracerProvider(trace.WithSampler(trace.ParentBased(trace.TraceIDRatioBased(1)))).Tracer("test")
	if _, span := tracer.Start(t.Context(), "turn"); !span.SpanContext().IsSampled() {
		t.Error("a turn is not traced")
	}
	if _, span := tracer.Start(untraced(t.Context()), "ping"); span.SpanContext().IsSampled() {
		t.Error("a look is traced")
	}
}

// Of three files that belong together none may be forgotten.
func TestCertificatesAreWhole(t *testing.T) {
	for _, p := range []Production{{TLSCert: "a"}, {TLSKey: "b"}, {TLSCA: "c"}, {TLSCert: "a", TLSKey: "b"}} {
		p.RoleToken = strings.Repeat("t", 32)
		err := Config{Database: Database{DatabaseURL: "postgres://db"}, Production: p}.fits(Retriever)
		if err == nil || !strings.Contains(err.Error(), "belong together") {
			t.Errorf("%+v: %v", p, err)
		}
	}
}
