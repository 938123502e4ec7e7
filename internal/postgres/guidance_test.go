package postgres_test

import (
	"context"
	"testing"

	"kiveileder/internal/stacktest"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/guidancetest"
)

func TestGuidance(t *testing.T) {
	stacktest.Server(t)
	guidancetest.Run(t, func(t *testing.T) (guidance.Store, func() guidance.Store) {
		url := stacktest.Postgres(t)
		db := open(t, url)
		return db.Guidance(), func() guidance.Store {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db = open(t, url)
			return db.Guidance()
		}
	})
}

// Whatever is done to cases in Postgres and to cases in memory, they say the
// same; and so does SQLite.
func TestGuidanceSameAsMemory(t *testing.T) {
	t.Parallel()
	db := open(t, stacktest.Postgres(t))
	guidancetest.SameAsMemory(t, db.Guidance(), func() error {
		_, err := db.Pool().Exec(context.Background(), "TRUNCATE guidance_kept, guidance_mail, guidance_number, guidance_event, guidance_case")
		return err
	})
}
