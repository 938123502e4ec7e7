package guidance

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Due implements Outbox.
func (m *Memory) Due(ctx context.Context, now, until time.Time) (Mail, bool, error) {
	if err := ctx.Err(); err != nil {
		return Mail{}, false, err
	}
	now, until = micro(now), micro(until)
	m.mu.Lock()
	defer m.mu.Unlock()
	var first *memoryMail
	for _, x := range m.mails {
		due := x.Status == MailQueued && !x.Next.After(now) && !x.leased.After(now)
		if due && (first == nil || byNext(x.Mail, first.Mail) < 0) {
			first = x
		}
	}
	if first == nil {
		return Mail{}, false, nil
	}
	first.Attempt++
	first.leased = until
	return first.Mail, true, nil
}

func byNext(a, b Mail) int { return cmp.Or(a.Next.Compare(b.Next), cmp.Compare(a.ID, b.ID)) }

// settle changes a mail that is in the caller's hands.
func (m *Memory) settle(ctx context.Context, mine Mail, change func(*memoryMail)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.mails[mine.ID]
	if x == nil || x.Status != MailQueued || x.Attempt != mine.Attempt || x.leased.IsZero() {
		return ErrLost
	}
	x.leased = time.Time{}
	change(x)
	return nil
}

// Hold implements Outbox.
func (m *Memory) Hold(ctx context.Context, mine Mail, until time.Time) error {
	return m.settle(ctx, mine, func(x *memoryMail) { x.leased = micro(until) })
}

// Done implements Outbox.
func (m *Memory) Done(ctx context.Context, mine Mail, status MailStatus, messageID string) error {
	return m.settle(ctx, mine, func(x *memoryMail) { x.Status, x.MessageID, x.Reason = status, CleanReason(messageID), "" })
}

// Failed implements Outbox.
func (m *Memory) Failed(ctx context.Context, mine Mail, next time.Time, reason string) error {
	return m.settle(ctx, mine, func(x *memoryMail) { x.Next, x.Reason = micro(next), CleanReason(reason) })
}

// Dead implements Outbox.
func (m *Memory) Dead(ctx context.Context, mine Mail, reason string) error {
	return m.settle(ctx, mine, func(x *memoryMail) { x.Status, x.Reason = MailDead, CleanReason(reason) })
}

// Revive implements Outbox.
func (m *Memory) Revive(ctx context.Context, id string, now time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.mails[id]
	if x == nil || x.Status != MailDead {
		return ErrLost
	}
	x.Status, x.Attempt, x.Next, x.leased = MailQueued, 1, micro(now), time.Time{}
	return nil
}

// Mails implements Outbox.
func (m *Memory) Mails(ctx context.Context, caseID string) ([]Mail, error) {
	out, err := m.those(ctx, func(x Mail) bool { return x.Case == caseID })
	slices.SortFunc(out, func(a, b Mail) int { return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.ID, b.ID)) })
	return out, err
}

// DeadMails implements Outbox.
func (m *Memory) DeadMails(ctx context.Context, limit int) ([]Mail, error) {
	out, err := m.those(ctx, func(x Mail) bool { return x.Status == MailDead })
	slices.SortFunc(out, func(a, b Mail) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return out[:min(len(out), max(limit, 0))], err
}

// Waiting implements Outbox.
func (m *Memory) Waiting(ctx context.Context, now time.Time) (int, error) {
	now = micro(now)
	out, err := m.those(ctx, func(x Mail) bool { return x.Status == MailQueued && !x.At.After(now) })
	return len(out), err
}

func (m *Memory) those(ctx context.Context, want func(Mail) bool) (out []Mail, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range m.mails {
		if want(x.Mail) {
			out = append(out, x.Mail)
		}
	}
	return out, nil
}
