// Package gateway is the service's edge: it takes questions over HTTP and
// WebSocket, limits how many come, shows the pages, and knows nothing of
// retrieval or law.
package gateway

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever"
)

// A Dialogue makes turns.
type Dialogue interface {
	Turn(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error)
}

// A Searcher finds passages.
type Searcher interface {
	Search(ctx context.Context, q retriever.Query) (retriever.Result, error)
}

// A Library gives the sources for their pages.
type Library interface {
	Source(id string) (kiveileder.Source, bool)
	Sources() []kiveileder.Source
	Passages(source string) []kiveileder.Passage
}

// Config of the edge. The zero value works.
type Config struct {
	RatePerMinute  int      // questions and searches per client and minute; 0 is no limit
	TrustProxy     bool     // take the client's address from X-Forwarded-For
	AllowedOrigins []string // other sites whose pages may open a WebSocket, as "https://example.no"
}

// Deps are what the gateway speaks with.
type Deps struct {
	Dialogue Dialogue
	Searcher Searcher
	Library  Library
	Texts    corpus.Texts
	Versions func() kiveileder.Versions
	Log      *zap.Logger
	Metrics  *prometheus.Registry
	// Ready gives nil when questions can be answered, else why not.
	Ready func() error
}

// A Gateway is an http.Handler.
type Gateway struct {
	Deps
	cfg     Config
	limits  *limiter
	metrics *metrics
	handler http.Handler

	mu        sync.Mutex // guards what follows
	sockets   map[*socket]struct{}
	perClient map[string]int // open sockets
	closed    bool
}

// New gives a gateway.
func New(cfg Config, d Deps) *Gateway {
	if d.Metrics == nil {
		d.Metrics = prometheus.NewRegistry()
	}
	g := &Gateway{Deps: d, cfg: cfg, limits: newLimiter(cfg.RatePerMinute), metrics: newMetrics(d.Metrics), sockets: map[*socket]struct{}{}, perClient: map[string]int{}}
	g.handler = g.logged(g.guarded(g.routes()))
	return g
}

func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) { g.handler.ServeHTTP(w, r) }

// routes is the whole surface of the service.
func (g *Gateway) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST /v1/ask", g.limited(g.ask))
	m.HandleFunc("GET /v1/search", g.limited(g.search))
	m.HandleFunc("GET /v1/chat", g.chat)
	m.HandleFunc("GET /livez", g.live)
	m.HandleFunc("GET /readyz", g.ready)
	m.Handle("GET /metrics", promhttp.HandlerFor(g.Metrics, promhttp.HandlerOpts{}))
	m.HandleFunc("GET /openapi.json", g.openapi)
	m.HandleFunc("GET /{$}", g.index)
	m.HandleFunc("GET /kilder", g.sources)
	m.HandleFunc("GET /kilder/{id}", g.source)
	m.HandleFunc("GET /static/", g.static)
	m.HandleFunc("/", g.nothing)
	return m
}

// guarded sets the headers that every answer has and keeps a panic from
// taking other requests with it.
func (g *Gateway) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		defer func() {
			if p := recover(); p != nil {
				g.Log.Error("panic", zap.String("request", requestID(r.Context())), zap.Any("panic", p), zap.Stack("stack"))
				g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInternal, ""))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// Server gives an http.Server for the gateway with the timeouts that keep slow
// clients from holding connections.
func (g *Gateway) Server() *http.Server {
	errors, err := zap.NewStdLogAt(g.Log, zap.WarnLevel)
	if err != nil {
		panic(err) // only for a level that does not exist
	}
	return &http.Server{
		Handler:           g,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          errors,
	}
}

// languageOf gives the language that a client would like to be spoken to in
// before it has said anything.
func languageOf(r *http.Request) kiveileder.Language {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		switch tag, _, _ := strings.Cut(strings.TrimSpace(part), ";"); {
		case strings.HasPrefix(tag, "nn"):
			return kiveileder.Nynorsk
		case strings.HasPrefix(tag, "nb"), strings.HasPrefix(tag, "no"):
			return kiveileder.Bokmal
		case strings.HasPrefix(tag, "en"):
			return kiveileder.English
		}
	}
	return kiveileder.Bokmal
}
