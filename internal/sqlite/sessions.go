package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"kiveileder"

	"kiveileder/gateway/login"
	"kiveileder/gateway/login/loginsql"
)

// Sessions is the login.Store of a DB. It knows calls by their names, see
// login.WithCall.
type Sessions struct{ db *DB }

// Sessions gives the store of who is signed in.
func (db *DB) Sessions() login.Store { return &Sessions{db} }

var wrapSessions = kiveileder.At("sqlite: sessions")

// Add implements login.Store.
func (s *Sessions) Add(ctx context.Context, one login.Session) error {
	values, err := loginsql.Values(one)
	if err != nil {
		return wrapSessions("add", err)
	}
	err = s.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		kept, err := loginsql.Scan(tx.QueryRowContext(ctx, `SELECT `+loginsql.Columns+` FROM login_session WHERE key = ?`, one.Key))
		switch {
		case errors.Is(err, login.ErrNoSession):
		case err == nil && kept.Again(one):
			return nil
		case err == nil:
			return login.ErrUsed
		default:
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO login_session (`+loginsql.Added+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, values...)
		return err
	})
	return wrapSessions("add", err)
}

// Get implements login.Store.
func (s *Sessions) Get(ctx context.Context, key string) (login.Session, error) {
	one, err := loginsql.Scan(s.db.read.QueryRowContext(ctx, `SELECT `+loginsql.Columns+` FROM login_session WHERE key = ? AND ended = 0`, key))
	return one, wrapSessions("get", err)
}

// Touch implements login.Store.
func (s *Sessions) Touch(ctx context.Context, key string, used time.Time) error {
	err := s.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `UPDATE login_session SET used = max(used, ?) WHERE key = ? AND ended = 0`, used.UnixMicro(), key)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, login.ErrNoSession)
		}
		return nil
	})
	return wrapSessions("touch", err)
}

// List implements login.Store.
func (s *Sessions) List(ctx context.Context, person string) ([]login.Session, error) {
	return s.list(ctx, `WHERE owner = ? AND owner <> '' AND ended = 0`, person)
}

// Everyone implements login.Store.
func (s *Sessions) Everyone(ctx context.Context) ([]login.Session, error) {
	return s.list(ctx, `WHERE ended = 0`)
}

func (s *Sessions) list(ctx context.Context, where string, args ...any) ([]login.Session, error) {
	rows, err := s.db.read.QueryContext(ctx, `SELECT `+loginsql.Columns+` FROM login_session `+where+` ORDER BY began DESC, key`, args...)
	if err != nil {
		return nil, wrapSessions("list", err)
	}
	all, err := scanned(rows, loginsql.Scan)
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
// has ended, now or when it was made before.
func (s *Sessions) end(ctx context.Context, token, call string, until time.Time, m login.Match) (ended []login.Session, err error) {
	err = s.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		first, by, err := useToken(ctx, tx, token, call, until)
		switch {
		case err != nil:
			return err
		case by != call:
			return login.ErrUsed
		case first:
			_, err = tx.ExecContext(ctx, `
				UPDATE login_session SET ended = ?8, ended_by = ?9
				WHERE ended = 0 AND (?1 <> '' OR ?2 <> '' OR ?6 <> '' OR ?7 <> '') -- says something
					AND (?1 = '' OR key = ?1) AND (?2 = '' OR owner = ?2) AND (?3 = '' OR name = ?3) AND (?4 = '' OR key <> ?4)
					AND (?5 = '' OR provider = ?5) AND (?6 = '' OR subject = ?6) AND (?7 = '' OR sid = ?7 OR sid = '' AND ?6 <> '')`,
				m.Key, m.Person, m.Name, m.Not, m.Provider, m.Subject, m.SID, time.Now().UnixMicro(), call)
			if err != nil {
				return err
			}
		}
		ended, err = endedBy(ctx, tx, call)
		return err
	})
	return ended, err
}

// useToken uses a token if nobody has, and says which call has.
func useToken(ctx context.Context, tx *sql.Tx, token, call string, until time.Time) (first bool, by string, err error) {
	r, err := tx.ExecContext(ctx, `INSERT INTO login_token (token, until, used_by) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, token, until.UnixMicro(), call)
	if err != nil {
		return false, "", err
	}
	n, err := r.RowsAffected()
	if err != nil || n == 1 {
		return n == 1, call, err
	}
	err = tx.QueryRowContext(ctx, `SELECT used_by FROM login_token WHERE token = ?`, token).Scan(&by)
	return false, by, err
}

func endedBy(ctx context.Context, tx *sql.Tx, call string) ([]login.Session, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+loginsql.Columns+` FROM login_session WHERE ended_by = ? AND ended_by <> '' ORDER BY began DESC, key`, call)
	if err != nil {
		return nil, err
	}
	return scanned(rows, loginsql.Scan)
}

// Once implements login.Store.
func (s *Sessions) Once(ctx context.Context, token string, until time.Time) (first bool, err error) {
	call := login.CallOf(ctx)
	err = s.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, by, err := useToken(ctx, tx, token, call, until)
		first = by == call
		return err
	})
	return first && err == nil, wrapSessions("once", err)
}

// Expire implements login.Store. What has ended some time ago is taken out of
// the file here.
func (s *Sessions) Expire(ctx context.Context, l login.Limits, now time.Time) (ended []login.Session, err error) {
	call, clock := login.CallOf(ctx), time.Now()
	err = s.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, do := range []struct {
			what string
			args []any
		}{
			{`DELETE FROM login_session WHERE ended > 0 AND ended <= ?`, []any{clock.Add(-login.RepeatTime).UnixMicro()}},
			{`DELETE FROM login_token WHERE until <= ?`, []any{now.UnixMicro()}},
			{
				`UPDATE login_session SET ended = ?, ended_by = ? WHERE ended = 0 AND (used <= ? OR began <= ?)`,
				[]any{clock.UnixMicro(), call, now.Add(-l.Idle).UnixMicro(), now.Add(-l.Absolute).UnixMicro()},
			},
		} {
			if _, err := tx.ExecContext(ctx, do.what, do.args...); err != nil {
				return err
			}
		}
		ended, err = endedBy(ctx, tx, call)
		return err
	})
	return ended, wrapSessions("expire", err)
}
