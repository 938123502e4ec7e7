package gateway

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"kiveileder/internal/rpc"
	"kiveileder/internal/telemetry"
)

// requestID gives the id of the request that a context belongs to.
func requestID(ctx context.Context) string { return rpc.Request(ctx) }

// newID gives an id that nobody can guess.
func newID() string { return rand.Text() }

var goodID = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)

// logged gives each request an id and writes one line about it: never the
// query or the body, which hold what people ask.
func (g *Gateway) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if _, _, ours := g.Keys.Check(id); ours || !goodID.MatchString(id) { // a conversation's id is a key, and not for the log
			id = newID()
		}
		w.Header().Set("X-Request-Id", id)
		rec := telemetry.NewRecorder(w)
		start := time.Now()
		r = r.WithContext(rpc.WithRequest(r.Context(), id)) // the mux writes the route into it
		next.ServeHTTP(rec, r)
		_, route, _ := strings.Cut(r.Pattern, " ")
		g.metrics.requests.Observe(route, r.Method, rec.Status, time.Since(start))
		path := r.URL.Path
		if strings.Contains(route, "{key}") { // a name that somebody chose
			path = route
		}
		level := zap.DebugLevel
		if rec.Status >= 500 {
			level = zap.ErrorLevel
		}
		g.Log.Log(level, "request",
			zap.String("request", id),
			zap.String("method", r.Method),
			zap.String("path", path),
			zap.Int("status", rec.Status),
			zap.Duration("took", time.Since(start)))
	})
}

type metrics struct {
	requests *telemetry.Requests
	turns    *prometheus.CounterVec
	seconds  prometheus.Histogram
	sockets  prometheus.Gauge
	streams  prometheus.Gauge
	frames   *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		requests: telemetry.NewRequests(reg, "gateway"),
		turns:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kiveileder_turns_total", Help: "Turns by the answer's status."}, []string{"status"}),
		seconds:  prometheus.NewHistogram(prometheus.HistogramOpts{Name: "kiveileder_turn_seconds", Help: "Time from question to answer.", Buckets: []float64{.002, .005, .01, .02, .04, .08, .15, .3, .6, 1.2, 5}}),
		sockets:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "kiveileder_sockets", Help: "Open WebSocket connections."}),
	}
	m.streams = prometheus.NewGauge(prometheus.GaugeOpts{Name: "kiveileder_event_streams", Help: "Open event streams."})
	m.frames = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kiveileder_frames_total", Help: "Frames of clients by type."}, []string{"type"})
	reg.MustRegister(m.turns, m.seconds, m.sockets, m.streams, m.frames)
	return m
}

// logPanic tells of a panic in a session. What was panicked with may hold
// what people wrote: its type says enough, with the stack.
func logPanic(log *zap.Logger) func(v any, stack []byte) {
	return func(v any, stack []byte) {
		log.Error("panic", zap.String("type", fmt.Sprintf("%T", v)), zap.ByteString("stack", stack))
	}
}
