package app_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"kiveileder"
	"kiveileder/gateway/wire"
)

// The times of the page (web/src/line.ts).
const (
	firstWait, lastWait = 500 * time.Millisecond, 30 * time.Second // before coming back
	openingTime         = 5 * time.Second                          // for a socket that is neither let through nor refused
	patience            = 10 * time.Second                         // before a ping, and again for the pong
	stableTime          = 5 * time.Second                          // a socket of this age was no failure
	notNow              = 5 * time.Second                          // after a refusal "not now" without a time
)

// A visitor is a client in one conversation, which behaves as the page does:
// it comes back with its position, at the next gateway, sends again what was
// not acknowledged, and writes down all that it sees. What must not be, it
// keeps in faults.
type visitor struct {
	t            testing.TB
	gateways     []string // host:port
	conversation string
	lang         kiveileder.Language
	stop         context.CancelFunc
	ended        chan struct{}
	kick         chan struct{} // there is something to send

	mu     sync.Mutex // guards what follows
	epoch  string
	shown  []shown // by offset - 1
	asked  []*question
	outbox []*question
	closes map[int]int // sockets that ended, by code; 1006 is a lost one
	loads  int         // how often the whole was loaded anew
	told   []wire.Error
	gone   bool
	faults []string
}

// A shown entry is one that the visitor has seen.
type shown struct {
	Offset  int64  `json:"offset"`
	Type    string `json:"type"`
	ID      string `json:"id"`
	ReplyTo int64  `json:"reply_to"`
	raw     any    // all of it
}

// A question is one that a visitor has asked.
type question struct {
	id, text               string
	sent                   int // times
	later                  time.Time
	refused                string
	asked, acked, answered time.Time
	status                 kiveileder.Status
	isAcked, isAnswered    chan struct{}
}

// visit lets a visitor into a conversation, through the gateways in turn.
func visit(t testing.TB, conversation string, lang kiveileder.Language, gateways ...string) *visitor {
	t.Helper()
	v := &visitor{
		t: t, gateways: gateways, conversation: conversation, lang: lang, kick: make(chan struct{}, 1), closes: map[int]int{},
	}
	v.comeBack()
	t.Cleanup(func() { v.leave() })
	return v
}

// comeBack lets a visitor in again that has left, with what it knows.
func (v *visitor) comeBack() {
	ctx, stop := context.WithCancel(context.Background())
	v.stop, v.ended = stop, make(chan struct{})
	go v.run(ctx, v.ended)
}

func (v *visitor) leave() {
	v.stop()
	<-v.ended
}

// ask asks; it does not wait.
func (v *visitor) ask(text string) *question {
	q := &question{id: rand.Text(), text: text, asked: time.Now(), isAcked: make(chan struct{}), isAnswered: make(chan struct{})}
	v.mu.Lock()
	v.asked, v.outbox = append(v.asked, q), append(v.outbox, q)
	v.mu.Unlock()
	select {
	case v.kick <- struct{}{}:
	default:
	}
	return q
}

// answer waits for the answer to a question that it asks.
func (v *visitor) answer(text string, within time.Duration) *question {
	v.t.Helper()
	q := v.ask(text)
	v.await(q, q.isAnswered, "answered", within)
	return q
}

func (v *visitor) await(q *question, done <-chan struct{}, what string, within time.Duration) bool {
	v.t.Helper()
	begin := time.Now()
	select {
	case <-done:
		late(v.t, begin, within)
		return true
	case <-time.After(atMost(within)):
		v.mu.Lock()
		defer v.mu.Unlock()
		v.t.Errorf("%q is not %s in %v (sent %d times, acknowledged: %v, closes %v, told %+v)", q.text, what, time.Since(begin), q.sent, !q.acked.IsZero(), v.closes, v.told)
		return false
	}
}

