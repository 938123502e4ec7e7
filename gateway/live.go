package gateway

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/zap"

	"kiveileder"
	"kiveileder/gateway/login"
	"kiveileder/gateway/wire"
	"kiveileder/gateway/ws"
)

// deskLive answers GET /v1/desk/live.
func (g *Gateway) deskLive(w http.ResponseWriter, r *http.Request) {
	s, _ := login.SessionOf(r.Context())
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		g.failAs(w, r, http.StatusUpgradeRequired, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_upgrade", LanguageOf(r))))
		return
	}
	if !ownOrigin(r) { // a cookie comes along from everywhere
		g.failAs(w, r, http.StatusForbidden, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_origin", LanguageOf(r))))
		return
	}
	client := g.client(r)
	if err := g.sockets.admit(client); err != nil {
		g.fail(w, r, g.explainAdmission(r, err))
		return
	}
	conn, err := g.deskUpgrader.Upgrade(w, r, nil)
	if err != nil { // Upgrade has told the client
		g.sockets.dismiss(client)
		return
	}
	g.metrics.sockets.Inc()
	ws.Start(conn, g.deskConfig, func(c *ws.Conn) ws.Handler {
		if offered := websocket.Subprotocols(r); len(offered) > 0 && conn.Subprotocol() == "" {
			c.Close(wire.CloseVersion)
			return refused{g, client}
		}
		return g.desk.arrive(c, client, s)
	})
}

// ownOrigin reports whether a page of this very site asks.
func ownOrigin(r *http.Request) bool {
	u, err := url.Parse(r.Header.Get("Origin"))
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// arrive begins a socket.
func (d *desk) arrive(c *ws.Conn, client string, session login.Session) *deskSocket {
	s := &deskSocket{d: d, conn: c, client: client, session: session, tokens: frameBurst, filled: time.Now(), at: map[string]presence{}}
	if !d.g.sockets.register(c) {
		c.Close(wire.CloseRestart)
		return s
	}
	p := session.Person
	d.mu.Lock() // whoever was greeted is told all that comes after
	s.send(wire.DeskHello{Type: wire.TypeHello, Time: time.Now().UTC().Truncate(time.Millisecond), Person: wire.DeskPerson{ID: p.ID, Name: p.Name, Agency: p.Agency}})
	d.sockets[s] = struct{}{}
	there := slices.Collect(maps.Keys(d.at))
	d.mu.Unlock()
	s.look(0) // the login may have ended since it was looked at
	go func() {
		ctx, cancel := context.WithTimeout(d.g.base, lookTime)
		defer cancel()
		for _, id := range there {
			if on, err := d.whose(ctx, id); err == nil && d.sees(s, on) {
				s.send(d.people(id, p.ID))
			}
		}
	}()
	return s
}

// A deskSocket is one open page of the desk.
type deskSocket struct {
	d       *desk
	conn    *ws.Conn
	client  string
	session login.Session

	// of the frame handler alone
	broken int
	tokens float64
	filled time.Time

	mu    sync.Mutex // guards what follows; taken after the desk's
	at    map[string]presence
	used  bool // somebody was there since the login was last looked at
	timer *time.Timer
	gone  bool
}

func (s *deskSocket) send(frame any) {
	b, err := wire.Encode(frame)
	if err != nil {
		s.d.g.Log.Error("frame could not be written", zap.Error(err))
		return
	}
	s.conn.Send(b)
}

// Message handles one frame.
func (s *deskSocket) Message(kind int, b []byte) {
	now := time.Now()
	s.tokens = min(frameBurst, s.tokens+now.Sub(s.filled).Seconds()*framesPerSecond) - 1
	s.filled = now
	switch {
	case kind != ws.Text:
		s.conn.Close(wire.CloseUnsupported)
		return
	case s.tokens < 0:
		s.conn.Close(wire.CloseFlood)
		return
	}
	r, err := wire.DecodeDesk(b)
	if err != nil {
		if s.broken++; s.broken >= deskBroken {
			s.conn.Close(wire.CloseBroken)
		}
		return
	}
	s.d.g.metrics.frames.WithLabelValues(r.Type).Inc()
	if r.Type == wire.TypePing {
		s.send(wire.DeskPong{Type: wire.TypePong})
		return
	}
	ctx, cancel := context.WithTimeout(s.d.g.base, lookTime)
	defer cancel()
	s.enter(ctx, r)
}

// enter takes what somebody says to be doing. At a case that is not there, or
// none of theirs, nobody is, themselves included.
func (s *deskSocket) enter(ctx context.Context, r wire.DeskRequest) {
	on, err := s.d.whose(ctx, r.Case)
	if err != nil || !s.d.sees(s, on) {
		s.send(wire.DeskPeople{Type: wire.DeskPresence, Case: r.Case, People: []wire.DeskPerson{}})
		return
	}
	s.mu.Lock()
	s.used = true
	switch _, there := s.at[r.Case]; {
	case r.Doing == "":
		delete(s.at, r.Case)
	case there || len(s.at) < deskCases:
		s.at[r.Case] = presence{doing: r.Doing, at: time.Now()}
	}
	s.mu.Unlock()
	s.d.say(ctx, s.session.Person, r.Case)
	s.send(s.d.people(r.Case, s.session.Person.ID))
}

// does gives what is being done with a case over this socket.
func (s *deskSocket) does(id string, now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.at[id]; p.here(now) {
		return p.doing
	}
	return ""
}

// look looks at the login after a while, and so on. Only what somebody did at
// the page counts as use: one that lies open does not keep a login alive, whose
// end is told by whoever ends it.
func (s *deskSocket) look(after time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return
	}
	s.timer = time.AfterFunc(after, func() {
		s.mu.Lock()
		used := s.used || after == 0
		s.used = false
		s.mu.Unlock()
		if used && !s.alive() {
			s.conn.Close(wire.CloseEnded)
			return
		}
		s.look(sessionLook + ws.Jitter(sweepTime))
	})
}

// alive asks whether the login goes on. While nobody can tell it does: what is
// told over the socket are hints, and what they lead to is asked for anew.
func (s *deskSocket) alive() bool {
	ctx, cancel := context.WithTimeout(s.d.g.base, lookTime)
	defer cancel()
	err := safely(func() error { return s.d.g.Login.Use(ctx, s.session.Key) })
	if err != nil && kiveileder.ErrorCode(err) != kiveileder.CodeNotFound && !errors.Is(err, context.Canceled) {
		s.d.g.Log.Warn("a login could not be looked at", zap.Error(err))
	}
	return kiveileder.ErrorCode(err) != kiveileder.CodeNotFound
}

// Closed ends what the socket holds: whoever had it open has left.
func (s *deskSocket) Closed() {
	s.mu.Lock()
	s.gone = true
	if s.timer != nil {
		s.timer.Stop()
	}
	cases := slices.Collect(maps.Keys(s.at))
	clear(s.at)
	s.mu.Unlock()
	d := s.d
	d.mu.Lock()
	delete(d.sockets, s)
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(d.g.base, lookTime)
	defer cancel()
	for _, id := range cases {
		d.say(ctx, s.session.Person, id)
	}
	d.g.sockets.forget(s.conn)
	d.g.sockets.dismiss(s.client)
	d.g.metrics.sockets.Dec()
}
