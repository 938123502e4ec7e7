package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"kiveileder/services/guidance"
	"kiveileder/services/guidance/guidancesql"
)

// Due implements guidance.Outbox.
func (g *Guidance) Due(ctx context.Context, now, until time.Time) (m guidance.Mail, ok bool, err error) {
	err = g.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		m, err = guidancesql.ScanMail(tx.QueryRowContext(ctx, `
			UPDATE guidance_mail SET attempt = attempt + 1, leased = ?2 WHERE id = (
				SELECT id FROM guidance_mail WHERE status = 'queued' AND next <= ?1 AND leased <= ?1 ORDER BY next, id LIMIT 1
			) RETURNING `+guidancesql.MailColumns, guidancesql.Stamp(now), guidancesql.Stamp(until)))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return guidance.Mail{}, false, nil
	}
	return m, err == nil, wrapGuidance("due", err)
}

// Hold implements guidance.Outbox.
func (g *Guidance) Hold(ctx context.Context, m guidance.Mail, until time.Time) error {
	return g.mine(ctx, m, `leased = ?3`, guidancesql.Stamp(until))
}

// settle says what became of a mail that is in the caller's hands. The
// arguments of set follow on the two that name it.
func (g *Guidance) settle(ctx context.Context, m guidance.Mail, set string, args ...any) error {
	return g.mine(ctx, m, `leased = 0, `+set, args...)
}

// mine changes a mail that is in the caller's hands, as settle does.
func (g *Guidance) mine(ctx context.Context, m guidance.Mail, set string, args ...any) error {
	err := g.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return changed(tx.ExecContext(ctx, `UPDATE guidance_mail SET `+set+`
			WHERE id = ?1 AND attempt = ?2 AND status = 'queued' AND leased > 0`, append([]any{m.ID, m.Attempt}, args...)...))
	})
	return wrapGuidance("mail", err)
}

// Done implements guidance.Outbox.
func (g *Guidance) Done(ctx context.Context, m guidance.Mail, status guidance.MailStatus, messageID string) error {
	return g.settle(ctx, m, `status = ?3, message_id = ?4, reason = ''`, status, guidance.CleanReason(messageID))
}

// Failed implements guidance.Outbox.
func (g *Guidance) Failed(ctx context.Context, m guidance.Mail, next time.Time, reason string) error {
	return g.settle(ctx, m, `next = ?3, reason = ?4`, guidancesql.Stamp(next), guidance.CleanReason(reason))
}

// Dead implements guidance.Outbox.
func (g *Guidance) Dead(ctx context.Context, m guidance.Mail, reason string) error {
	return g.settle(ctx, m, `status = 'dead', reason = ?3`, guidance.CleanReason(reason))
}

// Revive implements guidance.Outbox.
func (g *Guidance) Revive(ctx context.Context, id string, now time.Time) error {
	err := g.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return changed(tx.ExecContext(ctx, `UPDATE guidance_mail SET status = 'queued', attempt = 1, next = ?2, leased = 0
			WHERE id = ?1 AND status = 'dead'`, id, guidancesql.Stamp(now)))
	})
	return wrapGuidance("mail", err)
}

// changed says guidance.ErrLost when a statement found no mail to change.
func changed(r sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, guidance.ErrLost)
	}
	return nil
}

// Mails implements guidance.Outbox.
func (g *Guidance) Mails(ctx context.Context, caseID string) ([]guidance.Mail, error) {
	return g.mails(ctx, `WHERE case_id = ? ORDER BY seq, id`, caseID)
}

// DeadMails implements guidance.Outbox.
func (g *Guidance) DeadMails(ctx context.Context, limit int) ([]guidance.Mail, error) {
	return g.mails(ctx, `WHERE status = 'dead' ORDER BY at, id LIMIT ?`, max(limit, 0))
}

// Waiting implements guidance.Outbox.
func (g *Guidance) Waiting(ctx context.Context, now time.Time) (n int, err error) {
	err = g.db.read.QueryRowContext(ctx, `SELECT count(*) FROM guidance_mail WHERE status = 'queued' AND at <= ?`, guidancesql.Stamp(now)).Scan(&n)
	return n, wrapGuidance("waiting mails", err)
}

func (g *Guidance) mails(ctx context.Context, where string, arg any) (out []guidance.Mail, err error) {
	rows, err := g.db.read.QueryContext(ctx, `SELECT `+guidancesql.MailColumns+` FROM guidance_mail `+where, arg)
	if err != nil {
		return nil, wrapGuidance("mails", err)
	}
	out, err = scanned(rows, guidancesql.ScanMail)
	return out, wrapGuidance("mails", err)
}
