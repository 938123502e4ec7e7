package postgres_test

import (
	"context"
	"testing"

	"kiveileder/internal/stacktest"
	"kiveileder/services/conversation/conversationtest"
)

// Whatever is done to Postgres and to a store in memory, they say the same; and
// so does SQLite.
func TestSameAsMemory(t *testing.T) {
	t.Parallel()
	db := open(t, stacktest.Postgres(t))
	conversationtest.SameAsMemory(t, db.Conversations(), db.Epoch, func() error {
		_, err := db.Pool().Exec(context.Background(), "DELETE FROM conversation")
		return err
	})
}
