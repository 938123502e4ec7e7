package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"kiveileder"
	"kiveileder/services/conversation"
)

// Conversations is the conversation.Store of a DB.
type Conversations struct{ db *DB }

// Conversations gives the store of conversations.
func (db *DB) Conversations() *Conversations { return &Conversations{db} }

// columns is what entryRow reads.
const columns = `"offset", id, at, reply_to, thread, body`

type entryRow struct {
	offset, at, replyTo, thread int64
	id, body                    []byte
}

func (r *entryRow) targets() []any {
	return []any{&r.offset, &r.id, &r.at, &r.replyTo, &r.thread, &r.body}
}

func (r *entryRow) entry() (e kiveileder.Entry, err error) {
	e = kiveileder.Entry{Offset: r.offset, ID: string(r.id), At: time.UnixMicro(r.at).UTC(), ReplyTo: r.replyTo, Thread: r.thread}
	if err := json.Unmarshal(r.body, &e); err != nil {
		return e, fmt.Errorf("entry %d: %w", r.offset, err)
	}
	return e, nil
}

// scan makes an entryRow a pgx.RowToFunc.
func scan(row pgx.CollectableRow) (r entryRow, err error) {
	err = row.Scan(r.targets()...)
	return r, err
}

// decode takes as long as to fetch: it waits until the connection is free again.
func decode(rows []entryRow) (out []kiveileder.Entry, err error) {
	for _, r := range rows {
		e, err := r.entry()
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// list gives the entries that a query finds.
func (c *Conversations) list(ctx context.Context, query string, args ...any) ([]kiveileder.Entry, error) {
	var found []entryRow
	err := c.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, scan)
		return err
	})
	if err != nil {
		return nil, err
	}
	return decode(found)
}

// Add implements conversation.Store.
func (c *Conversations) Add(ctx context.Context, key string, e kiveileder.Entry) (kiveileder.Entry, bool, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return e, false, err
	}
	used := e.At.UnixMicro()
	e.At = time.UnixMicro(used).UTC()
	w := write{key: []byte(key), e: e, used: used, body: string(body)}
	var f found
	err = c.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) (err error) {
		f, err = w.add(ctx, conn)
		return err
	})
	switch {
	case err != nil:
		return e, false, wrap("add", err)
	case f.added > 0:
		e.Offset = f.added
		return e, true, nil
	}
	stored, err := f.old.entry()
	// when an answer of the database was lost, what is there may be our own
	mine := w.unsure && f.old.at == used && string(f.old.body) == w.body
	return stored, mine, wrap("add", err)
}

// A write is an entry on its way.
type write struct {
	key    []byte
	e      kiveileder.Entry
	used   int64
	body   string
	unsure bool // it may have been stored, though nobody has heard of it
}

// found is what a database says to a write.
type found struct {
	added   int64 // the offset that it got; 0: it was not added
	old     entryRow
	top     int64
	deleted bool
	message bool // of an answer: its message is there
}

// One statement does all: it finds the entry if it is there already, else
// counts up the conversation, whose row it locks by that, and puts the entry
// there. It sees what was there when it began. When somebody else was faster
// with the same entry, the unique indexes refuse this one, nothing of it
// stays, and the next attempt finds the other's.
const (
	addMessage = `
		WITH old AS (
			SELECT ` + columns + ` FROM entry WHERE conversation = $1 AND id = $2 AND reply_to = 0
		), top AS (
			INSERT INTO conversation (key, top, used) SELECT $1, 1, $3::bigint WHERE NOT EXISTS (SELECT FROM old)
			ON CONFLICT (key) DO UPDATE SET top = conversation.top + 1, used = $3
				WHERE NOT conversation.deleted AND conversation.top < $7
			RETURNING top
		), new AS (
			INSERT INTO entry (conversation, "offset", id, at, reply_to, thread, body)
			SELECT $1, top, $2, $3, $4, $5, $6 FROM top
			RETURNING "offset"
		)` + whatWasFound + `true` + whereItWasFound

	addAnswer = `
		WITH old AS (
			SELECT ` + columns + ` FROM entry WHERE conversation = $1 AND reply_to = $4 AND reply_to > 0
		), message AS (
			SELECT FROM entry WHERE conversation = $1 AND "offset" = $4 AND reply_to = 0
		), top AS (
			UPDATE conversation SET top = top + 1, used = $3
			WHERE key = $1 AND NOT deleted AND EXISTS (SELECT FROM message) AND NOT EXISTS (SELECT FROM old)
			RETURNING top
		), marked AS (
			UPDATE entry SET answered = top.top, replies = $5::bigint <> $4::bigint FROM top
			WHERE conversation = $1 AND "offset" = $4 AND reply_to = 0
		), new AS (
			INSERT INTO entry (conversation, "offset", id, at, reply_to, thread, body)
			SELECT $1, top, $2, $3, $4, $5, $6 FROM top
			RETURNING "offset"
		)` + whatWasFound + `EXISTS (SELECT FROM message)` + whereItWasFound

	whatWasFound = `
		SELECT coalesce(new."offset", 0), coalesce(old."offset", 0), coalesce(old.id, ''), coalesce(old.at, 0),
			coalesce(old.reply_to, 0), coalesce(old.thread, 0), coalesce(old.body, ''),
			coalesce(c.top, 0), coalesce(c.deleted, false), `
	whereItWasFound = `
		FROM (SELECT) AS always LEFT JOIN new ON true LEFT JOIN old ON true LEFT JOIN conversation c ON c.key = $1`
)

