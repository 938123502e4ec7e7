package login_test

import (
	"testing"

	"go.uber.org/goleak"

	"kiveileder/gateway/login"
	"kiveileder/gateway/login/logintest"
)

// Nothing that a test began may go on after all tests.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	t.Parallel()
	logintest.Run(t, func(*testing.T) login.Store { return login.NewMemory() })
}
