// Package telemetry counts and traces what the roles do. Nothing here ever
// holds what people write, who they are, or ids of conversations.
package telemetry

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"kiveileder"
)

// Registry gives a registry with the figures of the process and of Go, and what
// tells it the versions that are in force.
func Registry() (r *prometheus.Registry, versions func(kiveileder.Versions)) {
	r = prometheus.NewRegistry()
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "kiveileder_info", Help: "Versions; always 1."}, []string{"build", "corpus", "rules", "model"})
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), info)
	return r, func(v kiveileder.Versions) {
		info.Reset()
		info.WithLabelValues(v.Build, v.Corpus, v.Rules, v.Model).Set(1)
	}
}

// Requests count HTTP requests: how many, how many fail, how long they take.
type Requests struct {
	role    string
	total   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
}

// NewRequests gives the counts of a role.
func NewRequests(reg prometheus.Registerer, role string) *Requests {
	q := &Requests{
		role:  role,
		total: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kiveileder_http_requests_total", Help: "HTTP requests by role, route, method and status."}, []string{"role", "route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "kiveileder_http_request_seconds", Help: "Time of HTTP requests, without WebSockets and event streams.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}, []string{"role", "route"}),
	}
	reg.MustRegister(q.total, q.seconds)
	return q
}

// Observe counts a request that was answered. route is the pattern that it
// fitted, so that clients cannot make up labels.
func (q *Requests) Observe(route, method string, status int, took time.Duration) {
	if route == "" {
		route = "other"
	}
	q.total.WithLabelValues(q.role, route, methodLabel(method), strconv.Itoa(status)).Inc()
	if status != http.StatusSwitchingProtocols && !strings.HasSuffix(route, "/events") {
		q.seconds.WithLabelValues(q.role, route).Observe(took.Seconds())
	}
}

// methodLabel keeps clients from making up labels, each of which would stay in
// memory.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// Calls count calls of other roles.
type Calls struct {
	seconds *prometheus.HistogramVec
}

// NewCalls gives the counts of a process.
func NewCalls(reg prometheus.Registerer) *Calls {
	c := &Calls{prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "kiveileder_rpc_seconds", Help: "Time of calls of other roles, tries together, by what came of them.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}, []string{"client", "route", "result"})}
	reg.MustRegister(c.seconds)
	return c
}

// Of gives what an rpc.Client is observed by.
func (c *Calls) Of(client string) func(route string, took time.Duration, err error) {
	return func(route string, took time.Duration, err error) {
		result := string(kiveileder.ErrorCode(err))
		if result == "" {
			result = "ok"
		}
		c.seconds.WithLabelValues(client, route, result).Observe(took.Seconds())
	}
}
