package app

import (
	"context"
	"time"

	"go.uber.org/zap"
)

// resumeInterval is how often messages are looked for that have no answer, and
// expireInterval conversations that have outlived their time.
const resumeInterval, expireInterval = time.Minute, time.Hour

// keep answers what a crash or a failure left unanswered, and deletes what has
// outlived its time.
func (a *App) keep(ctx context.Context) {
	t := time.NewTicker(resumeInterval)
	defer t.Stop()
	var expired time.Time
	for {
		if err := a.talks.Resume(ctx); err != nil && ctx.Err() == nil {
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
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// watchInterval is how often is looked for new documents.
const watchInterval = 3 * time.Second

// Pauses before a change of the documents that could not be taken up is tried
// again: something else may have been amiss.
const firstPause, longestPause = 10 * time.Second, 5 * time.Minute

// watch takes up documents that are added, changed or withdrawn while the
// service runs. What can't be loaded is logged, and the service goes on with
// what it has.
func (a *App) watch(ctx context.Context) {
	t := time.NewTicker(watchInterval)
	defer t.Stop()
	var again time.Time
	pause := firstPause
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if time.Now().Before(again) {
			continue
		}
		taken, err := a.takeUp(ctx)
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

// takeUp loads the documents when they have changed, and reports whether it
// did.
func (a *App) takeUp(ctx context.Context) (bool, error) {
	version, err := a.docs.Version(ctx)
	if err != nil || version == a.state.Load().added {
		return false, err
	}
	st, err := a.load(ctx)
	if err != nil {
		return false, err
	}
	a.state.Store(st)
	a.log.Info("documents taken up", zap.Int("passages", st.passages), zap.String("corpus", st.versions.Corpus))
	return true, nil
}
