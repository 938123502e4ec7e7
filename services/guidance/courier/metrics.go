package courier

import (
	"github.com/prometheus/client_golang/prometheus"

	"kiveileder/services/guidance/mail"
)

// metrics count letters and what came in, never by case or person.
type metrics struct {
	letters *prometheus.CounterVec
	inbound *prometheus.CounterVec
	dead    prometheus.Gauge
	waiting prometheus.Gauge
	mailbox prometheus.Counter
}

// newMetrics counts for nobody when there is no registry.
func newMetrics(reg *prometheus.Registry) *metrics {
	m := &metrics{
		letters: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kiveileder_letters_total", Help: "Letters of cases by kind and what became of an attempt: sent, kept, dropped, failed, dead.",
		}, []string{"kind", "outcome"}),
		inbound: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kiveileder_mails_in_total", Help: "E-mails that came in: replied, added, double, auto, bounce, delayed, unknown, refused.",
		}, []string{"sort"}),
		dead:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "kiveileder_letters_dead", Help: "Letters that were given up and wait for a person; at most 1000 are counted."}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{Name: "kiveileder_letters_waiting", Help: "Letters that should have gone by now; the same in every replica."}),
		mailbox: prometheus.NewCounter(prometheus.CounterOpts{Name: "kiveileder_mailbox_errors_total", Help: "Looks into the mailbox that failed."}),
	}
	if reg != nil {
		reg.MustRegister(m.letters, m.inbound, m.dead, m.waiting, m.mailbox)
	}
	return m
}

func (m *metrics) letter(kind mail.Kind, outcome string) {
	m.letters.WithLabelValues(string(kind), outcome).Inc()
}

func (m *metrics) in(sort string) { m.inbound.WithLabelValues(sort).Inc() }
