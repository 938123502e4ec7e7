package conversationtest

import (
	"testing"
	"time"

	"kiveileder"
	"kiveileder/services/conversation"
)

func testForget(t *testing.T, open Opener) {
	// gone checks that a deleted conversation says nothing and takes nothing.
	gone := func(t *testing.T, s conversation.Store, key string) {
		t.Helper()
		_, err := s.Read(t.Context(), key, 0, 10)
		refused(t, "Read", err, kiveileder.CodeNotFound)
		_, err = s.Entry(t.Context(), key, 1)
		refused(t, "Entry", err, kiveileder.CodeNotFound)
		_, _, err = s.Add(t.Context(), key, message("m1", 1))
		refused(t, "Add of a message that was there", err, kiveileder.CodeNotFound)
		_, _, err = s.Add(t.Context(), key, message("new", 1))
		refused(t, "Add of a message", err, kiveileder.CodeNotFound)
		_, _, err = s.Add(t.Context(), key, answer(kiveileder.Entry{ID: "m1", Offset: 1}, 2))
		refused(t, "Add of an answer", err, kiveileder.CodeNotFound)
		if a, err := s.AnswerTo(t.Context(), key, 1); a != nil || err != nil {
			t.Errorf("AnswerTo = %v, %v; want none", a, err)
		}
		if ms, last, err := s.Before(t.Context(), key, 9, 9); len(ms) > 0 || last != nil || err != nil {
			t.Errorf("Before = %v, %v, %v; want none", ms, last, err)
		}
	}
	remove := func(t *testing.T, s conversation.Store, key string) {
		t.Helper()
		if err := s.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	expire := func(t *testing.T, s conversation.Store, before time.Time, want int) {
		t.Helper()
		if n, err := s.Expire(t.Context(), before); n != want || err != nil {
			t.Errorf("Expire before %v = %d, %v; want %d", before, n, err, want)
		}
	}

	t.Run("delete", func(t *testing.T) {
		s, reopen := open(t)
		m := say(t, s, "k", "m1", "m2")[0]
		add(t, s, "k", answer(m, 3))
		say(t, s, "other", "m1")
		remove(t, s, "k")
		gone(t, s, "k")
		remove(t, s, "k")
		gone(t, s, "k")
		whole(t, s, "other", 1)
		if reopen != nil {
			s = reopen()
			gone(t, s, "k")
			whole(t, s, "other", 1)
		}
	})
	t.Run("delete what was never written", func(t *testing.T) {
		s, _ := open(t)
		remove(t, s, "k")
		gone(t, s, "k")
	})
	t.Run("expire what was last written to before", func(t *testing.T) {
		s, reopen := open(t)
		expire(t, s, at(59), 0)
		say(t, s, "old", "m1", "m2") // at 1 and 2
		m := say(t, s, "kept alive by its answer", "m1")[0]
		add(t, s, "kept alive by its answer", answer(m, 10))
		say(t, s, "new", numbered("m", 10)...)

		expire(t, s, at(2), 0) // not before
		whole(t, s, "old", 2)
		expire(t, s, at(2).Add(time.Microsecond), 1)
		whole(t, s, "old", 0)
		whole(t, s, "kept alive by its answer", 2)
		whole(t, s, "new", 10)
		expire(t, s, at(3), 0)
		if reopen != nil {
			s = reopen()
			whole(t, s, "old", 0)
			whole(t, s, "new", 10)
		}
		_, err := s.Entry(t.Context(), "old", 1)
		refused(t, "Entry", err, kiveileder.CodeNotFound)
		say(t, s, "old", "m1") // an expired one begins anew
		whole(t, s, "old", 1)
		expire(t, s, at(11), 3)
	})
	t.Run("the same message again does not keep alive", func(t *testing.T) {
		s, _ := open(t)
		say(t, s, "k", "m")
		if _, added, err := s.Add(t.Context(), "k", message("m", 30)); added || err != nil {
			t.Fatal(added, err)
		}
		expire(t, s, at(20), 1)
	})
	t.Run("expire forgets that one was deleted", func(t *testing.T) {
		s, _ := open(t)
		say(t, s, "k", "m1")
		before := time.Now()
		remove(t, s, "k") // now counts, not when it was written
		expire(t, s, before.Add(-time.Second), 0)
		gone(t, s, "k")
		expire(t, s, time.Now().Add(time.Second), 1)
		whole(t, s, "k", 0)
	})
}
