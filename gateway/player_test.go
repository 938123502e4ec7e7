package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/services/conversation"
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
	talks := conversation.New(p.store, fakeDialogue(p.turn))
	p.g, _ = open(p.t, gateway.Config{}, func(d *gateway.Deps) { d.Conversations = talks })
	p.s = p.listen(p.t, p.g)
	if err := talks.Resume(p.t.Context(), p.g.Tell); err != nil {
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
	offset int64 // of the last entry that it has
	last   frame // the last entry
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
			if f.Type != "progress" && (f.Offset == 0 || f.Offset > w.offset) {
				w.fatal("heard %v", f)
			}
		}
		return
	}
	for len(w.line.frames) > 0 {
		if f := <-w.line.frames; f.Type != "progress" && f.Type != ":" && (f.Offset == 0 || f.Offset > w.offset) {
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

// verbs are what can stand in a dialogue. It is filled below: its functions
// are read by readDialogue.
var verbs map[string]func(w *window, rest string)

func init() {
	verbs = map[string]func(w *window, rest string){
		// what a person does
		"åpner": func(w *window, _ string) {
			if f := w.arrive(); f.Type != "opened" || !f.Recovered {
				w.fatal("heard %v", f)
			}
		},
		"åpner over hendelser": func(w *window, _ string) {
			if w.events = true; w.p.id == "" {
				_, begun := get[page](w.p.t, w.p.s, http.MethodPost, "/v1/conversation", "", "")
				w.p.id = begun.Conversation
			}
			if f := w.arrive(); f.Type != "opened" || !f.Recovered {
				w.fatal("heard %v", f)
			}
		},
		"spør": func(w *window, text string) {
			w.p.asked++
			w.write(fmt.Sprint("m", w.p.asked), text)
		},
		"samme melding en gang til": func(w *window, _ string) { w.write(w.id, w.text) },
		"sletter": func(w *window, _ string) {
			w.p.s.send(w.p.t, http.MethodDelete, "/v1/conversation", w.p.id, "").Body.Close()
		},
		"nettet faller": func(w *window, _ string) { w.leave() },
		"tilbake":       func(w *window, rest string) { w.events = false; w.comesBack(rest) },
		"tilbake over hendelser": func(w *window, rest string) {
			w.events = true
			w.comesBack(rest)
		},
		"har sett til": func(w *window, rest string) {
			s, err := w.p.store.Read(w.p.t.Context(), keyOf(w.p.t, w.p.id), 0, 1)
			if err != nil {
				w.fatal("%v", err)
			}
			w.epoch, w.offset = s.Epoch, w.number(rest)
		},
		"laster samtalen": func(w *window, rest string) {
			var all []frame
			for more := true; more; {
				_, p := get[page](w.p.t, w.p.s, http.MethodGet, fmt.Sprintf("/v1/conversation?after=%d", len(all)), w.p.id, "")
				all, more = append(all, p.Entries...), p.More
			}
			if want, _, _ := strings.Cut(rest, " "); w.number(want) != int64(len(all)) {
				w.fatal("loaded %d entries", len(all))
			}
			w.offset = int64(len(all))
		},

		// what the service does
		"svaret lar vente på seg": func(w *window, _ string) {
			w.p.mu.Lock()
			defer w.p.mu.Unlock()
			w.p.hold = make(chan error, 1)
		},
		"svaret blir ferdig": func(w *window, _ string) { w.p.let(nil) },
		"tjenesten startes på nytt": func(w *window, _ string) {
			w.p.stop()
			w.p.store = w.p.storage.reopen()
			w.p.start()
		},
		"tjenesten tar en pause": func(w *window, _ string) {
			drained := make(chan struct{})
			go func() { defer close(drained); w.p.g.Drain(w.p.t.Context()) }()
			for _, w := range w.p.windows {
				for f := w.line.next(); f.Type != ""; f = w.line.next() {
				}
				if !w.events && w.line.code != 4000 {
					w.fatal("closed with %d", w.line.code)
				}
			}
			<-drained
			w.p.stop()
			w.p.start()
		},
		"for lenge siden": func(w *window, rest string) {
			n, _, _ := strings.Cut(rest, " ")
			w.p.id = newID(w.p.t, 0)
			fill(w.p.t, w.p.store, w.p.id, int(w.number(n)))
		},
		"sikkerhetskopien har": func(w *window, rest string) {
			n, _, _ := strings.Cut(rest, " ")
			key := keyOf(w.p.t, w.p.id)
			old, err := w.p.store.Read(w.p.t.Context(), key, 0, int(w.number(n)))
			if err != nil {
				w.fatal("%v", err)
			}
			w.p.stop()
			w.p.store = w.p.storage.fresh()
			for _, e := range old.Entries {
				if _, _, err := w.p.store.Add(w.p.t.Context(), key, e); err != nil {
					w.fatal("%v", err)
				}
			}
			w.p.start()
		},

		// what a person sees
		"lagret": func(w *window, rest string) {
			offset, text, given := strings.Cut(rest, " ")
			f := w.next()
			if !given {
				text = f.Text
			}
			if f.Type != "message" || f.Offset != w.number(offset) || f.Text != text {
				w.fatal("heard %v", f)
			}
		},
		"svar": func(w *window, rest string) {
			offset, status, _ := strings.Cut(rest, " ")
			if f := w.next(); f.Type != "answer" || f.Offset != w.number(offset) || string(f.Answer.Status) != status {
				w.fatal("heard %v", f)
			}
		},
		"får": func(w *window, rest string) {
			n, _, _ := strings.Cut(rest, " ")
			for range w.number(n) {
				if f := w.next(); f.Type != "message" && f.Type != "answer" {
					w.fatal("heard %v", f)
				}
			}
		},
		"spør tilbake": func(w *window, rest string) {
			if a := w.last.Answer; a == nil || a.Ask == nil || a.Ask.Question != rest {
				w.fatal("the last answer is %+v", a)
			}
		},
		"vet": func(w *window, rest string) {
			name, value, _ := strings.Cut(rest, " er ")
			if a := w.last.Answer; a == nil || a.Facts[name] != value {
				w.fatal("the last answer is %+v", a)
			}
		},
		"maskert": func(w *window, rest string) {
			if got := strings.Join(w.last.Masked, ", "); got != rest {
				w.fatal("masked are %s", got)
			}
		},
		"slettet": func(w *window, _ string) { w.hear("gone") },
		"avvist": func(w *window, code string) {
			if f := w.next(); f.Type != "error" || f.Code != code {
				w.fatal("heard %v", f)
			}
		},
		"ingenting mer": func(w *window, _ string) { w.hearsNothing() },
		"samtalen har": func(w *window, rest string) {
			n, _, _ := strings.Cut(rest, " ")
			_, p := get[page](w.p.t, w.p.s, http.MethodGet, "/v1/conversation?limit=1000", w.p.id, "")
			if p.Offset != w.number(n) || len(p.Entries) != int(p.Offset) {
				w.fatal("the conversation has %v", lines(p.Entries))
			}
		},
	}
}

// comesBack connects anew and checks how much was missed, when that is said.
func (w *window) comesBack(rest string) {
	w.p.t.Helper()
	w.leave()
	had := w.offset
	f := w.arrive()
	switch {
	case rest == "avvist":
		if f.Type != "error" || f.Code != "not_found" {
			w.fatal("heard %v", f)
		}
	case f.Type != "opened":
		w.fatal("heard %v", f)
	case rest == "må laste på nytt":
		if f.Recovered {
			w.fatal("heard %v", f)
		}
	case rest != "":
		n := w.number(strings.TrimPrefix(rest, "mistet "))
		if !f.Recovered || int64(f.Missed) != n || f.Offset != had+n {
			w.fatal("heard %v", f)
		}
	}
}

func writeTestFile(name, text string) error { return os.WriteFile(name, []byte(text), 0o600) }

// Every verb is used: one that no story needs is not worth its lines.
func TestVerbs(t *testing.T) {
	files, err := os.ReadDir("testdata/dialogues")
	if err != nil {
		t.Fatal(err)
	}
	var used []string
	for _, f := range files {
		d, err := readDialogue("testdata/dialogues/" + f.Name())
		if err != nil {
			t.Error(err)
		}
		for _, s := range d {
			used = append(used, s.verb)
		}
	}
	for _, v := range keys(verbs) {
		if !slices.Contains(used, v) {
			t.Errorf("%q is used nowhere", v)
		}
	}
}
