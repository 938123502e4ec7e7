package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/puddle/v2"

	"kiveileder"
)

// Codes of Postgres that something is done about.
const (
	codeUnique        = "23505"
	codeReadOnly      = "25006"
	codeIdle          = "25P03"
	codeSerialization = "40001"
	codeDeadlock      = "40P01"
	codeLock          = "55P03"
)

var (
	errLost = errors.New("the connection was lost")
	errBusy = errors.New("no connection to be had")
	errSlow = fmt.Errorf("no answer in %v", callTimeout)
	errRace = errors.New("somebody else was at it")
)

// tries is how often a call is made at most.
const tries = 4

// run gives do a connection. It calls do again when that failed because others
// were at it, or because the connection was lost: do must be harmless to
// repeat. What do has done with a statement of its own stays.
func (db *DB) run(ctx context.Context, do func(context.Context, *pgx.Conn) error) error {
	for try := 1; ; try++ {
		err := db.once(ctx, do)
		if err == nil || try == tries || ctx.Err() != nil || !passing(err) {
			return coded(ctx, err)
		}
		select {
		case <-time.After(rand.N(time.Duration(try) * 20 * time.Millisecond)):
		case <-ctx.Done():
		}
	}
}

func (db *DB) once(ctx context.Context, do func(context.Context, *pgx.Conn) error) error {
	c, err := db.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	within, cancel := context.WithTimeoutCause(ctx, callTimeout, errSlow)
	defer cancel()
	return lost(within, c.Conn(), do(within, c.Conn()))
}

// acquire gives a free connection, or says why there is none.
func (db *DB) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	within, cancel := context.WithTimeout(ctx, db.wait)
	defer cancel()
	c, err := db.pool.Acquire(within)
	switch {
	case err == nil:
		return c, nil
	case ctx.Err() != nil || within.Err() == nil:
		return nil, err
	}
	if s := db.pool.Stat(); s.AcquiredConns() == s.MaxConns() {
		return nil, fmt.Errorf("%w in %v: all %d are in use; allow more, or look for what holds them: %w", errBusy, db.wait, s.MaxConns(), err)
	}
	return nil, fmt.Errorf("%w in %v: the server does not answer: %w", errBusy, db.wait, err)
}

// lost marks an error that came with the end of its connection.
func lost(ctx context.Context, conn *pgx.Conn, err error) error {
	switch {
	case err == nil:
		return nil
	case context.Cause(ctx) == errSlow:
		return fmt.Errorf("%w: %w", errSlow, err)
	case conn.IsClosed():
		return fmt.Errorf("%w: %w", errLost, err)
	case pgCode(err) == codeReadOnly:
		// what was the primary is none any more: the next connection finds the new one
		_ = conn.Close(ctx)
	}
	return err
}

// passing reports whether to try again at once may help.
func passing(err error) bool {
	if errors.Is(err, errLost) || errors.Is(err, errRace) {
		return true
	}
	code := pgCode(err)
	return code == codeSerialization || code == codeDeadlock
}

// coded gives an error that says whether the database is away for now. One
// that has a code, and the end of the caller's context, stay what they are.
func coded(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && !errors.Is(err, ctx.Err()):
		return errors.Join(ctx.Err(), err)
	case ctx.Err() != nil || kiveileder.ErrorCode(err) != kiveileder.CodeInternal || !away(err):
		return err
	}
	if hint := hints[pgCode(err)]; hint != "" {
		err = fmt.Errorf("%s: %w", hint, err)
	}
	return &kiveileder.Error{Code: kiveileder.CodeUnavailable, Err: err}
}

// hints say what to do about some codes.
var hints = map[string]string{
	codeReadOnly: "the database takes no writes (a standby?): name the primary, or all hosts with target_session_attrs=read-write",
	"53100":      "the disk of the database is full: make room",
	"53300":      "the server takes no more connections: raise its max_connections, or allow each process fewer",
	codeLock:     "a lock was not to be had: look for long transactions",
	"57014":      "a statement took too long",
}

// away reports whether an error is one of a database that is away, full or
// overloaded.
func away(err error) bool {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) || errors.Is(err, puddle.ErrClosedPool) {
		return true
	}
	for _, e := range []error{errLost, errBusy, errSlow, errRace} {
		if errors.Is(err, e) {
			return true
		}
	}
	code := pgCode(err)
	switch code {
	case codeReadOnly, codeIdle, codeLock, codeSerialization, codeDeadlock:
		return true
	}
	// connection, resources, operator, system
	return code != "" && strings.Contains(" 08 53 57 58 ", " "+code[:2]+" ")
}

// pgCode gives the server's code of an error, "" when the server said none.
func pgCode(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && len(pg.Code) == 5 {
		return pg.Code
	}
	return ""
}
