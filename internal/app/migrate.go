package app

import (
	"context"
	"errors"
	"path/filepath"

	"kiveileder/internal/postgres"
	"kiveileder/internal/sqlite"
)

// Migrate brings the tables of the store up to date: of the database when
// there is one, else of the file in the data folder. newEpoch says that the
// store was restored from a backup: what clients have beyond it means nothing
// any more, and they load their conversations anew. A database that is away is
// waited for, which waits is told once; nil does not wait.
func Migrate(ctx context.Context, cfg Config, newEpoch bool, waits func(error)) (err error) {
	if cfg.DatabaseURL == "" {
		if err := cfg.checkData(); err != nil {
			return err
		}
		db, err := sqlite.Open(ctx, filepath.Join(cfg.Data, "kiveileder.db"))
		if err != nil || !newEpoch {
			return errors.Join(err, closed(db))
		}
		return errors.Join(db.NewEpoch(ctx), db.Close())
	}
	if err := patiently(ctx, waits, func() error { return postgres.Migrate(ctx, cfg.DatabaseURL) }); err != nil || !newEpoch {
		return err
	}
	db, err := postgres.Open(ctx, postgres.Config{URL: cfg.DatabaseURL, MaxConns: 2})
	if err != nil {
		return err
	}
	return errors.Join(db.NewEpoch(ctx), closed(db))
}

// closed closes what may not have been opened.
func closed[T interface {
	comparable
	Close() error
}](x T) error {
	var none T
	if x == none {
		return nil
	}
	return x.Close()
}
