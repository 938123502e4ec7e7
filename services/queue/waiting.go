package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/timing"
)

// waitingEvery is how often is looked for askers that do not reply.
const waitingEvery = time.Minute

// waiter is who reminds askers, and tells the lawyers of those who do not reply.
var waiter = guidance.Actor{ID: "waiting", Role: guidance.System}

// waits keeps when something is next to be done in a case that waits, by its
// newest event: those that wait are not read each minute.
type waits struct {
	mu   sync.Mutex
	next map[string]step
}

type step struct {
	seq int64
	at  time.Time // zero: nothing, until something happens in it
}

// keepWaiting looks after cases that wait until ctx ends.
func (q *Queue) keepWaiting(ctx context.Context) {
	t := time.NewTicker(waitingEvery)
	defer t.Stop()
	for {
		if _, err := q.Remind(ctx); err != nil && ctx.Err() == nil {
			q.Log.Error("cases that wait not looked after", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// Remind does what is due in cases that wait for their askers: it reminds them,
// tells the lawyers of those who do not reply, and closes a case where the data
// says so. It gives how much it did. Doing it again, or in several replicas,
// does nothing more; a case that cannot be looked after holds up no other.
func (q *Queue) Remind(ctx context.Context) (done int, err error) {
	rows, err := q.Cases.Store.List(ctx, guidance.Filter{States: []guidance.State{guidance.Waiting}, Limit: everything})
	if err != nil {
		return 0, fmt.Errorf("cases that wait: %w", err)
	}
	q.waits.mu.Lock()
	defer q.waits.mu.Unlock()
	was := q.waits.next
	q.waits.next = make(map[string]step, len(rows))
	var failed []error
	for _, r := range rows {
		s, known := was[r.ID]
		if !known || s.seq != r.Seq || !s.at.IsZero() && !q.now().Before(s.at) {
			var did bool
			if s, did, err = q.remind(ctx, r.ID); err != nil {
				failed = append(failed, fmt.Errorf("case %s: %w", r.ID, err))
				continue // it is looked at again
			}
			if did {
				done++
			}
		}
		q.waits.next[r.ID] = s
	}
	return done, errors.Join(failed...)
}

// remind does what is due in one case, one step at most.
func (q *Queue) remind(ctx context.Context, id string) (s step, did bool, err error) {
	snap, err := q.Cases.Load(ctx, id)
	if err != nil {
		return s, false, err
	}
	kind, data, at := timing.Next(snap.Case)
	s = step{snap.Case.Seq, at}
	if kind == "" || q.now().Before(at) {
		return s, false, nil
	}
	// another replica that finds the same gives the same command
	command := guidance.Command{ID: fmt.Sprintf("%s:%d:%d", kind, snap.Case.Silence.Since.UnixMicro(), len(snap.Case.Silence.Reminded)), Actor: waiter, Kind: kind, Data: data}
	snap, _, err = q.Cases.Do(ctx, id, command)
	var refused *guidance.Refused
	switch {
	case errors.As(err, &refused) || errors.Is(err, guidance.ErrFull) || errors.Is(err, guidance.ErrNoCase):
		s.at = q.now().Add(time.Hour) // somebody was faster: what came is a new event, and seen by it
		return s, false, nil
	case kiveileder.ErrorCode(err) == kiveileder.CodeConflict:
		return step{}, false, nil
	case err != nil:
		return s, false, err
	}
	_, _, at = timing.Next(snap.Case)
	q.Log.Info("case that waits", zap.String("number", snap.Number), zap.String("done", string(kind)))
	return step{snap.Case.Seq, at}, true, nil
}
