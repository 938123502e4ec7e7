package app

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"kiveileder"
)

// resumeInterval is how often messages are looked for that have no answer:
// somebody waits for it. What another replica is about to answer is made twice
// then, and kept once.
var resumeInterval = 15 * time.Second // shorter in tests

// expireInterval is how often conversations are looked for that have outlived
// their time.
const expireInterval = time.Hour

// keep answers what a crash or a failure left unanswered, and deletes what has
// outlived its time.
func (a *App) keep(ctx context.Context) {
	t := time.NewTicker(resumeInterval)
	defer t.Stop()
	waiting := prometheus.NewGauge(prometheus.GaugeOpts{Name: "kiveileder_unanswered", Help: "Messages without an answer at the last look, as far as 1000."})
	a.figures.MustRegister(waiting)
	var expired time.Time
	for {
		// told before they are answered, which may take long when a part is away
		if err := a.talks.Resume(ctx, func(n int) { waiting.Set(float64(n)) }); err != nil && ctx.Err() == nil {
			a.log.Error("messages left unanswered", zap.Error(err))
		}
		if time.Since(expired) >= expireInterval {
			expired = time.Now()
			n, err := a.talks.Expire(ctx)
			if err != nil && ctx.Err() == nil {
				a.log.Error("old conversations not deleted", zap.Error(err))
			}
			if n > 0 {
				a.log.Info("old conversations deleted", zap.Int("conversations", n))
			}
			if _, _, err := a.queue.Expire(ctx); err != nil && ctx.Err() == nil {
				a.log.Error("old cases not cleared", zap.Error(err))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-a.health.back:
		}
	}
}

// tidyInterval is how often what is not used any more is looked for.
const tidyInterval = 10 * time.Minute

// tidy drops what is not used any more.
func (a *App) tidy(ctx context.Context) {
	if a.index == nil {
		return
	}
	t := time.NewTicker(tidyInterval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			a.prune(ctx)
		case <-a.dropped: // questions fail until it is there again
			a.prune(ctx)
			select { // else each question that fails meanwhile would begin anew
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
		}
	}
}

// How often is looked for new documents, whatever is told of them: in the data
// folder their files are read for it, elsewhere it is one small question.
const watchInterval, watchFar = 3 * time.Second, time.Second

// Pauses before a change of the documents that could not be taken up is tried
// again: something else may have been amiss.
const firstPause, longestPause = 10 * time.Second, 5 * time.Minute

// watch takes up documents that are added, changed or withdrawn while the
// service runs. What can't be loaded is logged, and the service goes on with
// what it has.
func (a *App) watch(ctx context.Context) {
	every := watchFar
	if _, here := a.docs.(dataFolder); here {
		every = watchInterval
	}
	t := time.NewTicker(every)
	defer t.Stop()
	defer a.hearOfDocuments(ctx)()
	var again time.Time
	pause := firstPause
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-a.wake:
		}
		if time.Now().Before(again) {
			continue
		}
		taken, err := a.takeUp(untraced(ctx))
		switch {
		case err != nil && ctx.Err() != nil:
		case err != nil:
			again = time.Now().Add(pause)
			pause = min(2*pause, longestPause)
			a.log.Error("documents not taken up, going on with the old ones", zap.Error(err), zap.Time("again", again))
		case taken:
			pause = firstPause
		}
	}
}

// hearOfDocuments has documents looked for when others tell that they have
// changed, until stop.
func (a *App) hearOfDocuments(ctx context.Context) (stop func()) {
	stopBus := a.events.Subscribe(func(key string) bool { return key == kiveileder.DocumentsKey },
		func(kiveileder.Event) { a.wakeWatch() }, func(up bool) {
			if up {
				a.wakeWatch()
			}
		})
	var wg sync.WaitGroup
	if a.db != nil {
		wg.Go(func() { a.db.Documents().Listen(ctx, a.wakeWatch) })
	}
	return func() { stopBus(); wg.Wait() }
}

// wakeWatch has documents looked for at once.
func (a *App) wakeWatch() {
	select {
	case a.wake <- struct{}{}:
	default: // it is about to
	}
}

// takeUpTime is how long it may take, with texts to embed and an index to build.
const takeUpTime = 10 * time.Minute

// takeUp loads the documents when they have changed, and reports whether it
// did.
func (a *App) takeUp(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, takeUpTime)
	defer cancel()
	version, err := a.docs.Version(ctx)
	if err != nil || version == a.state.Load().added {
		return false, err
	}
	begin := time.Now()
	st, err := a.load(ctx)
	if err != nil {
		return false, err
	}
	a.put(st)
	if a.role == Services { // gateways hear of nothing in the database
		a.tell(kiveileder.DocumentsKey, "", 0)
	}
	a.log.Info("documents taken up", zap.Int("passages", st.passages), zap.String("corpus", st.versions.Corpus), zap.Duration("took", time.Since(begin)))
	return true, nil
}
