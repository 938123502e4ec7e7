package conversationtest

import (
	"context"
	"errors"
	"testing"

	"golang.org/x/sync/errgroup"

	"kiveileder"
)

func testAdd(t *testing.T, open Opener) {
	t.Run("offsets are 1, 2, 3 … over messages and answers", func(t *testing.T) {
		s, _ := open(t)
		m1 := add(t, s, "k", message("m1", 1))
		m2 := add(t, s, "k", message("m2", 2))
		a1 := add(t, s, "k", answer(m1, 3))
		m3 := add(t, s, "k", message("m3", 4))
		a3 := add(t, s, "k", answer(m3, 5))
		a2 := add(t, s, "k", answer(m2, 6))
		same(t, "offsets given", []int64{1, 2, 3, 4, 5, 6}, offsetsOf([]kiveileder.Entry{m1, m2, a1, m3, a3, a2}))
		same(t, "entries read", []kiveileder.Entry{m1, m2, a1, m3, a3, a2}, whole(t, s, "k", 6).Entries)
	})
	t.Run("what is given back is what is read", func(t *testing.T) {
		s, _ := open(t)
		m := add(t, s, "k", message("m", 1))
		got, err := s.Entry(t.Context(), "k", 1)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "entry", m, got)
	})
	t.Run("the same message twice is the first one", func(t *testing.T) {
		s, _ := open(t)
		m := add(t, s, "k", message("m", 1))
		add(t, s, "k", answer(m, 2))
		again := message("m", 3)
		again.Text = "noe annet"
		got, added, err := s.Add(t.Context(), "k", again)
		if err != nil || added {
			t.Errorf("added %v, %v; want it to be there already", added, err)
		}
		same(t, "given back", m, got)
		whole(t, s, "k", 2)
	})
	t.Run("the same answer twice is the first one", func(t *testing.T) {
		s, _ := open(t)
		m := add(t, s, "k", message("m", 1))
		a := add(t, s, "k", answer(m, 2))
		again := answer(m, 3)
		again.Answer.Lead = "noe annet"
		got, added, err := s.Add(t.Context(), "k", again)
		if err != nil || added {
			t.Errorf("added %v, %v; want it to be there already", added, err)
		}
		same(t, "given back", a, got)
		whole(t, s, "k", 2)
	})
	t.Run("ids differ in letters' case, white space and form", func(t *testing.T) {
		s, _ := open(t)
		say(t, s, "k", "a", "A", "a ", "å", "a\u030a", "1", "01", "1.0")
		whole(t, s, "k", 8)
	})
	t.Run("an answer needs its message", func(t *testing.T) {
		s, _ := open(t)
		m := add(t, s, "k", message("m", 1))
		add(t, s, "k", answer(m, 2))
		for _, to := range []int64{-1, 0, 2, 3, 1000} { // 2 is an answer itself
			_, _, err := s.Add(t.Context(), "k", answer(kiveileder.Entry{ID: "m", Offset: to}, 3))
			refused(t, "an answer to nothing", err, kiveileder.CodeNotFound)
		}
		_, _, err := s.Add(t.Context(), "never written", answer(m, 3))
		refused(t, "an answer in an empty conversation", err, kiveileder.CodeNotFound)
		whole(t, s, "k", 2)
		whole(t, s, "never written", 0)
	})
	t.Run("a full conversation takes answers and what it has, nothing else", func(t *testing.T) {
		s, _ := open(t)
		var g errgroup.Group
		g.SetLimit(64)
		for _, id := range numbered("m", kiveileder.MaxEntries) {
			g.Go(func() error {
				_, _, err := s.Add(t.Context(), "k", message(id, 1))
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		_, _, err := s.Add(t.Context(), "k", message("one too many", 2))
		refused(t, "one too many", err, kiveileder.CodeConflict)
		if _, added, err := s.Add(t.Context(), "k", message("m7", 2)); added || err != nil {
			t.Errorf("a message that is there: added %v, %v", added, err)
		}
		add(t, s, "k", answer(kiveileder.Entry{ID: "x", Offset: 1}, 3))
		whole(t, s, "k", kiveileder.MaxEntries+1)
		add(t, s, "another", message("m", 4))
	})
	t.Run("a context that has ended changes nothing", func(t *testing.T) {
		s, _ := open(t)
		say(t, s, "k", "m1")
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		calls := map[string]func() error{
			"Add":        func() error { _, _, err := s.Add(ended, "k", message("m2", 2)); return err },
			"Read":       func() error { _, err := s.Read(ended, "k", 0, 1); return err },
			"Entry":      func() error { _, err := s.Entry(ended, "k", 1); return err },
			"Before":     func() error { _, _, err := s.Before(ended, "k", 1, 1); return err },
			"AnswerTo":   func() error { _, err := s.AnswerTo(ended, "k", 1); return err },
			"Unanswered": func() error { _, err := s.Unanswered(ended, 1); return err },
			"Delete":     func() error { return s.Delete(ended, "k") },
			"Expire":     func() error { _, err := s.Expire(ended, at(59)); return err },
		}
		for name, call := range calls {
			if err := call(); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v, want %v", name, err, context.Canceled)
			}
		}
		whole(t, s, "k", 1)
	})
}
