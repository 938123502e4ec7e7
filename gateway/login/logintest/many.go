package logintest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/gateway/login"
)

// testSealed: who holds the id opens what is sealed, so no byte may change.
func testSealed(t *testing.T, s login.Store) {
	var every []byte
	for b := range 256 {
		every = append(every, byte(b))
	}
	long := make([]byte, 20_000) // longer than any ID token
	_, _ = rand.Read(long)
	for i, sealed := range [][]byte{every, long, {0}, nil} {
		one := session(fmt.Sprint("k", i), "p1", i)
		one.Sealed = sealed
		one.Person.Name = "Ælfgifu «'\"\\<b>» 👩‍⚖️ مرحبا"
		add(t, s, one)
		got, err := s.Get(t.Context(), one.Key)
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, one)
		ended, err := s.End(t.Context(), login.Match{Key: one.Key})
		if err != nil {
			t.Fatal(err)
		}
		same(t, ended, []login.Session{one})
	}
}

func testErrors(t *testing.T, s login.Store) {
	_, err := s.Get(t.Context(), "none")
	if !errors.Is(err, login.ErrNoSession) {
		t.Errorf("Get: %v", err)
	}
	if err := s.Touch(t.Context(), "none", at(1)); !errors.Is(err, login.ErrNoSession) {
		t.Errorf("Touch: %v", err)
	}
	add(t, s, session("a", "p1", 0))
	if err := s.Add(t.Context(), session("a", "p2", 1)); !errors.Is(err, login.ErrUsed) || kiveileder.ErrorMessage(err) != login.ErrUsed.Message {
		t.Errorf("Add: %v", err)
	}
	for i, want := range []error{nil, login.ErrUsed} {
		if _, err := s.EndOnce(t.Context(), "jti", at(1), login.Match{Key: "b"}); !errors.Is(err, want) {
			t.Errorf("EndOnce %d: %v", i, err)
		}
	}
}

// testStrange: some names come from addresses that anybody may call.
func testStrange(t *testing.T, s login.Store) {
	add(t, s, session("a", "p1", 0))
	for i, name := range []string{"\x00", "a\x00", "\xff", "' OR ''='", "%", "A", " a", "a ", strings.Repeat("a", 10_000)} {
		for _, m := range []login.Match{{Key: name}, {Person: name}, {Person: "p1", Name: name}, {SID: name}, {Subject: name, SID: name}, {Provider: name, Subject: "subject-p1"}} {
			if got, err := s.End(t.Context(), m); err != nil || len(got) > 0 {
				t.Errorf("%+q: ended %v, %v", m, keys(got), err)
			}
		}
		if got, err := s.EndOnce(t.Context(), fmt.Sprint("jti", i), at(1), login.Match{Person: name}); err != nil || len(got) > 0 {
			t.Errorf("%q: ended %v, %v", name, keys(got), err)
		}
		if got, err := s.List(t.Context(), name); err != nil || len(got) > 0 {
			t.Errorf("%q has %v, %v", name, keys(got), err)
		}
		_, err := s.Get(t.Context(), name)
		wantCode(t, err, kiveileder.CodeNotFound)
		wantCode(t, s.Touch(t.Context(), name, at(1)), kiveileder.CodeNotFound)
	}
}

// many does something from many sides at once, and gives what each was given.
func many[T any](n int, do func(i int) T) []T {
	out := make([]T, n)
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-begin
			out[i] = do(i)
		})
	}
	close(begin)
	wg.Wait()
	return out
}

// each holds that every session of some was given exactly once.
func each(t *testing.T, given [][]login.Session, want []string) {
	t.Helper()
	var got []string
	for _, g := range given {
		got = append(got, keys(g)...)
	}
	slices.Sort(got)
	slices.Sort(want)
	same(t, got, want)
}

func testEndOnceMany(t *testing.T, s login.Store) {
	add(t, s, session("a", "p1", 1), session("b", "p1", 2), session("c", "p2", 3))
	type result struct {
		ended []login.Session
		err   error
	}
	firsts := 0
	for _, r := range many(100, func(int) result {
		ended, err := s.EndOnce(t.Context(), "jti", at(60), login.Match{Subject: "subject-p1"})
		return result{ended, err}
	}) {
		switch {
		case r.err == nil:
			firsts++
			same(t, keys(r.ended), []string{"b", "a"})
		case !errors.Is(r.err, login.ErrUsed) || len(r.ended) > 0:
			t.Errorf("ended %v, %v", keys(r.ended), r.err)
		}
	}
	if firsts != 1 {
		t.Errorf("%d were the first", firsts)
	}
}

func testEndMany(t *testing.T, s login.Store) {
	var all []string
	for i := range 12 {
		all = append(all, fmt.Sprint("k", i))
		add(t, s, session(all[i], fmt.Sprint("p", i%3), i))
	}
	each(t, many(36, func(i int) []login.Session {
		if i%4 == 0 { // while they are used
			for _, k := range all {
				if err := s.Touch(t.Context(), k, at(20+i)); err != nil && !errors.Is(err, login.ErrNoSession) {
					t.Error(err)
				}
			}
			return nil
		}
		ended, err := s.End(t.Context(), login.Match{Person: fmt.Sprint("p", i%3)})
		if err != nil {
			t.Error(err)
		}
		return ended
	}), all)
	for _, k := range all {
		_, err := s.Get(t.Context(), k)
		wantCode(t, err, kiveileder.CodeNotFound)
	}
}

func testExpireMany(t *testing.T, s login.Store) {
	l := login.Limits{Idle: 30 * time.Minute, Absolute: 10 * time.Hour}
	var late []string
	for i := range 30 {
		one := session(fmt.Sprint("k", i), "p1", i)
		add(t, s, one)
		if i < 20 {
			late = append(late, one.Key)
		}
	}
	expire := func(now time.Time) func(int) []login.Session {
		return func(int) []login.Session {
			ended, err := s.Expire(t.Context(), l, now)
			if err != nil {
				t.Error(err)
			}
			return ended
		}
	}
	// what one has in its hands another may leave: by the last it is gone
	given := many(8, expire(at(19+30)))
	each(t, append(given, expire(at(19+30))(0)), late)
	left, err := s.List(t.Context(), "p1")
	if err != nil || len(left) != 10 {
		t.Fatalf("left are %v, %v", keys(left), err)
	}
	for _, k := range late {
		wantCode(t, s.Touch(t.Context(), k, at(100)), kiveileder.CodeNotFound)
	}
}
