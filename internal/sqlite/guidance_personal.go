package sqlite

import (
	"context"
	"database/sql"

	"kiveileder/services/guidance"
	"kiveileder/services/guidance/guidancesql"
)

// Keep implements guidance.Personal.
func (g *Guidance) Keep(ctx context.Context, person, key string, value []byte) error {
	if err := guidance.CheckKept(person, key, value); err != nil {
		return err
	}
	err := g.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error { return keep(ctx, tx, person, key, value) })
	return wrapGuidance("keep", err)
}

func keep(ctx context.Context, tx *sql.Tx, person, key string, value []byte) error {
	if value == nil {
		_, err := tx.ExecContext(ctx, `DELETE FROM guidance_kept WHERE person = ? AND key = ?`, person, key)
		return err
	}
	r, err := tx.ExecContext(ctx, `UPDATE guidance_kept SET value = ?3 WHERE person = ?1 AND key = ?2`, person, key, value)
	if err != nil {
		return err
	}
	if there, err := r.RowsAffected(); err != nil || there > 0 {
		return err
	}
	var has int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM guidance_kept WHERE person = ?`, person).Scan(&has); err != nil {
		return err
	}
	if has >= guidance.MaxKept {
		return guidance.ErrManyKept
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO guidance_kept (person, key, value) VALUES (?, ?, ?)`, person, key, value)
	return err
}

// Kept implements guidance.Personal.
func (g *Guidance) Kept(ctx context.Context, person, prefix string) (map[string][]byte, error) {
	if err := guidance.CheckPrefix(person, prefix); err != nil {
		return nil, err
	}
	from, to := guidancesql.KeptRange(prefix)
	rows, err := g.db.read.QueryContext(ctx, `SELECT key, value FROM guidance_kept WHERE person = ? AND key >= ? AND key < ?`, person, from, to)
	if err != nil {
		return nil, wrapGuidance("kept", err)
	}
	defer rows.Close()
	out := map[string][]byte{}
	for rows.Next() {
		var key string
		var value []byte
		if err := rows.Scan(&key, &value); err != nil {
			return nil, wrapGuidance("kept", err)
		}
		if out[key] = value; value == nil { // as the driver gives none at all
			out[key] = []byte{}
		}
	}
	return out, wrapGuidance("kept", rows.Err())
}

// ForgetKept implements guidance.Personal. Nothing of it is left on disk, as
// with DeleteContact.
func (g *Guidance) ForgetKept(ctx context.Context, key string) error {
	if err := guidance.CheckKey(key); err != nil {
		return err
	}
	var gone int64
	err := g.db.update(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		gone, err = forget(ctx, tx, key)
		return err
	})
	if err == nil && gone > 0 {
		err = g.db.empty(ctx)
	}
	return wrapGuidance("forget kept", err)
}

// forget takes a key away from everybody, and says from how many.
func forget(ctx context.Context, tx *sql.Tx, key string) (int64, error) {
	r, err := tx.ExecContext(ctx, `DELETE FROM guidance_kept WHERE key = ?`, key)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}
