package mail

import (
	"context"
	"errors"
	"time"
)

// An Outbox holds mails that wait. Its suite is in mailtest.
//
// Due takes one mail under a lease and counts the attempt; (ID, Attempt) is
// then the right to say what became of it. Who comes after the lease ran out
// and another took the mail gets ErrLost, and changes nothing.
type Outbox interface {
	// Due takes the mail that has been due longest, among those that are
	// neither done nor dead nor leased at now, and leases it until the given
	// instant. ok is false when there is none.
	Due(ctx context.Context, now, until time.Time) (it Item, ok bool, err error)
	// Done says that the mail was sent or kept, under which Message-ID.
	Done(ctx context.Context, it Item, s Status, messageID string) error
	// Failed gives the mail back, due again at next.
	Failed(ctx context.Context, it Item, next time.Time, reason string) error
	// Dead says that the mail is not tried again by itself.
	Dead(ctx context.Context, it Item, reason string) error
}

// ErrLost says that the mail is in other hands, or done.
var ErrLost = errors.New("mail is in other hands")
