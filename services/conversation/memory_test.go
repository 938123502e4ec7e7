package conversation_test

import (
	"testing"

	"kiveileder/internal/stacktest"
	"kiveileder/services/conversation"
	"kiveileder/services/conversation/conversationtest"
)

func TestMain(m *testing.M) { stacktest.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	conversationtest.Run(t, func(*testing.T) (conversation.Store, func() conversation.Store) {
		return conversation.NewMemory("e1"), nil
	})
}
