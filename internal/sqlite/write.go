package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// maxBatch is how many writes share a transaction at most.
const maxBatch = 128

var errClosed = errors.New("the store is closed")

// A job is a write that waits for its transaction.
type job struct {
	ctx  context.Context
	do   func(ctx context.Context, tx *sql.Tx) error
	done chan<- error
}

// update runs do in a transaction and returns when it is on disk. When do
// fails, nothing of it stays, and the others in the transaction are not
// touched.
func (db *DB) update(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	done := make(chan error, 1)
	select {
	case db.jobs <- job{ctx, do, done}:
	case <-ctx.Done():
		return ctx.Err()
	case <-db.stop:
		return errClosed
	}
	select {
	case err := <-done:
		return err
	case <-db.stop:
		// what was taken is still done before the writer stops
		db.done.Wait()
		select {
		case err := <-done:
			return err
		default:
			return errClosed
		}
	}
}

// run is the one writer.
func (db *DB) run() {
	for {
		select {
		case j := <-db.jobs:
			db.commit(db.gather(j))
		case <-db.stop:
			select {
			case j := <-db.jobs:
				db.commit(db.gather(j))
			default:
				return
			}
		}
	}
}

// gather takes what waits besides j.
func (db *DB) gather(j job) []job {
	batch := []job{j}
	for len(batch) < maxBatch {
		select {
		case j := <-db.jobs:
			batch = append(batch, j)
		default:
			return batch
		}
	}
	return batch
}

// commit writes a batch in one transaction and tells everybody how it went.
func (db *DB) commit(batch []job) {
	results := make([]error, len(batch))
	err := db.transaction(func(ctx context.Context, tx *sql.Tx) error {
		if len(batch) == 1 { // its failure is the transaction's
			if err := batch[0].ctx.Err(); err != nil {
				return err
			}
			return batch[0].do(ctx, tx)
		}
		for i, j := range batch {
			if results[i] = j.ctx.Err(); results[i] != nil {
				continue // its caller has gone
			}
			if err := savepoint(ctx, tx, j, &results[i]); err != nil {
				return err
			}
		}
		return nil
	})
	for i, j := range batch {
		if err != nil {
			results[i] = err
		}
		j.done <- results[i]
	}
}

// savepoint runs one job so that its failure undoes it alone. The error is one
// that ends the whole transaction.
func savepoint(ctx context.Context, tx *sql.Tx, j job, result *error) error {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT job"); err != nil {
		return err
	}
	if *result = j.do(ctx, tx); *result != nil {
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO job"); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, "RELEASE job")
	return err
}

// transaction is not bound to any caller's context: one that gives up must not
// undo the work of the others.
func (db *DB) transaction(do func(context.Context, *sql.Tx) error) error {
	ctx := context.Background()
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := do(ctx, tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
