package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"kiveileder"

	"kiveileder/services/guidance"
	"kiveileder/services/guidance/guidancesql"
)

// Guidance is the guidance.Store of a DB.
type Guidance struct{ db *DB }

// Guidance gives the store of cases.
func (db *DB) Guidance() *Guidance { return &Guidance{db} }

// dialect is that of SQLite.
var dialect = guidancesql.Dialect{Contains: "instr", Aside: "+", Seen: "CAST(CAST(value AS TEXT) AS INTEGER)"}

var wrapGuidance = kiveileder.At("sqlite: guidance")

// Append implements guidance.Store.
func (g *Guidance) Append(ctx context.Context, b guidance.Batch) error {
	b, err := b.Stored()
	if err == nil {
		err = g.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error { return appendCase(ctx, tx, b) })
	}
	if err == nil && (b.Forget || b.Anonymises()) {
		err = g.db.empty(ctx)
	}
	return wrapGuidance("append", err)
}

func appendCase(ctx context.Context, tx *sql.Tx, b guidance.Batch) error {
	lease, err := head(ctx, tx, &b)
	if err != nil {
		return err
	}
	if lease, err = b.Claim.Take(lease); err != nil {
		return err
	}
	if err := putCase(ctx, tx, b, lease); err != nil {
		return err
	}
	for _, e := range b.Events {
		if err := putEvent(ctx, tx, `INSERT INTO guidance_event (body, case_id, seq) VALUES (?, ?, ?)`, b.Case, e); err != nil {
			return err
		}
	}
	for _, e := range b.Redact {
		if err := putEvent(ctx, tx, `UPDATE guidance_event SET body = ? WHERE case_id = ? AND seq = ?`, b.Case, e); err != nil {
			return err
		}
	}
	for _, m := range b.Mails {
		_, err := tx.ExecContext(ctx, `INSERT INTO guidance_mail (id, case_id, seq, kind, at, status, next) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT DO NOTHING`, m.ID, m.Case, m.Seq, m.Kind, guidancesql.Stamp(m.At), m.Status, guidancesql.Stamp(m.Next))
		if err != nil {
			return err
		}
	}
	if b.Drop != "" {
		err := changed(tx.ExecContext(ctx, `UPDATE guidance_mail SET status = 'dropped' WHERE id = ? AND case_id = ? AND status = 'dead'`, b.Drop, b.Case))
		if err != nil {
			return err
		}
	}
	if b.Anonymises() {
		if _, err := tx.ExecContext(ctx, `DELETE FROM guidance_vector WHERE case_id = ?`, b.Case); err != nil {
			return err
		}
		for _, key := range guidance.TypedKeys(b.Case) {
			if _, err := forget(ctx, tx, key); err != nil {
				return err
			}
		}
	}
	if b.Sealed != nil || b.Forget {
		sealed := b.Sealed
		if b.Forget {
			sealed = nil
		}
		_, err := tx.ExecContext(ctx, `UPDATE guidance_case SET sealed = ? WHERE id = ?`, sealed, b.Case)
		return err
	}
	return nil
}

// head looks whether a case stands where the batch goes on, puts its number
// into the row, and gives its lease. A new case gets its number.
func head(ctx context.Context, tx *sql.Tx, b *guidance.Batch) (lease guidance.Lease, err error) {
	var seq int64
	lease, err = guidancesql.ScanLease(tx.QueryRowContext(ctx, `SELECT lease_holder, lease_until, seq, number FROM guidance_case WHERE id = ?`, b.Case), &seq, &b.Row.Number)
	switch {
	case errors.Is(err, guidance.ErrNoCase) && b.Expect == 0:
		var n int64
		err = tx.QueryRowContext(ctx, `INSERT INTO guidance_number (year, last) VALUES (?, 1)
			ON CONFLICT (year) DO UPDATE SET last = last + 1 RETURNING last`, b.Year).Scan(&n)
		b.Row.Number = guidance.Number(b.Year, n)
	case err == nil && seq != b.Expect:
		err = guidance.ErrMoved
	}
	return lease, err
}

func putCase(ctx context.Context, tx *sql.Tx, b guidance.Batch, l guidance.Lease) error {
	values, err := guidancesql.CaseValues(b.Row, l)
	if err != nil {
		return err
	}
	const columns = guidancesql.CaseColumns + `, unsigned`
	const these = `?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, coalesce(json_extract(?10, '$.unsigned'), 'null')`
	_, err = tx.ExecContext(ctx, `INSERT INTO guidance_case (`+columns+`) VALUES (`+these+`)
		ON CONFLICT (id) DO UPDATE SET (`+columns+`) = (`+these+`)`, values...)
	return err
}

func putEvent(ctx context.Context, tx *sql.Tx, query, id string, e guidance.Event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, query, string(body), id, e.Seq)
	return err
}

// Load implements guidance.Store.
func (g *Guidance) Load(ctx context.Context, id string) (guidance.Log, error) {
	return g.LoadFrom(ctx, id, 1)
}

