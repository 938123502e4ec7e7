// Package gateway is the service's edge: it takes questions over HTTP and
// WebSocket, limits how many come, shows the pages, and knows nothing of
// retrieval or law.
package gateway

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/gateway/login"
	"kiveileder/gateway/wire"
	"kiveileder/gateway/ws"
	"kiveileder/retriever"
	"kiveileder/services/rules"
)

// Conversations hold what is said. *conversation.Service does.
type Conversations interface {
	// Accept stores a message and gives it with its offset, and its answer when
	// it has one already. Errors of code CodeInvalid are for the writer.
	Accept(ctx context.Context, key string, p kiveileder.Post) (kiveileder.Entry, *kiveileder.Entry, error)
	// Answer answers the message at an offset, once.
	Answer(ctx context.Context, key string, offset int64) (kiveileder.Entry, error)
	// Read gives at most limit entries after an offset. Error: CodeNotFound
	// when the conversation was deleted.
	Read(ctx context.Context, key string, after int64, limit int) (kiveileder.Stream, error)
	// Delete takes away all that a conversation says.
	Delete(ctx context.Context, key string) error
}

// A Searcher finds passages.
type Searcher interface {
	Search(ctx context.Context, q retriever.Query) (retriever.Result, error)
}

// Events tell what is new in conversations, wherever it was made: a bus.Bus.
type Events interface {
	// Subscribe calls take for events of conversations that wants wants, and
	// changed when they stop coming and when they come again: what was missed
	// meanwhile stands in the store.
	Subscribe(wants func(key string) bool, take func(kiveileder.Event), changed func(up bool)) (stop func())
	// Publish tells all gateways of an event, this one too. An error says that
	// others may not have been told.
	Publish(ctx context.Context, e kiveileder.Event) error
}

// A Library gives the sources for their pages.
type Library interface {
	Source(id string) (kiveileder.Source, bool)
	Sources() []kiveileder.Source
	Passages(source string) []kiveileder.Passage
	// Asked gives questions that a source's passages answer, by passage.
	Asked(source string) map[string][]string
}

// Config of the edge. The zero value works.
type Config struct {
	RatePerMinute  int      // questions and searches per client and minute; 0 is no limit
	TrustProxy     bool     // take the client's address from X-Forwarded-For
	Origin         string   // where browsers find the service, for links in what leaves it; "" is where a request says that it is
	AllowedOrigins []string // other sites whose pages may open a WebSocket, as "https://example.no"
	MaxSockets     int      // open at once; 0 is 20,000
	MaxPerClient   int      // of them of one client; 0 is 1,000

	// DrainDelay is how long Drain waits, with the readiness off, before it
	// begins: so that balancers can turn away.
	DrainDelay time.Duration
}

// Deps are what the gateway speaks with.
type Deps struct {
	Conversations Conversations
	Events        Events // nil: nothing happens but here
	Keys          Keys
	Searcher      Searcher
	Rules         Rules
	RuleSet       func() *rules.Set // shown on the page of the rules; nil, or giving nil, for none
	Library       Library
	Cases         Cases        // nil: nothing can be handed over
	Desk          Desk         // nil, or no Login: there is no desk here
	Answers       Answers      // nil: nothing is published
	Inbound       Inbound      // nil: no mail comes in
	Login         *login.Login // nil: nobody can sign in
	Texts         corpus.Texts
	Versions      func() kiveileder.Versions
	Log           *zap.Logger
	Metrics       *prometheus.Registry
	// Limits gives what counts clients, by a name of what is counted; nil for
	// MemoryLimiters.
	Limits func(name string, perMinute int) Limiter
	// Ready gives nil when questions can be taken, else why not, which it logs
	// itself: everybody may ask, so the answer does not tell. nil is for always.
	Ready func(ctx context.Context) error
	// Degraded names parts that are away while questions are still taken; nil
	// for none ever.
	Degraded func() []string
}

