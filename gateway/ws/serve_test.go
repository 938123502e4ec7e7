package ws

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// never is how often a connection pings that shall not ping in a test: the first
// ping comes at a random time before it.
const never = 1_000_000 * time.Hour

// funcs is a handler made of functions; nil ones do nothing.
type funcs struct {
	message func(kind int, b []byte)
	closed  func()
}

func (f funcs) Message(kind int, b []byte) {
	if f.message != nil {
		f.message(kind, b)
	}
}

func (f funcs) Closed() {
	if f.closed != nil {
		f.closed()
	}
}

// echo sends back what comes.
func echo(c *Conn) Handler {
	return funcs{message: func(kind int, b []byte) {
		if kind == Binary {
			c.SendBinary(b)
		} else {
			c.SendWait(b)
		}
	}}
}

// silent takes messages and says nothing.
func silent(*Conn) Handler { return funcs{} }

// serve gives the address of a server of connections, which do not ping unless
// cfg says so. When the test ends, every connection must have called Closed,
// once, and no goroutine may be left.
func serve(t testing.TB, cfg Config, open func(*Conn) Handler) string {
	t.Helper()
	return serveWith(t, cfg, open, func(*http.Server) {})
}

func serveWith(t testing.TB, cfg Config, open func(*Conn) Handler, set func(*http.Server)) string {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
	if cfg.Ping == 0 {
		cfg.Ping = never
	}
	handler, done := handler(t, NewConfig(cfg), open)
	s := httptest.NewUnstartedServer(handler)
	set(s.Config)
	s.Start()
	t.Cleanup(func() {
		s.Close()
		done()
	})
	return s.Listener.Addr().String()
}

// handler upgrades requests. done waits until all connections have ended.
func handler(t testing.TB, cfg *Config, open func(*Conn) Handler) (h http.Handler, done func()) {
	var running sync.WaitGroup
	up := Upgrader(nil, func(*http.Request) bool { return true })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		running.Add(1) // before the client hears that it is let in, and may end the test
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			running.Done()
			return
		}
		Start(conn, cfg, func(c *Conn) Handler { return &watched{t: t, Handler: open(c), done: running.Done} })
	}), running.Wait
}

// watched holds a handler to what its interface promises.
type watched struct {
	t testing.TB
	Handler
	done func()

	mu      sync.Mutex
	running bool
	closed  bool
}

func (w *watched) enter(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running || w.closed {
		w.t.Errorf("%s while a call runs (%v) or after Closed (%v)", what, w.running, w.closed)
	}
	w.running = true
}

func (w *watched) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running = false
}

func (w *watched) Message(kind int, b []byte) {
	w.enter("Message")
	defer w.leave()
	w.Handler.Message(kind, b)
}

func (w *watched) Closed() {
	w.enter("Closed")
	defer func() {
		w.leave()
		w.mu.Lock()
		w.closed = true
		w.mu.Unlock()
		w.done()
	}()
	w.Handler.Closed()
}
