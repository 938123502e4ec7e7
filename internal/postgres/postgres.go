// Package postgres keeps what the service must not forget in a Postgres
// database: the store of production, that many processes share.
//
// SQL stands beside the function that runs it. A call takes one round trip
// where it can. What fails because two were at it at once, or because a
// connection was lost, is tried again when that is harmless; a database that
// is away, full or overloaded is a *kiveileder.Error of CodeUnavailable.
package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Config says which database, and how to use it.
type Config struct {
	// URL is "postgres://user:password@host:5432/database?sslmode=verify-full".
	// Settings of the session that stand in it, such as statement_timeout or
	// search_path, win over those of this package. With several hosts
	// (host1,host2) and target_session_attrs=read-write it follows a failover.
	URL string

	// MaxConns is how many connections there are at most. Default: 10, or
	// pool_max_conns in the URL.
	MaxConns int

	// Wait is how long a call waits for a free connection. Default: 3 s.
	Wait time.Duration

	// Tracer is told of every query; nil for none.
	Tracer pgx.QueryTracer
}

const (
	defaultConns = 10
	defaultWait  = 3 * time.Second

	connectTimeout = 5 * time.Second
	// callTimeout is for a server that does not answer at all; one that is
	// slow ends a statement itself before that, after statement_timeout.
	callTimeout = 12 * time.Second
)

// A DB is an open store. It is safe for concurrent use.
type DB struct {
	Epoch string // names this store, see docs/protocol.md; as it was when the store was opened

	pool *pgxpool.Pool
	wait time.Duration
}

// Open connects to a database whose tables Migrate has made, and checks that it
// fits: an error says what to do, and never tells the password. One of
// CodeUnavailable may go away by itself.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	pc, err := cfg.parse()
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, explain(pc.ConnConfig, err)
	}
	db := &DB{pool: pool, wait: connectTimeout + time.Second} // the first connection is given all its time
	err = db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		if err := check(ctx, conn); err != nil {
			return err
		}
		return conn.QueryRow(ctx, `SELECT value FROM meta WHERE name = 'epoch'`).Scan(&db.Epoch)
	})
	if err != nil {
		pool.Close()
		return nil, explain(pc.ConnConfig, err)
	}
	if db.wait = cfg.Wait; db.wait <= 0 {
		db.wait = defaultWait
	}
	return db, nil
}

// Close waits for calls under way and closes all connections. Closing again is
// no error.
func (db *DB) Close() error {
	db.pool.Close()
	return nil
}

// Ping asks whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	return db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error { return conn.Ping(ctx) })
}

// Pool gives the connections to packages that have tables of their own.
func (db *DB) Pool() *pgxpool.Pool { return db.pool }

// NewEpoch gives the store another epoch: for one that was restored from a
// backup, whose offsets may stand for other entries than clients know. Streams
// have it at once, in every process. It must not run beside readers of
// db.Epoch.
func (db *DB) NewEpoch(ctx context.Context) error {
	epoch := rand.Text()[:10]
	err := db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `UPDATE meta SET value = $1 WHERE name = 'epoch'`, epoch)
		return err
	})
	if err != nil {
		return fmt.Errorf("postgres: new epoch: %w", err)
	}
	db.Epoch = epoch
	return nil
}
