package conversationtest

import (
	"fmt"
	"math"
	"testing"

	"kiveileder"
	"kiveileder/services/conversation"
)

func testRead(t *testing.T, open Opener) {
	t.Run("parts", func(t *testing.T) {
		s, _ := open(t)
		say(t, s, "k", numbered("m", 5)...)
		tests := []struct {
			after int64
			limit int
			want  []int64
			more  bool
		}{
			{0, 100, []int64{1, 2, 3, 4, 5}, false},
			{0, 5, []int64{1, 2, 3, 4, 5}, false},
			{0, 4, []int64{1, 2, 3, 4}, true},
			{2, 2, []int64{3, 4}, true},
			{3, 2, []int64{4, 5}, false},
			{4, 1, []int64{5}, false},
			{5, 1, nil, false},
			{6, 1, nil, false},
			{math.MaxInt64, 1, nil, false},
			{0, 0, nil, true},
			{4, 0, nil, true},
			{5, 0, nil, false},
			{0, -1, nil, true},
			{-1, 2, []int64{1, 2}, true},
			{-7, 5, []int64{1, 2, 3, 4, 5}, false},
			{math.MinInt64, math.MaxInt, []int64{1, 2, 3, 4, 5}, false},
			{3, math.MaxInt, []int64{4, 5}, false},
		}
		for _, c := range tests {
			got, err := s.Read(t.Context(), "k", c.after, c.limit)
			if err != nil {
				t.Fatal(err)
			}
			what := fmt.Sprintf("Read(after %d, limit %d)", c.after, c.limit)
			same(t, what, c.want, offsetsOf(got.Entries))
			if got.More != c.more || got.Top != 5 {
				t.Errorf("%s: more %v, top %d; want %v, 5", what, got.More, got.Top, c.more)
			}
		}
	})
	t.Run("never written", func(t *testing.T) {
		s, _ := open(t)
		for _, after := range []int64{-1, 0, 1} {
			got, err := s.Read(t.Context(), "k", after, 10)
			if err != nil || len(got.Entries) > 0 || got.Top != 0 || got.More {
				t.Errorf("Read(after %d) = %+v, %v; want nothing", after, got, err)
			}
		}
	})
	t.Run("all streams of a store have its epoch", func(t *testing.T) {
		s, reopen := open(t)
		epoch := all(t, s, "never written").Epoch
		if epoch == "" {
			t.Error("no epoch")
		}
		say(t, s, "k", "m")
		if got := all(t, s, "k").Epoch; got != epoch {
			t.Errorf("epoch %q and %q in one store", epoch, got)
		}
		if reopen != nil {
			if got := all(t, reopen(), "k").Epoch; got != epoch {
				t.Errorf("epoch %q and %q, opened again", epoch, got)
			}
		}
	})
}

func entry(t testing.TB, s conversation.Store, offset int64) kiveileder.Entry {
	t.Helper()
	e, err := s.Entry(t.Context(), "k", offset)
	if err != nil {
		t.Fatalf("Entry %d: %v", offset, err)
	}
	return e
}
