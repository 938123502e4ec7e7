package courier

import (
	"bytes"
	"context"
	"errors"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/mail"
)

var (
	asker = guidance.Actor{ID: "asker-key", Role: guidance.Asker}
	anne  = guidance.Actor{ID: "anne", Name: "Anne", Role: guidance.Lawyer, Agency: "hdir"}

	start    = time.Date(2026, 3, 23, 9, 30, 0, 0, time.UTC) // a week before summer time
	identity = mail.Identity{Name: "ki.veiledning", From: "ki@ki.example.no", Reply: "svar@ki.example.no", Plus: true}
	kari     = guidance.Contact{Name: "Kari", Email: "kari@example.org", Conversation: "conversation-1"}
)

// A world has a store, a service, a courier and a clock that is set by hand.
type world struct {
	*Courier
	t       *testing.T
	metrics *prometheus.Registry
	store   *guidance.Memory

	mu   sync.Mutex
	now  time.Time
	sent []*mail.Message
	err  error // of the sender
	kept bool  // the sender keeps
}

func newWorld(t *testing.T, change func(*Config)) *world {
	t.Helper()
	w := &world{t: t, now: start, store: guidance.NewMemory(), metrics: prometheus.NewRegistry()}
	w.Courier = w.courier(w.store, func(c *Config) {
		c.Metrics = w.metrics
		if change != nil {
			change(c)
		}
	})
	return w
}

// courier gives another process over a store.
func (w *world) courier(s guidance.Store, change func(*Config)) *Courier {
	w.t.Helper()
	seal, err := guidance.NewSealer(make([]byte, 32))
	if err != nil {
		w.t.Fatal(err)
	}
	tokens, err := mail.NewTokens([]mail.Key{{Secret: bytes.Repeat([]byte("a"), 32)}}, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	cfg := Config{
		Service: guidance.New(guidance.Config{Store: s, Seal: seal, Now: w.clock}), Identity: identity, Tokens: tokens, Sender: sender{w},
		Origin: "https://ki.example.no", Now: w.clock,
		Expected: func(c guidance.Case, at time.Time) time.Time { return c.Opened.AddDate(0, 0, 28) },
		ReplyBy:  func(c guidance.Case) time.Time { return c.Silence.Since.AddDate(0, 0, 10) },
		Agency: func(key string, _ kiveileder.Language) string {
			return map[string]string{"hdir": "Helsedirektoratet"}[key]
		},
	}
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

type sender struct{ w *world }

func (s sender) Send(_ context.Context, m *mail.Message) (mail.Status, error) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	switch {
	case s.w.err != nil:
		return "", s.w.err
	case s.w.kept:
		return mail.Kept, nil
	}
	s.w.sent = append(s.w.sent, m)
	return mail.Sent, nil
}

// opens makes the case c1 of somebody with a contact.
func (w *world) opens(d guidance.ReceivedData, who guidance.Contact) {
	w.t.Helper()
	if d.Question == "" {
		d.Question = "Må vi søke REK?"
	}
	d.Agencies = []string{"hdir"}
	if _, err := w.Service.Open(w.t.Context(), "c1", asker, d, who); err != nil {
		w.t.Fatal(err)
	}
	w.pass(time.Second)
}

func (w *world) snap() guidance.Snapshot {
	w.t.Helper()
	s, err := w.Service.Load(w.t.Context(), "c1")
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// does carries out a command of somebody who has seen all, a second later.
func (w *world) does(a guidance.Actor, kind guidance.Kind, data any) guidance.Event {
	w.t.Helper()
	_, e, err := w.Service.Do(w.t.Context(), "c1", guidance.Command{Actor: a, Kind: kind, Data: data, Seen: w.snap().Case.Seq})
	if err != nil {
		w.t.Fatalf("%s: %v", kind, err)
	}
	w.pass(time.Second)
	return e
}

// asks brings the case to a question and gives its event.
func (w *world) asks(text string) guidance.Event {
	w.t.Helper()
	if s := w.snap().Case; s.Holder == nil {
		w.does(anne, guidance.Claimed, nil)
		w.does(anne, guidance.Assessed, nil)
	}
	return w.does(anne, guidance.Asked, guidance.AskedData{Text: text})
}

// sends brings the case to an answer.
func (w *world) sends(d guidance.Draft) guidance.Event {
	w.t.Helper()
	w.does(anne, guidance.DraftSaved, guidance.DraftSavedData{Base: len(w.snap().Case.Drafts), Draft: d})
	c := w.snap().Case
	hash := c.Draft().Hash
	w.does(anne, guidance.Submitted, guidance.SubmittedData{Hash: hash})
	w.does(anne, guidance.Signed, guidance.SignedData{Hash: hash, Verdict: guidance.Approve})
	return w.does(anne, guidance.Sent, guidance.SentData{Hash: hash})
}

// works sends all that is due, and gives what went out since the last time.
func (w *world) works() []letter {
	w.t.Helper()
	w.mu.Lock()
	from := len(w.sent)
	w.mu.Unlock()
	worker := w.worker()
	for {
		if more, _ := worker.One(w.t.Context()); !more {
			break
		}
	}
	var out []letter
	for _, m := range w.sent[from:] {
		out = append(out, read(w.t, m))
	}
	return out
}

// A letter is a mail as it is read.
type letter struct {
	*mail.Message
	header netmail.Header
	text   string
}

func read(t testing.TB, m *mail.Message) letter {
	t.Helper()
	b, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	msg, err := netmail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	got, err := mail.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return letter{m, msg.Header, got.Text}
}

// status gives what became of the case's mails, by kind.
func (w *world) status() map[mail.Kind]mail.Status {
	w.t.Helper()
	mails, err := w.store.Mails(w.t.Context(), "c1")
	if err != nil {
		w.t.Fatal(err)
	}
	out := map[mail.Kind]mail.Status{}
	for _, m := range mails {
		if m.Kind != mail.Reminder {
			out[m.Kind] = m.Status
		}
	}
	return out
}

// events gives the case's events of a kind.
func (w *world) events(kind guidance.Kind) (out []guidance.Event) {
	for _, e := range w.snap().Log {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

// figure gives the value of a metric: of all its labels that have one of want.
func (w *world) figure(name, want string) (sum float64) {
	w.t.Helper()
	families, err := w.metrics.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetValue())
			}
			if f.GetName() == name && strings.Contains(" "+strings.Join(labels, " ")+" ", want) {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

var errDied = errors.New("the process died")
