package gateway

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"kiveileder"
)

// Subprotocol is the name and version of what is spoken over the socket.
const Subprotocol = "kiveileder.v1"

// Times of a connection. A client that has not answered a ping when the next
// is due is gone.
const (
	writeTime    = 10 * time.Second
	pongTime     = 60 * time.Second
	pingInterval = pongTime * 9 / 10
	maxFrame     = 64 << 10
)

// A request frame: {"type":"ask","id":"1","question":"…"}.
type request struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	kiveileder.Turn
}

// A response frame of the types answer, progress and error.
type response struct {
	Type    string             `json:"type"`
	ID      string             `json:"id,omitempty"`
	Stage   string             `json:"stage,omitempty"`
	Answer  *kiveileder.Answer `json:"answer,omitempty"`
	Code    kiveileder.Code    `json:"code,omitempty"`
	Message string             `json:"message,omitempty"`
}

var writeBuffers sync.Pool

func (g *Gateway) upgrader() *websocket.Upgrader {
	return &websocket.Upgrader{
		ReadBufferSize:  1024,
		WriteBufferPool: &writeBuffers,
		Subprotocols:    []string{Subprotocol},
		CheckOrigin:     g.originAllowed,
	}
}

// originAllowed lets pages of this site and of the listed ones open a socket,
// and programs, which send no Origin.
func (g *Gateway) originAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || slices.Contains(g.cfg.AllowedOrigins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host == r.Host
}

// chat speaks with one client until it goes: one reader, and writes only from
// the reader and the pinger, under a lock.
func (g *Gateway) chat(w http.ResponseWriter, r *http.Request) {
	client := g.client(r)
	if !g.admit(client) {
		g.fail(w, r, g.tooMany(r))
		return
	}
	defer g.leave(client)
	conn, err := g.upgrader().Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has told the client
	}
	s := &socket{conn: conn, done: make(chan struct{})}
	defer s.close()
	if !g.register(s) {
		s.shut(websocket.CloseGoingAway, "shutting down")
		return
	}
	defer g.forget(s)
	go s.ping()
	conn.SetReadLimit(maxFrame)
	_ = conn.SetReadDeadline(time.Now().Add(pongTime))
	conn.SetPongHandler(func(string) error { return conn.SetReadDeadline(time.Now().Add(pongTime)) })
	for {
		kind, b, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if kind != websocket.TextMessage || !utf8.Valid(b) {
			s.shut(websocket.CloseInvalidFramePayloadData, "text in UTF-8 expected")
			return
		}
		_ = conn.SetReadDeadline(time.Now().Add(pongTime))
		if err := s.send(g.frame(r, s, b)); err != nil {
			return // the client has gone; its address is in err, and not for the log
		}
	}
}

// frame answers one frame of a client.
func (g *Gateway) frame(r *http.Request, s *socket, b []byte) response {
	var q request
	failed := func(err error) response {
		code, message := g.explain(r, err)
		return response{Type: "error", ID: q.ID, Code: code, Message: message}
	}
	err := json.Unmarshal(b, &q)
	bad := err != nil || q.Type != "ask" || len(q.ID) > 64
	if bad {
		q.ID = ""
	}
	if !g.limits.allow(g.client(r)) { // broken frames count too
		return failed(g.tooMany(r))
	}
	if bad {
		return failed(&kiveileder.Error{Code: kiveileder.CodeInvalid, Message: g.Texts.Get("error_json", languageOf(r)), Err: err})
	}
	// a client that has gone is noticed when the answer is sent
	_ = s.send(response{Type: "progress", ID: q.ID, Stage: "searching"})
	q.Prefers = languageOf(r)
	a, err := g.turn(r.Context(), q.Turn)
	if err != nil {
		return failed(err)
	}
	return response{Type: "answer", ID: q.ID, Answer: &a}
}

// A socket is a connection with its one lock for writing.
type socket struct {
	conn *websocket.Conn
	mu   sync.Mutex // guards writes to conn
	done chan struct{}
}

func (s *socket) send(v response) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.conn.SetWriteDeadline(time.Now().Add(writeTime))
	return s.conn.WriteJSON(v)
}

func (s *socket) ping() {
	t := time.NewTicker(pingInterval)
	defer t.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-t.C:
			if s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTime)) != nil {
				return
			}
		}
	}
}

func (s *socket) shut(code int, why string) {
	_ = s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, why), time.Now().Add(writeTime))
}

func (s *socket) close() {
	close(s.done)
	_ = s.conn.Close()
}

// Most sockets of one client, and of all. A whole hospital may be one client.
const maxPerClient, maxSockets = 1_000, 20_000

// admit counts a client's socket in, if there is room.
func (g *Gateway) admit(client string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.perClient[client] >= maxPerClient || len(g.sockets) >= maxSockets {
		return false
	}
	g.perClient[client]++
	return true
}

func (g *Gateway) leave(client string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.perClient[client]--; g.perClient[client] <= 0 {
		delete(g.perClient, client)
	}
}

// register keeps a socket for Drain; it refuses when the service is stopping.
func (g *Gateway) register(s *socket) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.sockets[s] = struct{}{}
	g.metrics.sockets.Inc()
	return true
}

func (g *Gateway) forget(s *socket) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.sockets, s)
	g.metrics.sockets.Dec()
}

// Drain tells every open socket that the service goes away, and refuses new
// ones. http.Server.Shutdown does neither (golang/go#17721).
func (g *Gateway) Drain() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for s := range g.sockets {
		s.shut(websocket.CloseGoingAway, "shutting down")
		_ = s.conn.SetReadDeadline(time.Now().Add(time.Second))
	}
}
