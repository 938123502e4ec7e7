package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"kiveileder"
	"kiveileder/gateway/wire"
	"kiveileder/gateway/ws"
	"kiveileder/internal/rpc"
	"kiveileder/services/dialogue"
)

// Limits of a session.
const (
	maxConversations = 8 // open at once
	maxInFlight      = 8 // messages that wait for their answer
	maxBroken        = 5 // frames that can't be read
	frameBurst       = 120
	framesPerSecond  = 10
	idleTime         = 2 * time.Hour
	totalTime        = 12 * time.Hour
	pingTime         = 25 * time.Second
)

func (g *Gateway) limitsTold() wire.Limits {
	return wire.Limits{
		FrameBytes: maxFrame, QuestionChars: dialogue.MaxQuestionChars, PerMinute: g.cfg.RatePerMinute,
		Conversations: maxConversations, Messages: kiveileder.MaxEntries, InFlight: maxInFlight, Recovery: recovery,
		IdleSeconds: int(idleTime / time.Second), TotalSeconds: int(totalTime / time.Second), PingSeconds: int(pingTime / time.Second),
		RetentionDays: int(kiveileder.Retention / (24 * time.Hour)), CaseChars: g.caseChars(),
	}
}

// caseChars is how long a text to the lawyers may be, 0 when they are not here.
func (g *Gateway) caseChars() int {
	if g.Cases == nil {
		return 0
	}
	return caseChars
}

// A session is one client on one WebSocket. Its frames are handled one after
// the other; answers are made beside them.
type session struct {
	g      *Gateway
	conn   *ws.Conn
	id     string // for the log
	client string // what it is counted by
	lang   kiveileder.Language

	// of the frame handler alone
	broken   int
	tokens   float64 // frames that may come at once
	filled   time.Time
	inFlight []asked

	mu    sync.Mutex // guards what follows
	feeds map[string]*feed
}

// asked is a message that waits for its answer.
type asked struct {
	*flight
	feed   *feed
	offset int64
}

// over reports whether it has its answer, or the client was sent it: that may
// be first, and the client then waits for nothing.
func (a asked) over() bool { return a.flight.over() || a.feed.answered(a.offset) }

// newSession greets the client.
func (g *Gateway) newSession(c *ws.Conn, client string, lang kiveileder.Language) *session {
	s := &session{g: g, conn: c, id: newID()[:12], client: client, lang: lang, tokens: frameBurst, filled: time.Now()}
	s.send(g.hello(s.id))
	return s
}

// hello gives the first frame of every line. session names it in the log.
func (g *Gateway) hello(session string) wire.Hello {
	return wire.Hello{
		Type: wire.TypeHello, Protocol: wire.Subprotocol, Session: session, Time: time.Now().UTC().Truncate(time.Millisecond),
		Limits: g.limitsTold(), Versions: g.Versions(),
	}
}

func (s *session) send(frame any) bool {
	b, ok := s.encode(frame)
	return ok && s.conn.Send(b)
}

func (s *session) wait(frame any) bool {
	b, ok := s.encode(frame)
	return ok && s.conn.SendWait(b)
}

func (s *session) fail() { s.conn.Close(wire.CloseInternal) }

func (s *session) encode(frame any) ([]byte, bool) {
	b, err := encode(frame)
	if err != nil {
		s.g.Log.Error("frame could not be written", zap.Error(err))
		return nil, false
	}
	return b, true
}

// Message handles one frame.
func (s *session) Message(kind int, b []byte) {
	if kind != ws.Text {
		s.conn.Close(wire.CloseUnsupported)
		return
	}
	if !s.mayTalk() {
		s.conn.Close(wire.CloseFlood)
		return
	}
	r, err := wire.Decode(b)
	if err != nil {
		s.refuse(err)
		return
	}
	s.g.metrics.frames.WithLabelValues(r.Type).Inc()
	ctx := rpc.WithRequest(s.g.base, s.id)
	switch r.Type {
	case wire.TypePing:
		s.send(wire.Pong{Type: wire.TypePong, ID: r.ID})
	case wire.TypeOpen:
		if err = s.g.take(ctx, s.g.openLimits, s.client, s.lang); err == nil {
			_, err = s.open(ctx, r)
		}
	case wire.TypeAsk:
		err = s.ask(ctx, r)
	case wire.TypeLeave:
		s.leave(r.Conversation)
	case wire.TypeHandOver:
		err = s.handOver(ctx, r)
	case wire.TypeCaseCommand:
		err = s.caseCommand(ctx, r)
	}
	if err != nil {
		s.tell(r.ID, r.Conversation, err)
	}
}

// mayTalk takes one from the frames that a client may send. A service without a
// limit of questions has none of frames.
func (s *session) mayTalk() bool {
	if s.g.cfg.RatePerMinute <= 0 {
		return true
	}
	now := time.Now()
	s.tokens = min(frameBurst, s.tokens+now.Sub(s.filled).Seconds()*framesPerSecond)
	s.filled = now
	s.tokens--
	return s.tokens >= 0
}

// refuse answers a frame that can't be read.
func (s *session) refuse(err error) {
	s.g.metrics.frames.WithLabelValues("broken").Inc()
	var b *wire.Broken
	id := ""
	if errors.As(err, &b) {
		id = b.ID
	}
	s.send(wire.Error{Type: wire.TypeError, ID: id, Code: kiveileder.CodeInvalid, Message: s.g.Texts.Get("error_frame", s.lang) + " (" + err.Error() + ")"})
	if s.broken++; s.broken >= maxBroken {
		s.conn.Close(wire.CloseBroken)
	}
}

