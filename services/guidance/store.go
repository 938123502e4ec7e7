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
	"unicode/utf8"
)

// A Store keeps cases. What a call that changes something has returned is on
// disk. What is given back may be shared with others: read it only. Times are
// kept to the microsecond, in UTC. The suite in guidancetest says all that is
// promised.
type Store interface {
	// Append writes a batch whole, or nothing of it. ErrMoved when the case's
	// newest event is not Expect (0: there is no such case yet), ErrNoCase when
	// Expect is more and there is no such case, ErrHeld when the batch claims
	// and somebody else's lease runs, ErrLost when the mail that it drops is not
	// one of the case that was given up. Of a case that is anonymised the drafts
	// and notes go that people have for themselves (TypedKeys).
	Append(ctx context.Context, b Batch) error

	// Load gives a case whole, as it was at one moment. Error: ErrNoCase.
	Load(ctx context.Context, id string) (Log, error)

	// LoadFrom gives a case as Load does, but of its log only the events from a
	// Seq on: none when it has not come so far.
	LoadFrom(ctx context.Context, id string, seq int64) (Log, error)

	// List gives rows that a filter lets through, the newest change first.
	// Error: CodeInvalid for a filter with what is no text. Who asks for a page
	// after another one (Filter.After) gets each row that has not changed in
	// between, once.
	List(ctx context.Context, f Filter) ([]Row, error)

	// Count counts the cases that a filter lets through, whatever its Limit and
	// After: all of them, and those among them that a tally asks for. Error:
	// CodeInvalid for a filter or a tally with what is no text.
	Count(ctx context.Context, f Filter, t Tally) (Counts, error)

	// Lease takes a case for holder until then, by compare-and-set: when nobody
	// has it, when the lease that runs is the holder's own (the heartbeat), or
	// when it has run out at now. It gives the lease that holds afterwards:
	// somebody else's when that one was first. Errors: ErrNoCase; CodeInvalid
	// for a holder whose ID is no text.
	Lease(ctx context.Context, id string, holder Actor, now, until time.Time) (Lease, error)

	// Contact gives what Batch.Contact put there. Errors: ErrNoCase, ErrNoOne.
	Contact(ctx context.Context, id string) ([]byte, error)

	// Contacts gives contacts of all cases that have one, by the cases' IDs: at
	// most limit of them, of IDs after the given one.
	Contacts(ctx context.Context, after string, limit int) ([]Sealed, error)

	// DeleteContact takes it away. Nothing there is no error.
	DeleteContact(ctx context.Context, id string) error

	Outbox
	Personal
	Vectors
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

	// Hold prolongs the lease of a mail that is in the caller's hands until then,
	// also one that has run out when nobody has taken the mail since.
	Hold(ctx context.Context, m Mail, until time.Time) error

	// Done says that it was sent or kept, under which Message-ID.
	Done(ctx context.Context, m Mail, status MailStatus, messageID string) error

	// Failed gives it back, due again at next.
	Failed(ctx context.Context, m Mail, next time.Time, reason string) error

	// Dead says that it is not tried again by itself.
	Dead(ctx context.Context, m Mail, reason string) error

	// Revive queues a dead mail again, due at now, as after its first attempt:
	// it is tried as often again as another one would be. ErrLost when there is no
	// such mail, or it is not dead.
	Revive(ctx context.Context, mailID string, now time.Time) error

	// Mails gives what was queued for a case, by Seq and kind.
	Mails(ctx context.Context, caseID string) ([]Mail, error)

	// DeadMails gives mails that were given up, the oldest first.
	DeadMails(ctx context.Context, limit int) ([]Mail, error)

	// Waiting counts the mails that are queued and should have gone by now: one
	// that is tried again later is among them, one whose day has not come is not.
	Waiting(ctx context.Context, now time.Time) (int, error)
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
	Drop   string  // ID of a dead mail of the case that is put aside for good; "" for none
	Sealed []byte  // an encrypted contact; nil: stays
	Forget bool    // the contact is taken away
	Redact []Event // events to stand in the place of those with the same Seq
}

