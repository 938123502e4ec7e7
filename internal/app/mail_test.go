package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/mail"
)

const caseKey = "a key of the tests for what cases hold"

// What will not work of letters as they are set is told at the start. Role
// services keeps no letters, so without a server it asks for no address.
func TestMailSettings(t *testing.T) {
	hook := strings.Repeat("h", 32)
	for name, c := range map[string]struct {
		role     Role
		set      Cases
		contacts bool
		warned   string
	}{
		"services, a key and no server":     {Services, Cases{CaseKey: caseKey}, false, "no contacts are taken"},
		"services, a server":                {Services, Cases{CaseKey: caseKey, SMTPURL: "smtp://localhost:25?tls=none", MailFrom: "ki@example.no"}, true, ""},
		"services, no key":                  {Services, Cases{}, false, ""},
		"one process keeps them":            {Everything, Cases{CaseKey: caseKey}, true, ""},
		"replies that nobody takes in":      {Everything, Cases{CaseKey: caseKey, MailFrom: "ki@example.no", MailReply: "svar@example.no"}, true, "nothing takes in"},
		"replies to the hook":               {Everything, Cases{CaseKey: caseKey, MailFrom: "ki@example.no", MailReply: "svar@example.no", MailHook: hook}, true, ""},
		"replies that come to the mailbox":  {Everything, Cases{CaseKey: caseKey, MailReply: "svar@example.no", MailFrom: "ki@example.no", IMAPURL: "imaps://u:p@localhost"}, true, ""},
		"no key, so no letters and replies": {Services, Cases{MailReply: "svar@example.no"}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			core, logs := observer.New(zapcore.WarnLevel)
			a := &App{cfg: Config{Base: Base{Data: t.TempDir()}, Cases: c.set}, role: c.role, log: zap.New(core)}
			if err := a.openQueue(guidance.NewMemory()); err != nil {
				t.Fatal(err)
			}
			if a.queue.Contacts != c.contacts {
				t.Errorf("contacts are taken: %v", a.queue.Contacts)
			}
			if a.courier != nil && (a.courier.Sender == nil) != (c.role == Services && c.set.SMTPURL == "") {
				t.Errorf("letters go out by %T", a.courier.Sender)
			}
			var said []string
			for _, e := range logs.All() {
				said = append(said, e.Message)
			}
			if got := strings.Join(said, "\n"); c.warned == "" && got != "" || !strings.Contains(got, c.warned) {
				t.Errorf("warned %q, want %q", got, c.warned)
			}
		})
	}
}

// While the hook's secret is changed both are good.
func TestHookSecrets(t *testing.T) {
	old, next := strings.Repeat("o", 32), strings.Repeat("n", 32)
	a := &App{cfg: Config{Base: Base{Data: t.TempDir()}, Cases: Cases{CaseKey: caseKey, MailHook: next + ", " + old}}, role: Everything, log: zap.NewNop()}
	if err := a.openQueue(guidance.NewMemory()); err != nil {
		t.Fatal(err)
	}
	raw := []byte("From: kari@example.org\r\nTo: ki@example.no\r\nSubject: Hei\r\n\r\nHei.\r\n")
	for secret, good := range map[string]bool{old: true, next: true, strings.Repeat("x", 32): false, next + ", " + old: false} {
		err := a.queue.Inbound(t.Context(), mail.SignHook([]byte(secret), raw, time.Now()), raw)
		if good != (err == nil) {
			t.Errorf("signed with %.3s…: %v", secret, err)
		}
		if !good && kiveileder.ErrorCode(err) != kiveileder.CodeInvalid {
			t.Errorf("refused with %v", err)
		}
	}
	a.cfg.MailHook = next + ",short"
	if err := a.openQueue(guidance.NewMemory()); err == nil || !strings.Contains(err.Error(), "KIVEILEDER_MAIL_HOOK: each secret") {
		t.Errorf("one that is short: %v", err)
	}
}

// Old mails go from the data folder, those that belong to no case as well, and
// nothing from beside it.
func TestOldLettersGo(t *testing.T) {
	c := Config{Base: Base{Data: t.TempDir()}}
	old := time.Now().AddDate(-2, 0, 0)
	put := func(name string, at time.Time) string {
		name = filepath.Join(c.Data, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
		return name
	}
	gone := []string{
		put("mail/20240102T030405Z-receipt-0123456789abcdef01234567-0123456789ab.eml", time.Now()),
		put("mail/unknown/0123.eml", old),
	}
	stays := []string{put("mail/unknown/4567.eml", time.Now()), put("other.eml", old), put("mail/own.eml", old), put("kiveileder.db", old)}
	n, err := c.letters(Everything).Expire(time.Now().AddDate(-1, 0, 0))
	if n != 2 || err != nil {
		t.Errorf("%d gone, %v", n, err)
	}
	for _, name := range gone {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s is there", name)
		}
	}
	for _, name := range stays {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
	if c.letters(Services) != nil {
		t.Error("role services, which keeps none, clears a folder")
	}
}
