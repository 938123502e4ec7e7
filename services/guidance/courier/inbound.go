package courier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/mail"
)

const (
	// MaxMails is how many mails a case takes in an hour. Who writes more is
	// refused until the hour is over.
	MaxMails = 20
	// MaxText is how many bytes of text a mail may have, with all that it quotes.
	MaxText = 1 << 20
	// maxReply is how many characters of a mail are taken into a case; the rest
	// is cut, and the text says so. It leaves room for what masking adds.
	maxReply = 20_000
	// maxNames is how many attachments are named.
	maxNames = 10
	// tries is how often a mail is fitted to a case that moves meanwhile.
	tries = 5
)

var (
	errFlood   = say.Error(kiveileder.CodeRateLimited, "flood")
	errUnknown = say.Error(kiveileder.CodeInvalid, "unknown")
	errLong    = say.Error(kiveileder.CodeInvalid, "long")
	errNothing = say.Error(kiveileder.CodeInvalid, "nothing")
	errBusy    = say.Error(kiveileder.CodeUnavailable, "busy")
)

// Inbound takes in what comes by e-mail.
type Inbound struct {
	service *guidance.Service
	inbox   *mail.Inbox
	folder  string
	data    *data
	count   *metrics
	log     *zap.Logger
	now     func() time.Time
}

// Refusal reports whether an error of Take is about the mail, so that the same
// mail is refused again. Other errors pass.
func Refusal(err error) bool {
	switch kiveileder.ErrorCode(err) {
	case kiveileder.CodeInvalid, kiveileder.CodeNotFound, kiveileder.CodeConflict, kiveileder.CodeRateLimited:
		return true
	}
	return false
}

// Take takes a raw mail in: what a person writes to a case goes into it, a
// server's word that our mail was lost too, and what programs answer is
// dropped. A mail that was taken before changes nothing.
//
// Errors: CodeInvalid for a mail that breaks a limit, says nothing, or belongs
// to no case; CodeRateLimited when a case gets too many; CodeConflict when it
// takes no more. See Refusal.
func (in *Inbound) Take(ctx context.Context, raw []byte, env mail.Envelope) error {
	a, err := in.inbox.Sort(raw, env, in.now())
	if err != nil {
		in.refused("", err)
		return err
	}
	return in.take(ctx, a)
}

func (in *Inbound) refused(id string, err error) {
	in.count.in("refused")
	in.log.Warn("mail refused", zap.String("case", id), zap.String("why", kiveileder.ErrorMessage(err)))
}

func (in *Inbound) take(ctx context.Context, a *mail.Arrived) error {
	if a.Mail.Size > MaxText {
		in.refused(a.Case, errLong)
		return errLong
	}
	switch a.Sort {
	case mail.Auto:
		in.count.in("auto")
		return nil
	case mail.Bounce:
		return in.bounce(ctx, a)
	case mail.Reply:
		return in.reply(ctx, a)
	}
	return in.unknown(a.Why)
}

func (in *Inbound) unknown(why string) error {
	in.count.in("unknown")
	in.log.Warn("mail for a person to look at", zap.String("why", why))
	return errUnknown
}

// bounce lets the case know that a mail did not arrive. The mail that came
// back names its event; of several on one event the newest that was sent is
// meant.
func (in *Inbound) bounce(ctx context.Context, a *mail.Arrived) error {
	switch {
	case a.Case == "":
		return in.unknown("bounce without a token of ours")
	case !a.Lost:
		in.count.in("delayed")
		return nil
	}
	mails, err := in.service.Store.Mails(ctx, a.Case)
	if err != nil {
		return fmt.Errorf("mails of case %s: %w", a.Case, err)
	}
	var lost guidance.Mail
	for _, m := range mails {
		out := m.Status == mail.Sent || m.Status == guidance.MailQueued && m.Attempt > 0 // or about to be told so
		if m.Seq == a.Seq && out && m.At.After(lost.At) {
			lost = m
		}
	}
	if lost.ID == "" {
		return in.unknown("bounce of what was not sent")
	}
	d := guidance.UndeliveredData{Mail: lost.ID, Reason: strings.TrimSpace(mail.Returned + " " + a.Code)}
	if err := in.tell(ctx, a.Case, guidance.Undelivered, "bounce:"+lost.ID, d); err != nil {
		return err
	}
	in.count.in("bounce")
	return nil
}