// Stored gives a batch with its times as they are kept. It refuses one that
// does not go on from Expect, and one with what is no text, which some
// databases take and some do not: stores call it first.
func (b Batch) Stored() (Batch, error) {
	if len(b.Events) == 0 || !isID(b.Case) {
		return b, errors.New("guidance: a batch without a case or without an event")
	}
	if err := b.checkTexts(); err != nil {
		return b, err
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
	b.Row.ID, b.Row.Seq, b.Row.Number, b.Row.Seen = b.Case, b.Expect+int64(len(b.Events)), "", 0
	b.Row.Opened, b.Row.Changed, b.Row.Due = micro(b.Row.Opened), micro(b.Row.Changed), micro(b.Row.Due)
	if b.Claim != nil {
		c := *b.Claim
		c.Now, c.Until = micro(c.Now), micro(c.Until)
		b.Claim = &c
	}
	return b, nil
}

// checkTexts looks at what stands in columns of its own; the rest is JSON.
func (b Batch) checkTexts() error {
	texts := slices.Concat([]string{b.Row.Title, string(b.Row.State), b.Row.Asker, b.Row.Published}, b.Row.Topics, b.Row.Agencies, b.Row.Unsigned)
	if b.Row.Holder != nil {
		texts = append(texts, b.Row.Holder.ID)
	}
	if b.Claim != nil {
		texts = append(texts, b.Claim.Holder.ID)
	}
	for _, m := range b.Mails {
		texts = append(texts, m.ID, m.Case, string(m.Kind), string(m.Status))
	}
	return CheckTexts(append(texts, b.Drop)...)
}

// CheckTexts refuses what is no text to every database: broken UTF-8, and NUL.
// Error: of CodeInvalid.
func CheckTexts(texts ...string) error {
	for _, s := range texts {
		if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
			return errNoText
		}
	}
	return nil
}

// Anonymises reports whether nothing of what people wrote is left afterwards.
func (b Batch) Anonymises() bool {
	return slices.ContainsFunc(b.Events, func(e Event) bool { return e.Kind == Anonymised })
}

// A Sealed is a contact as it is stored.
type Sealed struct {
	Case    string // its ID
	Number  string
	Contact []byte // see Sealer
}

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

	// Published says how it stands in the register: "valid", "review",
	// "withdrawn"; "" when it is not there.
	Published string `json:"published,omitempty"`

	// Asker is the key of the conversation that it came from. It goes into no
	// JSON: who is shown a row is not shown that.
	Asker string `json:"-"`

	// Seen says how far the reader of a filter has read, see SeenKey: 0 for not
	// at all, or without a reader.
	Seen int64 `json:"-"`
}

// Words is what a search in the list looks through.
func (r Row) Words() string {
	return strings.ToLower(r.Number + "\n" + r.Title + "\n" + strings.Join(r.Topics, "\n"))
}

// A Filter says which rows are wanted. What is empty lets everything through.
type Filter struct {
	States   []State
	Agency   string    // on the case
	Beside   string    // another one that is on the case as well
	Nobodys  bool      // only those that no agency is on
	Holder   string    // an ID
	Unsigned string    // an agency that has yet to sign
	Asker    string    // the key of a conversation
	Number   string    // exactly
	Register bool      // only what stands in the register, withdrawn or not
	Review   bool      // only what stands there and is looked at again
	Text     string    // in number, title or topics; case does not count
	Due      time.Time // due before then
	Limit    int       // none when it is not positive
	After    *Row      // goes on after this one: Changed and ID count

	Reader string    // an ID: whose Seen the rows get
	Unread bool      // only those with something that the reader has not seen
	Rested time.Time // of those that are at an end, changed before then, none is unread
}

// A Tally says what is counted besides all cases. What is empty is not counted.
type Tally struct {
	Holder   string    // an ID: Held
	Unsigned string    // an agency: Unsigned
	Due      time.Time // Due
}

// Counts say how many cases there are of a kind.
type Counts struct {
	All      int
	States   map[State]int // those that there is one of
	Free     int           // that nobody holds
	Held     int           // that somebody holds
	Unsigned int           // that an agency has yet to sign
	Due      int           // before a time
	Unread   int           // with something that the filter's reader has not seen; 0 without one
}

// Check refuses a filter that no case can match because it holds what is no
// text: stores call it first.
func (f Filter) Check() error {
	if len(f.States) > 2*len(States) {
		return errTooLong
	}
	texts := []string{f.Agency, f.Beside, f.Holder, f.Unsigned, f.Asker, f.Number, f.Text, f.Reader}
	for _, s := range f.States {
		texts = append(texts, string(s))
	}
	if f.After != nil {
		texts = append(texts, f.After.ID)
	}
	for _, s := range texts {
		if err := checkText(s, MaxShort); err != nil {
			return err
		}
	}
	return nil
}

// Check refuses a tally with what is no text: stores call it first.
func (t Tally) Check() error {
	for _, s := range []string{t.Holder, t.Unsigned} {
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
	MailNotice   MailKind = "notice"   // a preliminary reply
	MailReminder MailKind = "reminder" // of what is asked
	MailClosing  MailKind = "closing"  // for want of a reply
)

// A MailStatus says where a mail stands.
type MailStatus string

const (
	MailQueued MailStatus = "queued"
	MailSent   MailStatus = "sent" // a server has taken it
	MailKept   MailStatus = "kept" // it stands in a folder; nobody has got it
	MailDead   MailStatus = "dead"
	// MailDropped is one that is not needed any more: nobody gets it.
	MailDropped MailStatus = "dropped"
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
