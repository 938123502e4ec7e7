package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"kiveileder"

	"github.com/jackc/pgx/v5"

	"kiveileder/services/guidance"
	"kiveileder/services/guidance/guidancesql"
)

// Guidance is the guidance.Store of a DB.
type Guidance struct{ db *DB }

// Guidance gives the store of cases.
func (db *DB) Guidance() *Guidance { return &Guidance{db} }

// dialect is that of Postgres.
var dialect = guidancesql.Dialect{
	Contains: "strpos",
	Seen:     `CASE WHEN encode(value, 'escape') ~ '^[0-9]{1,18}$' THEN encode(value, 'escape')::bigint ELSE 0 END`,
}

var wrapGuidance = kiveileder.At("postgres: guidance")

// Append implements guidance.Store. When the answer of the database is lost it
// is tried again, and may then say guidance.ErrMoved of a batch that it has
// written itself: who appends finds its event in the log.
func (g *Guidance) Append(ctx context.Context, b guidance.Batch) error {
	b, err := b.Stored()
	if err == nil {
		err = g.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
			return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return appendCase(ctx, tx, b) })
		})
	}
	return wrapGuidance("append", err)
}

func appendCase(ctx context.Context, tx pgx.Tx, b guidance.Batch) error {
	lease, err := head(ctx, tx, &b)
	if err != nil {
		return err
	}
	if lease, err = b.Claim.Take(lease); err != nil {
		return err
	}
	var q pgx.Batch
	if err := putCase(&q, b, lease); err != nil {
		return err
	}
	for _, e := range b.Events {
		if err := putEvent(&q, `INSERT INTO guidance_event (body, case_id, seq) VALUES ($1, $2, $3)`, b.Case, e); err != nil {
			return err
		}
	}
	for _, e := range b.Redact {
		if err := putEvent(&q, `UPDATE guidance_event SET body = $1 WHERE case_id = $2 AND seq = $3`, b.Case, e); err != nil {
			return err
		}
	}
	for _, m := range b.Mails {
		q.Queue(`INSERT INTO guidance_mail (id, case_id, seq, kind, at, status, next) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT DO NOTHING`, m.ID, m.Case, m.Seq, string(m.Kind), guidancesql.Stamp(m.At), string(m.Status), guidancesql.Stamp(m.Next))
	}
	if b.Drop != "" {
		q.Queue(`UPDATE guidance_mail SET status = 'dropped' WHERE id = $1 AND case_id = $2 AND status = 'dead'`, b.Drop, b.Case).Exec(changed)
	}
	if b.Anonymises() {
		q.Queue(`DELETE FROM guidance_vector WHERE case_id = $1`, b.Case)
		q.Queue(`DELETE FROM guidance_kept WHERE key = ANY($1)`, guidance.TypedKeys(b.Case))
	}
	switch {
	case b.Forget:
		q.Queue(`UPDATE guidance_case SET sealed = NULL WHERE id = $1`, b.Case)
	case b.Sealed != nil:
		q.Queue(`UPDATE guidance_case SET sealed = $2 WHERE id = $1`, b.Case, b.Sealed)
	}
	err = tx.SendBatch(ctx, &q).Close()
	if b.Expect == 0 && pgCode(err) == codeUnique {
		return guidance.ErrMoved // somebody made it at the same time
	}
	return err
}

// head locks a case and looks whether it stands where the batch goes on, puts
// its number into the row, and gives its lease. A new case gets its number.
func head(ctx context.Context, tx pgx.Tx, b *guidance.Batch) (lease guidance.Lease, err error) {
	var seq int64
	lease, err = guidancesql.ScanLease(tx.QueryRow(ctx, `SELECT lease_holder, lease_until, seq, number FROM guidance_case
		WHERE id = $1 FOR UPDATE`, b.Case), &seq, &b.Row.Number)
	switch {
	case errors.Is(err, guidance.ErrNoCase) && b.Expect == 0:
		var n int64
		err = tx.QueryRow(ctx, `INSERT INTO guidance_number AS n (year, last) VALUES ($1, 1)
			ON CONFLICT (year) DO UPDATE SET last = n.last + 1 RETURNING last`, b.Year).Scan(&n)
		b.Row.Number = guidance.Number(b.Year, n)
	case err == nil && seq != b.Expect:
		err = guidance.ErrMoved
	}
	return lease, err
}

