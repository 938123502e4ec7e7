package gateway

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"kiveileder"
	"kiveileder/gateway/wire"
	"kiveileder/gateway/ws"
)

const maxFrame = 64 << 10

// Most sockets of one client, and of all, when the configuration says nothing.
// A whole hospital may be one client.
const defaultPerClient, defaultSockets = 1_000, 20_000

// originAllowed lets pages of this site and of the listed ones open a socket,
// and programs, which send no Origin.
func (g *Gateway) originAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		// a browser always sends one; a request that shows a browser's other marks and no origin is made up
		return r.Header.Get("Sec-Fetch-Mode") == ""
	}
	if slices.Contains(g.cfg.AllowedOrigins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

// chat begins a session.
func (g *Gateway) chat(w http.ResponseWriter, r *http.Request) {
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		g.failAs(w, r, http.StatusUpgradeRequired, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_upgrade", LanguageOf(r))))
		return
	}
	if !g.originAllowed(r) {
		g.failAs(w, r, http.StatusForbidden, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_origin", LanguageOf(r))))
		return
	}
	client := g.client(r)
	if err := g.sockets.admit(client); err != nil {
		g.fail(w, r, g.explainAdmission(r, err))
		return
	}
	lang := LanguageOf(r)
	conn, err := g.upgrader.Upgrade(w, r, nil)
	if err != nil { // Upgrade has told the client
		g.sockets.dismiss(client)
		return
	}
	g.metrics.sockets.Inc()
	if offered := websocket.Subprotocols(r); len(offered) > 0 && conn.Subprotocol() == "" {
		ws.Start(conn, g.wsConfig, func(c *ws.Conn) ws.Handler {
			c.Close(wire.CloseVersion)
			return refused{g, client}
		})
		return
	}
	ws.Start(conn, g.wsConfig, func(c *ws.Conn) ws.Handler {
		s := g.newSession(c, client, lang)
		if !g.sockets.register(c) {
			c.Close(wire.CloseRestart)
		}
		return s
	})
}

// refused is the handler of a connection that is closed at once.
type refused struct {
	g      *Gateway
	client string
}

func (r refused) Message(int, []byte) {}
func (r refused) Closed() {
	r.g.sockets.dismiss(r.client)
	r.g.metrics.sockets.Dec()
}

// forget takes a session that has ended off the books.
func (g *Gateway) forget(s *session) {
	g.sockets.forget(s.conn)
	g.sockets.dismiss(s.client)
	g.metrics.sockets.Dec()
}

// sockets are the books of what is open.
type sockets struct {
	most, perClient int

	mu       sync.Mutex
	sessions map[*ws.Conn]struct{}
	clients  map[string]int
	open     int
	closed   bool
}

func newSockets(most, perClient int) *sockets {
	if most <= 0 {
		most = defaultSockets
	}
	if perClient <= 0 {
		perClient = defaultPerClient
	}
	return &sockets{most: most, perClient: perClient, sessions: map[*ws.Conn]struct{}{}, clients: map[string]int{}}
}

// admit counts a client's connection in, if there is room.
func (b *sockets) admit(client string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return errStopping
	case b.open >= b.most:
		return errFull
	case b.clients[client] >= b.perClient:
		return errTooMany
	}
	b.open++
	b.clients[client]++
	return nil
}

func (b *sockets) dismiss(client string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open--
	if b.clients[client]--; b.clients[client] <= 0 {
		delete(b.clients, client)
	}
}

// register keeps a socket for close; it is false when the service is stopping.
func (b *sockets) register(c *ws.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.sessions[c] = struct{}{}
	return true
}

func (b *sockets) forget(c *ws.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.sessions, c)
}

// shut refuses new connections and gives those that are open.
func (b *sockets) shut() []*ws.Conn {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	out := make([]*ws.Conn, 0, len(b.sessions))
	for c := range b.sessions {
		out = append(out, c)
	}
	return out
}

// perSocket spreads the closing of many sockets, so that their clients do not
// come back in one moment; longestSpread bounds it.
const perSocket, longestSpread = 500 * time.Microsecond, 5 * time.Second

// Drain ends the service's side of all that is open: new sockets are refused,
// answers under way are finished, then every socket is told to come back,
// spread over some time. http.Server.Shutdown does none of it (golang/go#17721).
func (g *Gateway) Drain(ctx context.Context) {
	g.draining.Store(true)
	select {
	case <-time.After(g.cfg.DrainDelay):
	case <-ctx.Done():
	}
	open := g.sockets.shut()
	g.turns.close() // what is asked from now on is not taken: who asks comes back, to another gateway
	g.turns.wait(ctx)
	g.stopStreams()
	spread := min(time.Duration(len(open))*perSocket, longestSpread)
	if deadline, ok := ctx.Deadline(); ok {
		spread = max(0, min(spread, time.Until(deadline)))
	}
	var closing sync.WaitGroup
	for _, c := range open {
		closing.Add(1)
		time.AfterFunc(ws.Jitter(spread), func() {
			defer closing.Done()
			c.Close(wire.CloseRestart)
		})
	}
	closing.Wait()
	for g.sockets.left() > 0 && ctx.Err() == nil { // until the clients have heard it
		time.Sleep(10 * time.Millisecond)
	}
	g.stop()
}

func (b *sockets) left() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open
}
