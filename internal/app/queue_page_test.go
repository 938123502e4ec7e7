package app_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"kiveileder/gateway/wire"
	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

// nobodysLogin is a login that nobody uses: gateways offer the queue where
// people can sign in.
const nobodysLogin = `- provider: nobody
  label: Nobody
  issuer: https://login.example.no
  client_id: test
  client_auth: none
  scopes: [openid]
  id: [sub]
  name: [name]
  algs: [RS256]
  require: {sub: [nobody]}
  grants: [{when: {sub: [nobody]}, agency: hdir, roles: [lawyer]}]
`

// queueEnv is what roles need for the queue, with mails for a server.
func queueEnv(t testing.TB, mailServer string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "login.yaml")
	if err := os.WriteFile(file, []byte(nobodysLogin), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{
		"KIVEILEDER_LOGIN=" + file, "KIVEILEDER_ORIGIN=https://ki.example.no", "KIVEILEDER_CASE_KEY=a key of the tests for what cases hold",
		"KIVEILEDER_SMTP_URL=" + mailServer, "KIVEILEDER_MAIL_FROM=ki.veiledning <ki@example.no>",
	}
}

// A page shows the cases of a conversation, as the asker's does: it comes back
// when its socket ends, at the next gateway, and of each case the newest state
// counts. What must not be, it keeps in faults.
type page struct {
	t            testing.TB
	gateways     []string // host:port
	conversation string
	stop         context.CancelFunc
	ended        chan struct{}

	mu      sync.Mutex // guards what follows
	conn    *websocket.Conn
	cases   map[string]queue.AskerCase
	frames  []string // kinds of what came over the last socket, "case" for each
	sockets int      // on which the conversation was opened
	last    string   // the gateway of the last one
	faults  []string
}

// openPage opens a page at gateways in turn, and waits until it stands.
func openPage(t testing.TB, conversation string, gateways ...string) *page {
	t.Helper()
	p := &page{t: t, gateways: gateways, conversation: conversation, cases: map[string]queue.AskerCase{}}
	p.comeBack()
	t.Cleanup(func() {
		p.leave()
		for _, f := range p.faults {
			t.Error(f)
		}
	})
	p.stands(1)
	return p
}

// stands waits until the conversation has been opened n times.
func (p *page) stands(n int) {
	p.t.Helper()
	eventually(p.t, 20*time.Second, func() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.sockets >= n }, func() string { return "the page does not open" })
}

func (p *page) comeBack() {
	ctx, stop := context.WithCancel(context.Background())
	p.stop, p.ended = stop, make(chan struct{})
	go func() {
		defer close(p.ended)
		for n := 0; ctx.Err() == nil; n++ {
			p.line(ctx, p.gateways[n%len(p.gateways)])
			sleep(ctx, 200*time.Millisecond)
		}
	}()
}

func (p *page) leave() {
	p.stop()
	<-p.ended
}

// line is one socket.
func (p *page) line(ctx context.Context, gateway string) {
	dialing, cancel := context.WithTimeout(ctx, openingTime)
	defer cancel()
	d := websocket.Dialer{Subprotocols: []string{wire.Subprotocol}}
	conn, _, err := d.DialContext(dialing, "ws://"+gateway+"/v1/chat", nil)
	if err != nil {
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if conn.WriteJSON(wire.Open{Type: wire.TypeOpen, ID: "open", Conversation: p.conversation}) != nil {
		return
	}
	p.mu.Lock()
	p.conn, p.frames = conn, nil
	p.mu.Unlock()
	for {
		var f struct {
			Type, ID string
			Code     string
			Case     queue.AskerCase
		}
		if conn.ReadJSON(&f) != nil {
			return
		}
		if f.Type == wire.TypeError && f.ID == "open" {
			return // not now
		}
		p.take(f.Type, gateway, f.Case)
	}
}

func (p *page) take(kind, gateway string, c queue.AskerCase) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frames = append(p.frames, kind)
	switch kind {
	case wire.TypeOpened:
		p.sockets++
		p.last = gateway
	case wire.TypeCase:
		if !slices.Contains(p.frames, wire.TypeOpened) {
			p.faults = append(p.faults, "a case before the conversation was opened")
		}
		old := p.cases[c.ID]
		if old.Seq > c.Seq {
			return // the newest counts
		}
		if old.Seq == c.Seq && old.State != c.State {
			p.faults = append(p.faults, fmt.Sprintf("case %s at %d is %s and %s", c.Number, c.Seq, old.State, c.State))
		}
		p.cases[c.ID] = c
	}
}

// sees gives a case as it is shown.
func (p *page) sees(id string) queue.AskerCase {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cases[id]
}

// shows waits until a case is shown that fits, and gives how long it took.
func (p *page) shows(id string, within time.Duration, fits func(queue.AskerCase) bool) time.Duration {
	p.t.Helper()
	begin := time.Now()
	eventually(p.t, within, func() bool { return fits(p.sees(id)) }, func() string {
		c := p.sees(id)
		return fmt.Sprintf("the page shows case %q in state %q at event %d, with %d answers", c.Number, c.State, c.Seq, len(c.Answers))
	})
	return time.Since(begin)
}

// hasAnswer reports whether a case is answered, by one answer.
func hasAnswer(c queue.AskerCase) bool { return c.State == guidance.Answered && len(c.Answers) == 1 }

// says sends a frame; it must stand.
func (p *page) says(frame any) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.conn.WriteJSON(frame); err != nil {
		p.t.Fatal(err)
	}
}

// any waits for a case that is not among known, and gives it.
func (p *page) any(known ...string) (c queue.AskerCase) {
	p.t.Helper()
	eventually(p.t, 20*time.Second, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		for id, x := range p.cases {
			if !slices.Contains(known, id) {
				c = x
				return true
			}
		}
		return false
	}, func() string { return "no new case is shown" })
	return c
}
