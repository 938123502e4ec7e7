package mail_test

import (
	"testing"
	"time"

	"kiveileder/services/guidance/mail"
	"kiveileder/services/guidance/mail/mailtest"
)

type memoryBox struct{ *mail.Memory }

func (m memoryBox) Add(_ testing.TB, it mail.Item, due time.Time) { m.Memory.Add(it, due) }

func TestMemory(t *testing.T) {
	mailtest.Outbox(t, func(*testing.T) mailtest.Box { return memoryBox{&mail.Memory{}} })
}