// run holds a line until the visitor leaves.
func (v *visitor) run(ctx context.Context, ended chan struct{}) {
	defer close(ended)
	for n, failures := 0, 0; ctx.Err() == nil; n++ {
		begin := time.Now()
		code := v.line(ctx, v.gateways[n%len(v.gateways)])
		if ctx.Err() != nil {
			return
		}
		v.mu.Lock()
		v.closes[code]++
		if !wire.CloseCode(code).Reconnect() {
			v.fault("closed with %d", code)
		}
		stop := v.gone || !wire.CloseCode(code).Reconnect()
		v.mu.Unlock()
		if stop {
			return
		}
		if failures++; time.Since(begin) > stableTime {
			failures = 1
		}
		sleep(ctx, mathrand.N(min(lastWait, firstWait<<min(failures, 10))))
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// codeRefused counts sockets that never stood.
const codeRefused = 0

// line is one socket, from the first attempt to its end, whose code it gives.
func (v *visitor) line(ctx context.Context, gateway string) int {
	dialing, cancel := context.WithTimeout(ctx, openingTime)
	defer cancel()
	d := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}}
	conn, resp, err := d.DialContext(dialing, "ws://"+gateway+"/v1/chat", http.Header{"Accept-Language": {string(v.lang)}})
	if err != nil {
		if resp != nil && resp.StatusCode != http.StatusServiceUnavailable {
			v.mu.Lock()
			v.fault("a socket was refused with %s", resp.Status)
			v.mu.Unlock()
		}
		return codeRefused
	}
	defer conn.Close()
	end := make(chan int, 1)
	frames := make(chan []byte)
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	go func() {
		for {
			_, b, err := conn.ReadMessage()
			if err != nil {
				code := websocket.CloseAbnormalClosure
				var c *websocket.CloseError
				if errors.As(err, &c) {
					code = c.Code
				}
				end <- code
				return
			}
			select {
			case frames <- b:
			case <-reading.Done():
				return
			}
		}
	}()
	s := &socket{v: v, conn: conn, gateway: gateway, sent: map[string]bool{}}
	heard, pinged := time.Now(), false
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
			return 0
		case code := <-end:
			return code
		case b := <-frames:
			heard, pinged = time.Now(), false
			err = s.take(ctx, b)
		case <-v.kick:
			err = s.send()
		case <-tick.C:
			silent := time.Since(heard)
			switch {
			case !s.greeted && silent > openingTime:
				return websocket.CloseAbnormalClosure
			case pinged && silent > 2*patience:
				return websocket.CloseAbnormalClosure
			case !pinged && silent > patience && s.waits():
				pinged = true
				err = s.write(wire.Ping{Type: wire.TypePing, ID: rand.Text()})
			default:
				err = s.send()
			}
		}
		if err != nil {
			return websocket.CloseAbnormalClosure
		}
	}
}

// fault writes down what must not be. The caller holds mu.
func (v *visitor) fault(format string, args ...any) {
	v.faults = append(v.faults, fmt.Sprintf(format, args...))
}

// A socket is what one connection knows.
type socket struct {
	v       *visitor
	conn    *websocket.Conn
	gateway string
	greeted bool
	opening string // id of the open frame that waits
	reopen  time.Time
	open    bool
	missed  int // entries that opened has promised and that did not come yet
	sent    map[string]bool
}

func (s *socket) write(frame any) error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
	return s.conn.WriteJSON(frame)
}

func (s *socket) waits() bool {
	v := s.v
	v.mu.Lock()
	defer v.mu.Unlock()
	return s.opening != "" || slices.ContainsFunc(v.asked, func(q *question) bool { return q.answered.IsZero() && q.refused == "" })
}

// send opens the conversation, and sends what is not acknowledged.
func (s *socket) send() error {
	v := s.v
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case !s.greeted || s.opening != "" || time.Now().Before(s.reopen):
		return nil
	case !s.open:
		s.opening = rand.Text()
		f := wire.Open{Type: wire.TypeOpen, ID: s.opening, Conversation: v.conversation}
		if v.epoch != "" {
			f.Position = &wire.Position{Epoch: v.epoch, Offset: int64(len(v.shown))}
		}
		return s.write(f)
	}
	for _, q := range v.outbox {
		if s.sent[q.id] {
			continue
		}
		if time.Now().Before(q.later) {
			return nil // the order stays
		}
		s.sent[q.id] = true
		q.sent++
		if err := s.write(wire.Ask{Type: wire.TypeAsk, ID: q.id, Conversation: v.conversation, Question: q.text}); err != nil {
			return err
		}
	}
	return nil
}

// take takes a frame.
func (s *socket) take(ctx context.Context, b []byte) error {
	var f struct {
		shown
		Epoch      string
		Recovered  bool
		Missed     int
		Code       kiveileder.Code
		Message    string
		RetryAfter int `json:"retry_after"`
		Answer     struct{ Status kiveileder.Status }
	}
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	v := s.v
	v.mu.Lock()
	defer v.mu.Unlock()
	switch f.Type {
	case wire.TypeHello:
		s.greeted = true
	case wire.TypeOpened:
		s.opening, s.open = "", true
		if !f.Recovered || v.epoch != "" && v.epoch != f.Epoch && len(v.shown) > 0 {
			s.open = false // opened again with the new position
			return v.load(ctx, s.gateway)
		}
		v.epoch, s.missed = f.Epoch, f.Missed
	case wire.TypeMessage, wire.TypeAnswer:
		if !s.open {
			return nil
		}
		if err := json.Unmarshal(b, &f.raw); err != nil {
			return err
		}
		v.entry(f.shown, f.Answer.Status)
	case wire.TypeGone:
		v.gone = true
	case wire.TypeError:
		s.refused(wire.Error{ID: f.ID, Code: f.Code, Message: f.Message, RetryAfter: f.RetryAfter})
	}
	return nil
}

