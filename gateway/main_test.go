package gateway_test

import (
	"testing"
	"time"

	"kiveileder/internal/stacktest"
)

// Nothing that a test began may go on after all tests.
func TestMain(m *testing.M) {
	time.Local = time.UTC // an export tells times as they are where the service runs
	stacktest.VerifyTestMain(m)
}
