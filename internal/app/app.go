package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/gateway/bus"
	"kiveileder/gateway/login"
	"kiveileder/internal/postgres"
	"kiveileder/internal/redis"
	"kiveileder/internal/rpc"
	"kiveileder/internal/telemetry"
	"kiveileder/retriever"
	"kiveileder/retriever/embed"
	"kiveileder/retriever/index/pgvector"
	"kiveileder/services"
	"kiveileder/services/conversation"
	"kiveileder/services/dialogue"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/courier"
	"kiveileder/services/privacy"
	"kiveileder/services/queue"
)

// A Role is what a process does. Folder, subcommand and compose service have
// its name.
type Role string

// The roles. Everything is all of them in one process.
const (
	Everything Role = "serve"
	Gateway    Role = "gateway"
	Services   Role = "services"
	Retriever  Role = "retriever"
)

// parts gives what a role holds.
func (r Role) parts() parts {
	return parts{search: r == Everything || r == Retriever, answer: r == Everything || r == Services}
}

// keptQuestions is of how many questions the vectors are kept: 1.6 kB each.
const keptQuestions = 256

// An App is one process of the service.
type App struct {
	cfg   Config
	role  Role
	parts parts
	log   *zap.Logger

	figures      *prometheus.Registry
	tellVersions func(kiveileder.Versions)
	health       *health
	calls        *telemetry.Calls
	embedder     embed.Embedder     // where parts.search
	db           *postgres.DB       // nil without one
	redis        *redis.Client      // nil without one
	token        rpc.Token          // that the roles share
	next         *rpc.Client        // the role that this one calls; nil when there is none
	far          retriever.Searcher // the retriever in another process; nil where it is here
	docs         documents
	loading      sync.Mutex      // one state is made at a time; guards fixed and base
	fixed        *fixed          // nil before the first state, and where it may change
	base         *retriever.Base // likewise
	index        *pgvector.Store // nil where vectors are compared in the process
	dropped      chan struct{}   // told when the one in use is gone from the database
	stages       func(stage string, took time.Duration)
	state        atomic.Pointer[state]

	events  bus.Bus
	answers dialogue.Answers

	// of Open
	listens  string // host:port, empty when that is not known
	keys     gateway.Keys
	talks    *conversation.Service
	cases    *guidance.Service // nil where it is not held
	queue    *queue.Queue      // likewise
	courier  *courier.Courier  // nil where no letters go out
	tried    *trial            // nil where it is no trial
	sessions login.Store       // of people who have signed in; nil where nobody can
	login    *login.Login      // likewise
	gateway  atomic.Pointer[gateway.Gateway]
	wake     chan struct{} // told when the documents may have changed
	closes   []func() error
}

// New loads everything that answers are made from, in one process. It fails
// when something is amiss that an operator should know before questions come.
// Close it afterwards.
func New(ctx context.Context, cfg Config, log *zap.Logger) (*App, error) {
	return NewRole(ctx, cfg, Everything, log)
}

