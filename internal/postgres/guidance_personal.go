package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"kiveileder/services/guidance"
	"kiveileder/services/guidance/guidancesql"
)

// lockKept is the number of advisory locks on what a person keeps.
const lockKept = 0x6b76

// Keep implements guidance.Personal.
func (g *Guidance) Keep(ctx context.Context, person, key string, value []byte) error {
	if err := guidance.CheckKept(person, key, value); err != nil {
		return err
	}
	err := g.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		if value == nil {
			_, err := conn.Exec(ctx, `DELETE FROM guidance_kept WHERE person = $1 AND key = $2`, person, key)
			return err
		}
		tag, err := conn.Exec(ctx, `UPDATE guidance_kept SET value = $3 WHERE person = $1 AND key = $2`, person, key, value)
		if err != nil || tag.RowsAffected() > 0 {
			return err
		}
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return keepNew(ctx, tx, person, key, value) })
	})
	return wrapGuidance("keep", err)
}

// keepNew takes another key in when there is room: keys of one person are
// counted by one at a time.
func keepNew(ctx context.Context, tx pgx.Tx, person, key string, value []byte) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1, hashtext($2))`, lockKept, person); err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `INSERT INTO guidance_kept (person, key, value)
		SELECT $1, $2, $3 WHERE (SELECT count(*) FROM guidance_kept WHERE person = $1 AND key <> $2) < $4
		ON CONFLICT (person, key) DO UPDATE SET value = $3`, person, key, value, guidance.MaxKept)
	if err == nil && tag.RowsAffected() == 0 {
		err = guidance.ErrManyKept
	}
	return err
}

// Kept implements guidance.Personal.
func (g *Guidance) Kept(ctx context.Context, person, prefix string) (out map[string][]byte, err error) {
	if err := guidance.CheckPrefix(person, prefix); err != nil {
		return nil, err
	}
	from, to := guidancesql.KeptRange(prefix)
	err = g.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		out = map[string][]byte{}
		rows, err := conn.Query(ctx, `SELECT key, value FROM guidance_kept WHERE person = $1 AND key >= $2 AND key < $3`, person, from, to)
		if err != nil {
			return err
		}
		var key string
		var value []byte
		_, err = pgx.ForEachRow(rows, []any{&key, &value}, func() error {
			out[key] = value
			value = nil // the next one gets its own
			return nil
		})
		return err
	})
	if err != nil {
		return nil, wrapGuidance("kept", err)
	}
	return out, nil
}

// ForgetKept implements guidance.Personal.
func (g *Guidance) ForgetKept(ctx context.Context, key string) error {
	if err := guidance.CheckKey(key); err != nil {
		return err
	}
	err := g.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `DELETE FROM guidance_kept WHERE key = $1`, key)
		return err
	})
	return wrapGuidance("forget kept", err)
}
