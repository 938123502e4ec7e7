package conversation

import (
	"context"
	"time"

	"kiveileder"
)

// A Store keeps conversations. A conversation is known by its key, which the
// store takes as it comes. What Add has returned is on disk. What is given
// back may be shared with others: read it only. A context that has ended is an
// error, and nothing is changed. The suite in conversationtest says all that
// is promised.
type Store interface {
	// Add appends an entry to a conversation, which it makes when there is
	// none, and gives it back with its offset. A message whose ID is there
	// already, and an answer to a message that has one, changes nothing: the
	// stored one is given back, with added false.
	//
	// Errors: CodeNotFound when the conversation was deleted or an answer's
	// message is not there, CodeConflict when the conversation is full.
	Add(ctx context.Context, key string, e kiveileder.Entry) (stored kiveileder.Entry, added bool, err error)

	// Read gives at most limit entries after an offset; none when limit is
	// not positive. A conversation that was never written to is empty. Error:
	// CodeNotFound when it was deleted.
	Read(ctx context.Context, key string, after int64, limit int) (kiveileder.Stream, error)

	// Entry gives one entry. Error: CodeNotFound.
	Entry(ctx context.Context, key string, offset int64) (kiveileder.Entry, error)

	// Before gives what an answer to the message at offset builds on: the
	// newest n messages before it that began a thread of their own, oldest
	// first, and the newest answer before it, nil when there is none.
	Before(ctx context.Context, key string, offset int64, n int) ([]kiveileder.Entry, *kiveileder.Entry, error)

	// AnswerTo gives the answer to the message at offset, nil when there is none.
	AnswerTo(ctx context.Context, key string, offset int64) (*kiveileder.Entry, error)

	// Earlier gives the offset of the first message before an offset that has
	// no answer, 0 when there is none.
	Earlier(ctx context.Context, key string, offset int64) (int64, error)

	// Unanswered gives messages that have no answer, oldest first.
	Unanswered(ctx context.Context, limit int) ([]Ref, error)

	// Delete takes away all that a conversation says. Nothing can be added to
	// it any more. Deleting twice, or what was never written, is no error.
	Delete(ctx context.Context, key string) error

	// Expire forgets conversations that were last written to before t, and
	// gives their number.
	Expire(ctx context.Context, t time.Time) (int, error)
}

// A Ref names an entry.
type Ref struct {
	Key    string
	Offset int64
}
