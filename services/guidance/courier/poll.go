package courier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"kiveileder/services/guidance/mail"
)

// longestPoll is how long a mailbox that fails is left alone at most.
const longestPoll = 15 * time.Minute

// poll looks into the mailbox until ctx ends, less and less often while it
// fails.
func (c *Courier) poll(ctx context.Context) {
	if m, ok := c.Mailbox.(interface{ Close() }); ok {
		defer m.Close()
	}
	pause := c.Poll
	for ctx.Err() == nil {
		if err := c.drain(ctx, c.Mailbox); err == nil {
			pause = c.Poll
		} else if ctx.Err() == nil {
			c.count.mailbox.Inc()
			c.Log.Warn("mailbox", zap.Error(err), zap.Duration("again_in", pause))
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, max(longestPoll, c.Poll))
	}
}

// drain takes what lies in a mailbox. What is refused, and what belongs to no
// case, is kept apart there for a person. A mail that can't be taken now stays
// and holds up no other.
func (in *Inbound) drain(ctx context.Context, box mail.Mailbox) error {
	var problems []error
	seen := map[string]bool{}
	for ctx.Err() == nil {
		w, ok, err := box.Next(ctx)
		if err != nil {
			return errors.Join(append(problems, fmt.Errorf("read mailbox: %w", err))...)
		}
		if !ok || seen[w.ID] {
			break
		}
		seen[w.ID] = true
		err = in.Take(ctx, w.Raw, w.Envelope)
		if err != nil && !Refusal(err) {
			problems = append(problems, err)
			continue
		}
		if err := box.Settle(ctx, w.ID, err != nil); err != nil {
			return errors.Join(append(problems, fmt.Errorf("settle mail: %w", err))...)
		}
	}
	return errors.Join(problems...)
}
