package pgvector

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"kiveileder"
)

// ErrDropped means that the generation that an Index is pinned to is no longer
// there: hold another version.
var ErrDropped = errors.New("this version of the index was dropped")

// wrap says what was done when err came. A server that is away or too slow is
// CodeUnavailable; a caller who went away is not.
func wrap(ctx context.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("pgvector: %s: %w", what, err)
	if errors.Is(ctx.Err(), context.Canceled) {
		return errors.Join(ctx.Err(), err)
	}
	var known *kiveileder.Error
	var pg *pgconn.PgError
	if errors.As(err, &known) || errors.As(err, &pg) && !passing(pg) && !errors.Is(err, ErrDropped) {
		return err
	}
	return &kiveileder.Error{Code: kiveileder.CodeUnavailable, Message: "Søket er ikke tilgjengelig akkurat nå. Prøv igjen om litt.", Err: err}
}

// dropped turns the absence of a generation's tables into ErrDropped.
func dropped(err error) error {
	var e *pgconn.PgError
	if errors.As(err, &e) && e.Code == "42P01" || errors.Is(err, pgx.ErrNoRows) {
		return errors.Join(ErrDropped, err)
	}
	return err
}

// passing reports whether what the server says may be otherwise later:
// connections, resources, limits, shutting down, locks, transactions.
func passing(e *pgconn.PgError) bool {
	return slices.Contains([]string{"08", "25", "40", "53", "55", "57", "58"}, e.Code[:min(2, len(e.Code))])
}

// errDamaged is no passing trouble: somebody must look.
var errDamaged = kiveileder.Errorf(kiveileder.CodeInternal, "the tables of this version of the index are damaged: delete its row from index_generation, and it is built again")
