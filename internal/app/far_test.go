package app_test

import (
	"context"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/internal/app"
	"kiveileder/internal/rpc"
	"kiveileder/internal/stacktest"
	"kiveileder/retriever"
)

// A gateway that starts while the services go away between two calls waits for
// them: it would lack the documents that it has heard of.
func TestServicesGoWhileGatewayStarts(t *testing.T) {
	const token = "a token of the tests, 32 bytes or more"
	tok, err := rpc.NewToken(token)
	if err != nil {
		t.Fatal(err)
	}
	type nothing struct{}
	var gone atomic.Pointer[time.Time]
	s := &rpc.Server{Token: tok}
	rpc.Handle(s, "documents-version", func(context.Context, nothing) (string, error) { return "v1", nil })
	rpc.Handle(s, "documents", func(context.Context, nothing) (map[string][]byte, error) {
		now := time.Now()
		gone.CompareAndSwap(nil, &now)
		if time.Since(*gone.Load()) < 4*time.Second { // longer than a call is tried
			return nil, kiveileder.Errorf(kiveileder.CodeUnavailable, "")
		}
		return map[string][]byte{}, nil
	})
	srv := httptest.NewServer(s)
	defer srv.Close()
	cfg, _ := install(t)
	cfg.RedisURL, cfg.RedisPrefix = stacktest.Redis(t)
	cfg.ServicesURL, cfg.RoleToken, cfg.Secret = srv.URL, token, token
	a, err := app.NewRole(t.Context(), cfg, app.Gateway, app.Silent())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

// A search says which version of the corpus it was made in.
func TestSearchSaysCorpus(t *testing.T) {
	cfg, _ := install(t)
	a := start(t, cfg)
	defer a.Close()
	answer, err := a.Turn(t.Context(), kiveileder.Turn{Question: "Hva gjelder for medisinsk utstyr?"})
	if err != nil {
		t.Fatal(err)
	}
	res, err := a.Search(t.Context(), retriever.Query{Text: "medisinsk utstyr"})
	if err != nil {
		t.Fatal(err)
	}
	if res.Corpus == "" || res.Corpus != answer.Versions.Corpus {
		t.Errorf("searched %q, answered from %q", res.Corpus, answer.Versions.Corpus)
	}
}
