package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"kiveileder/services/guidance"
)

// countEvery is how often open cases are counted.
const countEvery = time.Minute

// figures say how many cases are open, never whose.
type figures struct {
	cases *prometheus.GaugeVec
	late  prometheus.Gauge
}

// newFigures counts for nobody when there is no registry.
func newFigures(reg *prometheus.Registry) *figures {
	f := &figures{
		cases: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "kiveileder_cases", Help: "Open cases by state at the last count; the same in every replica.",
		}, []string{"state"}),
		late: prometheus.NewGauge(prometheus.GaugeOpts{Name: "kiveileder_cases_late", Help: "Open cases that are overdue at the last count; the same in every replica."}),
	}
	if reg != nil {
		reg.MustRegister(f.cases, f.late)
	}
	return f
}

// keepCounting counts open cases until ctx ends.
func (q *Queue) keepCounting(ctx context.Context) {
	t := time.NewTicker(countEvery)
	defer t.Stop()
	for {
		if err := q.Count(ctx); err != nil && ctx.Err() == nil {
			q.Log.Warn("cases not counted", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// Count counts open cases for the metrics. States without any are told as 0.
func (q *Queue) Count(ctx context.Context) error {
	n, err := q.Cases.Store.Count(ctx, guidance.Filter{States: guidance.TheFlow.Open}, guidance.Tally{Due: q.now()})
	if err != nil {
		return fmt.Errorf("count cases: %w", err)
	}
	for _, s := range guidance.TheFlow.Open {
		q.figures.cases.WithLabelValues(string(s)).Set(float64(n.States[s]))
	}
	q.figures.late.Set(float64(n.Due))
	return nil
}
