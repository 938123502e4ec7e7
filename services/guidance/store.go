package guidance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Store keeps cases. What a call that changes something has returned is on
// disk. What is given back may be shared with others: read it only. Times are
// kept to the microsecond, in UTC. The suite in guidancetest says all that is
// promised.
type Store interface {
	// Append writes a batch whole, or nothing of it. ErrMoved when the case's
	// newest event is not Expect (0: there is no such case yet), ErrNoCase when
	// Expect is more and there is no such case, ErrHeld when the batch claims
	// and somebody else's lease runs.
	Append(ctx context.Context, b Batch) error

	// Load gives a case whole, as it was at one moment. Error: ErrNoCase.
	Load(ctx context.Context, id string) (Log, error)

	// List gives rows that a filter lets through, the newest change first.
	// Error: CodeInvalid for a filter with what is no text.
	List(ctx context.Context, f Filter) ([]Row, error)

	// Lease takes a case for holder until then, by compare-and-set: when nobody
	// has it, when the lease that runs is the holder's own (the heartbeat), or
	// when it has run out at now. It gives the lease that holds afterwards:
	// somebody else's when that one was first. Error: ErrNoCase.
	Lease(ctx context.Context, id string, holder Actor, now, until time.Time) (Lease, error)

	// Contact gives what Batch.Contact put there. Errors: ErrNoCase, ErrNoOne.
	Contact(ctx context.Context, id string) ([]byte, error)

	// DeleteContact takes it away. Nothing there is no error.
	DeleteContact(ctx context.Context, id string) error

	Outbox
}

// An Outbox gives mails to those who send them, each to one at a time. Taking
// one counts an attempt; ID and Attempt together are the right to say what
// became of it. ErrLost when the mail has been taken by another since, or is
// done with.
type Outbox interface {
	// Due takes the mail that has been due longest, among those that are queued
	// and not leased at now, and leases it until then: a worker that died gives
	// it up by that. false when there is none.
	Due(ctx context.Context, now, until time.Time) (Mail, bool, error)

	// Done says that it was sent or kept, under which Message-ID.
	Done(ctx context.Context, m Mail, status MailStatus, messageID string) error

	// Failed gives it back, due again at next.
	Failed(ctx context.Context, m Mail, next time.Time, reason string) error

	// Dead says that it is not tried again by itself.
	Dead(ctx context.Context, m Mail, reason string) error

	// Mails gives what was queued for a case, by Seq and kind.
	Mails(ctx context.Context, caseID string) ([]Mail, error)

	// DeadMails gives mails that were given up, the oldest first.
	DeadMails(ctx context.Context, limit int) ([]Mail, error)
}

// A Batch is what one command changes.
type Batch struct {
	Case   string
	Expect int64 // Seq of the newest event that the command has seen
	Year   int   // of a new case: it gets the year's next number
	Events []Event
	Row    Row     // the summary afterwards, but for the number
	Claim  *Claim  // nil: the lease stays
	Mails  []Mail  // one whose ID is there is left alone
	Sealed []byte  // an encrypted contact; nil: stays
	Forget bool    // the contact is taken away
	Redact []Event // events to stand in the place of those with the same Seq
}

// Stored gives a batch with its times as they are kept, and refuses one that
// does not go on from Expect: stores call it first.
func (b Batch) Stored() (Batch, error) {
	if len(b.Events) == 0 || b.Case == "" {
		return b, errors.New("guidance: a batch without a case or without an event")
	}
	b.Events, b.Redact, b.Mails = slices.Clone(b.Events), slices.Clone(b.Redact), slices.Clone(b.Mails)
	for i := range b.Events {
		if b.Events[i].Seq != b.Expect+int64(i)+1 {
			return b, fmt.Errorf("guidance: event %d after %d", b.Events[i].Seq, b.Expect+int64(i))
		}
		b.Events[i].At = micro(b.Events[i].At)
	}
	for i := range b.Redact {
		b.Redact[i].At = micro(b.Redact[i].At)
	}
	for i := range b.Mails {
		b.Mails[i].At, b.Mails[i].Next = micro(b.Mails[i].At), micro(b.Mails[i].Next)
	}
	b.Row.ID, b.Row.Seq, b.Row.Number = b.Case, b.Expect+int64(len(b.Events)), ""
	b.Row.Opened, b.Row.Changed, b.Row.Due = micro(b.Row.Opened), micro(b.Row.Changed), micro(b.Row.Due)
	if b.Claim != nil {
		c := *b.Claim
		c.Now, c.Until = micro(c.Now), micro(c.Until)
		b.Claim = &c
	}
	return b, nil
}

// A Claim changes the lease together with the log.
type Claim struct {
	Holder Actor
	Now    time.Time
	Until  time.Time // zero: the holder's lease is given up, another's stays
	Force  bool      // also when somebody else's runs
}

