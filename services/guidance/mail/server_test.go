package mail

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A server is a real SMTP server that keeps what it takes and fails where it
// is told to.
type server struct {
	t    testing.TB
	addr *net.TCPAddr
	tls  *tls.Config // for a client

	mu    sync.Mutex
	fail  map[string]error // by step: session, auth, mail, rcpt, data; cut closes the connection
	mails [][]byte
	from  []string
	to    []string
	auths int
}

var errCut = errors.New("cut the connection")

type serverOptions struct {
	implicit bool // TLS from the first byte
	plain    bool // no TLS at all
	login    bool // wants a password
}

func newServer(t testing.TB, o serverOptions) *server {
	t.Helper()
	web := httptest.NewTLSServer(nil) // has a certificate for example.com and 127.0.0.1
	s := &server{t: t, fail: map[string]error{}, tls: web.Client().Transport.(*http.Transport).TLSClientConfig.Clone()}
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		if err := s.failing(c, "session"); err != nil {
			return nil, err
		}
		ses := &session{s: s, c: c}
		if o.login {
			return &loginSession{session: ses}, nil
		}
		return ses, nil
	}))
	srv.Domain = "mx.example.no"
	srv.ReadTimeout, srv.WriteTimeout = 5*time.Second, 5*time.Second
	srv.ErrorLog = quiet{}
	serverTLS := &tls.Config{Certificates: web.TLS.Certificates}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().(*net.TCPAddr)
	switch {
	case o.implicit:
		l = tls.NewListener(l, serverTLS)
	case !o.plain:
		srv.TLSConfig = serverTLS
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = srv.Serve(l) })
	t.Cleanup(func() {
		srv.Close()
		wg.Wait()
		web.Close()
	})
	return s
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// set makes a step fail from now on; nil mends it.
func (s *server) set(step string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail[step] = err
}

func (s *server) failing(c *smtp.Conn, step string) error {
	s.mu.Lock()
	err := s.fail[step]
	s.mu.Unlock()
	if err == errCut {
		c.Conn().Close()
	}
	return err
}

func (s *server) taken() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([][]byte(nil), s.mails...)
}

// ids gives the Message-IDs of the mails that came, in order.
func (s *server) ids() []string {
	var out []string
	for _, b := range s.taken() {
		m, err := netmail.ReadMessage(bytes.NewReader(b))
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(out, strings.Trim(m.Header.Get("Message-Id"), "<>"))
	}
	return out
}

type session struct {
	s *server
	c *smtp.Conn
}

func (x *session) Reset()        { _ = x.s.failing(x.c, "reset") }
func (x *session) Logout() error { return nil }

func (x *session) Mail(from string, _ *smtp.MailOptions) error {
	if err := x.s.failing(x.c, "mail"); err != nil {
		return err
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.from = append(x.s.from, from)
	return nil
}

func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := x.s.failing(x.c, "rcpt"); err != nil {
		return err
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.to = append(x.s.to, to)
	return nil
}

func (x *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	x.s.mu.Lock()
	if err := x.s.fail["data"]; err != nil && err != errCut {
		x.s.mu.Unlock()
		return err
	}
	// The mail is taken; a cut comes before the server can say so.
	x.s.mails = append(x.s.mails, b)
	x.s.mu.Unlock()
	return x.s.failing(x.c, "data")
}

type loginSession struct{ *session }

func (x *loginSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (x *loginSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, pass string) error {
		if user != "ki" || pass != "hemmelig" {
			return smtp.ErrAuthFailed
		}
		x.s.mu.Lock()
		defer x.s.mu.Unlock()
		x.s.auths++
		return nil
	}), nil
}
