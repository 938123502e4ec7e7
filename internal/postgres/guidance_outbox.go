package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"kiveileder/services/guidance"
	"kiveileder/services/guidance/guidancesql"
)

// mails gives the mails that a statement finds or changes.
func (g *Guidance) mails(ctx context.Context, query string, args ...any) (out []guidance.Mail, err error) {
	err = g.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanned(guidancesql.ScanMail))
		return err
	})
	return out, wrapGuidance("mails", err)
}

// Due implements guidance.Outbox. Others that look at the same moment find the
// next one. When the answer of the database is lost, a mail may be leased to
// nobody until its lease runs out.
func (g *Guidance) Due(ctx context.Context, now, until time.Time) (guidance.Mail, bool, error) {
	found, err := g.mails(ctx, `
		UPDATE guidance_mail SET attempt = attempt + 1, leased = $2 WHERE id = (
			SELECT id FROM guidance_mail WHERE status = 'queued' AND next <= $1 AND leased <= $1
			ORDER BY next, id LIMIT 1 FOR UPDATE SKIP LOCKED
		) RETURNING `+guidancesql.MailColumns, guidancesql.Stamp(now), guidancesql.Stamp(until))
	if err != nil || len(found) == 0 {
		return guidance.Mail{}, false, err
	}
	return found[0], true, nil
}

// Hold implements guidance.Outbox.
func (g *Guidance) Hold(ctx context.Context, m guidance.Mail, until time.Time) error {
	return g.mine(ctx, m, `leased = $3`, guidancesql.Stamp(until))
}

// settle says what became of a mail that is in the caller's hands. The
// arguments of set follow on the two that name it. When the database's answer
// to it was lost, it may say guidance.ErrLost of what it has done itself.
func (g *Guidance) settle(ctx context.Context, m guidance.Mail, set string, args ...any) error {
	return g.mine(ctx, m, `leased = 0, `+set, args...)
}

// mine changes a mail that is in the caller's hands, as settle does.
func (g *Guidance) mine(ctx context.Context, m guidance.Mail, set string, args ...any) error {
	return g.change(ctx, `UPDATE guidance_mail SET `+set+`
		WHERE id = $1 AND attempt = $2 AND status = 'queued' AND leased > 0`, m.ID, append([]any{int64(m.Attempt)}, args...)...)
}

// Done implements guidance.Outbox.
func (g *Guidance) Done(ctx context.Context, m guidance.Mail, status guidance.MailStatus, messageID string) error {
	return g.settle(ctx, m, `status = $3, message_id = $4, reason = ''`, string(status), guidance.CleanReason(messageID))
}

// Failed implements guidance.Outbox.
func (g *Guidance) Failed(ctx context.Context, m guidance.Mail, next time.Time, reason string) error {
	return g.settle(ctx, m, `next = $3, reason = $4`, guidancesql.Stamp(next), guidance.CleanReason(reason))
}

// Dead implements guidance.Outbox.
func (g *Guidance) Dead(ctx context.Context, m guidance.Mail, reason string) error {
	return g.settle(ctx, m, `status = 'dead', reason = $3`, guidance.CleanReason(reason))
}

// Revive implements guidance.Outbox. Done again because the database's answer
// was lost, it may say guidance.ErrLost of what it has done itself.
func (g *Guidance) Revive(ctx context.Context, id string, now time.Time) error {
	return g.change(ctx, `UPDATE guidance_mail SET status = 'queued', attempt = 1, next = $2, leased = 0
		WHERE id = $1 AND status = 'dead'`, id, guidancesql.Stamp(now))
}

// change changes the mail with an id. The arguments of the statement follow on
// it.
func (g *Guidance) change(ctx context.Context, statement, id string, args ...any) error {
	if guidance.CheckTexts(id) != nil {
		return guidance.ErrLost // no mail has such an id
	}
	err := g.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		tag, err := conn.Exec(ctx, statement, append([]any{id}, args...)...)
		if err != nil {
			return err
		}
		return changed(tag)
	})
	return wrapGuidance("mail", err)
}

// changed says guidance.ErrLost when a statement found no mail to change.
func changed(tag pgconn.CommandTag) error {
	if tag.RowsAffected() == 0 {
		return guidance.ErrLost
	}
	return nil
}

// Mails implements guidance.Outbox.
func (g *Guidance) Mails(ctx context.Context, caseID string) ([]guidance.Mail, error) {
	if !guidance.ValidID(caseID) {
		return nil, ctx.Err()
	}
	return g.mails(ctx, `SELECT `+guidancesql.MailColumns+` FROM guidance_mail WHERE case_id = $1 ORDER BY seq, id`, caseID)
}

// DeadMails implements guidance.Outbox.
func (g *Guidance) DeadMails(ctx context.Context, limit int) ([]guidance.Mail, error) {
	return g.mails(ctx, `SELECT `+guidancesql.MailColumns+` FROM guidance_mail WHERE status = 'dead' ORDER BY at, id LIMIT $1`, int64(max(limit, 0)))
}

// Waiting implements guidance.Outbox.
func (g *Guidance) Waiting(ctx context.Context, now time.Time) (n int, err error) {
	err = g.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT count(*) FROM guidance_mail WHERE status = 'queued' AND at <= $1`, guidancesql.Stamp(now)).Scan(&n)
	})
	return n, wrapGuidance("waiting mails", err)
}
