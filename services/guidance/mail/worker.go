package mail

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"sync"
	"time"

	"go.uber.org/zap"
)

// A Worker sends what is in the outbox. Several may run, in several
// processes: a mail is with one at a time.
type Worker struct {
	Outbox   Outbox
	Letters  Letters
	Composer *Composer
	Sender   Sender
	Log      *zap.Logger // nil: nothing is logged

	Lease    time.Duration // how long a mail is with one worker that says nothing more; 0: 20 s. It says so four times in that
	Within   time.Duration // how long one mail may take; 0: 2 min. Sending ends after three quarters of it
	Every    time.Duration // how often to look when nothing is told; 0: 15 s
	First    time.Duration // to the second attempt, doubled from there; 0: 1 min
	Longest  time.Duration // between two attempts; 0: 6 h
	Attempts int           // then a mail is dead; 0: 16, about two days
	Wake     <-chan struct{}
	Now      func() time.Time // nil: time.Now
}

// Run sends until ctx ends; the mail under way is finished first.
func (w *Worker) Run(ctx context.Context) {
	every := or(w.Every, 15*time.Second)
	for ctx.Err() == nil {
		more, err := w.One(ctx)
		if err != nil {
			fields := []zap.Field{zap.Error(err)}
			if f := (*Failure)(nil); errors.As(err, &f) && f.Cause != nil {
				fields = append(fields, zap.NamedError("cause", f.Cause))
			}
			w.log().Warn("mail", fields...)
		}
		// While the server is away each try costs a mail an attempt.
		if more && !away(err) {
			continue
		}
		t := time.NewTimer(every)
		select {
		case <-ctx.Done():
		case <-t.C:
		case <-w.Wake:
		}
		t.Stop()
	}
}

// One takes a mail and sends it. more is false when none was due. An error
// says what went wrong; the mail itself is then due again, dead, or comes back
// when its lease runs out.
func (w *Worker) One(ctx context.Context) (more bool, err error) {
	within, now := or(w.Within, 2*time.Minute), w.now()
	it, ok, err := w.Outbox.Due(ctx, now, now.Add(w.lease()))
	if err != nil {
		return false, fmt.Errorf("take from the outbox: %w", err)
	}
	if !ok {
		return false, nil
	}
	// From here on the mail is ours: it is finished even when ctx ends.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	held, letGo := w.hold(ctx, it)
	defer letGo()
	if it.Attempt > or(w.Attempts, 16) { // it took its workers with it
		return true, w.settle(ctx, it, func() error { return w.Outbox.Dead(ctx, it, "too many attempts") })
	}
	m, err := w.write(ctx, it)
	if errors.Is(err, ErrNeedless) {
		return true, w.settle(ctx, it, func() error { return w.Outbox.Done(ctx, it, Dropped, "") })
	}
	if err != nil {
		return true, w.failed(ctx, it, err)
	}
	sending, cancel := context.WithTimeout(held, within*3/4)
	defer cancel()
	if err := w.Outbox.Hold(ctx, it, w.now().Add(w.lease())); err != nil { // writing may have taken long
		return true, fmt.Errorf("hold %s of case %s: %w", it.Kind, it.Case, err)
	}
	status, err := w.Sender.Send(sending, m)
	if err != nil {
		return true, w.failed(ctx, it, err)
	}
	return true, w.settle(ctx, it, func() error { return w.Outbox.Done(ctx, it, status, m.ID) })
}

func (w *Worker) lease() time.Duration { return or(w.Lease, 20*time.Second) }

// hold tells the outbox again and again that a mail is with us, until letGo.
// held ends before that when it can't be relied on any more: another has the
// mail, or the outbox could not be told for so long that another soon may.
func (w *Worker) hold(ctx context.Context, it Item) (held context.Context, letGo func()) {
	ctx, cancel := context.WithCancel(ctx)
	lease := w.lease()
	late := time.AfterFunc(lease*3/4, cancel)
	var wg sync.WaitGroup
	wg.Go(func() {
		beat := time.NewTicker(lease / 4)
		defer beat.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-beat.C:
			}
			from := time.Now()
			switch err := w.Outbox.Hold(ctx, it, w.now().Add(lease)); {
			case errors.Is(err, ErrLost):
				cancel()
			case err == nil && late.Stop():
				late.Reset(lease*3/4 - time.Since(from))
			}
		}
	})
	return ctx, func() { cancel(); late.Stop(); wg.Wait() }
}

// errUnwritable says that a letter can't be written as it stands.
var errUnwritable = errors.New("letter can't be written")

func (w *Worker) write(ctx context.Context, it Item) (*Message, error) {
	l, err := w.Letters.Letter(ctx, it)
	if err != nil {
		return nil, fmt.Errorf("find letter: %w", err)
	}
	m, err := w.Composer.Compose(it, l)
	if err != nil {
		return nil, errors.Join(errUnwritable, err)
	}
	return m, nil
}

// failed gives the mail back or ends it.
func (w *Worker) failed(ctx context.Context, it Item, err error) error {
	var f *Failure
	permanent := errors.As(err, &f) && f.Permanent || errors.Is(err, ErrGone) || errors.Is(err, errUnwritable)
	told := fmt.Errorf("%s of case %s, attempt %d: %w", it.Kind, it.Case, it.Attempt, err)
	if permanent || it.Attempt >= or(w.Attempts, 16) {
		return errors.Join(told, w.settle(ctx, it, func() error { return w.Outbox.Dead(ctx, it, reason(err)) }))
	}
	next := w.now().Add(w.pause(it))
	return errors.Join(told, w.settle(ctx, it, func() error { return w.Outbox.Failed(ctx, it, next, reason(err)) }))
}

// settle says what became of a mail, again when the store stumbles: a mail
// that was sent and is not told so is sent again.
func (w *Worker) settle(ctx context.Context, it Item, say func() error) (err error) {
	for i := range 3 {
		if err = say(); err == nil || errors.Is(err, ErrLost) {
			break
		}
		select {
		case <-time.After(time.Duration(1+i) * 100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	if err != nil {
		return fmt.Errorf("tell the outbox of %s of case %s: %w", it.Kind, it.Case, err)
	}
	return nil
}

// pause doubles from attempt to attempt, a tenth more or less by the mail's
// id, so that mails that failed together do not all come back together.
func (w *Worker) pause(it Item) time.Duration {
	p, longest := or(w.First, time.Minute), or(w.Longest, 6*time.Hour)
	for range it.Attempt - 1 {
		if p >= longest {
			break
		}
		p *= 2
	}
	h := fnv.New32a()
	h.Write([]byte(it.ID))
	return time.Duration(float64(min(p, longest)) * (0.9 + 0.2*float64(h.Sum32())/(1<<32)))
}

// away says whether the server, not a mail, was the trouble.
func away(err error) bool {
	var f *Failure
	return errors.As(err, &f) && f.Server
}

func (w *Worker) now() time.Time {
	if w.Now == nil {
		return time.Now()
	}
	return w.Now()
}

func (w *Worker) log() *zap.Logger {
	if w.Log == nil {
		return zap.NewNop()
	}
	return w.Log
}

// or gives v, or d when v is not set.
func or[T comparable](v, d T) T {
	var zero T
	if v == zero {
		return d
	}
	return v
}
