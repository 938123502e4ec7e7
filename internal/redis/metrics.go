package redis

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	up    prometheus.Gauge
	calls *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	return &metrics{
		up:    Register(reg, prometheus.NewGauge(prometheus.GaugeOpts{Name: "kiveileder_redis_up", Help: "1 while Redis is there, 0 while it is away."})),
		calls: Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kiveileder_redis_calls_total", Help: "Calls of Redis by what came of them: ok, failed, refused (it was away), given_up (the caller did)."}, []string{"result"})),
	}
}

// Register registers a collector and gives it, or the one of the same name
// that is there already: parts are made anew when the corpus changes, and
// count on. A nil registerer takes nothing.
func Register[C prometheus.Collector](reg prometheus.Registerer, c C) C {
	if reg == nil {
		return c
	}
	err := reg.Register(c)
	var there prometheus.AlreadyRegisteredError
	if errors.As(err, &there) {
		if old, ok := there.ExistingCollector.(C); ok {
			return old
		}
	}
	if err != nil {
		panic(err) // a name that is used for something else: a mistake in the code
	}
	return c
}
