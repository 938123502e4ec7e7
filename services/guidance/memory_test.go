package guidance_test

import (
	"testing"

	"go.uber.org/goleak"

	"kiveileder/services/guidance"
	"kiveileder/services/guidance/guidancetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	guidancetest.Run(t, func(*testing.T) (guidance.Store, func() guidance.Store) { return guidance.NewMemory(), nil })
}