func putCase(q *pgx.Batch, b guidance.Batch, l guidance.Lease) error {
	values, err := guidancesql.CaseValues(b.Row, l)
	if err != nil {
		return err
	}
	const columns, these = guidancesql.CaseColumns, `$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15`
	if b.Expect == 0 { // no ON CONFLICT: who comes second is refused
		q.Queue(`INSERT INTO guidance_case (`+columns+`) VALUES (`+these+`)`, values...)
		return nil
	}
	q.Queue(`UPDATE guidance_case SET (`+columns+`) = (`+these+`) WHERE id = $1`, values...)
	return nil
}

func putEvent(q *pgx.Batch, query, id string, e guidance.Event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	q.Queue(query, string(body), id, e.Seq)
	return nil
}

// Load implements guidance.Store.
func (g *Guidance) Load(ctx context.Context, id string) (guidance.Log, error) {
	return g.LoadFrom(ctx, id, 1)
}

// LoadFrom implements guidance.Store. It is one statement, so that lease and
// log are of one moment.
func (g *Guidance) LoadFrom(ctx context.Context, id string, seq int64) (l guidance.Log, err error) {
	if !guidance.ValidID(id) {
		return l, guidance.ErrNoCase
	}
	var found [][]byte
	there := false
	err = g.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		l, found, there = guidance.Log{ID: id}, nil, false
		rows, err := conn.Query(ctx, `SELECT c.number, c.lease_holder, c.lease_until, e.body
			FROM guidance_case c LEFT JOIN guidance_event e ON e.case_id = c.id AND e.seq >= $2 WHERE c.id = $1 ORDER BY e.seq`, id, seq)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var holder, body []byte
			var until int64
			if err := rows.Scan(&l.Number, &holder, &until, &body); err != nil {
				return err
			}
			if body != nil { // null: no event from there on
				found = append(found, body)
			}
			if there {
				continue
			}
			there = true
			l.Lease.Until = guidancesql.Instant(until)
			if err := json.Unmarshal(holder, &l.Lease.Holder); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	if err == nil && !there {
		err = guidance.ErrNoCase
	}
	if err == nil {
		l.Events, err = guidancesql.Events(found) // now that the connection is free again
	}
	if err != nil {
		return guidance.Log{}, wrapGuidance("load", err)
	}
	return l, nil
}

// List implements guidance.Store.
func (g *Guidance) List(ctx context.Context, f guidance.Filter) (out []guidance.Row, err error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	query, args, err := dialect.List(f)
	if err != nil {
		return nil, wrapGuidance("list", err)
	}
	err = g.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, numbered(query), args...)
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanned(guidancesql.ScanRow))
		return err
	})
	return out, wrapGuidance("list", err)
}

