package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"

	"kiveileder/services/guidance"
)

// KeepVector implements guidance.Vectors.
func (g *Guidance) KeepVector(ctx context.Context, id string, seq int64, model string, vector []byte) error {
	if err := guidance.CheckVector(model, vector); err != nil {
		return err
	}
	err := g.db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO guidance_vector (case_id, model, vector) SELECT id, ?3, ?4 FROM guidance_case WHERE id = ?1 AND seq = ?2
			ON CONFLICT (case_id) DO UPDATE SET model = excluded.model, vector = excluded.vector`, id, seq, model, append([]byte{}, vector...))
		return err
	})
	return wrapGuidance("keep vector", err)
}

// VectorsOf implements guidance.Vectors.
func (g *Guidance) VectorsOf(ctx context.Context, model string, ids []string) (map[string][]byte, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, wrapGuidance("vectors", err)
	}
	rows, err := g.db.read.QueryContext(ctx, `SELECT case_id, vector FROM guidance_vector WHERE model = ? AND case_id IN (SELECT value FROM json_each(?))`, model, string(list))
	if err != nil {
		return nil, wrapGuidance("vectors", err)
	}
	defer rows.Close()
	out := map[string][]byte{}
	for rows.Next() {
		var id string
		var vector []byte
		if err := rows.Scan(&id, &vector); err != nil {
			return nil, wrapGuidance("vectors", err)
		}
		out[id] = vector
	}
	return out, wrapGuidance("vectors", rows.Err())
}

// WithoutVector implements guidance.Vectors.
func (g *Guidance) WithoutVector(ctx context.Context, model string, limit int) ([]string, error) {
	rows, err := g.db.read.QueryContext(ctx, `SELECT id FROM guidance_case
		WHERE NOT EXISTS (SELECT 1 FROM guidance_vector WHERE case_id = guidance_case.id AND model = ?) ORDER BY changed DESC, id LIMIT ?`, model, max(limit, 0))
	if err != nil {
		return nil, wrapGuidance("without vector", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, wrapGuidance("without vector", err)
		}
		ids = append(ids, id)
	}
	return ids, wrapGuidance("without vector", rows.Err())
}
