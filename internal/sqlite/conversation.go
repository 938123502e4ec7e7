package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"kiveileder"
	"kiveileder/services/conversation"
)

// Conversations is the conversation.Store of a DB.
type Conversations struct{ db *DB }

// Conversations gives the store of conversations.
func (db *DB) Conversations() *Conversations { return &Conversations{db} }

// columns is what scan reads.
const columns = `"offset", id, at, reply_to, thread, body`

func scan(row interface{ Scan(...any) error }) (e kiveileder.Entry, err error) {
	var at int64
	var body []byte
	if err := row.Scan(&e.Offset, &e.ID, &at, &e.ReplyTo, &e.Thread, &body); err != nil {
		return e, err
	}
	e.At = time.UnixMicro(at).UTC()
	if err := json.Unmarshal(body, &e); err != nil {
		return e, fmt.Errorf("entry %d: %w", e.Offset, err)
	}
	return e, nil
}

// one gives the entry that a query finds, nil when it finds none.
func one(row *sql.Row) (*kiveileder.Entry, error) {
	e, err := scan(row)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &e, nil
}

// Add implements conversation.Store.
func (c *Conversations) Add(ctx context.Context, key string, e kiveileder.Entry) (stored kiveileder.Entry, added bool, err error) {
	body, err := json.Marshal(e)
	if err != nil {
		return e, false, err
	}
	err = c.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		stored, added, err = c.db.add(ctx, tx, key, e, body)
		return err
	})
	return stored, added, wrap("add", err)
}

// The statements of add, which are prepared once: to prepare them each time
// costs as much as to run them.
const (
	findMessage = `SELECT ` + columns + ` FROM entry WHERE conversation = ? AND id = ? AND reply_to = 0`
	findAnswer  = `SELECT ` + columns + ` FROM entry WHERE conversation = ? AND reply_to = ? AND reply_to > 0`
	markAnswer  = `UPDATE entry SET answered = ?, replies = ? WHERE conversation = ? AND "offset" = ? AND reply_to = 0`
	putTop      = `INSERT INTO conversation (key, top, used) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE SET top = ?2, used = ?3`
	putEntry    = `INSERT INTO entry (conversation, "offset", id, at, reply_to, thread, body) VALUES (?, ?, ?, ?, ?, ?, ?)`
)

var prepared = []string{findMessage, findAnswer, markAnswer, putTop, putEntry}

func (db *DB) add(ctx context.Context, tx *sql.Tx, key string, e kiveileder.Entry, body []byte) (kiveileder.Entry, bool, error) {
	used := e.At.UnixMicro()
	e.At = time.UnixMicro(used).UTC()
	top, err := lookup(ctx, tx, key)
	if err != nil {
		return e, false, err
	}
	old, err := one(db.same(ctx, tx, key, e))
	switch {
	case err != nil:
		return e, false, err
	case old != nil:
		return *old, false, nil
	case e.Answer == nil && top >= kiveileder.MaxEntries:
		return e, false, conversation.ErrFull
	}
	e.Offset = top + 1
	if e.Answer != nil {
		r, err := db.in(ctx, tx, markAnswer).ExecContext(ctx, e.Offset, e.Thread != e.ReplyTo, key, e.ReplyTo)
		if err != nil {
			return e, false, err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return e, false, errors.Join(err, conversation.ErrNoEntry)
		}
	}
	if _, err := db.in(ctx, tx, putTop).ExecContext(ctx, key, e.Offset, used); err != nil {
		return e, false, err
	}
	_, err = db.in(ctx, tx, putEntry).ExecContext(ctx, key, e.Offset, e.ID, used, e.ReplyTo, e.Thread, string(body))
	return e, err == nil, err
}

// same finds the entry that e would be twice.
func (db *DB) same(ctx context.Context, tx *sql.Tx, key string, e kiveileder.Entry) *sql.Row {
	if e.Answer == nil {
		return db.in(ctx, tx, findMessage).QueryRowContext(ctx, key, e.ID)
	}
	return db.in(ctx, tx, findAnswer).QueryRowContext(ctx, key, e.ReplyTo)
}

// lookup gives the newest offset of a conversation, 0 for one that was never
// written to.
func lookup(ctx context.Context, tx *sql.Tx, key string) (top int64, err error) {
	var deleted bool
	err = tx.QueryRowContext(ctx, `SELECT top, deleted FROM conversation WHERE key = ?`, key).Scan(&top, &deleted)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, nil
	case err != nil:
		return 0, err
	case deleted:
		return 0, conversation.ErrDeleted
	}
	return top, nil
}

