package app

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// probeInterval is how often the parts that a process leans on are looked at,
// and probeTime how long a look may take.
const probeInterval, probeTime = 5 * time.Second, 2 * time.Second

// health is what is known of the parts that a process leans on.
type health struct {
	up   *prometheus.GaugeVec
	back chan struct{} // told when a part is back

	mu   sync.Mutex // guards away
	away map[string]error
}

func newHealth(reg prometheus.Registerer) *health {
	h := &health{away: map[string]error{}, back: make(chan struct{}, 1), up: prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "kiveileder_dependency_up", Help: "1 when a part that the process leans on can be reached.",
	}, []string{"dependency"})}
	reg.MustRegister(h.up)
	return h
}

// tell keeps what was found of a part, and logs it when that has changed.
func (h *health) tell(log *zap.Logger, part string, err error) {
	h.mu.Lock()
	before, known := h.away[part]
	h.away[part] = err
	h.mu.Unlock()
	up := 1.0
	if err != nil {
		up = 0
	}
	h.up.WithLabelValues(part).Set(up)
	switch {
	case err != nil && (!known || before == nil):
		log.Warn("a part is away", zap.String("part", part), zap.Error(err))
	case err == nil && before != nil:
		log.Info("a part is back", zap.String("part", part))
		select {
		case h.back <- struct{}{}:
		default: // told already
		}
	}
}

// without gives the parts that are away.
func (h *health) without() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for _, part := range []string{"database", "redis", "services", "retriever"} {
		if h.away[part] != nil {
			out = append(out, part)
		}
	}
	return out
}

// watchPool counts the connections of the database.
func watchPool(reg prometheus.Registerer, pool *pgxpool.Pool) {
	gauge := func(name, help string, value func(*pgxpool.Stat) float64) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return value(pool.Stat()) }))
	}
	gauge("kiveileder_database_conns_used", "Connections to the database that are in use.", func(s *pgxpool.Stat) float64 { return float64(s.AcquiredConns()) })
	gauge("kiveileder_database_conns_most", "Connections to the database that there may be.", func(s *pgxpool.Stat) float64 { return float64(s.MaxConns()) })
	gauge("kiveileder_database_waits", "How often a connection was waited for since the start.", func(s *pgxpool.Stat) float64 { return float64(s.EmptyAcquireCount()) })
}

// probe looks at the parts until the context ends.
func (a *App) probe(ctx context.Context) {
	t := time.NewTicker(probeInterval)
	defer t.Stop()
	for {
		a.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// look looks at all parts at once: one that hangs must not use up the time of
// another.
func (a *App) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(untraced(ctx), probeTime)
	defer cancel()
	var all sync.WaitGroup
	if a.next != nil {
		all.Go(func() { a.health.tell(a.log, a.next.Name(), a.next.Ping(ctx)) })
	}
	if a.redis != nil {
		a.health.tell(a.log, "redis", a.redis.State())
	}
	if a.db != nil {
		all.Go(func() { a.health.tell(a.log, "database", a.db.Ping(ctx)) })
	}
	all.Wait()
}

// Ready gives nil when the process can do its work. A role that can't reach
// the next one is ready, and degraded: if it were not, one part that is away
// would take all others with it, and nobody were there to say so.
func (a *App) Ready(ctx context.Context) error {
	if a.db == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	err := a.db.Ping(ctx)
	a.health.tell(a.log, "database", err)
	return err
}

// Degraded names the parts that are away.
func (a *App) Degraded() []string { return a.health.without() }
