package sqlite

import (
	"path/filepath"
	"testing"

	"kiveileder/services/conversation"
	"kiveileder/services/conversation/conversationtest"
)

func TestConversations(t *testing.T) {
	conversationtest.Run(t, func(t *testing.T) (conversation.Store, func() conversation.Store) {
		file := filepath.Join(t.TempDir(), "kiveileder.db")
		db := openFile(t, file)
		return db.Conversations(), func() conversation.Store {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db = openFile(t, file)
			return db.Conversations()
		}
	})
}

// openFile opens a store for the length of a test.
func openFile(t testing.TB, file string) *DB {
	t.Helper()
	db, err := Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