// Lease gives the lease afterwards.
func (c *Claim) Lease() Lease {
	if c.Until.IsZero() {
		return Lease{}
	}
	return Lease{Holder: c.Holder, Until: micro(c.Until)}
}

// Take gives the lease of a case after a claim on it. A nil claim leaves it as
// it is. Error: ErrHeld when somebody else's lease runs.
func (c *Claim) Take(l Lease) (Lease, error) {
	if c == nil {
		return l, nil
	}
	mine := l.Holder.ID == c.Holder.ID
	switch {
	case c.Until.IsZero() && !mine:
		return l, nil
	case l.Holds(c.Now) && !mine && !c.Force:
		return l, ErrHeld
	}
	return c.Lease(), nil
}

// A Lease says who holds a case, and until when without another heartbeat.
type Lease struct {
	Holder Actor     `json:"holder"`
	Until  time.Time `json:"until"`
}

// Holds reports whether it still does.
func (l Lease) Holds(now time.Time) bool { return l.Holder.ID != "" && now.Before(l.Until) }

// A Log is all of a case.
type Log struct {
	ID     string
	Number string // KI-2026-0042
	Events []Event
	Lease  Lease // the last one; it may have run out
}

// Number writes the n-th case of a year.
func Number(year int, n int64) string { return fmt.Sprintf("KI-%04d-%04d", year, n) }

// A Row is a case in a list: folded, for reading alone.
type Row struct {
	ID       string    `json:"id"`
	Number   string    `json:"number"`
	Seq      int64     `json:"seq"`
	State    State     `json:"state"`
	Title    string    `json:"title"`
	Topics   []string  `json:"topics,omitempty"`
	Agencies []string  `json:"agencies,omitempty"`
	Unsigned []string  `json:"unsigned,omitempty"` // during sign-off: who has yet to
	Holder   *Actor    `json:"holder,omitempty"`
	Opened   time.Time `json:"opened"`
	Changed  time.Time `json:"changed"`
	Due      time.Time `json:"due,omitzero"` // zero: nothing is due
	Review   bool      `json:"review,omitempty"`
}

// Words is what a search in the list looks through.
func (r Row) Words() string {
	return strings.ToLower(r.Number + "\n" + r.Title + "\n" + strings.Join(r.Topics, "\n"))
}

// A Filter says which rows are wanted. What is empty lets everything through.
type Filter struct {
	States []State
	Agency string    // on the case
	Holder string    // an ID
	Text   string    // in number, title or topics; case does not count
	Due    time.Time // due before then
	Limit  int       // none when it is not positive
	After  *Row      // goes on after this one: Changed and ID count
}

// Check refuses a filter that no case can match because it holds what is no
// text: stores call it first.
func (f Filter) Check() error {
	for _, s := range []string{f.Agency, f.Holder, f.Text} {
		if err := checkText(s, MaxShort); err != nil {
			return err
		}
	}
	return nil
}

// A Mail is one that is to be sent. To whom, says the contact when it is sent.
type Mail struct {
	ID        string     `json:"id"` // the same for the same event: what is sent twice can be known by it
	Case      string     `json:"case"`
	Seq       int64      `json:"seq"` // of the event that it tells of
	Kind      MailKind   `json:"kind"`
	At        time.Time  `json:"at"`      // of that event
	Attempt   int        `json:"attempt"` // 1 for the first
	Status    MailStatus `json:"status"`
	Next      time.Time  `json:"next"`             // when it is due; while it is leased, until when
	Reason    string     `json:"reason,omitempty"` // of the last failure
	MessageID string     `json:"message_id,omitempty"`
}

// A MailKind says what a mail tells.
type MailKind string

const (
	MailReceipt  MailKind = "receipt"
	MailQuestion MailKind = "question"
	MailAnswer   MailKind = "answer"
	MailReferral MailKind = "referral"
)

// A MailStatus says where a mail stands.
type MailStatus string

const (
	MailQueued MailStatus = "queued"
	MailSent   MailStatus = "sent" // a server has taken it
	MailKept   MailStatus = "kept" // it stands in a folder; nobody has got it
	MailDead   MailStatus = "dead"
)

// CleanReason gives a reason as it may be kept: what other servers say is any
// bytes, of any length.
func CleanReason(s string) string {
	s = strings.Map(func(r rune) rune {
		if forbidden(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
	if r := []rune(s); len(r) > MaxShort {
		return string(r[:MaxShort])
	}
	return s
}

// MailID names the mail of an event.
func MailID(caseID string, seq int64, kind MailKind) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%s", caseID, seq, kind))
	return hex.EncodeToString(sum[:12])
}
