package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"kiveileder/gateway"
	"kiveileder/gateway/bus"
	"kiveileder/internal/redis"
	"kiveileder/retriever/index"
	"kiveileder/retriever/index/pgvector"
	"kiveileder/services/conversation"
	"kiveileder/services/dialogue"
)

// share opens what is shared with other replicas, or its twin in this process
// where there are none.
func (a *App) share(ctx context.Context) error {
	if a.cfg.RedisURL == "" || a.role == Retriever {
		a.events, a.answers = bus.NewMemory(), dialogue.NewMemoryAnswers(a.cfg.CacheSize)
		return nil
	}
	c, err := redis.Open(ctx, a.cfg.RedisURL, redis.Options{Prefix: a.cfg.RedisPrefix, Log: a.log.Named("redis"), Metrics: a.figures})
	if err != nil {
		return err
	}
	b := bus.NewRedis(c, a.figures)
	a.redis, a.events, a.answers = c, b, dialogue.NewRedisAnswers(c, a.cfg.CacheSize)
	a.closes = append(a.closes, c.Close, func() error { b.Close(); return nil })
	return nil
}

// near keeps the newest of conversations near, for the many who come back at
// once. All who write to the database do it with the same Redis.
func (a *App) near(s conversation.Store) conversation.Store {
	if a.redis == nil {
		return s
	}
	h := conversation.NewRedisHistory(a.redis)
	a.closes = append(a.closes, func() error { h.Close(); return nil })
	return conversation.Cached(s, h, a.figures)
}

// limits count what clients do: over all gateways where there are several.
func (a *App) limits() (func(name string, perMinute int) gateway.Limiter, error) {
	if a.redis == nil {
		return nil, nil
	}
	secret, err := a.cfg.secret()
	return gateway.RedisLimits(a.redis, secret), err
}

// openIndex makes ready to compare vectors in the database.
func (a *App) openIndex(ctx context.Context) (err error) {
	o := pgvector.Options{}
	if a.cfg.Index == "hnsw" {
		o.HNSW = &pgvector.HNSW{}
	}
	a.index, err = pgvector.Open(ctx, a.db.Pool(), o)
	return err
}

// inDatabase opens the index of a version in the database, where it is built
// when it is not there: by one replica, while the others wait.
func (a *App) inDatabase(ctx context.Context, version string, entries []index.Entry) (*pgvector.Index, error) {
	begin := time.Now()
	there, err := a.index.Has(ctx, version)
	if err != nil {
		return nil, err
	}
	if err := a.index.Build(ctx, version, entries); err != nil {
		return nil, fmt.Errorf("build the index: %w", err)
	}
	if !there {
		a.log.Info("index built", zap.Int("texts", len(entries)), zap.Duration("took", time.Since(begin)))
	}
	return a.index.At(ctx, version)
}

// A watchedIndex tells when it finds that it is gone from the database.
type watchedIndex struct {
	*pgvector.Index
	dropped chan<- struct{}
}

// With implements index.Extender.
func (x *watchedIndex) With(ctx context.Context, more []index.Entry) (index.Index, error) {
	y, err := x.Index.With(ctx, more)
	if err != nil {
		return nil, err
	}
	return &watchedIndex{y.(*pgvector.Index), x.dropped}, nil
}

// Compare implements index.Index.
func (x *watchedIndex) Compare(ctx context.Context, q index.Query) ([]index.Match, error) {
	ms, err := x.Index.Compare(ctx, q)
	if errors.Is(err, pgvector.ErrDropped) {
		select {
		case x.dropped <- struct{}{}:
		default: // told already
		}
	}
	return ms, err
}

// unused is how long nobody must have used an index before it is dropped.
const unused = 6 * time.Hour

// prune drops indexes of versions that no replica uses any more, and says that
// this one uses its own. One that was dropped nevertheless, as after a process
// was suspended, is built again.
func (a *App) prune(ctx context.Context) {
	err := a.state.Load().index.Touch(ctx)
	if errors.Is(err, pgvector.ErrDropped) {
		a.loading.Lock()
		a.base = nil
		a.loading.Unlock()
		var st *state
		if st, err = a.load(ctx); err == nil {
			a.put(st)
		}
	}
	if err == nil {
		var dropped []string
		if dropped, err = a.index.Prune(ctx, unused); len(dropped) > 0 {
			a.log.Info("old indexes dropped", zap.Strings("versions", dropped))
		}
	}
	if err != nil && ctx.Err() == nil {
		a.log.Error("indexes not looked after", zap.Error(err))
	}
}

// newStages gives what counts the time of a search's stages.
func newStages(reg prometheus.Registerer) func(stage string, took time.Duration) {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "kiveileder_search_stage_seconds", Help: "Time of a search by stage.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1}}, []string{"stage"})
	reg.MustRegister(h)
	return func(stage string, took time.Duration) { h.WithLabelValues(stage).Observe(took.Seconds()) }
}
