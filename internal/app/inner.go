package app

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"kiveileder/gateway/login"
	"kiveileder/internal/rpc"
	"kiveileder/internal/telemetry"
	"kiveileder/retriever"
	"kiveileder/services"
	"kiveileder/services/queue"
)

// innerDoor gives the door of a role that other roles alone come through:
// calls, health and figures.
func (a *App) innerDoor() (door, error) {
	calls := &rpc.Server{Name: string(a.role), Token: a.token, Certified: a.cfg.TLSCert != ""}
	if a.role == Services {
		services.Handle(calls, role{a, a.talks})
		queue.Handle(calls, a.queue)
		login.Handle(calls, a.sessions)
		shareDocuments(calls, a.docs)
	} else {
		retriever.Handle(calls, a)
		retriever.HandleEmbedder(calls, a.embedder)
	}
	var draining atomic.Bool
	m := http.NewServeMux()
	m.Handle("POST /rpc/{name}", calls)
	m.Handle("GET /metrics", promhttp.HandlerFor(a.figures, promhttp.HandlerOpts{}))
	m.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { writeState(w, http.StatusOK, standing{Status: "ok"}) })
	m.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if draining.Load() {
			writeState(w, http.StatusServiceUnavailable, standing{Status: "draining"})
			return
		}
		if err := a.Ready(r.Context()); err != nil { // only who runs the service reaches an inner role
			writeState(w, http.StatusServiceUnavailable, standing{Status: "not ready", Reason: err.Error()})
			return
		}
		writeState(w, http.StatusOK, standing{Status: "ready", Degraded: a.Degraded()})
	})
	tls, err := a.cfg.calleeTLS()
	if err != nil {
		return door{}, err
	}
	return door{
		http: &http.Server{
			Handler: a.counted(m), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
			WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute, ErrorLog: zap.NewStdLog(a.log),
		},
		tls: tls,
		drain: func(ctx context.Context) {
			draining.Store(true)
			// callers turn to another replica when their balancer has seen it; until
			// then calls are still answered
			select {
			case <-time.After(a.cfg.DrainDelay):
			case <-ctx.Done():
			}
		},
	}, nil
}

// A standing is what a role says of itself.
type standing struct {
	Status   string   `json:"status"`
	Reason   string   `json:"reason,omitempty"`
	Degraded []string `json:"degraded,omitempty"`
}

func writeState(w http.ResponseWriter, status int, s standing) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(s) // the client went away
}

// counted counts requests and writes one line about each: never its body.
func (a *App) counted(next *http.ServeMux) http.Handler {
	requests := telemetry.NewRequests(a.figures, string(a.role))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := telemetry.NewRecorder(w)
		begin := time.Now()
		next.ServeHTTP(rec, r)
		route := r.URL.Path
		if r.Pattern == "" || rec.Status == http.StatusNotFound {
			route = "other" // made up by a caller
		}
		took := time.Since(begin)
		requests.Observe(route, r.Method, rec.Status, took)
		a.log.Debug("request", zap.String("request", r.Header.Get("X-Request-Id")), zap.String("route", route), zap.Int("status", rec.Status), zap.Duration("took", took))
	})
}
