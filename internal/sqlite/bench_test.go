package sqlite

import (
	"path/filepath"
	"testing"

	"kiveileder/services/conversation"
	"kiveileder/services/conversation/conversationtest"
)

func BenchmarkConversations(b *testing.B) {
	conversationtest.Bench(b, func(b *testing.B) conversation.Store {
		return openFile(b, filepath.Join(b.TempDir(), "kiveileder.db")).Conversations()
	})
}
