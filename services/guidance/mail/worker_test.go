package mail

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"kiveileder"
)

// letters gives each item the letter of its kind.
var letters = LettersFunc(func(_ context.Context, it Item) (Letter, error) {
	if it.Case == "gone" {
		return Letter{}, ErrGone
	}
	l := testLetter(it.Kind, kiveileder.Bokmal)
	if it.Case == "bad" {
		l.To = "kari@@example.org"
	}
	return l, nil
})

// A clock is set by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func testWorker(t testing.TB, o Outbox, s Sender, c *clock) *Worker {
	return &Worker{Outbox: o, Letters: letters, Composer: testComposer(t), Sender: s, Now: c.now}
}

// stumbling is an outbox of a process that dies before it can tell.
type stumbling struct {
	Outbox
	done error
}

func (s stumbling) Done(context.Context, Item, Status, string) error { return s.done }

func TestWorkerSends(t *testing.T) {
	srv, box, c := newServer(t, serverOptions{}), &Memory{}, &clock{at: testDay}
	for _, k := range Kinds {
		box.Add(testItem(k, 7), testDay)
	}
	w := testWorker(t, box, srv.client(t, nil), c)
	for range Kinds {
		if more, err := w.One(t.Context()); !more || err != nil {
			t.Fatalf("%v, %v", more, err)
		}
	}
	if more, err := w.One(t.Context()); more || err != nil {
		t.Errorf("nothing is left, but %v, %v", more, err)
	}
	var want []string
	for _, r := range box.Rows() {
		if r.Status != Sent || r.Attempt != 1 {
			t.Errorf("%+v", r)
		}
		want = append(want, r.MessageID)
	}
	if diff := cmp.Diff(want, srv.ids()); diff != "" {
		t.Error(diff)
	}
}

// The process dies between the server's yes and the store's: the mail is sent
// again, with the same Message-ID and the same bytes.
func TestWorkerKilledAfterSending(t *testing.T) {
	srv, box, c := newServer(t, serverOptions{}), &Memory{}, &clock{at: testDay}
	box.Add(testItem(Answer, 7), testDay)
	died := errors.New("died")
	if _, err := testWorker(t, stumbling{box, died}, srv.client(t, nil), c).One(t.Context()); !errors.Is(err, died) {
		t.Fatal(err)
	}
	next := testWorker(t, box, srv.client(t, nil), c)
	c.add(19 * time.Second)
	if more, _ := next.One(t.Context()); more {
		t.Error("taken while the lease holds")
	}
	c.add(time.Second)
	if more, err := next.One(t.Context()); !more || err != nil {
		t.Fatalf("%v, %v", more, err)
	}
	got := srv.taken()
	if len(got) != 2 || string(got[0]) != string(got[1]) {
		t.Errorf("%d mails; they must be the same", len(got))
	}
	if r := box.Rows()[0]; r.Status != Sent || r.MessageID != srv.ids()[0] {
		t.Errorf("%+v", r)
	}
}

