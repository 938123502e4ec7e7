// Package sqlite keeps what the service must not forget in one file: the
// embedded store, for a service in one process.
//
// The file is in WAL mode with full synchronisation: what a write has returned
// survives a crash of the process and of the machine. All writes go through
// one goroutine, which puts those that wait into one transaction, so that a
// slow disk costs one flush for all of them.
package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// readers is how many reads run beside each other.
const readers = 4

// A DB is an open store. It is safe for concurrent use.
type DB struct {
	Epoch string // names this store, see docs/protocol.md

	read  *sql.DB
	write *sql.DB              // one connection
	stmts map[string]*sql.Stmt // of write, by their text
	jobs  chan job
	owed  chan struct{} // the log is to be emptied
	stop  chan struct{}
	done  sync.WaitGroup
	once  sync.Once // of Close
}

// Open opens the store in a file, which it makes when it is missing, and
// brings its tables up to date. A file of a newer version of the service is an
// error: nothing is changed then.
func Open(ctx context.Context, file string) (*DB, error) {
	db, err := open(ctx, file)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", file, err)
	}
	return db, nil
}

func open(ctx context.Context, file string) (_ *DB, err error) {
	db := &DB{jobs: make(chan job, maxBatch), owed: make(chan struct{}, 1), stop: make(chan struct{}), stmts: map[string]*sql.Stmt{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.closeConns())
		}
	}()
	if err := private(file); err != nil {
		return nil, err
	}
	if db.write, err = connect(file, 1, "&_txlock=immediate"); err != nil {
		return nil, err
	}
	if err := migrate(ctx, db.write); err != nil {
		return nil, err
	}
	if db.read, err = connect(file, readers, "&_pragma=query_only(1)"); err != nil {
		return nil, err
	}
	if err := db.loadEpoch(ctx); err != nil {
		return nil, err
	}
	for _, q := range prepared {
		if db.stmts[q], err = db.write.PrepareContext(ctx, q); err != nil {
			return nil, err
		}
	}
	if err := db.empty(ctx); err != nil { // who was here before may have died before it did
		return nil, err
	}
	db.done.Go(db.run)
	db.done.Go(db.emptyOwed)
	return db, nil
}

// in gives a prepared statement in a transaction.
func (db *DB) in(ctx context.Context, tx *sql.Tx, query string) *sql.Stmt {
	return tx.StmtContext(ctx, db.stmts[query])
}

// private makes the file, when it is missing, so that nobody else can read it.
func private(file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// busyTimeout is how long another process that writes is waited for.
const busyTimeout = 10 * time.Second

func connect(file string, conns int, more string) (*sql.DB, error) {
	// secure_delete: what is deleted is overwritten
	dsn := "file:" + (&url.URL{Path: file}).EscapedPath() +
		"?_pragma=busy_timeout(" + strconv.FormatInt(busyTimeout.Milliseconds(), 10) + ")&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=secure_delete(1)" + more
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return err
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if have > want {
		return fmt.Errorf("its tables are of version %d, this program knows %d: start a newer program", have, want)
	}
	for have < want {
		_, err := p.Up(ctx)
		if err == nil {
			return nil
		}
		before := have // another process may have been first with this step
		if have, _, _ = p.GetVersions(ctx); have <= before {
			return fmt.Errorf("migrations: %w", err)
		}
	}
	return nil
}

func (db *DB) loadEpoch(ctx context.Context) error {
	_, err := db.write.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ('epoch', ?) ON CONFLICT DO NOTHING`, rand.Text()[:10])
	if err != nil {
		return err
	}
	return db.write.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = 'epoch'`).Scan(&db.Epoch)
}

// NewEpoch gives the store another epoch: for one that was restored from a
// backup, whose offsets may stand for other entries than clients know. It must
// not run beside anything else in this process; another process on the file
// has the new one when it opens it again.
func (db *DB) NewEpoch(ctx context.Context) error {
	epoch := rand.Text()[:10]
	err := db.update(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE meta SET value = ? WHERE name = 'epoch'`, epoch)
		return err
	})
	if err != nil {
		return fmt.Errorf("sqlite: new epoch: %w", err)
	}
	db.Epoch = epoch
	return nil
}

// Close ends all work that was accepted and closes the file. Closing again is
// no error.
func (db *DB) Close() error {
	db.once.Do(func() { close(db.stop) })
	db.done.Wait()
	return db.closeConns()
}

func (db *DB) closeConns() error {
	var errs []error
	for _, c := range []*sql.DB{db.read, db.write} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}
