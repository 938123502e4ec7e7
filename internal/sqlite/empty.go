package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// What is deleted is overwritten in the file (secure_delete), but stands in the
// log of the database until that is emptied, which waits for those who read
// what was there before.
const (
	emptyPatience = 100 * time.Millisecond // nobody writes meanwhile
	emptyAgain    = time.Second            // before it is tried again
)

// empty takes what was deleted out of the log of the database, too. Where
// somebody reads it still, that is done when they are through: nobody waits.
func (db *DB) empty(ctx context.Context) error {
	done, err := db.checkpoint(context.WithoutCancel(ctx)) // what is deleted is deleted, whoever goes away
	if err == nil && !done {
		select {
		case db.owed <- struct{}{}:
		default: // it is owed already
		}
	}
	return err
}

// emptyOwed empties the log for those who could not, until the store closes:
// then the last one out takes the log away.
func (db *DB) emptyOwed() {
	for {
		select {
		case <-db.owed:
		case <-db.stop:
			return
		}
		for done := false; !done; {
			select {
			case <-time.After(emptyAgain):
			case <-db.stop:
				return
			}
			done, _ = db.checkpoint(context.Background()) // what fails is tried again
		}
	}
}

// checkpoint moves the log into the file and empties it, and reports whether
// nobody was in the way.
func (db *DB) checkpoint(ctx context.Context) (done bool, err error) {
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	patience := func(d time.Duration) error {
		_, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout(%d)", d.Milliseconds()))
		return err
	}
	if err := patience(emptyPatience); err != nil {
		return false, err
	}
	var busy, log, moved int
	err = conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved)
	return busy == 0, errors.Join(err, patience(busyTimeout))
}