// tell tells the client of an error that is about a frame.
func (s *session) tell(id, conversation string, err error) {
	code, message := s.g.explain(context.Background(), s.lang, s.id, err)
	f := wire.Error{Type: wire.TypeError, ID: id, Conversation: conversation, Code: code, Message: message}
	var limited *limitedError
	if errors.As(err, &limited) {
		f.RetryAfter = limited.seconds()
	}
	s.send(f)
}

// open opens a conversation, or a new one, and gives its feed.
func (s *session) open(ctx context.Context, r wire.Request) (*feed, error) {
	id := r.Conversation
	if id == "" {
		id = s.g.Keys.New(time.Now())
	}
	key, err := s.g.keyOf(ctx, id, s.lang)
	if err != nil {
		return nil, err
	}
	f := &feed{key: key, id: id, line: s, read: s.g.Conversations.Read, log: s.g.Log, filling: true}
	s.leave(id) // opened again, it begins anew
	s.mu.Lock()
	for id, f := range s.feeds { // what is gone takes no place
		if f.over() {
			delete(s.feeds, id)
			s.g.hub.leave(f)
		}
	}
	if len(s.feeds) >= maxConversations {
		s.mu.Unlock()
		return nil, kiveileder.Errorf(kiveileder.CodeConflict, "%s", s.g.Texts.Get("error_conversations", s.lang, maxConversations))
	}
	if s.feeds == nil {
		s.feeds = map[string]*feed{}
	}
	s.feeds[id] = f
	s.mu.Unlock()
	s.g.hub.join(f)
	if err := f.open(ctx, r.ID, r.Position); err != nil {
		s.leave(id)
		return nil, s.g.aboutConversation(err, s.lang)
	}
	if r.Conversation != "" { // a new one has no cases
		s.g.opened(key)
	}
	return f, nil
}

func (s *session) leave(id string) {
	s.mu.Lock()
	f := s.feeds[id]
	delete(s.feeds, id)
	s.mu.Unlock()
	if f != nil {
		f.end()
		s.g.hub.leave(f)
	}
}

// ask takes a message; its answer is made beside.
func (s *session) ask(ctx context.Context, r wire.Request) error {
	if err := s.g.take(ctx, s.g.limits, s.client, s.lang); err != nil {
		return err
	}
	s.mu.Lock()
	f := s.feeds[r.Conversation]
	s.mu.Unlock()
	if s.inFlight = slices.DeleteFunc(s.inFlight, asked.over); len(s.inFlight) >= maxInFlight {
		return &limitedError{after: time.Second, text: s.g.Texts.Get("error_in_flight", s.lang)}
	}
	if f == nil {
		var err error
		if f, err = s.open(ctx, wire.Request{Conversation: r.Conversation}); err != nil {
			return err
		}
	}
	m, answer, err := s.g.accept(ctx, f.key, kiveileder.Post{
		ID: r.ID, Question: r.Question, Facts: r.Facts, Language: r.Language, Prefers: s.lang,
	})
	switch {
	case errors.Is(err, errStopping): // the client asks again, elsewhere
		s.conn.Close(wire.CloseRestart)
		return nil
	case err != nil:
		return s.g.aboutConversation(err, s.lang)
	}
	if answer.old { // sent before, and answered: the client may not have seen it
		s.send(wire.EntryFrame(f.id, m))
		s.send(wire.EntryFrame(f.id, answer.entry))
		return nil
	}
	if a := (asked{answer, f, m.Offset}); !slices.Contains(s.inFlight, a) {
		s.inFlight = append(s.inFlight, a)
	}
	go func() {
		_, err := answer.wait(ctx)
		if err != nil && ctx.Err() == nil {
			s.tell(r.ID, f.id, s.g.aboutConversation(err, s.lang))
		}
	}()
	return nil
}

// Closed ends all that the session holds.
func (s *session) Closed() {
	s.mu.Lock()
	feeds := s.feeds
	s.feeds = nil
	s.mu.Unlock()
	for _, f := range feeds {
		f.end()
		s.g.hub.leave(f)
	}
	s.g.forget(s)
}

// keyOf gives the key of a conversation's id, when it is one of ours and may
// still be there.
func (g *Gateway) keyOf(ctx context.Context, id string, lang kiveileder.Language) (string, error) {
	unknown := kiveileder.Errorf(kiveileder.CodeNotFound, "%s", g.Texts.Get("error_conversation", lang))
	key, made, ok := g.Keys.Check(id)
	if !ok {
		return "", unknown
	}
	if time.Since(made) < kiveileder.Retention {
		return key, nil
	}
	// older than conversations live, unless it was used meanwhile or has become a
	// case, which lives longer
	s, err := g.Conversations.Read(ctx, key, 0, 1)
	switch {
	case err == nil && s.Top > 0:
		return key, nil
	case err != nil && kiveileder.ErrorCode(err) != kiveileder.CodeNotFound:
		return "", err
	case g.Cases == nil:
		return "", unknown
	}
	cases, err := g.Cases.Mine(ctx, key)
	switch {
	case err != nil:
		return "", err
	case len(cases) == 0:
		return "", unknown
	}
	return key, nil
}

// aboutConversation puts the store's errors into the user's words.
func (g *Gateway) aboutConversation(err error, lang kiveileder.Language) error {
	switch kiveileder.ErrorCode(err) {
	case kiveileder.CodeNotFound:
		return kiveileder.Errorf(kiveileder.CodeNotFound, "%s", g.Texts.Get("error_conversation", lang))
	case kiveileder.CodeConflict:
		return kiveileder.Errorf(kiveileder.CodeConflict, "%s", g.Texts.Get("error_conversation_full", lang))
	}
	return err
}