// A Gateway is an http.Handler.
type Gateway struct {
	Deps
	cfg         Config
	limits      Limiter // of questions and searches; nil for none
	lightLimits Limiter // of what costs little
	caseLimits  Limiter // of what is handed over to people
	openLimits  Limiter // of conversations opened over sockets: a whole hospital may come back at once
	metrics     *metrics
	mux         *http.ServeMux
	handler     http.Handler
	upgrader    *websocket.Upgrader
	wsConfig    *ws.Config
	hub         *hub
	looks       *caseLooks
	hears       atomic.Bool // events come
	desk        *desk
	sockets     *sockets
	turns       turns
	lanes       lanes
	rulePages   rulePages
	mails       chan struct{} // of those that are being taken in

	deskUpgrader *websocket.Upgrader
	deskConfig   *ws.Config

	draining atomic.Bool
	began    time.Time

	base        context.Context // of what sessions do; it ends with the service
	stop        context.CancelFunc
	streams     context.Context // of event streams; it ends when the service drains
	stopStreams context.CancelFunc
}

// New gives a gateway.
func New(cfg Config, d Deps) *Gateway {
	if d.Metrics == nil {
		d.Metrics = prometheus.NewRegistry()
	}
	g := &Gateway{
		Deps: d, cfg: cfg,
		limits: d.limiter("ask", cfg.RatePerMinute), lightLimits: d.limiter("light", 10*cfg.RatePerMinute), openLimits: d.limiter("open", 100*cfg.RatePerMinute),
		caseLimits: d.limiter("case", (cfg.RatePerMinute+3)/4),
		metrics:    newMetrics(d.Metrics),
		wsConfig:   ws.NewConfig(ws.Config{MaxFrame: maxFrame, Ping: pingTime, Total: totalTime, Idle: idleTime, Panic: logPanic(d.Log)}),
		hub:        newHub(), looks: newCaseLooks(),
		sockets: newSockets(cfg.MaxSockets, cfg.MaxPerClient),
		mails:   make(chan struct{}, mailsAtOnce),
		began:   time.Now(),
	}
	g.desk = newDesk(g)
	g.deskConfig = ws.NewConfig(ws.Config{MaxFrame: deskFrame, Ping: pingTime, Total: totalTime, Idle: idleTime, Panic: logPanic(d.Log)})
	g.base, g.stop = context.WithCancel(context.Background())
	g.streams, g.stopStreams = context.WithCancel(g.base)
	// the origin is looked at before, with an answer of our own
	g.upgrader = ws.Upgrader([]string{wire.Subprotocol}, func(*http.Request) bool { return true })
	g.deskUpgrader = ws.Upgrader([]string{wire.DeskSubprotocol}, func(*http.Request) bool { return true })
	g.mux = g.routes()
	g.handler = g.logged(g.guarded(g.mux))
	g.watch()
	return g
}

func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) { g.handler.ServeHTTP(w, r) }

// routes is the whole surface of the service, but for those that Login adds.
// What nobody is there to answer is not there.
func (g *Gateway) routes() *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("POST /v1/ask", g.limited(g.ask))
	m.HandleFunc("GET /v1/search", g.limited(g.search))
	m.HandleFunc("POST /v1/rules/evaluate", g.light(g.evaluate))
	m.HandleFunc("GET /v1/chat", g.chat)
	m.HandleFunc("POST /v1/conversation", g.light(g.newConversation))
	m.HandleFunc("GET /v1/conversation", g.light(g.readConversation))
	m.HandleFunc("DELETE /v1/conversation", g.limited(g.deleteConversation))
	m.HandleFunc("GET /v1/conversation/export", g.light(g.exportConversation))
	m.HandleFunc("GET /v1/conversation/sheet", g.light(g.sheet))
	m.HandleFunc("GET /v1/conversation/events", g.light(g.events))
	m.HandleFunc("POST /v1/conversation/messages", g.limited(g.postMessage))
	m.HandleFunc("GET /livez", g.live)
	m.HandleFunc("GET /readyz", g.ready)
	m.Handle("GET /metrics", promhttp.HandlerFor(g.Metrics, promhttp.HandlerOpts{}))
	m.HandleFunc("GET /openapi.json", described(openAPI))
	m.HandleFunc("GET /asyncapi.json", described(asyncAPI))
	m.HandleFunc("GET /{$}", g.index)
	m.HandleFunc("GET /regler", g.light(g.regler))
	m.HandleFunc("GET /kilder", g.light(g.sources))
	m.HandleFunc("GET /kilder/{id}", g.light(g.source))
	m.HandleFunc("GET /static/", g.static)
	if g.Cases != nil {
		m.HandleFunc("GET /v1/conversation/case-form", g.light(g.caseForm))
		m.HandleFunc("GET /v1/conversation/cases", g.light(g.listCases))
		m.HandleFunc("POST /v1/conversation/cases", g.limited(g.postCase))
		m.HandleFunc("POST /v1/conversation/cases/{case}/commands", g.limited(g.postCaseCommand))
	}
	if g.Answers != nil {
		m.HandleFunc("GET /svar", g.light(g.answersPage))
		m.HandleFunc("GET /svar/{number}", g.light(g.answerPage))
		m.HandleFunc("GET /svar/feed.atom", g.light(g.answersFeed))
		m.HandleFunc("GET /v1/answers", g.light(g.listAnswers))
		m.HandleFunc("GET /v1/answers/{number}", g.light(g.oneAnswer))
	}
	if g.Inbound != nil {
		m.HandleFunc("POST /v1/mail/inbound", g.limit(g.openLimits, g.inbound))
	}
	if g.Login != nil {
		g.Login.Routes(m, func(h http.HandlerFunc) http.HandlerFunc { return g.limit(g.openLimits, h) })
	}
	if g.Login != nil && g.Desk != nil {
		g.mountDesk(deskRoutes{g, m})
	}
	m.HandleFunc("/", g.nothing)
	return m
}

