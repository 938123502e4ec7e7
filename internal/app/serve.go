package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/internal/sqlite"
	"kiveileder/retriever"
	"kiveileder/services/conversation"
	"kiveileder/services/dialogue"
	"kiveileder/services/privacy"
	"kiveileder/services/rules"
)

// watchInterval is how often the data folder is looked at for new documents.
const watchInterval = 3 * time.Second

// drainTime is how long requests under way may take when the service stops.
const drainTime = 10 * time.Second

// shutdownTime is what is left for plain requests after the sockets are closed.
const shutdownTime = 5 * time.Second

// An App is the whole service in one process.
type App struct {
	cfg   Config
	log   *zap.Logger
	store *sqlite.DB
	keys  gateway.Keys
	state atomic.Pointer[state]
	talks *conversation.Service
}

// New loads everything that answers are made from. It fails when something is
// amiss that an operator should know before questions come.
func New(ctx context.Context, cfg Config, log *zap.Logger) (*App, error) {
	if err := cfg.checkData(); err != nil {
		return nil, err
	}
	e, err := cfg.Embedder()
	if err != nil {
		return nil, err
	}
	st, err := cfg.load(ctx, e)
	if err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, log: log}
	a.state.Store(st)
	debug.FreeOSMemory() // what loading needed is several times what stays
	return a, nil
}

// Open opens what conversations are kept in. Close it afterwards.
func (a *App) Open(ctx context.Context) (err error) {
	if a.keys, err = a.cfg.keys(); err != nil {
		return err
	}
	if a.store, err = sqlite.Open(ctx, filepath.Join(a.cfg.Data, "kiveileder.db")); err != nil {
		return err
	}
	a.talks = conversation.New(a.store.Conversations(), a)
	return nil
}

// Close closes the store.
func (a *App) Close() error { return a.store.Close() }

// The App is what the gateway and the conversations speak with, always in its
// newest state.

// Check refuses what cannot be a message.
func (a *App) Check(t *kiveileder.Turn) error { return a.state.Load().check(t) }

// Turn makes a turn.
func (a *App) Turn(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	return a.state.Load().dialogue.Turn(ctx, t)
}

// Evaluate judges facts by the rules and says why.
func (a *App) Evaluate(facts map[string]any, asOf time.Time, l kiveileder.Language) (dialogue.Evaluation, error) {
	return a.state.Load().evaluate(facts, asOf, l)
}

// Judge judges facts by the rules.
func (a *App) Judge(facts map[string]any) (outcomes, missing []string, escalate bool, err error) {
	st := a.state.Load()
	if st.rules == nil {
		return nil, nil, false, kiveileder.Errorf(kiveileder.CodeNotFound, "Denne kildesamlingen har ingen regler.")
	}
	r, err := st.rules.Evaluate(facts, time.Time{})
	return r.Outcomes, r.Missing, r.Escalate, err
}

// Search finds passages. Personal data is masked first, as in a turn.
func (a *App) Search(ctx context.Context, q retriever.Query) (retriever.Result, error) {
	q.Text = privacy.Mask(q.Text).Text
	var history []string
	for _, h := range q.History {
		history = append(history, privacy.Mask(h).Text)
	}
	q.History = history
	return a.state.Load().retriever.Search(ctx, q)
}

// Source gives a source by its id.
func (a *App) Source(id string) (kiveileder.Source, bool) { return a.state.Load().library.Source(id) }

// Sources gives all sources, newest first.
func (a *App) Sources() []kiveileder.Source { return a.state.Load().library.Sources() }

// Passages gives a source's passages.
func (a *App) Passages(source string) []kiveileder.Passage {
	return a.state.Load().library.Passages(source)
}

// Asked gives questions that a source's passages answer, by passage.
func (a *App) Asked(source string) map[string][]string {
	return a.state.Load().library.Asked(source)
}

// Gateway gives the edge over the app, which must be open.
func (a *App) Gateway() *gateway.Gateway {
	return gateway.New(
		gateway.Config{
			RatePerMinute: a.cfg.RateLimit, TrustProxy: a.cfg.TrustProxy, AllowedOrigins: a.cfg.Origins,
			MaxSockets: a.cfg.MaxSockets, MaxPerClient: a.cfg.MaxPerClient,
		},
		gateway.Deps{
			Conversations: a.talks, Keys: a.keys, Searcher: a, Rules: a, Library: a, Texts: a.state.Load().texts,
			RuleSet:  func() *rules.Set { return a.state.Load().rules },
			Versions: func() kiveileder.Versions { return a.state.Load().versions },
			Log:      a.log.Named("gateway"),
		})
}

// Serve opens the store and answers questions until the context ends. It
// prints where it listens to out.
func (a *App) Serve(ctx context.Context, out io.Writer) (err error) {
	if err := a.Open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if os.Getenv("GOGC") == "" {
		// most of the heap is the corpus, which never changes: let garbage be
		// half of it at most, so that the service stays under 250 MB
		debug.SetGCPercent(50)
	}
	g := a.Gateway()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.cfg.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", a.cfg.Addr, err)
	}
	fmt.Fprintf(out, "KI-veileder listens on http://%s\n", l.Addr())
	a.log.Info("ready", zap.Stringer("addr", l.Addr()), zap.Int("passages", a.state.Load().passages),
		zap.String("corpus", a.state.Load().versions.Corpus), zap.String("model", a.state.Load().versions.Model))
	srv := g.Server()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		g.Drain(stop)
		rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		if err := srv.Shutdown(rest); err != nil {
			a.log.Warn("requests were cut off", zap.Error(err))
			return srv.Close()
		}
		return nil
	})
	group.Go(func() error { a.watch(ctx); return nil })
	group.Go(func() error { a.keep(ctx, g); return nil })
	return group.Wait()
}

// resumeInterval is how often messages are looked for that have no answer, and
// expireInterval conversations that have outlived their time.
const resumeInterval, expireInterval = time.Minute, time.Hour

// keep answers what a crash or a failure left unanswered, and deletes what has outlived its
// time.
func (a *App) keep(ctx context.Context, g *gateway.Gateway) {
	t := time.NewTicker(resumeInterval)
	defer t.Stop()
	var expired time.Time
	for {
		if err := a.talks.Resume(ctx, g.Tell); err != nil && ctx.Err() == nil {
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

// Pauses before a change of the data folder that could not be taken up is
// tried again: something else may have been amiss.
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
		case err != nil:
			again = time.Now().Add(pause)
			pause = min(2*pause, longestPause)
			a.log.Error("documents not taken up, going on with the old ones", zap.Error(err), zap.Time("again", again))
		case taken:
			pause = firstPause
		}
	}
}

// takeUp loads the data folder when it has changed, and reports whether it did.
func (a *App) takeUp(ctx context.Context) (bool, error) {
	sig, err := a.cfg.signature()
	if err != nil || sig == a.state.Load().added {
		return false, err
	}
	e, err := a.cfg.Embedder()
	if err != nil {
		return false, err
	}
	st, err := a.cfg.load(ctx, e)
	if err != nil {
		return false, err
	}
	a.state.Store(st)
	a.log.Info("documents taken up", zap.Int("passages", st.passages), zap.String("corpus", st.versions.Corpus))
	return true, nil
}
