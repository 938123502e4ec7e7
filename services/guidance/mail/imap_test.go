package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// round gives the texts of all mails of a round, and settles each: those with
// an x as refused.
func round(t *testing.T, m *IMAP) (out []string) {
	t.Helper()
	for {
		w, ok, err := m.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return out
		}
		out = append(out, string(w.Raw))
		if err := m.Settle(t.Context(), w.ID, strings.Contains(string(w.Raw), "x")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestIMAP(t *testing.T) {
	for name, c := range map[string]struct {
		security Security
		folders  []string
		want     map[string][]string
	}{
		"with folders": {TLS, []string{"Arkiv/Tatt", "Avvist", "Søppel"}, map[string][]string{
			"INBOX": nil, "Arkiv/Tatt": {`en \Seen`, `tre \Seen`}, "Avvist": {`to x \Seen`}}},
		"without": {StartTLS, nil, map[string][]string{"INBOX": {`en \Seen`, `to x \Seen \Flagged`, `tre \Seen`}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newIMAPBox(t, c.security, c.folders...)
			m := b.client(t, func(o *IMAPOptions) { o.Security = c.security })
			if got := round(t, m); got != nil {
				t.Errorf("an empty box gave %q", got)
			}
			b.put("en", "to x")
			if diff := cmp.Diff([]string{"en", "to x"}, round(t, m)); diff != "" {
				t.Error(diff)
			}
			b.put("tre")
			if diff := cmp.Diff([]string{"tre"}, round(t, m)); diff != "" {
				t.Error(diff)
			}
			if got := round(t, m); got != nil || b.logins != 1 {
				t.Errorf("settled ones came again: %q, or it logged in %d times", got, b.logins)
			}
			for folder, want := range c.want {
				if diff := cmp.Diff(want, b.holds(folder)); diff != "" {
					t.Errorf("%s: %s", folder, diff)
				}
			}
		})
	}
}

// What was not settled comes again in the next round, not in the same one, and
// reading does not mark it.
func TestIMAPNotSettled(t *testing.T) {
	b := newIMAPBox(t, TLS)
	b.put("en", "to")
	m := b.client(t, nil)
	for range 2 {
		var got []string
		for {
			w, ok, err := m.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			got = append(got, string(w.Raw))
		}
		if diff := cmp.Diff([]string{"en", "to"}, got); diff != "" {
			t.Error(diff)
		}
	}
	if diff := cmp.Diff([]string{"en", "to"}, b.holds("INBOX")); diff != "" {
		t.Error(diff)
	}
}

// Two processes read one mailbox: what the other one took away is no error.
func TestIMAPTogether(t *testing.T) {
	b := newIMAPBox(t, TLS, "Tatt")
	b.put("en", "to")
	one, two := b.client(t, nil), b.client(t, nil)
	w, ok, err := one.Next(t.Context())
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if got := round(t, two); len(got) != 2 {
		t.Fatalf("%q", got)
	}
	if err := one.Settle(t.Context(), w.ID, false); err != nil {
		t.Error(err)
	}
	if got := round(t, one); got != nil {
		t.Errorf("gave %q, which is gone", got)
	}
	if got := b.holds("Tatt"); len(got) != 2 {
		t.Errorf("%q", got)
	}
	// The mailbox was made anew: an old id means nothing there.
	b.put("tre")
	if w, _, err = two.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	two.Close()
	b.mu.Lock()
	b.valid++
	b.mu.Unlock()
	if err := two.Settle(t.Context(), w.ID, false); err != nil || len(b.holds("INBOX")) != 1 {
		t.Errorf("%v, %q", err, b.holds("INBOX"))
	}
}

func TestIMAPTooLarge(t *testing.T) {
	b := newIMAPBox(t, TLS)
	b.put("A: b\r\n\r\n" + strings.Repeat("a", MaxMail+1000))
	w, ok, err := b.client(t, nil).Next(t.Context())
	if err != nil || !ok || len(w.Raw) != MaxMail+1 {
		t.Fatalf("%d bytes, %v, %v", len(w.Raw), ok, err)
	}
	if _, err := Read(w.Raw); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

// After an error, and after the connection was cut, it connects again.
func TestIMAPFaults(t *testing.T) {
	b := newIMAPBox(t, TLS, "Tatt")
	b.put("en")
	m := b.client(t, nil)
	for _, step := range []string{"search", "fetch"} {
		b.setFail(step)
		if _, ok, err := m.Next(t.Context()); ok || err == nil || !strings.Contains(err.Error(), step) || secret(err) {
			t.Errorf("%s: %v, %v", step, ok, err)
		}
	}
	b.setFail("store")
	w, ok, err := m.Next(t.Context())
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if err := m.Settle(t.Context(), w.ID, false); err == nil || secret(err) {
		t.Error(err)
	}
	b.cut()
	b.setFail("move") // it is settled by its flag all the same
	if err := m.Settle(t.Context(), w.ID, false); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{`en \Seen`}, b.holds("INBOX")); diff != "" {
		t.Error(diff)
	}
	b.setFail("")
	b.put("to")
	b.cut()
	<-m.c.LoggedOut() // the client has heard of it
	if diff := cmp.Diff([]string{"to"}, round(t, m)); diff != "" {
		t.Error(diff)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := m.Next(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
}

// secret reports whether an error tells what it must not.
func secret(err error) bool {
	s := err.Error()
	return strings.Contains(s, "hemmelig") || strings.Contains(s, "kari@") || strings.Contains(s, "feil")
}

func TestIMAPSecurity(t *testing.T) {
	tlsBox, plain := newIMAPBox(t, TLS), newIMAPBox(t, Open)
	for name, m := range map[string]*IMAP{
		"a wrong password":            tlsBox.client(t, func(o *IMAPOptions) { o.Password = "feil" }),
		"a certificate nobody knows":  tlsBox.client(t, func(o *IMAPOptions) { o.TLS = &tls.Config{} }),
		"a server without TLS":        plain.client(t, func(o *IMAPOptions) { o.Security = StartTLS }),
		"TLS at a server without it":  plain.client(t, nil),
		"a folder that is not there":  tlsBox.client(t, func(o *IMAPOptions) { o.Folder = "Annet" }),
		"a port where nobody listens": tlsBox.client(t, func(o *IMAPOptions) { o.Port = 1 }),
	} {
		if _, ok, err := m.Next(t.Context()); ok || err == nil || secret(err) {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
	if plain.logins != 0 {
		t.Error("it logged in without TLS")
	}
	for name, o := range map[string]IMAPOptions{
		"open": {Host: "h", Username: "u", Password: "p", Security: Open}, "no host": {Username: "u", Password: "p"}, "no password": {Host: "h", Username: "u"},
	} {
		if _, err := NewIMAP(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestURLs(t *testing.T) {
	for raw, want := range map[string]SMTPOptions{
		"smtp://ki%40example.no:hemm%2Felig@mx.example.no": {Host: "mx.example.no", Port: 587, Security: StartTLS, Username: "ki@example.no", Password: "hemm/elig"},
		"smtps://u:p@mx.example.no:4650?hello=ki.no":       {Host: "mx.example.no", Port: 4650, Security: TLS, Username: "u", Password: "p", Hello: "ki.no"},
		"smtp://localhost:1025?tls=none":                   {Host: "localhost", Port: 1025, Security: Open},
	} {
		s, err := NewSender(raw)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		got := s.(*SMTP).o
		got.TLS, got.Timeout = nil, 0
		if got != want {
			t.Errorf("%s: %+v", raw, got)
		}
	}
	if s, err := NewSender("file:/var/mail"); err != nil || s != (File{"/var/mail"}) {
		t.Errorf("%v, %v", s, err)
	}
	m, err := NewMailbox("imaps://ki%40example.no:hemmelig@imap.example.no/Svar")
	if err != nil || m.o.Port != 993 || m.o.Security != TLS || m.o.Username != "ki@example.no" || m.o.Password != "hemmelig" || m.o.Folder != "Svar" || m.o.Refused != "Avvist" {
		t.Errorf("%v, %v", m, err)
	}
	if m, err := NewMailbox("imap://u:p@h"); err != nil || m.o.Port != 143 || m.o.Security != StartTLS || m.o.Folder != "INBOX" {
		t.Errorf("%v, %v", m, err)
	}
	for _, raw := range []string{
		"", "file:", "mx.example.no", "http://u:hemmelig@h", "smtp://u:hemmelig@h?tls=none", "smtps://u:hemmelig@h?tls=none", "smtp://u:hemmelig@h?tls=x",
		"smtp://u:hemmelig@h/x", "smtp://u:hemmelig@h:0", "smtp://u:hemm elig@h", "smtp://u:hemmelig@h?speed=1", "smtp://u:hemmelig@h?auth=X",
	} {
		if _, err := NewSender(raw); err == nil || secret(err) {
			t.Errorf("%q: %v", raw, err)
		}
	}
	for _, raw := range []string{"", "imaps://h", "imaps://u@h", "smtp://u:hemmelig@h", "imaps://u:hemmelig@h?tls=none", "imaps://u:hemmelig@h:x"} {
		if _, err := NewMailbox(raw); err == nil || secret(err) {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestAside(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		if err := Aside(dir, "../key", []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	for i := range asideMost - 1 {
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Aside(dir, "more", nil); err == nil {
		t.Error("the folder is full, and took one more")
	}
}
