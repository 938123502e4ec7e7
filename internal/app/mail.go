package app

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"path/filepath"
	"time"

	"kiveileder/services/guidance/courier"
	"kiveileder/services/guidance/mail"
	"kiveileder/services/queue"
)

// nobody is who letters are from while no sender is named: an address that can
// reach nobody (RFC 2606), for mails that are kept and not sent.
const nobody = "ki-veileder@localhost.invalid"

// identity gives who letters are from.
func (c Config) identity() (mail.Identity, error) {
	if c.MailFrom == "" {
		if c.SMTPURL != "" {
			return mail.Identity{}, errors.New("KIVEILEDER_SMTP_URL needs KIVEILEDER_MAIL_FROM, whom letters are from")
		}
		return mail.Identity{Name: "ki.veiledning", From: nobody}, nil
	}
	from, err := netmail.ParseAddress(c.MailFrom)
	if err != nil {
		return mail.Identity{}, errors.New("KIVEILEDER_MAIL_FROM is no address, as in: ki.veiledning <ki@example.no>")
	}
	id := mail.Identity{Name: from.Name, From: from.Address, Reply: c.MailReply, Plus: true}
	if id.Name == "" {
		id.Name = "ki.veiledning"
	}
	return id, nil
}

// mailSender gives the way out: the mail server, or the data folder, where
// mails are kept. Role services has no folder: without a server it sends
// nothing, and letters wait.
func (c Config) mailSender(role Role) (mail.Sender, error) {
	switch {
	case c.SMTPURL == "" && role == Services:
		return nil, nil
	case c.SMTPURL == "":
		return c.keptMails(), nil
	}
	out, err := mail.NewSender(c.SMTPURL)
	if err != nil {
		return nil, fmt.Errorf("KIVEILEDER_SMTP_URL: %w", err)
	}
	return out, nil
}

// mailbox gives the mailbox that replies are read from, nil when there is none.
func (c Config) mailbox() (mail.Mailbox, error) {
	if c.IMAPURL == "" {
		return nil, nil
	}
	box, err := mail.NewMailbox(c.IMAPURL)
	if err != nil {
		return nil, fmt.Errorf("KIVEILEDER_IMAP_URL: %w", err)
	}
	return box, nil
}

// keptMails is where mails are kept for want of a server.
func (c Config) keptMails() mail.File { return mail.File{Dir: filepath.Join(c.Data, "mail")} }

// letters are the mails that lie in the data folder, kept or put aside.
type letters struct {
	mail.File
	aside string
}

// letters gives those of the data folder, nil for a role that has none.
func (c Config) letters(role Role) queue.Letters {
	if role == Services {
		return nil
	}
	f := c.keptMails()
	return letters{f, asideIn(f.Dir)}
}

// asideIn is where mails are put that belong to no case.
func asideIn(dir string) string { return filepath.Join(dir, "unknown") }

// Expire implements queue.Letters: also mails that belong to no case go.
func (l letters) Expire(before time.Time) (int, error) {
	kept, err := l.File.Expire(before)
	unknown, err2 := mail.ExpireAside(l.aside, before)
	return kept + unknown, errors.Join(err, err2)
}

// unknownMails is where mails are put that belong to no case; only one process
// with a data folder of its own keeps any.
func (c Config) unknownMails() string {
	if c.DatabaseURL != "" {
		return ""
	}
	return asideIn(c.keptMails().Dir)
}

// A hook takes mails that a mail server hands over.
type hook struct {
	courier *courier.Courier
	secrets [][]byte
}

// Receive implements queue.Inbound.
func (h hook) Receive(ctx context.Context, signature string, raw []byte) error {
	return h.courier.Receive(ctx, signature, raw, h.secrets...)
}

// hook gives the mail hook, nil when there is none.
func (a *App) hook() (queue.Inbound, error) {
	if a.cfg.MailHook == "" || a.courier == nil {
		return nil, nil
	}
	secrets, err := split(a.cfg.MailHook)
	if err != nil {
		return nil, fmt.Errorf("KIVEILEDER_MAIL_HOOK: %w", err)
	}
	return hook{a.courier, secrets}, nil
}

// warnOfMail says at the start what of letters will not work as it is set.
func (a *App) warnOfMail() {
	if a.role == Services && a.cfg.SMTPURL == "" {
		a.log.Warn("KIVEILEDER_CASE_KEY without KIVEILEDER_SMTP_URL: no contacts are taken, and letters wait")
	}
	if a.cfg.MailReply != "" && a.cfg.MailHook == "" && a.cfg.IMAPURL == "" {
		a.log.Warn("KIVEILEDER_MAIL_REPLY without KIVEILEDER_MAIL_HOOK or KIVEILEDER_IMAP_URL: letters ask for replies that nothing takes in")
	}
}
