package postgres_test

import (
	"testing"

	"kiveileder/internal/postgres"
	"kiveileder/internal/stacktest"
	"kiveileder/services/conversation"
	"kiveileder/services/conversation/conversationtest"
)

func TestMain(m *testing.M) { stacktest.VerifyTestMain(m) }

func TestConversations(t *testing.T) {
	stacktest.Server(t)
	conversationtest.Run(t, func(t *testing.T) (conversation.Store, func() conversation.Store) {
		url := stacktest.Postgres(t)
		db := open(t, url)
		return db.Conversations(), func() conversation.Store {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db = open(t, url)
			return db.Conversations()
		}
	})
}

// open opens a store for the length of a test.
func open(t testing.TB, url string) *postgres.DB { return openWith(t, postgres.Config{URL: url}) }

func openWith(t testing.TB, cfg postgres.Config) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), cfg)
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