// byMail begins the IDs of commands that mails become.
const byMail = "mail:"

// reply speaks for the asker: to the question that the mail answers, or else
// to the only one that is open, or else unasked.
func (in *Inbound) reply(ctx context.Context, a *mail.Arrived) error {
	id := byMail + a.Key
	for range tries {
		snap, err := in.service.Load(ctx, a.Case)
		switch {
		case errors.Is(err, guidance.ErrNoCase), err == nil && snap.Case.Asker == "":
			return in.unknown("nobody speaks for its case")
		case err != nil:
			return fmt.Errorf("take mail: %w", err)
		}
		asker := guidance.Actor{ID: snap.Case.Asker, Role: guidance.Asker}
		if slices.ContainsFunc(snap.Log, func(e guidance.Event) bool { return e.ID == id && e.Actor.ID == asker.ID }) {
			in.count.in("double")
			return nil
		}
		who, err := in.service.Contact(ctx, a.Case, System)
		if err != nil && !errors.Is(err, guidance.ErrNoOne) {
			return fmt.Errorf("take mail: %w", err)
		}
		text := hide(in.text(a, language(snap.Case.Received.Language)), who.Conversation)
		if err := in.mayCome(snap, text); err != nil {
			in.refused(a.Case, err)
			return err
		}
		c := guidance.Command{ID: id, Actor: asker, Kind: guidance.Added, Data: guidance.AddedData{Text: text}, Seen: snap.Case.Seq}
		if task := answers(snap.Case, a.Seq, in.now()); task > 0 {
			c.Kind, c.Data = guidance.Replied, guidance.RepliedData{Task: task, Text: text}
		}
		_, _, err = in.service.Do(ctx, a.Case, c)
		switch {
		case err == nil:
			in.count.in(string(c.Kind))
			return nil
		case moved(err):
			continue
		case Refusal(err):
			in.refused(a.Case, err)
			return err
		}
		return fmt.Errorf("take mail: %w", err)
	}
	return errBusy
}

// mayCome refuses what says nothing and what comes too often. The log counts:
// however many processes take mails in, a case has one limit.
func (in *Inbound) mayCome(snap guidance.Snapshot, text string) error {
	if text == "" {
		return errNothing
	}
	since, n := in.now().Add(-time.Hour), 0
	for _, e := range snap.Log {
		if strings.HasPrefix(e.ID, byMail) && e.Actor.Role == guidance.Asker && e.At.After(since) {
			n++
		}
	}
	if n >= MaxMails {
		return errFlood
	}
	return nil
}

// answers gives the question that a mail answers, which told of the event seq;
// 0 for none. Of a case that was closed for want of a reply it is one as long
// as that takes the case up again.
func answers(c guidance.Case, seq int64, now time.Time) int64 {
	late := c.State == guidance.IsClosed && c.Closing != nil && !c.Closing.InTime(now)
	if c.State != guidance.Waiting && c.State != guidance.IsClosed || late {
		return 0
	}
	var open []int64
	for _, t := range c.Tasks {
		if t.Open() {
			open = append(open, t.ID)
		}
	}
	switch {
	case slices.Contains(open, seq):
		return seq
	case len(open) == 1:
		return open[0]
	}
	return 0
}

// moved reports whether the case is not what it was when the mail was fitted
// to it; of another process that took the same mail, perhaps as something else,
// the log knows.
func moved(err error) bool {
	var conflict *guidance.Conflict
	var refused *guidance.Refused
	return errors.As(err, &conflict) || errors.Is(err, guidance.ErrMoved) || errors.Is(err, guidance.ErrReused) ||
		errors.As(err, &refused) && (refused.Guard == "open_task" || refused.Guard == "state" || refused.Guard == "in_time")
}
