package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"kiveileder/services/guidance"
)

// KeepVector implements guidance.Vectors. The case stays as it is meanwhile, so
// that nothing is kept of one that is just being anonymised.
func (g *Guidance) KeepVector(ctx context.Context, id string, seq int64, model string, vector []byte) error {
	if err := guidance.CheckVector(model, vector); err != nil {
		return err
	}
	if !guidance.ValidID(id) {
		return ctx.Err()
	}
	err := g.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `INSERT INTO guidance_vector (case_id, model, vector)
			SELECT id, $3, $4 FROM guidance_case WHERE id = $1 AND seq = $2 FOR SHARE
			ON CONFLICT (case_id) DO UPDATE SET model = excluded.model, vector = excluded.vector`, id, seq, model, append([]byte{}, vector...))
		return err
	})
	return wrapGuidance("keep vector", err)
}

// VectorsOf implements guidance.Vectors.
func (g *Guidance) VectorsOf(ctx context.Context, model string, ids []string) (out map[string][]byte, err error) {
	err = g.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		out = map[string][]byte{}
		rows, err := conn.Query(ctx, `SELECT case_id, vector FROM guidance_vector WHERE model = $1 AND case_id = ANY($2)`, model, ids)
		if err != nil {
			return err
		}
		var id string
		var vector []byte
		_, err = pgx.ForEachRow(rows, []any{&id, &vector}, func() error {
			out[id] = append([]byte{}, vector...)
			return nil
		})
		return err
	})
	return out, wrapGuidance("vectors", err)
}

// WithoutVector implements guidance.Vectors.
func (g *Guidance) WithoutVector(ctx context.Context, model string, limit int) (ids []string, err error) {
	err = g.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `SELECT id FROM guidance_case
			WHERE NOT EXISTS (SELECT 1 FROM guidance_vector WHERE case_id = guidance_case.id AND model = $1) ORDER BY changed DESC, id LIMIT $2`, model, int64(max(limit, 0)))
		if err != nil {
			return err
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return ids, wrapGuidance("without vector", err)
}
