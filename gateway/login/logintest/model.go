package logintest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kiveileder"
	"kiveileder/gateway/login"
)

// testSameAsMemory does the same at random to a store and to one in memory.
func testSameAsMemory(t *testing.T, s login.Store) {
	r := rand.New(rand.NewPCG(7, 7))
	m := login.NewMemory()
	added := []string{"none"} // a key is never used twice
	few := func(what string) string { return fmt.Sprint(what, r.IntN(3)) }
	perhaps := func(v string) string {
		if r.IntN(3) == 0 {
			return v
		}
		return ""
	}
	key := func() string { return added[max(0, len(added)-1-r.IntN(8))] }
	match := func() login.Match {
		return login.Match{
			Key: perhaps(perhaps(key())), Person: perhaps(few("p")), Name: perhaps(perhaps(few("n"))), Not: perhaps(key()),
			Provider: perhaps(few("o")), Subject: perhaps(few("s")), SID: perhaps(few("i")),
		}
	}
	for step := range 400 {
		var do func(s login.Store) (any, error)
		now := at(step)
		switch r.IntN(9) {
		case 0, 1, 2, 3:
			one := login.Session{
				Key: fmt.Sprint("k", step), Name: few("n"), Person: login.Person{ID: perhaps(few("p"))}, Provider: perhaps(few("o")),
				Subject: perhaps(few("s")), SID: perhaps(few("i")), Began: now, Used: now,
			}
			added = append(added, one.Key)
			do = func(s login.Store) (any, error) { return nil, s.Add(t.Context(), one) }
		case 4:
			k, used := key(), at(step+r.IntN(40)-20)
			do = func(s login.Store) (any, error) { return nil, s.Touch(t.Context(), k, used) }
		case 5:
			m := match()
			do = func(s login.Store) (any, error) { return s.End(t.Context(), m) }
		case 6:
			m, token := match(), fmt.Sprint("t", r.IntN(20))
			do = func(s login.Store) (any, error) { return s.EndOnce(t.Context(), token, now.Add(time.Hour), m) }
		case 7:
			token := fmt.Sprint("t", r.IntN(20))
			do = func(s login.Store) (any, error) { return s.Once(t.Context(), token, now.Add(10*time.Minute)) }
		case 8:
			if r.IntN(4) > 0 {
				continue
			}
			l := login.Limits{Idle: time.Duration(r.IntN(40)) * time.Minute, Absolute: 50 * time.Minute}
			do = func(s login.Store) (any, error) { return s.Expire(t.Context(), l, now) }
		}
		got, errGot := do(s)
		want, errWant := do(m)
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" || kiveileder.ErrorCode(errGot) != kiveileder.ErrorCode(errWant) {
			t.Fatalf("step %d: %v, in memory %v (-memory +store)\n%s", step, errGot, errWant, d)
		}
	}
	for i := range 3 {
		person := fmt.Sprint("p", i)
		got, err := s.List(t.Context(), person)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := m.List(t.Context(), person)
		same(t, got, want)
	}
}
