package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/gateway/login"
	"kiveileder/internal/sqlite"
	"kiveileder/internal/telemetry"
	"kiveileder/services"
	"kiveileder/services/conversation"
	"kiveileder/services/guidance"
	"kiveileder/services/queue"
	"kiveileder/services/rules"
)

// drainTime is how long requests under way may take when the service stops,
// after KIVEILEDER_DRAIN_DELAY.
var drainTime = 15 * time.Second // shorter in tests

// shutdownTime is what is left for plain requests after the sockets are closed.
const shutdownTime = 5 * time.Second

// traceTime is how long the collector may take for the last traces.
const traceTime = 2 * time.Second

// Open opens what conversations and cases are kept in, and what carries news
// of them.
func (a *App) Open(ctx context.Context) (err error) {
	if a.role == Retriever {
		return nil
	}
	if a.parts.answer {
		k, err := a.openStores(ctx)
		if err != nil {
			return err
		}
		a.talks, a.sessions = conversation.New(k.talks, a, a.events), k.sessions
		if err := a.openQueue(k.cases); err != nil {
			return err
		}
	}
	if a.role == Gateway {
		a.sessions = login.NewFar(a.next)
	}
	if a.role != Services {
		a.keys, err = a.cfg.keys()
	}
	return err
}

// stores are what is kept.
type stores struct {
	talks    conversation.Store
	cases    guidance.Store
	sessions login.Store
}

// openStores gives where everything is kept: the database when there is one,
// else a file in the data folder.
func (a *App) openStores(ctx context.Context) (stores, error) {
	if a.db != nil {
		return stores{a.near(a.db.Conversations()), a.db.Guidance(), a.db.Sessions()}, nil
	}
	file, err := sqlite.Open(ctx, filepath.Join(a.cfg.Data, "kiveileder.db"))
	if err != nil {
		return stores{}, err
	}
	a.closes = append(a.closes, file.Close)
	return stores{file.Conversations(), file.Guidance(), file.Sessions()}, nil
}

// Gateway gives the edge over the app, which must be open.
func (a *App) Gateway() (*gateway.Gateway, error) {
	limits, err := a.limits()
	if err != nil {
		return nil, err
	}
	if err := a.openLogin(); err != nil {
		return nil, err
	}
	deps := gateway.Deps{
		Events: a.events, Keys: a.keys, Library: a, Texts: a.state.Load().texts,
		RuleSet:  func() *rules.Set { return a.state.Load().rules },
		Versions: func() kiveileder.Versions { return a.state.Load().versions },
		Log:      a.log.Named("gateway"), Metrics: a.figures,
		Ready: a.Ready, Degraded: a.Degraded, Limits: limits,
	}
	var calls queue.Calls
	if a.role == Gateway {
		far := services.NewClient(a.next)
		deps.Conversations, deps.Rules, deps.Searcher = far, far, far
		calls = queue.NewClient(a.next)
	} else {
		deps.Conversations, deps.Rules, deps.Searcher = a.talks, a, a
		calls = a.queue
	}
	if a.trial() {
		a.tried = &trial{Calls: calls, app: a}
		calls = a.tried
	}
	deps.Answers = calls
	if a.login != nil { // without people who answer there is no queue
		deps.Login, deps.Cases, deps.Desk, deps.Inbound = a.login, calls, calls, calls
	}
	g := gateway.New(gateway.Config{
		RatePerMinute: a.cfg.RateLimit, TrustProxy: a.cfg.TrustProxy, Origin: a.cfg.Origin, AllowedOrigins: a.cfg.Origins,
		MaxSockets: a.cfg.MaxSockets, MaxPerClient: a.cfg.MaxPerClient, DrainDelay: a.cfg.DrainDelay,
	}, deps)
	a.gateway.Store(g)
	return g, nil
}

// A door is what a role listens with.
type door struct {
	http  *http.Server
	tls   *tls.Config           // nil for plain HTTP
	drain func(context.Context) // before the listener closes
}

// door gives the role's.
func (a *App) door() (door, error) {
	if a.role == Everything || a.role == Gateway {
		g, err := a.Gateway()
		if err != nil {
			return door{}, err
		}
		s := g.Server()
		if a.tried != nil {
			s.Handler = a.tried.mark(s.Handler)
		}
		return door{http: s, drain: g.Drain}, nil
	}
	return a.innerDoor()
}

// Serve opens the store and answers until the context ends. It prints where it
// listens to out.
func (a *App) Serve(ctx context.Context, out io.Writer) (err error) {
	defer func() { err = errors.Join(err, a.Close()) }()
	stopTraces, err := telemetry.Trace(ctx, a.cfg.OTLPURL, string(a.role), Build(), a.cfg.TraceShare, func(err error) {
		a.log.Warn("traces were lost", zap.Error(err))
	})
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.cfg.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", a.cfg.Addr, err)
	}
	a.closes = append(a.closes, func() error { _ = l.Close(); return nil }) // the server has closed it, if one began
	a.listens = l.Addr().String()
	if err := a.Open(ctx); err != nil {
		return err
	}
	frugal()
	d, err := a.door()
	if err != nil {
		return err
	}
	scheme := "http"
	if d.tls != nil {
		l, scheme = tls.NewListener(l, d.tls), "https"
	}
	fmt.Fprintf(out, "KI-veileder listens on %s://%s\n", scheme, l.Addr())
	if err := a.printLinks(out); err != nil {
		return err
	}
	st := a.state.Load()
	a.log.Info("ready", zap.String("role", string(a.role)), zap.Stringer("addr", l.Addr()), zap.Int("passages", st.passages),
		zap.String("corpus", st.versions.Corpus), zap.String("model", st.versions.Model))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := d.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		return a.stop(context.WithoutCancel(ctx), d, stopTraces)
	})
	group.Go(func() error { a.watch(ctx); return nil })
	group.Go(func() error { a.probe(ctx); return nil })
	group.Go(func() error { a.tidy(ctx); return nil })
	if a.talks != nil {
		group.Go(func() error { a.keep(ctx); return nil })
	}
	if a.queue != nil {
		group.Go(func() error { a.queue.Run(ctx); return nil })
		if a.role == Services { // in one process who is there comes back, and looks
			group.Go(func() error { a.retell(ctx); return nil })
		}
	}
	if a.courier != nil {
		group.Go(func() error { _ = a.courier.Run(ctx); return nil }) // it says that ctx ended
	}
	if a.login != nil {
		group.Go(func() error { a.signOut(ctx); return nil })
	}
	return group.Wait()
}

// stop finishes what is under way and closes.
func (a *App) stop(ctx context.Context, d door, stopTraces func(context.Context) error) error {
	a.log.Info("stopping")
	drain, cancel := context.WithTimeout(ctx, a.cfg.DrainDelay+drainTime)
	defer cancel()
	d.drain(drain)
	rest, cancel := context.WithTimeout(ctx, shutdownTime)
	defer cancel()
	err := d.http.Shutdown(rest)
	if err != nil {
		a.log.Warn("requests were cut off", zap.Error(err))
		err = d.http.Close()
	}
	traces, cancel := context.WithTimeout(ctx, traceTime)
	defer cancel()
	if err := stopTraces(traces); err != nil {
		a.log.Warn("traces were lost", zap.Error(err))
	}
	return err
}
