package postgres

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"kiveileder"

	"github.com/jackc/pgx/v5"

	"kiveileder/gateway/login"
	"kiveileder/gateway/login/loginsql"
)

// Sessions is the login.Store of a DB. It knows calls by their names, see
// login.WithCall.
type Sessions struct{ db *DB }

// Sessions gives the store of who is signed in.
func (db *DB) Sessions() login.Store { return &Sessions{db} }

var wrapSessions = kiveileder.At("postgres: sessions")

// text reports whether the database can hold values: nothing that is there has
// others. Some come from addresses that anybody may call.
func text(values ...string) bool {
	for _, v := range values {
		if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
			return false
		}
	}
	return true
}

// sessions gives the sessions that a statement finds.
func (s *Sessions) sessions(ctx context.Context, query string, args ...any) (all []login.Session, err error) {
	err = s.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, scanned(loginsql.Scan))
		return err
	})
	return all, err
}

// Add implements login.Store.
func (s *Sessions) Add(ctx context.Context, one login.Session) error {
	values, err := loginsql.Values(one)
	if err != nil {
		return wrapSessions("add", err)
	}
	err = s.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		tag, err := conn.Exec(ctx, `INSERT INTO login_session (`+loginsql.Added+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`, values...)
		if err != nil || tag.RowsAffected() == 1 {
			return err
		}
		rows, err := conn.Query(ctx, `SELECT `+loginsql.Columns+` FROM login_session WHERE key = $1`, one.Key)
		if err != nil {
			return err
		}
		kept, err := pgx.CollectExactlyOneRow(rows, scanned(loginsql.Scan))
		switch {
		case errors.Is(err, pgx.ErrNoRows): // it went just now
			return errRace
		case err == nil && !kept.Again(one):
			return login.ErrUsed
		}
		return err
	})
	return wrapSessions("add", err)
}

// Get implements login.Store.
func (s *Sessions) Get(ctx context.Context, key string) (login.Session, error) {
	if !text(key) {
		return login.Session{}, login.ErrNoSession
	}
	found, err := s.sessions(ctx, `SELECT `+loginsql.Columns+` FROM login_session WHERE key = $1 AND ended = 0`, key)
	switch {
	case err != nil:
		return login.Session{}, wrapSessions("get", err)
	case len(found) == 0:
		return login.Session{}, login.ErrNoSession
	}
	return found[0], nil
}

// Touch implements login.Store. It is one statement that changes one row and
// no index, and writes nothing for an earlier time.
func (s *Sessions) Touch(ctx context.Context, key string, used time.Time) error {
	if !text(key) {
		return login.ErrNoSession
	}
	there := false
	err := s.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `
			WITH touched AS (UPDATE login_session SET used = $2 WHERE key = $1 AND ended = 0 AND used < $2 RETURNING key)
			SELECT EXISTS (SELECT FROM touched) OR EXISTS (SELECT FROM login_session WHERE key = $1 AND ended = 0)`,
			key, used.UnixMicro()).Scan(&there)
	})
	if err == nil && !there {
		return login.ErrNoSession
	}
	return wrapSessions("touch", err)
}

// List implements login.Store.
func (s *Sessions) List(ctx context.Context, person string) ([]login.Session, error) {
	if !text(person) {
		return nil, ctx.Err()
	}
	all, err := s.sessions(ctx, `SELECT `+loginsql.Columns+` FROM login_session
		WHERE owner = $1 AND owner <> '' AND ended = 0 ORDER BY began DESC, key`, person)
	return all, wrapSessions("list", err)
}

// Everyone implements login.Store.
func (s *Sessions) Everyone(ctx context.Context) ([]login.Session, error) {
	all, err := s.sessions(ctx, `SELECT `+loginsql.Columns+` FROM login_session WHERE ended = 0 ORDER BY began DESC, key`)
	return all, wrapSessions("list", err)
}

// End implements login.Store.
func (s *Sessions) End(ctx context.Context, m login.Match) ([]login.Session, error) {
	call := login.CallOf(ctx)
	ended, err := s.end(ctx, "call "+call, call, time.Now().Add(login.RepeatTime), m)
	return ended, wrapSessions("end", err)
}

// EndOnce implements login.Store.
func (s *Sessions) EndOnce(ctx context.Context, token string, until time.Time, m login.Match) ([]login.Session, error) {
	ended, err := s.end(ctx, token, login.CallOf(ctx), until, m)
	return ended, wrapSessions("end once", err)
}

// end ends what fits unless the token has been used, and gives what the call
// has ended, now or when it was made before. Rows are locked in the order of
// their keys, so that two who end the same do not wait for each other.
func (s *Sessions) end(ctx context.Context, token, call string, until time.Time, m login.Match) (ended []login.Session, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx) // what has ended is told, also when who asked goes away
	if !text(m.Key, m.Person, m.Name, m.Not, m.Provider, m.Subject, m.SID) {
		m = login.Match{} // which fits nothing
	}
	err = s.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			first, err := tx.Exec(ctx, `INSERT INTO login_token (token, until, used_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, token, until.UnixMicro(), call)
			if err != nil {
				return err
			}
			if first.RowsAffected() == 0 {
				return endedBefore(ctx, tx, token, call, &ended)
			}
			_, err = tx.Exec(ctx, `
				UPDATE login_session SET ended = $8, ended_by = $9 WHERE key IN (
					SELECT key FROM login_session
					WHERE ended = 0 AND ($1::text <> '' OR $2::text <> '' OR $6::text <> '' OR $7::text <> '') -- says something
						AND ($1 = '' OR key = $1) AND ($2 = '' OR owner = $2) AND ($3::text = '' OR name = $3) AND ($4::text = '' OR key <> $4)
						AND ($5::text = '' OR provider = $5) AND ($6 = '' OR subject = $6) AND ($7 = '' OR sid = $7 OR sid = '' AND $6 <> '')
					ORDER BY key FOR UPDATE)`,
				m.Key, m.Person, m.Name, m.Not, m.Provider, m.Subject, m.SID, time.Now().UnixMicro(), call)
			if err != nil {
				return err
			}
			ended, err = endedBy(ctx, tx, call)
			return err
		})
	})
	return ended, err
}

