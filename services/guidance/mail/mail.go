// Package mail carries a case's letters by e-mail and takes replies in.
//
// Outgoing: the store keeps an outbox, filled in the transaction of the event
// that a letter tells of. A Worker takes one mail at a time under a lease, has
// it written by a Composer and gives it to a Sender: SMTP, or File, which
// keeps it and says that it was not sent. What is sent may be sent again when
// a process dies between the server's yes and the store's; the Message-ID is
// then the same, so that a receiver can drop the double.
//
// Incoming: mails come by a signed hook or lie in a mailbox (IMAP). Inbox reads
// a raw mail within limits and says what it is. Only a
// token of our own, in an address or in a Message-ID, says which case a mail
// belongs to: never its subject, its sender or what it quotes.
//
// No error of this package names an address or quotes a letter.
package mail

import (
	"context"
	"errors"
	"time"

	"kiveileder"
	"kiveileder/services/guidance"
)

// Kind says which letter it is.
type Kind = guidance.MailKind

const (
	Receipt  = guidance.MailReceipt  // the case is made; when an answer can be expected
	Question = guidance.MailQuestion // the lawyers ask the asker
	Answer   = guidance.MailAnswer   // the agencies' answer
	Notice   = guidance.MailNotice   // it takes longer, and why
	Referral = guidance.MailReferral // the case is for somebody else to answer
	Reminder = guidance.MailReminder // questions are still open
	Closing  = guidance.MailClosing  // the case was closed for want of a reply
)

// Kinds are all kinds.
var Kinds = []Kind{Receipt, Question, Notice, Answer, Referral, Reminder, Closing}

// An Item is a mail in the outbox. It names no receiver: the address is looked
// up when the mail is sent, so that it can be deleted until then. At is what
// the mail is dated, and chooses the key of its token.
type Item = guidance.Mail

// A Letter is what a mail says, before it is put in words.
type Letter struct {
	To         string // a bare address
	Language   kiveileder.Language
	Number     string // of the case, as KI-2026-0042
	Link       string // to the case, http or https; may be empty
	Expected   time.Time
	Due        time.Time // for a reply; of a Closing, until when one takes the case up again; zero when there is none
	Agencies   []string
	Referred   string // of a Referral: to whom
	Questions  []string
	Sections   []Section // the answer's text, empty where only the link is sent; why the case was referred
	References []string  // Message-IDs of earlier mails of the case, oldest first, ours and the asker's
}

// A Section is a part of an answer; blank lines part its paragraphs.
type Section struct {
	Heading string
	Text    string
}

// Letters finds what a mail says. ErrGone means that nobody can have it any
// more: the address was deleted. ErrNeedless means that nobody needs it any
// more: the question was answered, the case withdrawn.
type Letters interface {
	Letter(ctx context.Context, it Item) (Letter, error)
}

// LettersFunc is a function that finds letters.
type LettersFunc func(ctx context.Context, it Item) (Letter, error)

// Letter calls f.
func (f LettersFunc) Letter(ctx context.Context, it Item) (Letter, error) { return f(ctx, it) }

var (
	// ErrGone says that a mail has no receiver any more; it is dead at once.
	ErrGone = errors.New("nobody to send to")
	// ErrNeedless says that a mail tells nothing any more; it is dropped, and
	// nobody has to look at it.
	ErrNeedless = errors.New("nothing to tell any more")
)

// Status says what became of a mail that a Sender took.
type Status = guidance.MailStatus

const (
	Sent    = guidance.MailSent    // a server has taken it
	Kept    = guidance.MailKept    // it stands in a folder; nobody has got it
	Dropped = guidance.MailDropped // it was not needed any more; nothing was sent
)

// A Sender sends a mail or keeps it. An error is a *Failure where the sender
// knows more than that it failed.
type Sender interface {
	Send(ctx context.Context, m *Message) (Status, error)
}
