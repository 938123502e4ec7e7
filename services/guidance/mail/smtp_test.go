package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"kiveileder"
)

func (s *server) client(t testing.TB, change func(o *SMTPOptions)) *SMTP {
	t.Helper()
	o := SMTPOptions{Host: "127.0.0.1", Port: s.addr.Port, TLS: s.tls, Timeout: 3 * time.Second, Hello: "ki.example.no"}
	if change != nil {
		change(&o)
	}
	c, err := NewSMTP(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func testMessage(t testing.TB) *Message {
	t.Helper()
	m, err := testComposer(t).Compose(testItem(Answer, 7), testLetter(Answer, kiveileder.Bokmal))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSMTPSecurity(t *testing.T) {
	for name, c := range map[string]struct {
		server serverOptions
		client func(o *SMTPOptions)
		fails  bool
	}{
		"STARTTLS":                     {},
		"STARTTLS with a password":     {serverOptions{login: true}, func(o *SMTPOptions) { o.Username, o.Password = "ki", "hemmelig" }, false},
		"a wrong password":             {serverOptions{login: true}, func(o *SMTPOptions) { o.Username, o.Password = "ki", "feil" }, true},
		"TLS":                          {serverOptions{implicit: true}, func(o *SMTPOptions) { o.Security = TLS }, false},
		"TLS with a password":          {serverOptions{implicit: true, login: true}, func(o *SMTPOptions) { o.Security, o.Username, o.Password = TLS, "ki", "hemmelig" }, false},
		"open":                         {serverOptions{plain: true}, func(o *SMTPOptions) { o.Security = Open }, false},
		"a server that has no TLS":     {serverOptions{plain: true}, nil, true},
		"a certificate nobody vouches": {serverOptions{}, func(o *SMTPOptions) { o.TLS = &tls.Config{} }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, c.server)
			m := testMessage(t)
			status, err := s.client(t, c.client).Send(t.Context(), m)
			if c.fails {
				var f *Failure
				if !errors.As(err, &f) || !f.Server || f.Permanent || f.Step != "connect" || len(s.taken()) != 0 {
					t.Errorf("got %v, %d taken", err, len(s.taken()))
				}
				return
			}
			if err != nil || status != Sent {
				t.Fatalf("%v, %v", status, err)
			}
			if ids := s.ids(); len(ids) != 1 || ids[0] != m.ID || s.from[0] != m.From || s.to[0] != m.To || !strings.HasPrefix(m.From, "svar+") {
				t.Errorf("the server has %q from %q to %q", ids, s.from, s.to)
			}
		})
	}
}

// A server that fails at every step.
func TestSMTPFailures(t *testing.T) {
	no := func(code int, e smtp.EnhancedCode) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: e, Message: "kari@example.org is not welcome"}
	}
	for name, c := range map[string]struct {
		step string
		err  error
		want *Failure // nil: sent
	}{
		"closing":                {"session", no(421, smtp.EnhancedCode{4, 3, 2}), &Failure{Step: "connect", Code: 421, Server: true}},
		"cut at once":            {"session", errCut, &Failure{Step: "connect", Server: true}},
		"sender, for now":        {"mail", no(451, smtp.EnhancedCode{4, 3, 0}), &Failure{Step: "sender", Code: 451, Enhanced: "4.3.0", Server: true}},
		"sender refused":         {"mail", no(550, smtp.EnhancedCode{5, 1, 8}), &Failure{Step: "sender", Code: 550, Enhanced: "5.1.8", Server: true}},
		"cut at the sender":      {"mail", errCut, &Failure{Step: "sender", Server: true}},
		"receiver, greylisted":   {"rcpt", no(450, smtp.EnhancedCode{4, 2, 0}), &Failure{Step: "recipient", Code: 450, Enhanced: "4.2.0"}},
		"no such receiver":       {"rcpt", no(550, smtp.EnhancedCode{5, 1, 1}), &Failure{Step: "recipient", Code: 550, Enhanced: "5.1.1", Permanent: true}},
		"receiver, by policy":    {"rcpt", no(554, smtp.EnhancedCode{5, 7, 1}), &Failure{Step: "recipient", Code: 554, Enhanced: "5.7.1"}},
		"cut at the receiver":    {"rcpt", errCut, &Failure{Step: "recipient", Server: true}},
		"mailbox full":           {"data", no(452, smtp.EnhancedCode{4, 2, 2}), &Failure{Step: "data", Code: 452, Enhanced: "4.2.2"}},
		"mail refused":           {"data", no(554, smtp.EnhancedCode{5, 6, 0}), &Failure{Step: "data", Code: 554, Enhanced: "5.6.0", Permanent: true}},
		"cut before its yes":     {"data", errCut, &Failure{Step: "data", Server: true}},
		"cut after its yes":      {"reset", errCut, nil},
		"nothing, to be certain": {"", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, serverOptions{})
			s.set(c.step, c.err)
			status, err := s.client(t, nil).Send(t.Context(), testMessage(t))
			if c.want == nil {
				if err != nil || status != Sent {
					t.Errorf("%v, %v", status, err)
				}
				return
			}
			var f *Failure
			if !errors.As(err, &f) {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), "kari") {
				t.Errorf("the error names the receiver: %v", err)
			}
			got := *f
			got.Cause = nil
			if got != *c.want {
				t.Errorf("got %+v, want %+v", got, *c.want)
			}
		})
	}
}

func TestSMTPSilentServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := &server{addr: l.Addr().(*net.TCPAddr)}
	for name, c := range map[string]struct{ timeout, ctx time.Duration }{
		"its time is out": {100 * time.Millisecond, time.Minute},
		"the context is":  {time.Minute, 100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), c.ctx)
			defer cancel()
			began := time.Now()
			_, err := s.client(t, func(o *SMTPOptions) { o.Timeout = c.timeout }).Send(ctx, testMessage(t))
			if !away(err) || time.Since(began) > 5*time.Second {
				t.Errorf("got %v after %s", err, time.Since(began))
			}
		})
	}
}

func TestNewSMTPRefuses(t *testing.T) {
	for name, o := range map[string]SMTPOptions{
		"no host":              {},
		"a password in clear":  {Host: "mx", Security: Open, Username: "ki", Password: "hemmelig"},
		"unknown security":     {Host: "mx", Security: "ssl3"},
		"an unknown way in":    {Host: "mx", Username: "ki", Auth: "CRAM"},
		"a port out of range":  {Host: "mx", Port: 70000},
		"a negative time, too": {Host: "mx", Timeout: -1},
	} {
		if _, err := NewSMTP(o); err == nil || strings.Contains(err.Error(), "hemmelig") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "usendt")
	m := testMessage(t)
	for range 2 { // again: the same file
		if status, err := (File{dir}).Send(t.Context(), m); status != Kept || err != nil {
			t.Fatalf("%v, %v", status, err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %v, %v", files, err)
	}
	if !strings.HasPrefix(filepath.Base(files[0]), "20260302T093000Z-answer-") || filepath.Ext(files[0]) != ".eml" {
		t.Errorf("named %s", files[0])
	}
	st, err := os.Stat(files[0])
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
	got, err := os.ReadFile(files[0])
	want, _ := m.Bytes()
	if err != nil || string(got) != "X-Unsent: 1\r\n"+string(want) {
		t.Errorf("%v, got:\n%s", err, got)
	}
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (File{filepath.Join(blocked, "x")}).Send(t.Context(), m); err == nil {
		t.Error("a folder that can't be made: want an error")
	}
}
