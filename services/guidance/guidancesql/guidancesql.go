// Package guidancesql is what the stores of cases in SQL have in common: how
// times, leases, cases and mails stand in columns, and what a filter asks of
// them. Statements stand where they run.
package guidancesql

import (
	"database/sql"
	"encoding/json"
	"errors"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"kiveileder/services/guidance"
)

// Stamp gives the microseconds of a time, 0 for none.
func Stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Instant gives the time of microseconds, none for 0.
func Instant(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// A Row is one that was found, of either database.
type Row = interface{ Scan(into ...any) error }

// CaseColumns are the columns of a case, in the order of CaseValues.
const CaseColumns = `id, number, seq, state, holder, agencies, words, changed, due, body, lease_id, lease_holder, lease_until, asker, published`

// CaseValues gives what stands in them.
func CaseValues(r guidance.Row, l guidance.Lease) ([]any, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	agencies, err := json.Marshal(r.Agencies)
	if err != nil {
		return nil, err
	}
	leaseHolder, err := json.Marshal(l.Holder)
	if err != nil {
		return nil, err
	}
	holder := ""
	if r.Holder != nil {
		holder = r.Holder.ID
	}
	return []any{
		r.ID, r.Number, r.Seq, string(r.State), holder, string(agencies), r.Words(), Stamp(r.Changed), Stamp(r.Due), string(body),
		l.Holder.ID, string(leaseHolder), Stamp(l.Until), r.Asker, r.Published,
	}, nil
}

// ScanRow reads a row of a Dialect.List. The asker stands in no JSON, and how
// a case stands in the register not in that of old rows.
func ScanRow(row Row) (r guidance.Row, err error) {
	var body []byte
	var asker, published string
	var seen int64
	if err := row.Scan(&body, &asker, &published, &seen); err != nil {
		return r, err
	}
	err = json.Unmarshal(body, &r)
	r.Asker, r.Published, r.Seen = asker, published, seen
	return r, err
}

// ScanLease reads lease_holder and lease_until, and after them what more is
// asked for. Error: guidance.ErrNoCase when there is no such row.
func ScanLease(row Row, more ...any) (l guidance.Lease, err error) {
	var holder []byte
	var until int64
	err = row.Scan(append([]any{&holder, &until}, more...)...)
	switch {
	case errors.Is(err, sql.ErrNoRows): // pgx.ErrNoRows is one
		return l, guidance.ErrNoCase
	case err != nil:
		return l, err
	}
	l.Until = Instant(until)
	return l, json.Unmarshal(holder, &l.Holder)
}

// KeptRange gives the keys between which those stand that begin with prefix:
// the first one not before from, all before to.
func KeptRange(prefix string) (from, to string) { return prefix, prefix + "\x7f" } // keys are printable ASCII

// ScanBody reads the body of an event.
func ScanBody(row Row) (body []byte, err error) {
	err = row.Scan(&body)
	return body, err
}

// Events reads the bodies of events, those of a long log by several at a time.
func Events(bodies [][]byte) ([]guidance.Event, error) {
	const each = 250 // below that it is not worth the trouble
	out := make([]guidance.Event, len(bodies))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for from := 0; from < len(bodies); from += each {
		g.Go(func() error {
			for i := from; i < min(from+each, len(bodies)); i++ {
				if err := json.Unmarshal(bodies[i], &out[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return out, g.Wait()
}

// ScanSealed reads id, number and contact of a case.
func ScanSealed(row Row) (s guidance.Sealed, err error) {
	err = row.Scan(&s.Case, &s.Number, &s.Contact)
	return s, err
}

// MailColumns is what ScanMail reads.
const MailColumns = `id, case_id, seq, kind, at, attempt, status, next, reason, message_id`

// ScanMail reads a mail.
func ScanMail(row Row) (m guidance.Mail, err error) {
	var at, next int64
	err = row.Scan(&m.ID, &m.Case, &m.Seq, &m.Kind, &at, &m.Attempt, &m.Status, &next, &m.Reason, &m.MessageID)
	m.At, m.Next = Instant(at), Instant(next)
	return m, err
}
