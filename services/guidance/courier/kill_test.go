package courier

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"kiveileder/services/guidance"
	"kiveileder/services/guidance/mail"
)

// A receiver is a real SMTP server that keeps what it takes.
type receiver struct {
	mu    sync.Mutex
	mails [][]byte
}

func (r *receiver) listen(t *testing.T) mail.Sender {
	t.Helper()
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{r}, nil }))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = srv.Serve(l) })
	t.Cleanup(func() { srv.Close(); wg.Wait() })
	s, err := mail.NewSender(fmt.Sprintf("smtp://%s?tls=none", l.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ids gives the Message-IDs of what came.
func (r *receiver) ids(t *testing.T) (out []string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range r.mails {
		m, err := netmail.ReadMessage(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, strings.Trim(m.Header.Get("Message-Id"), "<>"))
	}
	return out
}

type session struct{ r *receiver }

func (*session) Reset()                               {}
func (*session) Logout() error                        { return nil }
func (*session) Mail(string, *smtp.MailOptions) error { return nil }
func (*session) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.mails = append(s.r.mails, b)
	return err
}

// A dying process ends at its n-th step, before it takes effect or before it
// is told so. Steps are calls of the store and of the mail server.
type dying struct {
	guidance.Store
	sender mail.Sender
	mu     sync.Mutex
	left   int
	after  bool
	steps  []string
}

func (d *dying) step(name string, do func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left <= 0 {
		return errDied
	}
	d.steps = append(d.steps, name)
	if d.left--; d.left > 0 {
		return do()
	}
	if d.after {
		_ = do()
	}
	return errDied
}

func (d *dying) Due(ctx context.Context, now, until time.Time) (m guidance.Mail, ok bool, err error) {
	err = d.step("due", func() error { m, ok, err = d.Store.Due(ctx, now, until); return err })
	return m, ok, err
}

func (d *dying) Hold(ctx context.Context, m guidance.Mail, until time.Time) error {
	return d.step("hold", func() error { return d.Store.Hold(ctx, m, until) })
}

func (d *dying) Load(ctx context.Context, id string) (l guidance.Log, err error) {
	err = d.step("load", func() error { l, err = d.Store.Load(ctx, id); return err })
	return l, err
}

func (d *dying) Contact(ctx context.Context, id string) (b []byte, err error) {
	err = d.step("contact", func() error { b, err = d.Store.Contact(ctx, id); return err })
	return b, err
}

func (d *dying) Mails(ctx context.Context, id string) (m []guidance.Mail, err error) {
	err = d.step("mails", func() error { m, err = d.Store.Mails(ctx, id); return err })
	return m, err
}

func (d *dying) Append(ctx context.Context, b guidance.Batch) error {
	return d.step("append", func() error { return d.Store.Append(ctx, b) })
}

func (d *dying) Done(ctx context.Context, m guidance.Mail, s guidance.MailStatus, id string) error {
	return d.step("done", func() error { return d.Store.Done(ctx, m, s, id) })
}

func (d *dying) Failed(ctx context.Context, m guidance.Mail, next time.Time, why string) error {
	return d.step("failed", func() error { return d.Store.Failed(ctx, m, next, why) })
}

func (d *dying) Dead(ctx context.Context, m guidance.Mail, why string) error {
	return d.step("dead", func() error { return d.Store.Dead(ctx, m, why) })
}

func (d *dying) Send(ctx context.Context, m *mail.Message) (status mail.Status, err error) {
	err = d.step("send", func() error { status, err = d.sender.Send(ctx, m); return err })
	return status, err
}

// A process is killed between any two steps of sending. The next one sees it
// through: the receiver has one Message-ID, at most twice, the log one word of
// it, the outbox the same id.
func TestKilledBetweenAnyTwoSteps(t *testing.T) {
	const most = 12
	var reached [most + 1]atomic.Bool
	var wg sync.WaitGroup
	for step := 1; step <= most; step++ {
		for _, after := range []bool{false, true} {
			wg.Go(func() {
				if killed(t, step, after) {
					reached[step].Store(true)
				}
			})
		}
	}
	wg.Wait()
	// due, load, contact, mails, send, load, append, done
	if !reached[8].Load() || reached[most].Load() {
		t.Errorf("there are fewer than 8 steps or as many as %d", most)
	}
}

// killed has one process die at a step and another go on; false when there is
// no such step.
func killed(t *testing.T, step int, after bool) bool {
	r, w := &receiver{}, newWorld(t, nil)
	to := r.listen(t)
	w.opens(guidance.ReceivedData{}, kari)
	d := &dying{Store: w.store, sender: to, left: step, after: after}
	_, _ = w.courier(d, func(c *Config) { c.Sender = d }).worker().One(t.Context())
	name := fmt.Sprintf("killed at step %d of %v, after it %v", step, d.steps, after)

	w.pass(2 * time.Minute)
	next := w.courier(w.store, func(c *Config) { c.Sender = to })
	for {
		more, err := next.worker().One(t.Context())
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !more || err != nil {
			break
		}
	}
	ids := r.ids(t)
	known := slices.Contains(d.steps, "append") && (after || d.steps[len(d.steps)-1] != "append") // that it was sent
	if n := len(ids); n < 1 || n > 2 || ids[0] != ids[n-1] || known && n > 1 {
		t.Errorf("%s: Message-IDs %q", name, ids)
		return d.left == 0
	}
	if e := w.events(guidance.Delivered); len(e) != 1 || len(w.events(guidance.Undelivered)) != 0 {
		t.Errorf("%s: %d delivered", name, len(e))
	}
	if m := w.mails()[0]; m.Status != mail.Sent || m.MessageID != ids[0] {
		t.Errorf("%s: %+v", name, m)
	}
	return d.left == 0
}

// Several processes over one store send each mail once.
func TestManyCouriers(t *testing.T) {
	r, w := &receiver{}, newWorld(t, nil)
	to := r.listen(t)
	const cases = 30
	for i := range cases {
		if _, err := w.Service.Open(t.Context(), fmt.Sprintf("c%d", i), asker, guidance.ReceivedData{Question: "Må vi?"}, kari); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	for range 3 {
		c := w.courier(w.store, func(c *Config) { c.Sender, c.Workers = to, 2 })
		wg.Go(func() { _ = c.Run(ctx) })
	}
	for ctx.Err() == nil && len(r.ids(t)) < cases {
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond)
	cancel()
	wg.Wait()
	ids := r.ids(t)
	if n := len(slices.Compact(slices.Sorted(slices.Values(ids)))); len(ids) != cases || n != cases {
		t.Errorf("%d mails, %d different", len(ids), n)
	}
	for i := range cases {
		s, err := w.Service.Load(t.Context(), fmt.Sprintf("c%d", i))
		if err != nil || s.Log[len(s.Log)-1].Kind != guidance.Delivered || s.Case.Seq != 2 {
			t.Errorf("case %d: %v", i, err)
		}
	}
}