// LoadFrom implements guidance.Store.
func (g *Guidance) LoadFrom(ctx context.Context, id string, seq int64) (l guidance.Log, err error) {
	// in one transaction: the lease and the log are of one moment
	tx, err := g.db.read.BeginTx(ctx, nil)
	if err != nil {
		return l, wrapGuidance("load", err)
	}
	defer tx.Rollback() // it has only read
	l.ID = id
	if l.Lease, err = guidancesql.ScanLease(tx.QueryRowContext(ctx, `SELECT lease_holder, lease_until, number FROM guidance_case WHERE id = ?`, id), &l.Number); err != nil {
		return guidance.Log{}, wrapGuidance("load", err)
	}
	rows, err := tx.QueryContext(ctx, `SELECT body FROM guidance_event WHERE case_id = ? AND seq >= ? ORDER BY seq`, id, seq)
	if err != nil {
		return guidance.Log{}, wrapGuidance("load", err)
	}
	bodies, err := scanned(rows, guidancesql.ScanBody)
	if err == nil {
		l.Events, err = guidancesql.Events(bodies)
	}
	if err != nil {
		return guidance.Log{}, wrapGuidance("load", err)
	}
	return l, nil
}

// scanned reads all rows.
func scanned[T any](rows *sql.Rows, scan func(guidancesql.Row) (T, error)) (out []T, err error) {
	defer rows.Close()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// List implements guidance.Store.
func (g *Guidance) List(ctx context.Context, f guidance.Filter) ([]guidance.Row, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	query, args, err := dialect.List(f)
	if err != nil {
		return nil, wrapGuidance("list", err)
	}
	rows, err := g.db.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, wrapGuidance("list", err)
	}
	out, err := scanned(rows, guidancesql.ScanRow)
	return out, wrapGuidance("list", err)
}

// Count implements guidance.Store.
func (g *Guidance) Count(ctx context.Context, f guidance.Filter, t guidance.Tally) (n guidance.Counts, err error) {
	if err := errors.Join(f.Check(), t.Check()); err != nil {
		return n, err
	}
	tx, err := g.db.read.BeginTx(ctx, nil) // what is counted is of one moment
	if err != nil {
		return n, wrapGuidance("count", err)
	}
	defer tx.Rollback() // it has only read
	query, args, err := dialect.Count(f, t)
	if err != nil {
		return n, wrapGuidance("count", err)
	}
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return n, wrapGuidance("count", err)
	}
	_, err = scanned(rows, func(row guidancesql.Row) (struct{}, error) { return struct{}{}, guidancesql.ScanCount(row, &n) })
	if err != nil {
		return guidance.Counts{}, wrapGuidance("count", err)
	}
	if query, args, err = dialect.CountRead(f); err == nil && query != "" {
		var read int
		err = tx.QueryRowContext(ctx, query, args...).Scan(&read)
		n.Unread -= read
	}
	if err != nil {
		return guidance.Counts{}, wrapGuidance("count", err)
	}
	return n, nil
}

// Lease implements guidance.Store.
func (g *Guidance) Lease(ctx context.Context, id string, holder guidance.Actor, now, until time.Time) (l guidance.Lease, err error) {
	if err := guidance.CheckTexts(holder.ID); err != nil {
		return l, err
	}
	who, err := json.Marshal(holder)
	if err != nil {
		return l, wrapGuidance("lease", err)
	}
	err = g.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE guidance_case SET lease_id = ?2, lease_holder = ?3, lease_until = ?4
			WHERE id = ?1 AND (lease_id = ?2 OR lease_id = '' OR lease_until <= ?5)`, id, holder.ID, string(who), guidancesql.Stamp(until), guidancesql.Stamp(now))
		if err != nil {
			return err
		}
		l, err = guidancesql.ScanLease(tx.QueryRowContext(ctx, `SELECT lease_holder, lease_until FROM guidance_case WHERE id = ?`, id))
		return err
	})
	return l, wrapGuidance("lease", err)
}

// Contact implements guidance.Store.
func (g *Guidance) Contact(ctx context.Context, id string) (sealed []byte, err error) {
	err = g.db.read.QueryRowContext(ctx, `SELECT sealed FROM guidance_case WHERE id = ?`, id).Scan(&sealed)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, guidance.ErrNoCase
	case err != nil:
		return nil, wrapGuidance("contact", err)
	case sealed == nil:
		return nil, guidance.ErrNoOne
	}
	return sealed, nil
}

// Contacts implements guidance.Store.
func (g *Guidance) Contacts(ctx context.Context, after string, limit int) ([]guidance.Sealed, error) {
	if err := guidance.CheckTexts(after); err != nil {
		return nil, err
	}
	rows, err := g.db.read.QueryContext(ctx, `SELECT id, number, sealed FROM guidance_case
		WHERE sealed IS NOT NULL AND id > ? ORDER BY id LIMIT ?`, after, max(limit, 0))
	if err != nil {
		return nil, wrapGuidance("contacts", err)
	}
	out, err := scanned(rows, guidancesql.ScanSealed)
	return out, wrapGuidance("contacts", err)
}

// DeleteContact implements guidance.Store. Nothing of it is left in the file,
// and in the log of the database as soon as nobody reads what was there before.
func (g *Guidance) DeleteContact(ctx context.Context, id string) error {
	err := g.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE guidance_case SET sealed = NULL WHERE id = ?`, id)
		return err
	})
	if err == nil {
		err = g.db.empty(ctx)
	}
	return wrapGuidance("delete contact", err)
}
