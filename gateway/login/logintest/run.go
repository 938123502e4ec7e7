// Package logintest is the suite that every login.Store passes.
package logintest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kiveileder"
	"kiveileder/gateway/login"
)

// Run runs the suite. open gives an empty store, which it closes when the test
// ends.
func Run(t *testing.T, open func(t *testing.T) login.Store) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, s login.Store)
	}{
		{"a session comes back as it was", testWhole},
		{"a use moves forward only", testTouch},
		{"the list is a person's own, newest first", testList},
		{"what fits ends", testEnd},
		{"a match that says nothing ends nothing", testEndNothing},
		{"a logout token ends once", testEndOnce},
		{"one is the first", testOnce},
		{"what is past its limits goes", testExpire},
		{"an ended session does not come back", testRace},
		{"a context that has ended changes nothing", testContext},
		{"what is sealed stays as it is", testSealed},
		{"an error can be told", testErrors},
		{"what nobody is called fits nobody", testStrange},
		{"one ends by a token that comes to many at once", testEndOnceMany},
		{"each session is given to one that ends it", testEndMany},
		{"each session expires at one replica", testExpireMany},
		{"the same as memory", testSameAsMemory},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

// at gives the time n minutes into the test.
func at(n int) time.Time { return time.Date(2026, 11, 22, 9, 30+n, 0, 123456000, time.UTC) }

func session(key, person string, n int) login.Session {
	return login.Session{
		Key: key, Name: "name-" + key,
		Person:   login.Person{ID: person, Name: "Åse Østby", Agency: "hdir", Roles: []login.Role{login.Asker, login.Lawyer}},
		Provider: "entra", Subject: "subject-" + person, SID: "sid-" + key,
		Device: "Firefox, Windows", Sealed: []byte{0, 1, 255}, Began: at(n), Used: at(n),
	}
}

func add(t *testing.T, s login.Store, all ...login.Session) {
	t.Helper()
	for _, one := range all {
		if err := s.Add(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
}

func wantCode(t *testing.T, err error, want kiveileder.Code) {
	t.Helper()
	if got := kiveileder.ErrorCode(err); got != want {
		t.Fatalf("got error %v, want %q", err, want)
	}
}

func keys(all []login.Session) []string {
	var k []string
	for _, s := range all {
		k = append(k, s.Key)
	}
	return k
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
}

func testWhole(t *testing.T, s login.Store) {
	one, bare := session("a", "p1", 0), login.Session{Key: "b", Person: login.Person{ID: "p2"}, Began: at(1), Used: at(1)}
	add(t, s, one, bare)
	for _, want := range []login.Session{one, bare} {
		got, err := s.Get(t.Context(), want.Key)
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, want)
	}
	wantCode(t, s.Add(t.Context(), session("a", "p9", 5)), kiveileder.CodeConflict)
	got, _ := s.Get(t.Context(), "a")
	same(t, got, one)
	_, err := s.Get(t.Context(), "c")
	wantCode(t, err, kiveileder.CodeNotFound)
}

func testTouch(t *testing.T, s login.Store) {
	add(t, s, session("a", "p1", 0))
	for _, c := range []struct{ touch, want int }{{5, 5}, {3, 5}, {7, 7}} {
		if err := s.Touch(t.Context(), "a", at(c.touch)); err != nil {
			t.Fatal(err)
		}
		got, err := s.Get(t.Context(), "a")
		if err != nil || !got.Used.Equal(at(c.want)) || !got.Began.Equal(at(0)) {
			t.Fatalf("touched at %d: used %v, began %v, %v", c.touch, got.Used, got.Began, err)
		}
	}
	wantCode(t, s.Touch(t.Context(), "b", at(1)), kiveileder.CodeNotFound)
}

func testList(t *testing.T, s login.Store) {
	add(t, s, session("a", "p1", 1), session("b", "p1", 3), session("c", "p2", 2), session("d", "p1", 2))
	for person, want := range map[string][]string{"p1": {"b", "d", "a"}, "p2": {"c"}, "p3": nil, "": nil} {
		got, err := s.List(t.Context(), person)
		if err != nil {
			t.Fatal(err)
		}
		same(t, keys(got), want)
	}
	all, err := s.Everyone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, keys(all), []string{"b", "c", "d", "a"})
	if _, err := s.End(t.Context(), login.Match{Key: "d"}); err != nil {
		t.Fatal(err)
	}
	all, err = s.Everyone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, keys(all), []string{"b", "c", "a"})
}

