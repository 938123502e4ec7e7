package logintest

import (
	"context"
	"testing"
	"time"

	"kiveileder/gateway/login"
)

// Repeat is the suite of stores that know a call when it is made again, see
// login.WithCall. open gives an empty store, as for Run.
func Repeat(t *testing.T, open func(t *testing.T) login.Store) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, s login.Store)
	}{
		{"a session is added again", repeatAdd},
		{"the first stays the first", repeatOnce},
		{"what was ended is given again, and no more", repeatEnd},
		{"a token ends for its own call again", repeatEndOnce},
		{"what expired is given again", repeatExpire},
		{"many times at once", repeatMany},
	} {
		t.Run("again: "+c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

func call(t *testing.T, name string) context.Context { return login.WithCall(t.Context(), name) }

func repeatAdd(t *testing.T, s login.Store) {
	one := session("a", "p1", 0)
	for range 2 {
		if err := s.Add(call(t, "1"), one); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Touch(t.Context(), "a", at(5)); err != nil {
		t.Fatal(err)
	}
	if err := s.Add(call(t, "1"), one); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(t.Context(), "a"); err != nil || !got.Used.Equal(at(5)) {
		t.Fatalf("used %v, %v", got.Used, err)
	}
	if _, err := s.End(t.Context(), login.Match{Key: "a"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Add(call(t, "1"), one); err != nil { // late on its way
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), "a"); err == nil {
		t.Error("an ended session came back")
	}
}

func repeatOnce(t *testing.T, s login.Store) {
	for _, c := range []struct {
		call string
		want bool
	}{{"1", true}, {"1", true}, {"2", false}, {"2", false}, {"1", true}, {"", false}} {
		if first, err := s.Once(call(t, c.call), "link", at(60)); err != nil || first != c.want {
			t.Errorf("call %q: first is %v, %v", c.call, first, err)
		}
	}
}

func repeatEnd(t *testing.T, s login.Store) {
	add(t, s, session("a", "p1", 1), session("b", "p1", 2))
	for range 2 {
		got, err := s.End(call(t, "1"), login.Match{Person: "p1"})
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, []login.Session{session("b", "p1", 2), session("a", "p1", 1)})
		if _, err := s.Get(t.Context(), "c"); err != nil {
			add(t, s, session("c", "p1", 3)) // signs in again before the call comes again
		}
	}
	if _, err := s.Get(t.Context(), "c"); err != nil {
		t.Errorf("a call that came again ended a session that began after it: %v", err)
	}
	got, err := s.End(call(t, "2"), login.Match{Person: "p1"})
	if err != nil {
		t.Fatal(err)
	}
	same(t, keys(got), []string{"c"})
}

func repeatEndOnce(t *testing.T, s login.Store) {
	m := login.Match{Subject: "subject-p1"}
	add(t, s, session("a", "p1", 1))
	for range 2 {
		got, err := s.EndOnce(call(t, "1"), "jti", at(60), m)
		if err != nil {
			t.Fatal(err)
		}
		same(t, keys(got), []string{"a"})
	}
	add(t, s, session("b", "p1", 2))
	if _, err := s.EndOnce(call(t, "1"), "jti", at(60), m); err != nil {
		t.Fatal(err)
	}
	if got, err := s.EndOnce(call(t, "2"), "jti", at(60), m); err == nil {
		t.Errorf("a replayed token ended %v", keys(got))
	}
	if _, err := s.Get(t.Context(), "b"); err != nil {
		t.Error(err)
	}
}

func repeatExpire(t *testing.T, s login.Store) {
	l := login.Limits{Idle: time.Minute, Absolute: time.Hour}
	add(t, s, session("a", "p1", 0), session("b", "p1", 9))
	for range 2 {
		got, err := s.Expire(call(t, "1"), l, at(5))
		if err != nil {
			t.Fatal(err)
		}
		same(t, keys(got), []string{"a"})
	}
	if got, err := s.Expire(call(t, "2"), l, at(5)); err != nil || len(got) > 0 {
		t.Errorf("ended %v again, %v", keys(got), err)
	}
}

// repeatMany: a call that seems lost may still be under way.
func repeatMany(t *testing.T, s login.Store) {
	add(t, s, session("a", "p1", 1))
	for _, first := range many(20, func(int) bool {
		first, err := s.Once(call(t, "1"), "link", at(60))
		return first && err == nil
	}) {
		if !first {
			t.Error("the same call was not the first")
		}
	}
	for _, ended := range many(20, func(int) []login.Session {
		ended, err := s.EndOnce(call(t, "2"), "jti", at(60), login.Match{Key: "a"})
		if err != nil {
			t.Error(err)
		}
		return ended
	}) {
		same(t, keys(ended), []string{"a"})
	}
	one := session("b", "p1", 2)
	for _, err := range many(20, func(int) error { return s.Add(call(t, "3"), one) }) {
		if err != nil {
			t.Error(err)
		}
	}
}

// Outlive holds that what one process kept the next one has. open opens the
// same store each time; its function closes it.
func Outlive(t *testing.T, open func() (s login.Store, shut func())) {
	s, shut := open()
	a, b := session("a", "p1", 1), session("b", "p1", 2)
	add(t, s, a, b)
	if err := s.Touch(t.Context(), "a", at(7)); err != nil {
		t.Fatal(err)
	}
	if first, err := s.Once(call(t, "1"), "link", at(60)); !first || err != nil {
		t.Fatal(first, err)
	}
	if _, err := s.EndOnce(call(t, "2"), "jti", at(60), login.Match{Key: "b"}); err != nil {
		t.Fatal(err)
	}
	shut()
	s, shut = open()
	defer shut()
	a.Used = at(7)
	got, err := s.List(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, []login.Session{a})
	ended, err := s.EndOnce(call(t, "2"), "jti", at(60), login.Match{Key: "b"})
	if err != nil {
		t.Fatal(err)
	}
	same(t, ended, []login.Session{b})
	for name, want := range map[string]bool{"1": true, "3": false} {
		if first, err := s.Once(call(t, name), "link", at(60)); first != want || err != nil {
			t.Errorf("call %s: first is %v, %v", name, first, err)
		}
	}
}
