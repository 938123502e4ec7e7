package postgres_test

import (
	"testing"

	"kiveileder/internal/postgres"
	"kiveileder/internal/stacktest"
	"kiveileder/services/conversation"
	"kiveileder/services/conversation/conversationtest"
)

func BenchmarkConversations(b *testing.B) {
	conversationtest.Bench(b, func(b *testing.B) conversation.Store {
		return openWith(b, postgres.Config{URL: stacktest.Postgres(b), MaxConns: 10}).Conversations()
	})
}
