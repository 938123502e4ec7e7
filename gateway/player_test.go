package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/services/conversation"
	"kiveileder/services/queue"
)

// A player plays a dialogue with a service that can be stopped and started.
type player struct {
	t       *testing.T
	storage storage
	store   conversation.Store
	listen  func(testing.TB, *gateway.Gateway) *site
	settle  func()
	where   string
	windows map[string]*window
	cases   fakeCases

	g     *gateway.Gateway
	s     *site
	id    string // of the conversation
	asked int
	posts sync.WaitGroup

	mu   sync.Mutex
	hold chan error // answers wait for it; nil when they do not
}

// turn answers, when it is let; a crash lets it fail.
func (p *player) turn(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	p.mu.Lock()
	hold := p.hold
	p.mu.Unlock()
	if hold != nil {
		if err := <-hold; err != nil {
			return kiveileder.Answer{}, err
		}
	}
	return advise(ctx, t)
}

// let ends the waiting of answers.
func (p *player) let(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hold == nil {
		return
	}
	if err != nil {
		p.hold <- err
	}
	close(p.hold)
	p.hold = nil
}

// start starts the service, which answers first what was left unanswered.
func (p *player) start() {
	p.t.Helper()
	w := p.storage.world
	if w == nil {
		w = together
	}
	talks, edge := w(p.t, p.store, fakeDialogue(p.turn))
	p.g, _ = open(p.t, gateway.Config{}, func(d *gateway.Deps) {
		edge(d)
		withCases(&p.cases)(d)
	})
	p.s = p.listen(p.t, p.g)
	if err := talks.Resume(p.t.Context(), nil); err != nil {
		p.t.Error(err)
	}
}

var errCrash = errors.New("crashed")

// stop stops it.
func (p *player) stop() {
	p.t.Helper()
	for _, w := range p.windows {
		w.leave()
	}
	p.let(errCrash)
	p.posts.Wait()
	p.g.Drain(p.t.Context())
	p.s.close()
}

// A window is what one person sees.
type window struct {
	p      *player
	line   *client
	events bool // by server-sent events, without a socket
	epoch  string
	offset int64            // of the last entry that it has
	last   frame            // the last entry
	cases  map[string]int64 // what it knows of each case
	id     string
	text   string // of the last message that it wrote
}

func (w *window) fatal(format string, args ...any) {
	w.p.t.Helper()
	w.p.t.Fatalf("%s: "+format, append([]any{w.p.where}, args...)...)
}

// arrive connects, with the window's position, and gives what it is told.
func (w *window) arrive() frame {
	w.p.t.Helper()
	if w.events {
		var h []string
		if w.epoch != "" {
			h = []string{"Last-Event-ID", fmt.Sprint(w.epoch, ":", w.offset)}
		}
		w.line = stream(w.p.t, w.p.s, w.p.id, h...)
	} else {
		w.line = dial(w.p.t, w.p.s)
		switch {
		case w.epoch != "":
			w.line.back(w.p.id, w.epoch, w.offset)
		default:
			w.line.say(`{"type":"open","id":"o"` + field("conversation", w.p.id) + `}`)
		}
	}
	f := w.line.next()
	if f.Type == "opened" {
		w.p.id = f.Conversation
		if !f.Recovered { // what it has is dropped
			w.offset = f.Offset
		}
		w.epoch = f.Epoch
	}
	return f
}

func (w *window) leave() {
	if w.line != nil {
		w.line.hangUp()
		w.line = nil
	}
}

// write sends a message.
func (w *window) write(id, text string) {
	w.p.t.Helper()
	w.id, w.text = id, text
	if !w.events {
		w.line.ask(w.p.id, id, text)
		return
	}
	p, conversation := w.p, w.p.id
	p.posts.Go(func() { // its answer comes with the events as well
		r, err := http.NewRequest(http.MethodPost, p.s.url+"/v1/conversation/messages", strings.NewReader("{"+asking("", id, text)[len(`{"type":"ask",`):]))
		if err != nil {
			p.t.Error(err)
			return
		}
		r.Header.Set("Authorization", "Bearer "+conversation)
		if resp, err := p.s.client.Do(r); err == nil { // else the service has gone meanwhile
			resp.Body.Close()
		}
	})
}

// next gives the next thing that is new to the window; what is being done is
// of no interest here, and what it has already it does not show again.
func (w *window) next() frame {
	w.p.t.Helper()
	if w.line == nil {
		w.fatal("the window has no line")
	}
	for {
		f := w.line.next()
		switch {
		case f.Type == "progress", f.Type == ":", f.Type == "pong":
		case (f.Type == "message" || f.Type == "answer") && f.Offset <= w.offset:
		case w.knows(f):
		case f.Type == "case":
			if w.cases == nil {
				w.cases = map[string]int64{}
			}
			w.cases[f.Case.ID] = f.Case.Seq
			return f
		case f.Type == "message", f.Type == "answer":
			if f.Offset != w.offset+1 {
				w.fatal("heard %v after %d", f, w.offset)
			}
			w.offset, w.last = f.Offset, f
			return f
		default:
			return f
		}
	}
}

// knows reports whether a frame tells nothing new of a case.
func (w *window) knows(f frame) bool { return f.Type == "case" && f.Case.Seq <= w.cases[f.Case.ID] }

// handOver hands the conversation over.
func (w *window) handOver(id, question string) {
	w.p.t.Helper()
	w.id, w.text = id, question
	if w.events {
		if status, _ := get[queue.AskerCase](w.p.t, w.p.s, http.MethodPost, "/v1/conversation/cases", w.p.id, `{"id":"`+id+`"`+field("question", question)+`}`); status != http.StatusCreated {
			w.fatal("status %d", status)
		}
		return
	}
	w.line.say(`{"type":"hand_over"` + field("id", id) + field("conversation", w.p.id) + field("question", question) + `}`)
}

// hearsNothing checks that nothing new is on the line.
func (w *window) hearsNothing() {
	w.p.t.Helper()
	switch {
	case w.p.settle != nil:
		w.p.settle()
	case w.events:
		time.Sleep(5 * time.Millisecond)
	default:
		w.line.say(`{"type":"ping","id":"nothing"}`)
		for f := w.line.next(); f.Type != "pong"; f = w.line.next() {
			if f.Type != "progress" && !w.knows(f) && (f.Offset == 0 || f.Offset > w.offset) {
				w.fatal("heard %v", f)
			}
		}
		return
	}
	for len(w.line.frames) > 0 {
		if f := <-w.line.frames; f.Type != "progress" && f.Type != ":" && !w.knows(f) && (f.Offset == 0 || f.Offset > w.offset) {
			w.fatal("heard %v", f)
		}
	}
}

// hear checks what comes next.
func (w *window) hear(want string) {
	w.p.t.Helper()
	if got := w.next().String(); got != want {
		w.fatal("heard %s, want %s", got, want)
	}
}

// number reads a line's number.
func (w *window) number(s string) int64 {
	w.p.t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		w.fatal("%v", err)
	}
	return n
}