// Read implements conversation.Store.
func (c *Conversations) Read(ctx context.Context, key string, after int64, limit int) (kiveileder.Stream, error) {
	// in one transaction: a conversation that is deleted meanwhile is there or gone, never a part
	tx, err := c.db.read.BeginTx(ctx, nil)
	if err != nil {
		return kiveileder.Stream{}, wrap("read", err)
	}
	defer tx.Rollback() // it has only read
	s := kiveileder.Stream{Epoch: c.db.Epoch}
	if s.Top, err = lookup(ctx, tx, key); err != nil {
		return kiveileder.Stream{}, wrap("read", err)
	}
	after, limit = max(after, 0), max(limit, 0)
	s.More = after < s.Top
	if !s.More || limit == 0 {
		return s, nil
	}
	rows, err := tx.QueryContext(ctx, `SELECT `+columns+` FROM entry
		WHERE conversation = ? AND "offset" > ? ORDER BY "offset" LIMIT ?`, key, after, limit)
	if err != nil {
		return kiveileder.Stream{}, wrap("read", err)
	}
	if s.Entries, err = collect(rows); err != nil {
		return kiveileder.Stream{}, wrap("read", err)
	}
	s.More = after+int64(len(s.Entries)) < s.Top
	return s, nil
}

func collect(rows *sql.Rows) ([]kiveileder.Entry, error) {
	defer rows.Close()
	var out []kiveileder.Entry
	for rows.Next() {
		e, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// Entry implements conversation.Store.
func (c *Conversations) Entry(ctx context.Context, key string, offset int64) (kiveileder.Entry, error) {
	e, err := one(c.db.read.QueryRowContext(ctx, `SELECT `+columns+` FROM entry WHERE conversation = ? AND "offset" = ?`, key, offset))
	switch {
	case err != nil:
		return kiveileder.Entry{}, wrap("entry", err)
	case e == nil:
		return kiveileder.Entry{}, conversation.ErrNoEntry
	}
	return *e, nil
}

// Before implements conversation.Store.
func (c *Conversations) Before(ctx context.Context, key string, offset int64, n int) ([]kiveileder.Entry, *kiveileder.Entry, error) {
	rows, err := c.db.read.QueryContext(ctx, `SELECT `+columns+` FROM entry
		WHERE conversation = ? AND "offset" < ? AND reply_to = 0 AND replies = 0 ORDER BY "offset" DESC LIMIT ?`, key, offset, max(n, 0))
	if err != nil {
		return nil, nil, wrap("before", err)
	}
	messages, err := collect(rows)
	if err != nil {
		return nil, nil, wrap("before", err)
	}
	slices.Reverse(messages)
	last, err := one(c.db.read.QueryRowContext(ctx, `SELECT `+columns+` FROM entry
		WHERE conversation = ? AND "offset" < ? AND reply_to > 0 ORDER BY "offset" DESC LIMIT 1`, key, offset))
	return messages, last, wrap("before", err)
}

// AnswerTo implements conversation.Store.
func (c *Conversations) AnswerTo(ctx context.Context, key string, offset int64) (*kiveileder.Entry, error) {
	e, err := one(c.db.read.QueryRowContext(ctx, `SELECT `+columns+` FROM entry WHERE conversation = ? AND reply_to = ? AND reply_to > 0`, key, offset))
	return e, wrap("answer to", err)
}

// Earlier implements conversation.Store.
func (c *Conversations) Earlier(ctx context.Context, key string, offset int64) (int64, error) {
	var first int64
	err := c.db.read.QueryRowContext(ctx, `SELECT coalesce(min("offset"), 0) FROM entry
		WHERE conversation = ? AND "offset" < ? AND reply_to = 0 AND answered = 0`, key, offset).Scan(&first)
	return first, wrap("earlier", err)
}

// Unanswered implements conversation.Store.
func (c *Conversations) Unanswered(ctx context.Context, limit int) ([]conversation.Ref, error) {
	rows, err := c.db.read.QueryContext(ctx, `SELECT conversation, "offset" FROM entry
		WHERE reply_to = 0 AND answered = 0 ORDER BY at, conversation, "offset" LIMIT ?`, max(limit, 0))
	if err != nil {
		return nil, wrap("unanswered", err)
	}
	defer rows.Close()
	var out []conversation.Ref
	for rows.Next() {
		var r conversation.Ref
		if err := rows.Scan(&r.Key, &r.Offset); err != nil {
			return nil, wrap("unanswered", err)
		}
		out = append(out, r)
	}
	return out, wrap("unanswered", rows.Err())
}

// Delete implements conversation.Store.
func (c *Conversations) Delete(ctx context.Context, key string) error {
	err := c.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM entry WHERE conversation = ?`, key); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO conversation (key, used, deleted) VALUES (?1, ?2, 1)
			ON CONFLICT (key) DO UPDATE SET top = 0, used = ?2, deleted = 1`, key, time.Now().UnixMicro())
		return err
	})
	return wrap("delete", err)
}

// Expire implements conversation.Store. It also empties the log, where what was
// deleted since the last time still stands.
func (c *Conversations) Expire(ctx context.Context, t time.Time) (int, error) {
	var n int64
	err := c.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `DELETE FROM conversation WHERE used < ?`, t.UnixMicro())
		if err != nil {
			return err
		}
		n, err = r.RowsAffected()
		return err
	})
	if err == nil {
		err = c.db.empty(ctx)
	}
	return int(n), wrap("expire", err)
}

var wrap = kiveileder.At("sqlite: conversation")