// The server took the mail and was cut off before it could say so.
func TestWorkerCutBeforeYes(t *testing.T) {
	srv, box, c := newServer(t, serverOptions{}), &Memory{}, &clock{at: testDay}
	box.Add(testItem(Answer, 7), testDay)
	w := testWorker(t, box, srv.client(t, nil), c)
	srv.set("data", errCut)
	if _, err := w.One(t.Context()); !away(err) {
		t.Fatal(err)
	}
	srv.set("data", nil)
	c.add(2 * time.Minute)
	if _, err := w.One(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ids := srv.ids(); len(ids) != 2 || ids[0] != ids[1] {
		t.Errorf("ids %q", ids)
	}
}

func TestWorkerRetriesThenDies(t *testing.T) {
	srv, box, c := newServer(t, serverOptions{}), &Memory{}, &clock{at: testDay}
	box.Add(testItem(Answer, 7), testDay)
	srv.set("rcpt", &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 2, 0}, Message: "later, kari@example.org"})
	w := testWorker(t, box, srv.client(t, nil), c)
	w.Attempts, w.Longest = 5, 5*time.Minute
	var waits []int // whole minutes, rounded
	for range 10 {
		if more, _ := w.One(t.Context()); !more {
			t.Fatal("not due when it said")
		}
		r := box.Rows()[0]
		if !strings.Contains(r.Reason, "450 4.2.0") || strings.Contains(r.Reason, "kari") {
			t.Errorf("reason %q", r.Reason)
		}
		if r.Dead {
			break
		}
		wait := r.DueAt.Sub(c.now())
		waits = append(waits, int(wait.Round(time.Minute).Minutes()))
		c.add(wait - time.Second)
		if more, _ := w.One(t.Context()); more {
			t.Error("taken before it was due")
		}
		c.add(time.Second)
	}
	if diff := cmp.Diff([]int{1, 2, 4, 5}, waits); diff != "" {
		t.Error(diff)
	}
	if r := box.Rows()[0]; !r.Dead || r.Attempt != 5 || len(srv.taken()) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestWorkerDeadAtOnce(t *testing.T) {
	srv := newServer(t, serverOptions{})
	srv.set("rcpt", &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no"})
	for caseID, want := range map[string]string{
		"KI-2026-0042": "recipient 550 5.1.1",
		"gone":         "gone",
		"bad":          "address",
	} {
		box, c := &Memory{}, &clock{at: testDay}
		it := testItem(Answer, 7)
		it.Case = caseID
		box.Add(it, testDay)
		w := testWorker(t, box, srv.client(t, nil), c)
		_, err := w.One(t.Context())
		if r := box.Rows()[0]; err == nil || !r.Dead || r.Reason != want || strings.Contains(err.Error(), "example.org") {
			t.Errorf("%s: %v, %+v", caseID, err, r)
		}
	}
}

// A mail that takes its worker with it each time ends, too.
func TestWorkerPoison(t *testing.T) {
	box, c := &Memory{}, &clock{at: testDay}
	box.Add(testItem(Answer, 7), testDay)
	w := testWorker(t, box, senderFunc(func(context.Context, *Message) (Status, error) { return Sent, nil }), c)
	for range 16 {
		_, _, _ = box.Due(t.Context(), c.now(), c.now().Add(time.Minute)) // and dies
		c.add(time.Minute)
	}
	if _, err := w.One(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := box.Rows()[0]; !r.Dead || r.Reason != "too many attempts" {
		t.Errorf("%+v", r)
	}
}

type senderFunc func(ctx context.Context, m *Message) (Status, error)

func (f senderFunc) Send(ctx context.Context, m *Message) (Status, error) { return f(ctx, m) }

func TestWorkersSendOnce(t *testing.T) {
	srv, box, c := newServer(t, serverOptions{}), &Memory{}, &clock{at: testDay}
	const mails = 30
	for i := range mails {
		it := testItem(Answer, int64(i))
		it.ID += string(rune('A' + i))
		box.Add(it, testDay)
	}
	var wg sync.WaitGroup
	for range 5 {
		w := testWorker(t, box, srv.client(t, nil), c)
		wg.Go(func() {
			for {
				if more, err := w.One(t.Context()); !more || err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, id := range srv.ids() {
		seen[id] = true
	}
	if len(seen) != mails || len(srv.ids()) != mails {
		t.Errorf("%d mails, %d different", len(srv.ids()), len(seen))
	}
}

// Run looks again after a while and at once when woken, rests while the
// server is away, and finishes the mail under way.
func TestWorkerRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box, wake := &Memory{}, make(chan struct{})
		var sent []time.Duration
		began, down := time.Now(), true
		w := &Worker{Outbox: box, Letters: letters, Composer: testComposer(t), Wake: wake}
		w.Sender = senderFunc(func(ctx context.Context, _ *Message) (Status, error) {
			if down {
				return "", &Failure{Step: "connect", Server: true}
			}
			time.Sleep(time.Second)
			sent = append(sent, time.Since(began).Round(time.Second))
			return Sent, ctx.Err()
		})
		for i := range 3 {
			it := testItem(Answer, int64(i))
			it.ID += string(rune('a' + i))
			box.Add(it, began)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { w.Run(ctx) })
		time.Sleep(16 * time.Second) // two tries, 15 s apart, not three at once
		tried := 0
		for _, r := range box.Rows() {
			tried += r.Attempt
		}
		if tried != 2 {
			t.Errorf("%d tries while the server is away", tried)
		}
		down = false
		wake <- struct{}{}
		synctest.Wait()
		time.Sleep(500 * time.Millisecond)
		cancel() // in the midst of sending
		wg.Wait()
		if diff := cmp.Diff([]time.Duration{17 * time.Second}, sent); diff != "" {
			t.Error(diff)
		}
		if r := box.Rows()[2]; r.Status != Sent {
			t.Errorf("%+v", r)
		}
	})
}

// holding is an outbox that says how it is held, or that it cannot be.
type holding struct {
	*Memory
	mu    sync.Mutex
	holds int
	err   error
}

func (h *holding) Hold(ctx context.Context, it Item, until time.Time) error {
	h.mu.Lock()
	h.holds++
	err := h.err
	h.mu.Unlock()
	if err != nil {
		return err
	}
	return h.Memory.Hold(ctx, it, until)
}

func (h *holding) breaks(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err = err
}

// A mail that takes long stays with its worker, and no other sends it.
func TestWorkerHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := &holding{Memory: &Memory{}}
		box.Add(testItem(Answer, 7), time.Now())
		sent := 0
		slow := senderFunc(func(ctx context.Context, _ *Message) (Status, error) {
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case <-time.After(80 * time.Second):
				sent++
				return Sent, nil
			}
		})
		worker := func() *Worker { return &Worker{Outbox: box, Letters: letters, Composer: testComposer(t), Sender: slow} }
		var wg sync.WaitGroup
		wg.Go(func() {
			if more, err := worker().One(t.Context()); !more || err != nil {
				t.Errorf("%v, %v", more, err)
			}
		})
		for range 30 {
			time.Sleep(2 * time.Second)
			if more, err := worker().One(t.Context()); more || err != nil {
				t.Fatalf("another took it: %v, %v", more, err)
			}
		}
		wg.Wait()
		if r := box.Rows()[0]; sent != 1 || r.Status != Sent || r.Attempt != 1 || box.holds > 20 {
			t.Errorf("sent %d times, held %d times, %+v", sent, box.holds, r)
		}
	})
}

