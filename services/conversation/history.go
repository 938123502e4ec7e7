package conversation

import (
	"context"
	"time"

	"kiveileder"
)

// A History keeps the newest entries of conversations near to the readers of
// all replicas, so that ten thousand who come back at once do not all ask the
// store. It may forget anything at any time and fail at any call; what it must
// never do is to give less than what is stored. Therefore who changes a
// conversation marks it before and tells what came of it after, and a marked
// conversation is not read from here. The suite in historytest says all that
// is promised.
type History interface {
	// Read gives at most limit entries after an offset of a conversation in a
	// store of this epoch, when they are known up to the conversation's end.
	// When ok is false, the Ticket is for Fill.
	Read(ctx context.Context, epoch, key string, after int64, limit int) (s kiveileder.Stream, t Ticket, ok bool, err error)

	// Fill keeps what the store gave after an offset, to the conversation's end,
	// when it was asked after the Ticket was given. It is left out when the
	// conversation has changed since, or is about to.
	Fill(ctx context.Context, t Ticket, epoch, key string, after int64, s kiveileder.Stream) error

	// Mark says that a conversation is about to change. Until Put, Keep or Drop
	// tells what came of it, Read knows nothing of the conversation. A Mark of
	// somebody who died holds for MarkTime; what was known is forgotten then.
	Mark(ctx context.Context, key string) (Mark, error)

	// Put ends a Mark: this entry was added.
	Put(ctx context.Context, m Mark, epoch, key string, e kiveileder.Entry) error

	// Keep ends a Mark: nothing has changed.
	Keep(ctx context.Context, m Mark, key string) error

	// Drop forgets a conversation, and that others have marked it: their Put
	// keeps nothing. It says that the conversation was deleted, or may be other
	// than what is known.
	Drop(ctx context.Context, key string) error

	// Reset forgets all conversations.
	Reset(ctx context.Context) error
}

// A Ticket says what a conversation was like when Read did not know it.
type Ticket struct{ generation, change string }

// A Mark names a change that is under way.
type Mark struct{ generation, id string }

// Limits of a History.
const (
	MarkTime    = time.Minute      // a change takes less
	HistoryTime = 15 * time.Minute // how long a conversation is kept that does not change
	HistoryMost = 400              // entries of one conversation

	// changeTime is how long a store may take for a change: it must have ended,
	// one way or the other, when a Mark runs out.
	changeTime = MarkTime / 2
	// fillTime is how old a Ticket may be.
	fillTime = 10 * time.Second
)