func (s *socket) refused(e wire.Error) {
	v := s.v
	v.told = append(v.told, e)
	wait := notNow
	if e.RetryAfter > 0 {
		wait = time.Duration(e.RetryAfter) * time.Second
	}
	passing := e.Code == kiveileder.CodeUnavailable || e.Code == kiveileder.CodeRateLimited
	if e.ID == s.opening {
		s.opening, s.reopen = "", time.Now().Add(wait)
		if !passing && e.Code != kiveileder.CodeInternal {
			v.fault("the conversation was refused: %s", e.Code)
		}
		return
	}
	i := slices.IndexFunc(v.outbox, func(q *question) bool { return q.id == e.ID })
	if i < 0 {
		return // stored already: it will be answered
	}
	if q := v.outbox[i]; passing {
		q.later = time.Now().Add(wait)
		delete(s.sent, q.id)
	} else {
		q.refused = string(e.Code) + ": " + e.Message
		v.outbox = slices.Delete(v.outbox, i, i+1)
	}
}

// entry takes an entry. The caller holds mu.
func (v *visitor) entry(e shown, status kiveileder.Status) {
	i := slices.IndexFunc(v.asked, func(q *question) bool { return q.id == e.ID })
	if i >= 0 {
		v.mark(v.asked[i], e, status)
	}
	switch next := int64(len(v.shown)) + 1; {
	case e.Offset == next:
		v.shown = append(v.shown, e)
	case e.Offset > next:
		v.fault("offset %d after %d", e.Offset, next-1)
	case i < 0: // one's own may come again: when it was sent twice, by us or by the gateway to the services
		v.fault("offset %d (%s of %s) came twice", e.Offset, e.Type, e.ID)
	case difference(v.shown[e.Offset-1].raw, e.raw) != "":
		v.fault("offset %d came twice and was not the same:\n%s", e.Offset, difference(v.shown[e.Offset-1].raw, e.raw))
	}
}

// mark writes down what has become of a question.
func (v *visitor) mark(q *question, e shown, status kiveileder.Status) {
	if q.acked.IsZero() {
		q.acked = time.Now()
		close(q.isAcked)
		v.outbox = slices.DeleteFunc(v.outbox, func(o *question) bool { return o == q })
	}
	if e.Type == wire.TypeAnswer && q.answered.IsZero() {
		q.answered, q.status = time.Now(), status
		close(q.isAnswered)
	}
}

// load drops what is shown and takes the whole conversation. The caller holds mu.
func (v *visitor) load(ctx context.Context, gateway string) error {
	p, err := readAll(ctx, gateway, v.conversation)
	if err != nil {
		return err
	}
	v.loads++
	v.epoch, v.shown = p.Epoch, nil
	for _, e := range p.entries {
		v.entry(e, "")
	}
	return nil
}

// A transcript is what the service has of a conversation.
type transcript struct {
	Epoch   string
	Offset  int64
	Entries []json.RawMessage
	entries []shown
}

// readAll reads a conversation.
func readAll(ctx context.Context, gateway, conversation string) (p transcript, err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+gateway+"/v1/conversation?limit=1000", nil)
	if err != nil {
		return p, err
	}
	req.Header.Set("Authorization", "Bearer "+conversation)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return p, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return p, fmt.Errorf("conversation: %s", resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil {
		return p, err
	}
	for _, b := range p.Entries {
		var e shown
		if err := errors.Join(json.Unmarshal(b, &e), json.Unmarshal(b, &e.raw)); err != nil {
			return p, err
		}
		p.entries = append(p.entries, e)
	}
	return p, nil
}

// newConversation asks a gateway for a conversation.
func newConversation(t testing.TB, gateway string) string {
	t.Helper()
	resp, err := http.Post("http://"+gateway+"/v1/conversation", "", strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var made struct{ Conversation string }
	if err := json.NewDecoder(resp.Body).Decode(&made); err != nil || made.Conversation == "" {
		t.Fatalf("no new conversation: %s, %v", resp.Status, err)
	}
	return made.Conversation
}
