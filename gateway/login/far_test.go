package login_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/gateway/login"
	"kiveileder/gateway/login/logintest"
	"kiveileder/internal/rpc"
	"kiveileder/internal/sqlite"
)

// farStore gives a store from far; through may put something before its door.
func farStore(t *testing.T, near login.Store, through func(http.Handler) http.Handler) login.Store {
	t.Helper()
	token, err := rpc.NewToken("a-token-that-all-roles-know-of-each-other")
	if err != nil {
		t.Fatal(err)
	}
	s := &rpc.Server{Name: "services", Token: token}
	login.Handle(s, near)
	srv := httptest.NewServer(through(s))
	t.Cleanup(srv.Close)
	c, err := rpc.NewClient(rpc.Options{Name: "services", URLs: srv.URL, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return login.NewFar(c)
}

func onDisk(t *testing.T) login.Store {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "kiveileder.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db.Sessions()
}

func straight(h http.Handler) http.Handler { return h }

// losing does what it is asked, and loses every third reply on its way.
func losing(h http.Handler) http.Handler {
	var calls atomic.Int32
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1)%3 != 0 {
			h.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	})
}

func TestFar(t *testing.T) {
	t.Parallel()
	for name, through := range map[string]func(http.Handler) http.Handler{"straight": straight, "replies are lost": losing} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := func(t *testing.T) login.Store { return farStore(t, onDisk(t), through) }
			logintest.Run(t, open)
			logintest.Repeat(t, open)
		})
	}
	t.Run("over memory", func(t *testing.T) {
		t.Parallel()
		logintest.Run(t, func(t *testing.T) login.Store { return farStore(t, login.NewMemory(), straight) })
	})
}

// Who logs out and goes away before the answer is logged out, and the sockets
// are told.
func TestFarEndGoesOn(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	far := farStore(t, onDisk(t), func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "session-end") {
				leave()
			}
			h.ServeHTTP(w, r)
		})
	})
	if err := far.Add(t.Context(), login.Session{Key: "a", Person: login.Person{ID: "p"}, Began: time.Now(), Used: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if ended, err := far.End(ctx, login.Match{Key: "a"}); err != nil || len(ended) != 1 {
		t.Errorf("ended %d, %v", len(ended), err)
	}
	if _, err := far.End(ctx, login.Match{Key: "a"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// While the role is away nobody is told that they are not signed in: the
// session may be there.
func TestFarAway(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	c, err := rpc.NewClient(rpc.Options{Name: "services", URLs: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	far := login.NewFar(c)
	_, get := far.Get(t.Context(), "a")
	_, once := far.Once(t.Context(), "t", time.Now())
	for _, err := range []error{get, once, far.Touch(t.Context(), "a", time.Now())} {
		if kiveileder.ErrorCode(err) != kiveileder.CodeUnavailable {
			t.Error(err)
		}
	}
}

// Two gateways ask one role: who is signed in at one is at the other, and what
// ends is told by the one that ended it.
func TestTwoGateways(t *testing.T) {
	t.Parallel()
	near := onDisk(t)
	a := newWorld(t, func(_ *world, cfg *login.Config) { cfg.Store = farStore(t, near, losing) })
	b := newWorld(t, func(_ *world, cfg *login.Config) { cfg.Store, cfg.Now = farStore(t, near, losing), a.clock.now })
	at := a.browser().in()
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, b.srv.URL, nil)
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: at.cookie(sessionCookie)})
	s, err := b.Session(r)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := b.EndPerson(t.Context(), s.Person.ID); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if a.endings() != 0 || b.endings() != 1 {
		t.Errorf("told at a %d times, at b %d times", a.endings(), b.endings())
	}
	at.is(false)
	const sessions = 4
	for range sessions {
		a.browser().in()
	}
	var told atomic.Int32
	for _, later := range []time.Duration{29 * time.Minute, time.Minute} { // the idle limit is half an hour
		a.clock.pass(later)
		var wg sync.WaitGroup
		for _, w := range []*world{a, b, a, b, a, b} {
			wg.Go(func() {
				n, err := w.Expire(t.Context())
				if err != nil {
					t.Error(err)
				}
				told.Add(int32(n))
			})
		}
		wg.Wait()
		if want := map[time.Duration]int32{time.Minute: sessions}[later]; told.Load() != want {
			t.Errorf("after %v more %d sessions were said to be over, want %d", later, told.Load(), want)
		}
	}
	if got := a.endings() + b.endings(); got != 1+sessions {
		t.Errorf("%d endings were told, want %d", got, 1+sessions)
	}
}

// Whoever reads the file of the store can sign in as nobody, and learns no
// more than a session says.
func TestNothingToStealOnDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "kiveileder.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	w := newWorld(t, func(_ *world, cfg *login.Config) { cfg.Store = db.Sessions() })
	b := w.browser().in()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, content...)
	}
	csrf := b.cookie(csrfCookie)
	if !bytes.Contains(all, []byte("login_session")) || len(csrf) < 20 {
		t.Fatal("the test looks in the wrong place")
	}
	for what, secret := range map[string]string{
		"the id": b.cookie(sessionCookie), "the token of changes": csrf, "an ID token": "eyJ", "the subject": "kari-subject", "the provider's session": "sid-1",
	} {
		if bytes.Contains(all, []byte(secret)) {
			t.Errorf("%s is in the file", what)
		}
	}
}

// counting counts what a store is asked to write.
type counting struct {
	login.Store
	mu      sync.Mutex
	touches int
}

func (c *counting) Touch(ctx context.Context, key string, used time.Time) error {
	c.mu.Lock()
	c.touches++
	c.mu.Unlock()
	return c.Store.Touch(ctx, key, used)
}

// Requests read; one in half a minute writes.
func TestUseIsCheap(t *testing.T) {
	t.Parallel()
	var c *counting
	w := newWorld(t, func(_ *world, cfg *login.Config) {
		c = &counting{Store: cfg.Store}
		cfg.Store = c
	})
	b := w.browser().in()
	for range 300 {
		b.is(true)
		w.clock.pass(time.Second)
	}
	if c.touches < 9 || c.touches > 10 {
		t.Errorf("300 requests in five minutes wrote %d times", c.touches)
	}
}
