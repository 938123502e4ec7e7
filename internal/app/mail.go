package app

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"path/filepath"

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
// mails are kept.
func (c Config) mailSender() (mail.Sender, error) {
	if c.SMTPURL == "" {
		return mail.File{Dir: filepath.Join(c.Data, "mail")}, nil
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

// unknownMails is where mails are put that belong to no case; only one process
// with a data folder of its own keeps any.
func (c Config) unknownMails() string {
	if c.DatabaseURL != "" {
		return ""
	}
	return filepath.Join(c.Data, "mail", "unknown")
}

// A hook takes mails that a mail server hands over.
type hook struct {
	courier *courier.Courier
	secret  []byte
}

// Receive implements queue.Inbound.
func (h hook) Receive(ctx context.Context, signature string, raw []byte) error {
	return h.courier.Receive(ctx, signature, raw, h.secret)
}

// hook gives the mail hook, nil when there is none.
func (a *App) hook() (queue.Inbound, error) {
	switch {
	case a.cfg.MailHook == "" || a.courier == nil:
		return nil, nil
	case len(a.cfg.MailHook) < 32:
		return nil, errors.New("KIVEILEDER_MAIL_HOOK needs at least 32 characters")
	}
	return hook{a.courier, []byte(a.cfg.MailHook)}, nil
}