func testEnd(t *testing.T, s login.Store) {
	other := session("x", "p1", 9)
	other.Provider = "helseid"
	unknown := session("u", "p3", 8)
	unknown.SID = ""
	add(t, s, session("a", "p1", 1), session("b", "p1", 2), session("c", "p1", 3), session("d", "p2", 4), other, unknown)
	for _, c := range []struct {
		match login.Match
		want  []string
	}{
		{login.Match{Key: "zz"}, nil},
		{login.Match{Person: "p2", Name: "name-a"}, nil}, // somebody else's
		{login.Match{Person: "p1", Name: "name-a"}, []string{"a"}},
		{login.Match{Provider: "entra", SID: "sid-b"}, []string{"b"}},
		{login.Match{Provider: "entra", Subject: "subject-p2", SID: "sid-c"}, nil}, // one is another's
		{login.Match{Provider: "entra", Subject: "subject-p3", SID: "sid-?"}, []string{"u"}},
		{login.Match{Provider: "entra", Subject: "subject-p1"}, []string{"c"}}, // not the one from helseid
		{login.Match{Person: "p1", Not: "x"}, nil},
		{login.Match{Person: "p1", Not: "d"}, []string{"x"}},
		{login.Match{Key: "d"}, []string{"d"}},
		{login.Match{Key: "d"}, nil}, // twice is no error
	} {
		got, err := s.End(t.Context(), c.match)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, keys(got), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%+v (-want +got)\n%s", c.match, diff)
		}
		for _, e := range got {
			_, err := s.Get(t.Context(), e.Key)
			wantCode(t, err, kiveileder.CodeNotFound)
		}
	}
}

func testEndNothing(t *testing.T, s login.Store) {
	add(t, s, session("a", "p1", 1), login.Session{Key: "b", Began: at(1), Used: at(1)})
	for _, m := range []login.Match{{}, {Provider: "entra"}, {Not: "b"}, {Name: "name-a"}} {
		got, err := s.End(t.Context(), m)
		if err != nil || len(got) > 0 {
			t.Fatalf("%+v: ended %v, %v", m, keys(got), err)
		}
	}
}

func testEndOnce(t *testing.T, s login.Store) {
	add(t, s, session("a", "p1", 1))
	m := login.Match{Provider: "entra", Subject: "subject-p1"}
	got, err := s.EndOnce(t.Context(), "jti", at(60), m)
	if err != nil {
		t.Fatal(err)
	}
	same(t, keys(got), []string{"a"})
	add(t, s, session("b", "p1", 2)) // signed in again
	_, err = s.EndOnce(t.Context(), "jti", at(60), m)
	wantCode(t, err, kiveileder.CodeConflict)
	if _, err := s.Get(t.Context(), "b"); err != nil {
		t.Fatalf("a replayed token ended a session: %v", err)
	}
	if first, err := s.Once(t.Context(), "jti", at(60)); first || err != nil {
		t.Fatalf("the token is the first again: %v, %v", first, err)
	}
}

func testOnce(t *testing.T, s login.Store) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var firsts int
	for range 100 {
		wg.Go(func() {
			first, err := s.Once(t.Context(), "link", at(1))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if first {
				firsts++
			}
		})
	}
	wg.Wait()
	if firsts != 1 {
		t.Fatalf("%d were the first", firsts)
	}
	if first, err := s.Once(t.Context(), "another", at(1)); !first || err != nil {
		t.Fatalf("another token: %v, %v", first, err)
	}
}

func testExpire(t *testing.T, s login.Store) {
	l := login.Limits{Idle: 30 * time.Minute, Absolute: 2 * time.Hour}
	busy, idle := session("busy", "p1", 0), session("idle", "p1", 0)
	busy.Used, idle.Used = at(100), at(60)
	add(t, s, busy, idle)
	for _, token := range []string{"old", "young"} {
		until := map[string]time.Time{"old": at(100), "young": at(101)}[token]
		if _, err := s.Once(t.Context(), token, until); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		now  int
		want []string
	}{{89, nil}, {100, []string{"idle"}}, {119, nil}, {120, []string{"busy"}}} {
		got, err := s.Expire(t.Context(), l, at(c.now))
		if err != nil {
			t.Fatal(err)
		}
		same(t, keys(got), c.want)
		if c.now != 100 {
			continue
		}
		for token, want := range map[string]bool{"old": true, "young": false} {
			if first, err := s.Once(t.Context(), token, at(200)); first != want || err != nil {
				t.Fatalf("token %s: first is %v, %v", token, first, err)
			}
		}
	}
}

func testRace(t *testing.T, s login.Store) {
	for i := range 20 {
		key := fmt.Sprint("k", i)
		add(t, s, session(key, "p1", 0))
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := s.Touch(t.Context(), key, at(1)); err != nil && kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if got, err := s.End(t.Context(), login.Match{Key: key}); err != nil || len(got) != 1 {
				t.Errorf("ended %v, %v", keys(got), err)
			}
		})
		wg.Wait()
		_, err := s.Get(t.Context(), key)
		wantCode(t, err, kiveileder.CodeNotFound)
	}
}

func testContext(t *testing.T, s login.Store) {
	add(t, s, session("a", "p1", 0))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, get := s.Get(ctx, "a")
	_, list := s.List(ctx, "p1")
	_, end := s.End(ctx, login.Match{Key: "a"})
	_, once := s.Once(ctx, "x", at(1))
	_, endOnce := s.EndOnce(ctx, "x", at(1), login.Match{Key: "a"})
	_, expire := s.Expire(ctx, login.DefaultLimits, at(10000))
	for i, err := range []error{get, list, end, once, endOnce, expire, s.Add(ctx, session("b", "p1", 0)), s.Touch(ctx, "a", at(2))} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("call %d: %v", i, err)
		}
	}
	got, err := s.Get(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, session("a", "p1", 0))
	if first, _ := s.Once(t.Context(), "x", at(1)); !first {
		t.Error("a token was used though the context had ended")
	}
}