// Whoever cannot hold a mail stops sending it before another may have it.
func TestWorkerLetsGo(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		most time.Duration
	}{
		"another has it":    {ErrLost, 6 * time.Second},
		"the store is away": {errors.New("away"), 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				box := &holding{Memory: &Memory{}}
				box.Add(testItem(Answer, 7), time.Now())
				began := time.Now()
				var stopped time.Duration
				w := &Worker{Outbox: box, Letters: letters, Composer: testComposer(t)}
				w.Sender = senderFunc(func(ctx context.Context, _ *Message) (Status, error) {
					box.breaks(c.err)
					<-ctx.Done()
					stopped = time.Since(began)
					return "", ctx.Err()
				})
				if _, err := w.One(t.Context()); err == nil {
					t.Error("no error")
				}
				if stopped == 0 || stopped >= c.most {
					t.Errorf("stopped after %v", stopped)
				}
			})
		})
	}
	t.Run("before it begins", func(t *testing.T) {
		box := &holding{Memory: &Memory{}, err: ErrLost}
		box.Add(testItem(Answer, 7), testDay)
		w := testWorker(t, box, senderFunc(func(context.Context, *Message) (Status, error) {
			t.Error("sent")
			return Sent, nil
		}), &clock{at: testDay})
		if _, err := w.One(t.Context()); !errors.Is(err, ErrLost) {
			t.Error(err)
		}
	})
}