func (w *write) add(ctx context.Context, conn *pgx.Conn) (f found, err error) {
	query, args := addAnswer, []any{w.key, []byte(w.e.ID), w.used, w.e.ReplyTo, w.e.Thread, w.body}
	if w.e.Answer == nil {
		query, args = addMessage, append(args, kiveileder.MaxEntries)
	}
	targets := append(append([]any{&f.added}, f.old.targets()...), &f.top, &f.deleted, &f.message)
	err = conn.QueryRow(ctx, query, args...).Scan(targets...)
	switch {
	case pgCode(err) == codeUnique:
		return f, errors.Join(errRace, err)
	case err != nil:
		w.unsure = w.unsure || conn.IsClosed()
		return f, err
	case f.added > 0, f.old.offset > 0:
		return f, nil
	case f.deleted:
		return f, conversation.ErrDeleted
	case !f.message:
		return f, conversation.ErrNoEntry
	case w.e.Answer == nil && f.top >= kiveileder.MaxEntries:
		return f, conversation.ErrFull
	}
	return f, errRace // deleted, expired or filled since the statement began
}

// Read implements conversation.Store. It is one statement: a conversation that
// is deleted meanwhile is there or gone, never a part. The epoch is read with
// it, so that one that changes is seen at once.
func (c *Conversations) Read(ctx context.Context, key string, after int64, limit int) (kiveileder.Stream, error) {
	after, limit = max(after, 0), max(limit, 0)
	var s kiveileder.Stream
	var found []entryRow
	err := c.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		s, found = kiveileder.Stream{}, nil
		rows, err := conn.Query(ctx, `
			SELECT m.value, coalesce(c.top, 0), coalesce(c.deleted, false), coalesce(e."offset", 0), coalesce(e.id, ''),
				coalesce(e.at, 0), coalesce(e.reply_to, 0), coalesce(e.thread, 0), coalesce(e.body, '')
			FROM meta m
			LEFT JOIN conversation c ON c.key = $1
			LEFT JOIN LATERAL (
				SELECT `+columns+` FROM entry WHERE conversation = c.key AND "offset" > $2 ORDER BY "offset" LIMIT $3
			) e ON true
			WHERE m.name = 'epoch' ORDER BY e."offset"`, []byte(key), after, int64(limit))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var r entryRow
			var deleted bool
			if err := rows.Scan(append([]any{&s.Epoch, &s.Top, &deleted}, r.targets()...)...); err != nil {
				return err
			}
			if deleted {
				return conversation.ErrDeleted
			}
			if r.offset > 0 { // 0: there are none
				found = append(found, r)
			}
		}
		return rows.Err()
	})
	if err == nil {
		s.Entries, err = decode(found)
	}
	if err != nil {
		return kiveileder.Stream{}, wrap("read", err)
	}
	s.More = after < s.Top && after+int64(len(s.Entries)) < s.Top
	return s, nil
}

