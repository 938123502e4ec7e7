package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/retriever"
	"kiveileder/services/privacy"
)

// watchInterval is how often the data folder is looked at for new documents.
const watchInterval = 3 * time.Second

// drainTime is how long requests under way may take when the service stops.
const drainTime = 10 * time.Second

// An App is the whole service in one process.
type App struct {
	cfg   Config
	log   *zap.Logger
	state atomic.Pointer[state]
}

// New loads everything. It fails when something is amiss that an operator
// should know before questions come.
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

// The App is what the gateway speaks with, always in its newest state.

// Turn makes a turn.
func (a *App) Turn(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	return a.state.Load().dialogue.Turn(ctx, t)
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

// Gateway gives the edge over the app.
func (a *App) Gateway() *gateway.Gateway {
	return gateway.New(
		gateway.Config{RatePerMinute: a.cfg.RateLimit, TrustProxy: a.cfg.TrustProxy, AllowedOrigins: a.cfg.Origins},
		gateway.Deps{
			Dialogue: a, Searcher: a, Library: a, Texts: a.state.Load().texts,
			Versions: func() kiveileder.Versions { return a.state.Load().versions },
			Log:      a.log.Named("gateway"),
		})
}

// Serve answers questions until the context ends. It prints where it listens
// to out.
func (a *App) Serve(ctx context.Context, out io.Writer) error {
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
		g.Drain()
		return srv.Shutdown(stop)
	})
	group.Go(func() error { a.watch(ctx); return nil })
	return group.Wait()
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