// NewRole is New for one role of several processes.
func NewRole(ctx context.Context, cfg Config, role Role, log *zap.Logger) (_ *App, err error) {
	if err := cfg.fits(role); err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, role: role, parts: role.parts(), log: log, dropped: make(chan struct{}, 1), wake: make(chan struct{}, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	a.figures, a.tellVersions = telemetry.Registry()
	a.stages = newStages(a.figures)
	a.calls, a.health = telemetry.NewCalls(a.figures), newHealth(a.figures)
	if err := a.share(ctx); err != nil {
		return nil, err
	}
	if err := a.connect(ctx); err != nil {
		return nil, err
	}
	if a.parts.search {
		if a.embedder, err = cfg.Embedder(); err != nil {
			return nil, err
		}
		if cfg.CacheSize > 0 {
			a.embedder = embed.Keep(a.embedder, keptQuestions)
		}
	}
	var st *state
	if err := patiently(ctx, a.waits, func() (err error) { st, err = a.load(ctx); return err }); err != nil {
		return nil, err
	}
	a.put(st)
	debug.FreeOSMemory() // what loading needed is several times what stays
	return a, nil
}

// put makes a state the one that is in force.
func (a *App) put(st *state) {
	a.state.Store(st)
	a.tellVersions(st.versions)
}

// fits reports what a role lacks in the configuration.
func (c Config) fits(role Role) error {
	if role == Everything {
		return nil
	}
	var missing []string
	for _, need := range []struct {
		name, value string
		of          []Role
	}{
		{"KIVEILEDER_DATABASE_URL", c.DatabaseURL, []Role{Services, Retriever}},
		{"KIVEILEDER_REDIS_URL", c.RedisURL, []Role{Gateway, Services}},
		{"KIVEILEDER_SERVICES_URL", c.ServicesURL, []Role{Gateway}},
		{"KIVEILEDER_RETRIEVER_URL", c.RetrieverURL, []Role{Services}},
		{"KIVEILEDER_SECRET", c.Secret, []Role{Gateway}},
		{"KIVEILEDER_ROLE_TOKEN or KIVEILEDER_TLS_CERT", c.RoleToken + c.TLSCert, []Role{Gateway, Services, Retriever}},
	} {
		for _, r := range need.of {
			if r == role && need.value == "" {
				missing = append(missing, need.name)
			}
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the role %s needs %s (see docs/operations.md)", role, list(missing))
	}
	_, err := c.roots()
	return err
}

func list(names []string) string {
	out := names[0]
	for i, n := range names[1:] {
		if i == len(names)-2 {
			out += " and " + n
		} else {
			out += ", " + n
		}
	}
	return out
}

// connect reaches for what the process works with.
func (a *App) connect(ctx context.Context) (err error) {
	if a.token, err = rpc.NewToken(a.cfg.RoleToken); err != nil {
		return fmt.Errorf("KIVEILEDER_ROLE_TOKEN: %w", err)
	}
	switch a.role {
	case Gateway:
		if a.next, err = a.client("services", a.cfg.ServicesURL); err != nil {
			return err
		}
		a.docs = &farDocuments{client: a.next}
		return nil
	case Services:
		if a.next, err = a.client("retriever", a.cfg.RetrieverURL); err != nil {
			return err
		}
		a.far = retriever.NewClient(a.next)
	}
	if a.docs, a.db, err = a.cfg.documents(ctx, a.waits); err != nil {
		return err
	}
	if a.db == nil {
		return nil
	}
	a.closes = append(a.closes, a.db.Close)
	watchPool(a.figures, a.db.Pool())
	if a.parts.search {
		return a.openIndex(ctx)
	}
	return nil
}

func (a *App) client(name, urls string) (*rpc.Client, error) {
	tls, err := a.cfg.callerTLS()
	if err != nil {
		return nil, err
	}
	c, err := rpc.NewClient(rpc.Options{Name: name, URLs: urls, Token: a.token, TLS: tls, Observe: a.calls.Of(name)})
	if err == nil {
		a.closes = append(a.closes, func() error { c.Close(); return nil })
	}
	return c, err
}

// documents gives where added documents stand, and the database when it is
// there.
func (c Config) documents(ctx context.Context, waits func(error)) (documents, *postgres.DB, error) {
	if c.DatabaseURL == "" {
		return dataFolder(c.Data), nil, c.checkData()
	}
	var db *postgres.DB
	err := patiently(ctx, waits, func() (err error) {
		db, err = postgres.Open(ctx, postgres.Config{URL: c.DatabaseURL, MaxConns: c.DatabaseConns, Tracer: c.queryTracer()})
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return db.Documents(), db, nil
}

// patience is how long a process waits at its start for a part that is away:
// all may have been started in one moment.
const patience = time.Minute

// patiently tries until it works, or fails for another reason than that
// something is away. What it waits for is told once; nil does not wait.
func patiently(ctx context.Context, waits func(error), try func() error) error {
	begin := time.Now()
	for n := 0; ; n++ {
		err := try()
		if kiveileder.ErrorCode(err) != kiveileder.CodeUnavailable || waits == nil || time.Since(begin) > patience {
			return err
		}
		if n == 0 {
			waits(err)
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return fmt.Errorf("stopped while it waited: %w", err)
		}
	}
}

// waits says what the start waits for.
func (a *App) waits(err error) {
	a.log.Warn("a part is away: the start waits for it", zap.Duration("most", patience), zap.Error(err))
}

// Close closes what was opened.
func (a *App) Close() error {
	var err error
	for i := len(a.closes) - 1; i >= 0; i-- {
		err = errors.Join(err, a.closes[i]())
	}
	a.closes = nil
	return err
}

// The App is what the gateway, the conversations and other roles speak with,
// always in its newest state.

// Check refuses what cannot be a message.
func (a *App) Check(t *kiveileder.Turn) error { return a.state.Load().dialogue.Check(t) }

// Turn makes a turn.
func (a *App) Turn(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	return a.state.Load().turner.Turn(ctx, t)
}

// Evaluate judges facts by the rules and says why.
func (a *App) Evaluate(_ context.Context, facts map[string]any, asOf time.Time, l kiveileder.Language) (dialogue.Evaluation, error) {
	return a.state.Load().dialogue.Evaluate(facts, asOf, l)
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
	if a.far != nil {
		return a.far.Search(ctx, q)
	}
	st := a.state.Load()
	res, err := st.retriever.Search(ctx, q)
	res.Corpus = st.versions.Corpus
	return res, err
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

// role is what the services answer to the gateway.
type role struct {
	*App
	*conversation.Service
}

var _ services.Role = role{}

// frugal keeps garbage at a quarter of what lives: most of the heap
// is the corpus, which never changes, and the whole shall stay under 250 MB.
func frugal() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(25)
	}
}
