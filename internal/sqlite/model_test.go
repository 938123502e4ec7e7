package sqlite

import (
	"context"
	"path/filepath"
	"testing"

	"kiveileder/services/conversation/conversationtest"
)

// Whatever is done to a store on disk and to one in memory, they say the same.
func TestSameAsMemory(t *testing.T) {
	t.Parallel()
	db := openFile(t, filepath.Join(t.TempDir(), "kiveileder.db"))
	exec := func(statement string) error {
		_, err := db.write.ExecContext(context.Background(), statement)
		return err
	}
	if err := exec("PRAGMA synchronous = OFF"); err != nil {
		t.Fatal(err)
	}
	conversationtest.SameAsMemory(t, db.Conversations(), db.Epoch, func() error { return exec("DELETE FROM conversation") })
}