// Entry implements conversation.Store.
func (c *Conversations) Entry(ctx context.Context, key string, offset int64) (kiveileder.Entry, error) {
	found, err := c.list(ctx, `SELECT `+columns+` FROM entry WHERE conversation = $1 AND "offset" = $2`, []byte(key), offset)
	switch {
	case err != nil:
		return kiveileder.Entry{}, wrap("entry", err)
	case len(found) == 0:
		return kiveileder.Entry{}, conversation.ErrNoEntry
	}
	return found[0], nil
}

// Before implements conversation.Store.
func (c *Conversations) Before(ctx context.Context, key string, offset int64, n int) (messages []kiveileder.Entry, last *kiveileder.Entry, err error) {
	found, err := c.list(ctx, `
		SELECT `+columns+` FROM (
			(SELECT `+columns+` FROM entry WHERE conversation = $1 AND "offset" < $2 AND reply_to = 0 AND NOT replies ORDER BY "offset" DESC LIMIT $3)
			UNION ALL
			(SELECT `+columns+` FROM entry WHERE conversation = $1 AND "offset" < $2 AND reply_to > 0 ORDER BY "offset" DESC LIMIT 1)
		) e ORDER BY "offset"`, []byte(key), offset, int64(max(n, 0)))
	for i, e := range found {
		if e.ReplyTo > 0 {
			last = &found[i]
		} else {
			messages = append(messages, e)
		}
	}
	return messages, last, wrap("before", err)
}

// AnswerTo implements conversation.Store.
func (c *Conversations) AnswerTo(ctx context.Context, key string, offset int64) (*kiveileder.Entry, error) {
	found, err := c.list(ctx, `SELECT `+columns+` FROM entry WHERE conversation = $1 AND reply_to = $2 AND reply_to > 0`, []byte(key), offset)
	if err != nil || len(found) == 0 {
		return nil, wrap("answer to", err)
	}
	return &found[0], nil
}

// Earlier implements conversation.Store.
func (c *Conversations) Earlier(ctx context.Context, key string, offset int64) (first int64, err error) {
	err = c.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT coalesce(min("offset"), 0) FROM entry
			WHERE conversation = $1 AND "offset" < $2 AND reply_to = 0 AND answered = 0`, []byte(key), offset).Scan(&first)
	})
	return first, wrap("earlier", err)
}

// Unanswered implements conversation.Store.
func (c *Conversations) Unanswered(ctx context.Context, limit int) (out []conversation.Ref, err error) {
	err = c.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `SELECT conversation, "offset" FROM entry
			WHERE reply_to = 0 AND answered = 0 ORDER BY at, conversation, "offset" LIMIT $1`, int64(max(limit, 0)))
		if err != nil {
			return err
		}
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r conversation.Ref, err error) {
			var key []byte
			err = row.Scan(&key, &r.Offset)
			r.Key = string(key)
			return r, err
		})
		return err
	})
	return out, wrap("unanswered", err)
}

// Delete implements conversation.Store. Its two statements are one transaction:
// the first locks the conversation's row, so that the second sees all that was
// added.
func (c *Conversations) Delete(ctx context.Context, key string) error {
	err := c.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		var b pgx.Batch
		b.Queue(`INSERT INTO conversation (key, used, deleted) VALUES ($1, $2, true)
			ON CONFLICT (key) DO UPDATE SET top = 0, used = $2, deleted = true`, []byte(key), time.Now().UnixMicro())
		b.Queue(`DELETE FROM entry WHERE conversation = $1`, []byte(key))
		return conn.SendBatch(ctx, &b).Close()
	})
	return wrap("delete", err)
}

// expireAtOnce is how many conversations one statement forgets: enough to be
// quick, and few enough to hold no lock for long.
const expireAtOnce = 500

// Expire implements conversation.Store. Replicas that do so at once share the
// work; what somebody writes to at this moment is left alone.
func (c *Conversations) Expire(ctx context.Context, t time.Time) (n int, err error) {
	for more := true; more && err == nil; {
		err = c.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
			tag, err := conn.Exec(ctx, `DELETE FROM conversation WHERE key IN (
				SELECT key FROM conversation WHERE used < $1 ORDER BY used LIMIT $2 FOR UPDATE SKIP LOCKED)`, t.UnixMicro(), expireAtOnce)
			n += int(tag.RowsAffected())
			more = tag.RowsAffected() == expireAtOnce
			return err
		})
	}
	return n, wrap("expire", err)
}

var wrap = kiveileder.At("postgres: conversation")
