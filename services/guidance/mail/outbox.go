package mail

import (
	"context"
	"time"

	"kiveileder/services/guidance"
)

// An Outbox is what a Worker needs of a guidance.Outbox, which says what is
// promised.
type Outbox interface {
	Due(ctx context.Context, now, until time.Time) (it Item, ok bool, err error)
	Hold(ctx context.Context, it Item, until time.Time) error
	Done(ctx context.Context, it Item, s Status, messageID string) error
	Failed(ctx context.Context, it Item, next time.Time, reason string) error
	Dead(ctx context.Context, it Item, reason string) error
}

// ErrLost says that the mail is in other hands, or done.
var ErrLost = guidance.ErrLost
