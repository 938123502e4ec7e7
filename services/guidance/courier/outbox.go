package courier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"kiveileder/services/guidance"
	"kiveileder/services/guidance/mail"
)

// An outbox is the store's, which lets the log of the case know what became
// of a mail. The log knows of a delivery before the outbox does: a process
// that dies in between leaves a mail that the next one sees was sent. It knows
// of a mail that was given up only afterwards, as somebody else may have sent
// it by then; Courier.dead makes up for a process that dies in between.
type outbox struct{ c *Courier }

func (o outbox) Due(ctx context.Context, now, until time.Time) (mail.Item, bool, error) {
	for {
		it, ok, err := o.c.Service.Store.Due(ctx, now, until)
		if err != nil || !ok || it.Attempt == 1 || !o.c.delivered(ctx, it) {
			return it, ok, err
		}
		id, err := o.c.composer.MessageID(it)
		if err != nil {
			return it, true, nil // the worker says so
		}
		if err := o.c.Service.Store.Done(ctx, it, mail.Sent, id); err != nil && !errors.Is(err, mail.ErrLost) {
			return mail.Item{}, false, fmt.Errorf("settle what was sent: %w", err)
		}
	}
}

func (o outbox) Hold(ctx context.Context, it mail.Item, until time.Time) error {
	return o.c.Service.Store.Hold(ctx, it, until)
}

func (o outbox) Done(ctx context.Context, it mail.Item, status mail.Status, messageID string) error {
	if status == mail.Sent {
		d := guidance.DeliveredData{Mail: it.ID, Channel: "mail"}
		if err := o.c.tell(ctx, it.Case, guidance.Delivered, "delivered:"+it.ID, d); err != nil {
			return err
		}
	}
	if err := o.c.Service.Store.Done(ctx, it, status, messageID); err != nil {
		return err
	}
	o.c.count.letter(it.Kind, string(status))
	return nil
}

func (o outbox) Failed(ctx context.Context, it mail.Item, next time.Time, reason string) error {
	if err := o.c.Service.Store.Failed(ctx, it, next, reason); err != nil {
		return err
	}
	o.c.count.letter(it.Kind, "failed")
	return nil
}

func (o outbox) Dead(ctx context.Context, it mail.Item, reason string) error {
	if err := o.c.Service.Store.Dead(ctx, it, reason); err != nil {
		return err
	}
	o.c.count.letter(it.Kind, string(guidance.MailDead))
	if err := o.c.undelivered(ctx, it, reason); err != nil { // told again by dead
		o.c.Log.Warn("mail given up, its case does not know yet", zap.String("case", it.Case), zap.Error(err))
	}
	return nil
}

// delivered reports whether the log knows that a mail was sent. A store that
// does not answer is one that the worker will meet, too.
func (c *Courier) delivered(ctx context.Context, it mail.Item) bool {
	snap, err := c.Service.Load(ctx, it.Case)
	return err == nil && slices.ContainsFunc(snap.Log, func(e guidance.Event) bool {
		d, ok := e.Data.(guidance.DeliveredData)
		return ok && d.Mail == it.ID
	})
}

func (c *Courier) undelivered(ctx context.Context, it mail.Item, reason string) error {
	return c.tell(ctx, it.Case, guidance.Undelivered, "undelivered:"+it.ID, guidance.UndeliveredData{Mail: it.ID, Reason: guidance.CleanReason(reason)})
}

func (in *Inbound) tell(ctx context.Context, id string, kind guidance.Kind, command string, data any) error {
	_, _, err := in.service.Do(ctx, id, guidance.Command{ID: command, Actor: System, Kind: kind, Data: data})
	var refused *guidance.Refused
	if errors.As(err, &refused) || errors.Is(err, guidance.ErrNoCase) {
		// Trying again is no use, and what was sent must not be sent again for it.
		in.log.Error("the log does not take what became of a mail", zap.String("case", id), zap.String("kind", string(kind)), zap.Error(err))
		return nil
	}
	if err != nil {
		return fmt.Errorf("tell case %s of %s: %w", id, kind, err)
	}
	return nil
}
