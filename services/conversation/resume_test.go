package conversation_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"kiveileder"
	"kiveileder/services/conversation"
)

// left fills a store as a crash leaves it: messages at seconds 1, 2, 3 … in
// conversations "a", "b", "a", …, the third of them answered.
func left(t *testing.T, n int) conversation.Store {
	t.Helper()
	s := conversation.NewMemory("e1")
	for i := range n {
		key := string("ab"[i%2])
		m, _, err := s.Add(t.Context(), key, kiveileder.Entry{ID: fmt.Sprint("m", i+1), At: at(i + 1), Text: fmt.Sprint("m", i+1)})
		if err != nil {
			t.Fatal(err)
		}
		if i == 2 {
			if _, _, err := s.Add(t.Context(), key, kiveileder.Entry{ID: m.ID, At: at(30), ReplyTo: m.Offset, Thread: m.Offset, Answer: &kiveileder.Answer{}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s
}

// resume runs Resume and gives what was told, and checks that it tells at once
// how many wait.
func resume(t *testing.T, s conversation.Store, d *fakeDialogue) (told []string, err error) {
	t.Helper()
	refs, err := s.Unanswered(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	var waiting []int
	err = conversation.New(s, d, publisher(func(e kiveileder.Event) {
		switch {
		case e.Entry == nil: // a stage
		case e.Entry.Answer == nil || e.Entry.Answer.Lead != e.Entry.ID:
			t.Errorf("told %+v", e)
		default:
			told = append(told, e.Key+" "+e.Entry.ID)
		}
	})).Resume(t.Context(), func(n int) {
		if len(told) > 0 {
			t.Errorf("told of %d when %d were answered", n, len(told))
		}
		waiting = append(waiting, n)
	})
	same(t, "waiting", []int{len(refs)}, waiting)
	return told, err
}

func TestResume(t *testing.T) {
	s, d := left(t, 5), &fakeDialogue{}
	told, err := resume(t, s, d)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "told", []string{"a m1", "b m2", "b m4", "a m5"}, told)
	if refs, err := s.Unanswered(t.Context(), 10); len(refs) > 0 || err != nil {
		t.Errorf("still unanswered: %v, %v", refs, err)
	}
	told, err = resume(t, s, d)
	if err != nil || len(told) > 0 || len(d.turns) != 4 {
		t.Errorf("again: told %v, %v, %d turns", told, err, len(d.turns))
	}
}

// A message that is refused, as by a newer version, is passed over; one that
// fails is told of at the end, holds up nobody, and is tried again the next time.
func TestResumeFails(t *testing.T) {
	s, d := left(t, 5), &fakeDialogue{}
	away := errors.New("the search is away")
	d.fails = func(turn kiveileder.Turn) error {
		switch turn.Question {
		case "m1":
			return kiveileder.Errorf(kiveileder.CodeInvalid, "Meldingen er for lang.")
		case "m4":
			return away
		}
		return nil
	}
	told, err := resume(t, s, d)
	if !errors.Is(err, away) {
		t.Errorf("error %v", err)
	}
	same(t, "told", []string{"b m2", "a m5"}, told)
	d.fails = nil
	told, err = resume(t, s, d)
	if err != nil {
		t.Error(err)
	}
	same(t, "told", []string{"a m1", "b m4"}, told)
}

func TestResumeMany(t *testing.T) {
	const n = 2100
	s, d := left(t, 0), &fakeDialogue{}
	for i := range n {
		if _, _, err := s.Add(t.Context(), fmt.Sprint(i%50), kiveileder.Entry{ID: fmt.Sprint(i), At: at(i), Text: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	told, err := resume(t, s, d)
	if err != nil || len(told) != n {
		t.Errorf("told %d of %d, %v", len(told), n, err)
	}
	for _, refusals := range []int{999, 1000, 1001} { // ends, whatever stays unanswered
		s := conversation.NewMemory("e1")
		for i := range refusals {
			if _, _, err := s.Add(t.Context(), fmt.Sprint(i%50), kiveileder.Entry{ID: fmt.Sprint(i), At: at(i)}); err != nil {
				t.Fatal(err)
			}
		}
		d.fails = func(kiveileder.Turn) error { return kiveileder.Errorf(kiveileder.CodeInvalid, "nei") }
		if told, err := resume(t, s, d); len(told) > 0 || err != nil {
			t.Errorf("told %d, %v", len(told), err)
		}
	}
}

func TestExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const day = 24 * time.Hour
		k := newTalk(t)
		expire := func(want int) {
			t.Helper()
			if n, err := k.Expire(t.Context()); n != want || err != nil {
				t.Errorf("expired %d, %v; want %d", n, err, want)
			}
		}
		k.ask(post("m1", "Må vi søke REK?"))
		if e := k.entries()[0]; !e.At.Equal(time.Now()) {
			t.Errorf("written at %v, now is %v", e.At, time.Now())
		}
		time.Sleep(29 * day)
		expire(0)
		k.ask(post("m2", "Og nå?")) // begins the thirty days anew
		time.Sleep(29 * day)
		expire(0)
		time.Sleep(day)
		expire(0) // exactly thirty days
		time.Sleep(time.Second)
		expire(1)
		if n := len(k.entries()); n != 0 {
			t.Errorf("%d entries are left", n)
		}
		expire(0)

		if err := k.Delete(t.Context(), "deleted"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(kiveileder.Retention)
		expire(0)
		if _, _, err := k.Accept(t.Context(), "deleted", post("m", "Hallo?")); kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
			t.Errorf("a deleted conversation: %v", err)
		}
		time.Sleep(time.Second)
		expire(1)
	})
}
