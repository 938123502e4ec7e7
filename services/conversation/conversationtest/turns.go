package conversationtest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/services/conversation"
)

func testTurns(t *testing.T, open Opener) {
	// ask, be asked back, reply, be asked back, reply, be answered; ask anew
	talk := func(t *testing.T) conversation.Store {
		s, _ := open(t)
		for i, c := range []struct{ replyTo, thread int64 }{
			{},     // 1 a question
			{1, 1}, // 2 asks back
			{},     // 3 a reply
			{3, 1}, // 4 asks back again
			{},     // 5 a reply
			{5, 1}, // 6 answers the question at 1
			{},     // 7 a new question
			{},     // 8 another, before the answer
			{7, 7}, // 9
			{8, 8}, // 10
			{},     // 11 not answered yet
		} {
			e := message(fmt.Sprint("m", i+1), i+1)
			if c.replyTo > 0 {
				e = answer(kiveileder.Entry{ID: fmt.Sprint("m", c.replyTo), Offset: c.replyTo}, i+1)
				e.Thread = c.thread
			}
			add(t, s, "k", e)
		}
		return s
	}
	t.Run("before", func(t *testing.T) {
		s := talk(t)
		tests := []struct {
			offset   int64
			n        int
			messages []int64
			last     int64
		}{
			{1, 10, nil, 0},
			{3, 10, []int64{1}, 2},
			{5, 10, []int64{1}, 4}, // 3 was a reply
			{7, 10, []int64{1}, 6},
			{8, 10, []int64{1, 7}, 6},
			{11, 10, []int64{1, 7, 8}, 10},
			{11, 3, []int64{1, 7, 8}, 10},
			{11, 2, []int64{7, 8}, 10},
			{11, 1, []int64{8}, 10},
			{11, 0, nil, 10},
			{11, -1, nil, 10},
			{99, 10, []int64{1, 7, 8, 11}, 10},
			{0, 10, nil, 0},
		}
		for _, c := range tests {
			messages, last, err := s.Before(t.Context(), "k", c.offset, c.n)
			if err != nil {
				t.Fatal(err)
			}
			what := fmt.Sprintf("Before(%d, %d)", c.offset, c.n)
			same(t, what, c.messages, offsetsOf(messages))
			for _, m := range messages {
				same(t, what, entry(t, s, m.Offset), m)
			}
			switch {
			case last == nil && c.last != 0:
				t.Errorf("%s: no last answer, want %d", what, c.last)
			case last != nil && c.last == 0:
				t.Errorf("%s: last answer %d, want none", what, last.Offset)
			case last != nil:
				same(t, what, entry(t, s, c.last), *last)
			}
		}
		if ms, last, err := s.Before(t.Context(), "never written", 5, 5); len(ms) > 0 || last != nil || err != nil {
			t.Errorf("Before in nothing = %v, %v, %v", ms, last, err)
		}
	})
	t.Run("the answer to a message", func(t *testing.T) {
		s := talk(t)
		for offset, want := range map[int64]int64{1: 2, 3: 4, 5: 6, 7: 9, 8: 10, 2: 0, 11: 0, 12: 0, 0: 0, -1: 0} {
			a, err := s.AnswerTo(t.Context(), "k", offset)
			switch {
			case err != nil:
				t.Fatal(err)
			case want == 0 && a != nil:
				t.Errorf("AnswerTo(%d) = %d, want none", offset, a.Offset)
			case want == 0:
			case a == nil:
				t.Errorf("AnswerTo(%d) = none, want %d", offset, want)
			default:
				same(t, fmt.Sprint("AnswerTo ", offset), entry(t, s, want), *a)
			}
		}
		if a, err := s.AnswerTo(t.Context(), "never written", 1); a != nil || err != nil {
			t.Errorf("AnswerTo in nothing = %v, %v", a, err)
		}
	})
	t.Run("what is unanswered, oldest first", func(t *testing.T) {
		s, _ := open(t)
		unanswered(t, s, 10)
		b1 := add(t, s, "b", message("1", 3))
		b2 := add(t, s, "b", message("2", 1))
		a1 := add(t, s, "a", message("1", 2))
		a2 := add(t, s, "a", message("2", 3)) // as old as b1: the keys decide
		a3 := add(t, s, "a", message("3", 3)) // and then the offsets
		c1 := add(t, s, "c", message("1", 0))
		ref := func(key string, e kiveileder.Entry) conversation.Ref {
			return conversation.Ref{Key: key, Offset: e.Offset}
		}
		everything := []conversation.Ref{ref("c", c1), ref("b", b2), ref("a", a1), ref("a", a2), ref("a", a3), ref("b", b1)}
		unanswered(t, s, 10, everything...)
		unanswered(t, s, 6, everything...)
		unanswered(t, s, 2, everything[:2]...)
		unanswered(t, s, 0)
		unanswered(t, s, -1)

		add(t, s, "b", answer(b2, 9))
		add(t, s, "a", answer(a2, 9))
		unanswered(t, s, 10, ref("c", c1), ref("a", a1), ref("a", a3), ref("b", b1))
		if err := s.Delete(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		unanswered(t, s, 10, ref("c", c1), ref("b", b1))
		if _, err := s.Expire(t.Context(), at(5)); err != nil { // c alone: b has an answer since
			t.Fatal(err)
		}
		unanswered(t, s, 10, ref("b", b1))
		for offset, want := range map[int64]int64{b1.Offset: 0, b1.Offset + 1: b1.Offset, b1.Offset + 9: b1.Offset} {
			if got, err := s.Earlier(t.Context(), "b", offset); got != want || err != nil {
				t.Errorf("Earlier(b, %d) = %d, %v, want %d", offset, got, err, want)
			}
		}
		if got, err := s.Earlier(t.Context(), "nobody", 5); got != 0 || err != nil {
			t.Errorf("Earlier(nobody) = %d, %v", got, err)
		}
	})
	t.Run("ties are ordered by the bytes of the keys", func(t *testing.T) {
		s, _ := open(t)
		// as no language orders them: å before æ before ø, and capitals first
		keys := []string{"A", "Z", "a", "aa", "z", "Å", "Æ", "Ø", "å", "æ", "ø", "👍"}
		var want []conversation.Ref
		for _, key := range keys {
			want = append(want, conversation.Ref{Key: key, Offset: 1})
		}
		for _, key := range slices.Backward(keys) {
			add(t, s, key, message("m", 1))
		}
		unanswered(t, s, 20, want...)
		for n := range keys {
			unanswered(t, s, n, want[:n]...)
		}
	})
	t.Run("times are told apart to the microsecond", func(t *testing.T) {
		s, _ := open(t)
		for i, micro := range []int{3, 1, 2} {
			m := message(fmt.Sprint(i), 1)
			m.At = m.At.Add(time.Duration(micro) * time.Microsecond)
			add(t, s, "k", m)
		}
		unanswered(t, s, 9, conversation.Ref{Key: "k", Offset: 2}, conversation.Ref{Key: "k", Offset: 3}, conversation.Ref{Key: "k", Offset: 1})
	})
	t.Run("a clock that jumps back changes no order", func(t *testing.T) {
		s, reopen := open(t)
		late := add(t, s, "k", message("late", 50))
		early := add(t, s, "k", message("early", 10))
		a := add(t, s, "k", answer(early, 5)) // before its own message
		if reopen != nil {
			s = reopen()
		}
		same(t, "entries", []kiveileder.Entry{late, early, a}, whole(t, s, "k", 3).Entries)
		_, last, err := s.Before(t.Context(), "k", 4, 9)
		if err != nil || last == nil || last.Offset != 3 {
			t.Errorf("last answer %v, %v", last, err)
		}
		unanswered(t, s, 9, conversation.Ref{Key: "k", Offset: 1})
		if n, err := s.Expire(t.Context(), at(6)); n != 1 || err != nil { // it was last written to at 5, as its clock said
			t.Errorf("Expire = %d, %v", n, err)
		}
	})
}

func unanswered(t *testing.T, s conversation.Store, limit int, want ...conversation.Ref) {
	t.Helper()
	got, err := s.Unanswered(t.Context(), limit)
	if err != nil {
		t.Fatal(err)
	}
	same(t, fmt.Sprint("Unanswered ", limit), want, got)
}