// endedBefore gives what a call ended when it was made before. Error:
// login.ErrUsed when it was another that used the token.
func endedBefore(ctx context.Context, tx pgx.Tx, token, call string, ended *[]login.Session) (err error) {
	var by string
	err = tx.QueryRow(ctx, `SELECT used_by FROM login_token WHERE token = $1`, token).Scan(&by)
	switch {
	case errors.Is(err, pgx.ErrNoRows): // its time was over just now
		return errRace
	case err != nil:
		return err
	case by != call:
		return login.ErrUsed
	}
	*ended, err = endedBy(ctx, tx, call)
	return err
}

func endedBy(ctx context.Context, tx pgx.Tx, call string) ([]login.Session, error) {
	rows, err := tx.Query(ctx, `SELECT `+loginsql.Columns+` FROM login_session WHERE ended_by = $1 AND ended_by <> '' ORDER BY began DESC, key`, call)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanned(loginsql.Scan))
}

// Once implements login.Store. The row of another call is left alone, and that
// gives no row back.
func (s *Sessions) Once(ctx context.Context, token string, until time.Time) (first bool, err error) {
	call := login.CallOf(ctx)
	err = s.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		tag, err := conn.Exec(ctx, `
			INSERT INTO login_token AS t (token, until, used_by) VALUES ($1, $2, $3)
			ON CONFLICT (token) DO UPDATE SET used_by = t.used_by WHERE t.used_by = excluded.used_by`, token, until.UnixMicro(), call)
		first = tag.RowsAffected() == 1
		return err
	})
	return first && err == nil, wrapSessions("once", err)
}

// Expire implements login.Store. Of several that look at once each session is
// given to one; what another has in its hands is left to the next time. What
// has ended some time ago is taken out of the table here.
func (s *Sessions) Expire(ctx context.Context, l login.Limits, now time.Time) (ended []login.Session, err error) {
	call, clock := login.CallOf(ctx), time.Now()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	err = s.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			var q pgx.Batch
			q.Queue(`DELETE FROM login_session WHERE key IN (
				SELECT key FROM login_session WHERE ended > 0 AND ended <= $1 FOR UPDATE SKIP LOCKED)`, clock.Add(-login.RepeatTime).UnixMicro())
			q.Queue(`DELETE FROM login_token WHERE token IN (
				SELECT token FROM login_token WHERE until <= $1 FOR UPDATE SKIP LOCKED)`, now.UnixMicro())
			q.Queue(`UPDATE login_session SET ended = $1, ended_by = $2 WHERE key IN (
				SELECT key FROM login_session WHERE ended = 0 AND (used <= $3 OR began <= $4) FOR UPDATE SKIP LOCKED)`,
				clock.UnixMicro(), call, now.Add(-l.Idle).UnixMicro(), now.Add(-l.Absolute).UnixMicro())
			if err := tx.SendBatch(ctx, &q).Close(); err != nil {
				return err
			}
			ended, err = endedBy(ctx, tx, call)
			return err
		})
	})
	return ended, wrapSessions("expire", err)
}
