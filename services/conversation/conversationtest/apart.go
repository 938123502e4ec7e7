package conversationtest

import (
	"fmt"
	"strings"
	"testing"

	"kiveileder"
)

func testApart(t *testing.T, open Opener) {
	t.Run("conversations do not see each other", func(t *testing.T) {
		s, _ := open(t)
		for _, key := range []string{"a", "b"} {
			for _, m := range say(t, s, key, "m1", "m2") {
				a := answer(m, 5)
				a.Answer.Lead = key
				add(t, s, key, a)
			}
		}
		for _, key := range []string{"a", "b"} {
			for _, e := range whole(t, s, key, 4).Entries[2:] {
				if e.Answer.Lead != key {
					t.Errorf("%q has the answer of %q", key, e.Answer.Lead)
				}
			}
			a, err := s.AnswerTo(t.Context(), key, 2)
			if err != nil || a == nil || a.Answer.Lead != key {
				t.Errorf("AnswerTo in %q = %+v, %v", key, a, err)
			}
			ms, last, err := s.Before(t.Context(), key, 5, 10)
			if err != nil || len(ms) != 2 || last == nil || last.Answer.Lead != key {
				t.Errorf("Before in %q = %v, %v, %v", key, ms, last, err)
			}
		}
		if err := s.Delete(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		whole(t, s, "b", 4)
	})
	t.Run("a key is taken as it comes", func(t *testing.T) {
		s, reopen := open(t)
		keys := []string{
			"", " ", "a", "A", "a ", " a", "å", "a\u030a", "Å", "%", "_", "'", `"`, `\`, "a;b", "--", "?", "*", "1", "01", "1.0", "1e0",
			"NULL", "null", "a\nb", "a\tb", "a\x00b", "a\x00c", "\x00", "👍", "../x", "x/y", strings.Repeat("k", 10_000),
		}
		for i, key := range keys {
			add(t, s, key, kiveileder.Entry{ID: "m", At: at(i), Text: key})
		}
		if reopen != nil {
			s = reopen()
		}
		for _, key := range keys {
			if got := whole(t, s, key, 1); len(got.Entries) > 0 && got.Entries[0].Text != key {
				t.Errorf("%q has the message of %q", key, got.Entries[0].Text)
			}
		}
		refs, err := s.Unanswered(t.Context(), len(keys)+1)
		if err != nil || len(refs) != len(keys) {
			t.Fatalf("%d unanswered, %v; want %d", len(refs), err, len(keys))
		}
		for i, r := range refs {
			same(t, fmt.Sprint("key ", i), keys[i], r.Key)
		}
	})
}