// mountDesk adds the routes of the desk.
func (g *Gateway) mountDesk(m deskRoutes) {
	m.Handle("GET /desk", g.deskPage)
	m.Handle("GET /desk/{case}", g.deskPage)
	m.Handle("GET /v1/desk", g.deskHome)
	m.Handle("GET /v1/desk/heads", g.deskHeads)
	m.Handle("POST /v1/desk/heads", g.findHeads)
	m.Handle("GET /v1/desk/live", g.deskLive)
	m.Handle("GET /v1/desk/kept", g.keptList)
	m.Handle("PUT /v1/desk/kept/{key}", g.keptPut)
	m.Handle("DELETE /v1/desk/kept/{key}", g.keptDelete)
	m.Handle("GET /v1/cases", g.deskList)
	m.Handle("GET /v1/cases/{case}", g.deskCase)
	m.Handle("POST /v1/cases/{case}/commands", g.postDeskCommand)
	m.Handle("POST /v1/cases/{case}/beat", g.postBeat)
	m.Handle("GET /v1/cases/{case}/contact", g.deskContact)
	m.Handle("GET /v1/cases/{case}/similar", g.deskSimilar)
	m.Handle("GET /v1/cases/{case}/publication", g.deskProposal)
	m.Handle("GET /v1/cases/{case}/export", g.deskExport)
	m.Handle("PUT /v1/cases/{case}/agencies", g.putAgencies)
	m.Handle("DELETE /v1/cases/{case}/person", g.deletePerson)
	m.Handle("GET /v1/mails/dead", g.deadMails)
	m.Handle("POST /v1/mails/{mail}/again", g.mailAgain)
	m.Handle("POST /v1/cases/{case}/mails/{mail}/dismiss", g.dismissMail)
}

// guarded sets the headers that every answer has and keeps a panic from
// taking other requests with it.
func (g *Gateway) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler { //nolint:errorlint // it is compared like this by net/http
					panic(p)
				}
				g.Log.Error("panic", zap.String("request", requestID(r.Context())), zap.String("type", fmt.Sprintf("%T", p)), zap.Stack("stack"))
				g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInternal, ""))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// Server gives an http.Server for the gateway with the timeouts that keep slow
// clients from holding connections.
func (g *Gateway) Server() *http.Server {
	errors, err := zap.NewStdLogAt(g.Log, zap.WarnLevel)
	if err != nil {
		panic(err) // only for a level that does not exist
	}
	return &http.Server{
		Handler:           g,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          errors,
	}
}

// LanguageOf gives the language that a client would like to be spoken to in
// before it has said anything.
func LanguageOf(r *http.Request) kiveileder.Language {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		switch tag, _, _ := strings.Cut(strings.TrimSpace(part), ";"); {
		case strings.HasPrefix(tag, "nn"):
			return kiveileder.Nynorsk
		case strings.HasPrefix(tag, "nb"), strings.HasPrefix(tag, "no"):
			return kiveileder.Bokmal
		case strings.HasPrefix(tag, "en"):
			return kiveileder.English
		}
	}
	return kiveileder.Bokmal
}
