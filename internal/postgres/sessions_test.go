package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/gateway/login"
	"kiveileder/gateway/login/logintest"
	"kiveileder/internal/stacktest"
)

func TestSessions(t *testing.T) {
	t.Parallel()
	stacktest.Server(t)
	logintest.Run(t, openReplicas)
	logintest.Repeat(t, openReplicas)
}

// Replicas are stores over one database, each with a pool of its own. Each
// call goes to the next.
type replicas struct {
	stores []login.Store
	next   *atomic.Uint32
}

func openReplicas(t *testing.T) login.Store {
	u := stacktest.Postgres(t)
	r := replicas{next: new(atomic.Uint32)}
	for range 3 {
		r.stores = append(r.stores, open(t, u).Sessions())
	}
	return r
}

func (r replicas) one() login.Store { return r.stores[int(r.next.Add(1))%len(r.stores)] }

func (r replicas) Add(ctx context.Context, s login.Session) error { return r.one().Add(ctx, s) }
func (r replicas) Get(ctx context.Context, key string) (login.Session, error) {
	return r.one().Get(ctx, key)
}
func (r replicas) Touch(ctx context.Context, key string, used time.Time) error {
	return r.one().Touch(ctx, key, used)
}
func (r replicas) List(ctx context.Context, person string) ([]login.Session, error) {
	return r.one().List(ctx, person)
}
func (r replicas) Everyone(ctx context.Context) ([]login.Session, error) {
	return r.one().Everyone(ctx)
}

func (r replicas) End(ctx context.Context, m login.Match) ([]login.Session, error) {
	return r.one().End(ctx, m)
}
func (r replicas) EndOnce(ctx context.Context, token string, until time.Time, m login.Match) ([]login.Session, error) {
	return r.one().EndOnce(ctx, token, until, m)
}
func (r replicas) Once(ctx context.Context, token string, until time.Time) (bool, error) {
	return r.one().Once(ctx, token, until)
}
func (r replicas) Expire(ctx context.Context, l login.Limits, now time.Time) ([]login.Session, error) {
	return r.one().Expire(ctx, l, now)
}

// Connections are cut in the middle of many calls: each token has one first,
// each session is ended by one and stays ended.
func TestSessionsCut(t *testing.T) {
	t.Parallel()
	const tokens, each, sides = 30, 3, 6
	u := stacktest.Postgres(t)
	victim, killer := open(t, u+"&application_name=victim"), open(t, u)
	s, begin := victim.Sessions(), time.Now().Truncate(time.Microsecond)
	acknowledged, stop := cutting(t, killer, 4)
	var wg sync.WaitGroup
	// as internal/rpc does: the same call until it is acknowledged
	until := func(do func(ctx context.Context) error) {
		ctx := login.WithCall(t.Context(), login.CallOf(t.Context()))
		for range 200 {
			err := do(ctx)
			if err == nil || kiveileder.ErrorCode(err) == kiveileder.CodeConflict {
				acknowledged()
				return
			}
			if kiveileder.ErrorCode(err) != kiveileder.CodeUnavailable {
				t.Error(err)
				return
			}
		}
		t.Error("never acknowledged")
	}
	var firsts, ended [tokens]atomic.Int32
	for i := range tokens {
		for range each { // sessions of one person
			one := login.Session{Key: fmt.Sprint("k", i, "-", firsts[i].Add(1)), Person: login.Person{ID: fmt.Sprint("p", i)}, Began: begin, Used: begin}
			until(func(ctx context.Context) error { return s.Add(ctx, one) })
		}
		firsts[i].Store(0)
	}
	for range sides {
		wg.Go(func() {
			for i := range tokens {
				until(func(ctx context.Context) error {
					first, err := s.Once(ctx, fmt.Sprint("t", i), begin.Add(time.Hour))
					if first && err == nil {
						firsts[i].Add(1)
					}
					return err
				})
				until(func(ctx context.Context) error {
					all, err := s.EndOnce(ctx, fmt.Sprint("jti", i), begin.Add(time.Hour), login.Match{Person: fmt.Sprint("p", i)})
					if err == nil {
						ended[i].Add(int32(len(all)))
					}
					return err
				})
			}
		})
	}
	wg.Wait()
	cut := stop()
	t.Logf("%d connections cut", cut)
	if cut < 3 {
		t.Errorf("only %d connections were cut", cut)
	}
	for i := range tokens {
		left, err := killer.Sessions().List(t.Context(), fmt.Sprint("p", i))
		if f, e := firsts[i].Load(), ended[i].Load(); f != 1 || e != each || len(left) > 0 || err != nil {
			t.Errorf("token %d: %d firsts, %d sessions ended of %d, %d left, %v", i, f, e, each, len(left), err)
		}
	}
}

// What has ended is forgotten by the next that cleans up after its time.
func TestSessionsForgotten(t *testing.T) {
	t.Parallel()
	db := open(t, stacktest.Postgres(t))
	s, now := db.Sessions(), time.Now()
	rows := func() (n int) {
		if err := db.Pool().QueryRow(t.Context(), `SELECT (SELECT count(*) FROM login_session) + (SELECT count(*) FROM login_token)`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := s.Add(t.Context(), login.Session{Key: "a", Person: login.Person{ID: "p"}, Began: now, Used: now}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.End(t.Context(), login.Match{Key: "a"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Expire(t.Context(), login.DefaultLimits, now); err != nil || rows() != 2 {
		t.Fatalf("%d rows, %v: a call that comes again would not be known", rows(), err)
	}
	if _, err := db.Pool().Exec(t.Context(), `UPDATE login_session SET ended = ended - $1`, login.RepeatTime.Microseconds()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Expire(t.Context(), login.DefaultLimits, now.Add(2*login.RepeatTime)); err != nil || rows() != 0 {
		t.Fatalf("%d rows, %v", rows(), err)
	}
}

// What one process kept the next one has.
func TestSessionsOutlive(t *testing.T) {
	t.Parallel()
	u := stacktest.Postgres(t)
	logintest.Outlive(t, func() (login.Store, func()) {
		db := open(t, u)
		return db.Sessions(), func() {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