// Count implements guidance.Store. It is two statements: what is counted in
// both may have moved between them, by no more than what was done just then.
func (g *Guidance) Count(ctx context.Context, f guidance.Filter, t guidance.Tally) (n guidance.Counts, err error) {
	if err := errors.Join(f.Check(), t.Check()); err != nil {
		return n, err
	}
	query, args, err := dialect.Count(f, t)
	if err != nil {
		return n, wrapGuidance("count", err)
	}
	readQuery, readArgs, err := dialect.CountRead(f)
	if err != nil {
		return n, wrapGuidance("count", err)
	}
	err = g.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		n = guidance.Counts{} // it may be tried again
		var q pgx.Batch
		q.Queue(numbered(query), args...).Query(func(rows pgx.Rows) error {
			defer rows.Close()
			for rows.Next() {
				if err := guidancesql.ScanCount(rows, &n); err != nil {
					return err
				}
			}
			return rows.Err()
		})
		read := 0
		if readQuery != "" {
			q.Queue(numbered(readQuery), readArgs...).QueryRow(func(row pgx.Row) error { return row.Scan(&read) })
		}
		err := conn.SendBatch(ctx, &q).Close()
		n.Unread = max(n.Unread-read, 0)
		return err
	})
	if err != nil {
		return guidance.Counts{}, wrapGuidance("count", err)
	}
	return n, nil
}

// scanned makes a function that reads a row a pgx.RowToFunc.
func scanned[T any](scan func(guidancesql.Row) (T, error)) pgx.RowToFunc[T] {
	return func(row pgx.CollectableRow) (T, error) { return scan(row) }
}

// numbered gives each question mark of a statement its number.
func numbered(query string) string {
	parts := strings.Split(query, "?")
	for i := range parts[1:] {
		parts[i] += fmt.Sprint("$", i+1)
	}
	return strings.Join(parts, "")
}

// Lease implements guidance.Store.
func (g *Guidance) Lease(ctx context.Context, id string, holder guidance.Actor, now, until time.Time) (l guidance.Lease, err error) {
	if !guidance.ValidID(id) {
		return l, guidance.ErrNoCase
	}
	if err := guidance.CheckTexts(holder.ID); err != nil {
		return l, err
	}
	who, err := json.Marshal(holder)
	if err != nil {
		return l, wrapGuidance("lease", err)
	}
	err = g.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		l, err = guidancesql.ScanLease(conn.QueryRow(ctx, `UPDATE guidance_case SET lease_id = $2, lease_holder = $3, lease_until = $4
			WHERE id = $1 AND (lease_id = $2 OR lease_id = '' OR lease_until <= $5)
			RETURNING lease_holder, lease_until`, id, holder.ID, string(who), guidancesql.Stamp(until), guidancesql.Stamp(now)))
		if errors.Is(err, guidance.ErrNoCase) { // or it is another's
			l, err = guidancesql.ScanLease(conn.QueryRow(ctx, `SELECT lease_holder, lease_until FROM guidance_case WHERE id = $1`, id))
		}
		return err
	})
	return l, wrapGuidance("lease", err)
}

// Contact implements guidance.Store.
func (g *Guidance) Contact(ctx context.Context, id string) (sealed []byte, err error) {
	if !guidance.ValidID(id) {
		return nil, guidance.ErrNoCase
	}
	err = g.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT sealed FROM guidance_case WHERE id = $1`, id).Scan(&sealed)
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, guidance.ErrNoCase
	case err != nil:
		return nil, wrapGuidance("contact", err)
	case sealed == nil:
		return nil, guidance.ErrNoOne
	}
	return sealed, nil
}

// Contacts implements guidance.Store.
func (g *Guidance) Contacts(ctx context.Context, after string, limit int) (out []guidance.Sealed, err error) {
	if err := guidance.CheckTexts(after); err != nil {
		return nil, err
	}
	err = g.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `SELECT id, number, sealed FROM guidance_case
			WHERE sealed IS NOT NULL AND id > $1 ORDER BY id LIMIT $2`, after, int64(max(limit, 0)))
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, scanned(guidancesql.ScanSealed))
		return err
	})
	return out, wrapGuidance("contacts", err)
}

// DeleteContact implements guidance.Store.
func (g *Guidance) DeleteContact(ctx context.Context, id string) error {
	if !guidance.ValidID(id) {
		return ctx.Err()
	}
	err := g.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `UPDATE guidance_case SET sealed = NULL WHERE id = $1`, id)
		return err
	})
	return wrapGuidance("delete contact", err)
}
