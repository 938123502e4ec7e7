// Package pgvector is the index in Postgres, with the extension pgvector 0.8 or
// newer. Its matches equal those of package memory for the same entries: same
// entries, same order, same values to the last bit.
//
// Every version of the entries is a generation with tables of its own, built
// beside the others in one transaction and never changed. Postgres finds
// candidates by inner product over halfvec and hands out the postings of the
// query's terms; exact values are computed here, from exact vectors. Whatever
// was fetched once stays in a bounded cache, since nothing of it can change.
package pgvector

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"kiveileder"
	"kiveileder/retriever/index"
)

// Options of a Store; the zero value is ready to use.
type Options struct {
	// Cache is how many bytes of blocks and postings are kept in memory;
	// 64 MB when 0, none when negative.
	Cache int
	// Whole is the number of entries up to which all of a kind are compared
	// in the process rather than in Postgres; 2048 when 0, none when negative.
	Whole int
	// HNSW makes the search by meaning approximate, for indexes of more than
	// some hundred thousand entries: a graph finds most of the nearest without
	// looking at all. Exact when nil. Both kinds of generation stand beside
	// each other.
	HNSW *HNSW
}

// HNSW are the parameters of the graph; zeros mean the defaults.
type HNSW struct {
	M              int    // neighbours of a node; 16
	EfConstruction int    // candidates while building; 128
	EfSearch       int    // candidates while searching, 1 to 1000; 160
	BuildMemory    string // maintenance_work_mem while building; "512MB"
	BuildWorkers   int    // parallel workers while building; each shares BuildMemory through /dev/shm
}

// margin is by how many more candidates Postgres is asked than are wanted, so
// that most searches are proven at once. Measured on the built-in corpus.
const margin = 32

// A Store holds the generations of an index in one database. It is safe for
// concurrent use.
type Store struct {
	pool     *pgxpool.Pool
	opts     Options
	cache    *cache
	building chan struct{} // one build at a time in this process
	parallel bool          // the extension builds graphs in parallel
}

// Open checks that the database has what the index needs. The pool stays the
// caller's. Each search takes up to two connections at a time.
func Open(ctx context.Context, pool *pgxpool.Pool, o Options) (*Store, error) {
	if o.Cache == 0 {
		o.Cache = 64 << 20
	}
	if o.Whole == 0 {
		o.Whole = 2048
	}
	if o.HNSW != nil {
		h := *o.HNSW
		h.M, h.EfConstruction, h.EfSearch = orElse(h.M, 16), orElse(h.EfConstruction, 128), orElse(h.EfSearch, 160)
		h.BuildMemory = orElse(h.BuildMemory, "512MB")
		switch {
		case h.M < 2 || h.M > 100 || h.EfConstruction < 2*h.M || h.EfConstruction > 1000:
			return nil, fmt.Errorf("pgvector: m %d must lie between 2 and 100, ef_construction %d between twice that and 1000", h.M, h.EfConstruction)
		case h.EfSearch < 1 || h.EfSearch > 1000:
			return nil, fmt.Errorf("pgvector: ef_search %d must lie between 1 and 1000", h.EfSearch)
		}
		o.HNSW = &h
	}
	s := &Store{pool: pool, opts: o, cache: newCache(o.Cache), building: make(chan struct{}, 1)}
	return s, wrap(ctx, "open", s.check(ctx))
}

func orElse[T comparable](x, other T) T {
	var zero T
	if x == zero {
		return other
	}
	return x
}

// check looks for the extension and the migrations.
func (s *Store) check(ctx context.Context) error {
	var version string
	var migrated bool
	err := s.pool.QueryRow(ctx, `select coalesce((select extversion from pg_extension where extname = 'vector'), ''),
		to_regclass('index_generation') is not null`).Scan(&version, &migrated)
	if err != nil {
		return err
	}
	var major, minor, patch int
	_, scanned := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch)
	switch at := major*1_000_000 + minor*1000 + patch; {
	case version == "":
		return kiveileder.Errorf(kiveileder.CodeInternal, "the database lacks the extension vector: install pgvector 0.8 or newer for this Postgres, then run `kiveileder migrate`")
	case scanned != nil:
		return fmt.Errorf("version %q of the extension vector: %w", version, scanned)
	case at < 8000:
		return kiveileder.Errorf(kiveileder.CodeInternal, "pgvector %s is too old, 0.8.0 is needed: install it, then run `alter extension vector update` in the database", version)
	default:
		// 0.8.2 mends an overflow in parallel builds. What 0.8.3 and 0.8.4 mend
		// happens in vacuum after rows were deleted; no row ever is here.
		s.parallel = at >= 8002
	}
	if !migrated {
		return kiveileder.Errorf(kiveileder.CodeInternal, "the database lacks the table index_generation: run `kiveileder migrate`")
	}
	return nil
}

// tablesForm changes when the form of the tables changes or what lexical.Terms
// gives does (TestForm notices): an older generation of the same version is
// then not used, but built anew beside it, while processes of the older binary
// go on with theirs.
const tablesForm = 1

func (s *Store) form() string {
	if h := s.opts.HNSW; h != nil {
		return fmt.Sprintf("%d hnsw %d/%d", tablesForm, h.M, h.EfConstruction)
	}
	return fmt.Sprintf("%d exact", tablesForm)
}

// Has reports whether the version is there, ready to search.
func (s *Store) Has(ctx context.Context, version string) (bool, error) {
	_, ok, err := s.find(ctx, s.pool, version)
	return ok, wrap(ctx, "look for a version", err)
}

// querier is a pool, a connection or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// find gives the id of a version's generation, 0 when there is none. ok is
// false also when its tables are gone, as after a backup without them.
func (s *Store) find(ctx context.Context, db querier, version string) (id int32, ok bool, err error) {
	err = db.QueryRow(ctx, `update index_generation set used = now() where version = $1 and form = $2
		returning id, to_regclass('index_block_' || id) is not null and to_regclass('index_posting_' || id) is not null`,
		version, s.form()).Scan(&id, &ok)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	return id, ok, err
}

// New gives an index without entries; its Replace fills it.
func (s *Store) New() *Index { return &Index{store: s} }

// At gives the index of a version that is there; CodeNotFound when it is not.
func (s *Store) At(ctx context.Context, version string) (*Index, error) {
	x := s.New()
	g, err := s.load(ctx, version)
	if err != nil {
		return nil, wrap(ctx, "open a version", err)
	}
	x.state.Store(g)
	return x, nil
}

// Index gives the index of a version, built from the entries unless it is
// there.
func (s *Store) Index(ctx context.Context, version string, entries []index.Entry) (index.Index, error) {
	x := s.New()
	if err := x.Replace(ctx, version, entries); err != nil {
		return nil, err
	}
	return x, nil
}

// Prune drops the generations of any form that nobody has used for so long,
// except those of the versions to keep, and gives the versions dropped. An
// Index over one of them gives ErrDropped from then on. Indexes that are asked
// mark their generation used about once a minute; hold one longer than that
// without asking it, and Touch does.
func (s *Store) Prune(ctx context.Context, unused time.Duration, keep ...string) ([]string, error) {
	var out []string
	for {
		version, err := s.pruneOne(ctx, unused, keep)
		if errors.Is(err, pgx.ErrNoRows) {
			return out, nil
		}
		if err != nil {
			return out, wrap(ctx, "prune", err)
		}
		out = append(out, version)
	}
}

func (s *Store) pruneOne(ctx context.Context, unused time.Duration, keep []string) (version string, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var id int32
		// somebody who waits for the drop makes everybody behind it wait
		if _, err := tx.Exec(ctx, `set local lock_timeout = '5s'`); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `delete from index_generation where id = (select id from index_generation
			where used < now() - $1::interval and version <> all($2) order by used limit 1 for update skip locked)
			returning id, version`, unused, append([]string{}, keep...)).Scan(&id, &version); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, dropTables(id))
		return err
	})
	return version, err
}

// touch marks a generation used; ErrDropped when it or its tables are gone.
func (s *Store) touch(ctx context.Context, id int32) error {
	tag, err := s.pool.Exec(ctx, `update index_generation set used = now()
		where id = $1 and to_regclass('index_block_' || id) is not null and to_regclass('index_posting_' || id) is not null`, id)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrDropped
	}
	return err
}

// A generation is what a process knows of one, besides what its cache holds.
type generation struct {
	*shape
	id      int32
	version string
	dim     int
	clouds  [index.Kinds]cloud
	tail    *tail // nil when all entries stand in the database
	spaces  sync.Pool
}

func (s *Store) load(ctx context.Context, version string) (*generation, error) {
	id, ok, err := s.find(ctx, s.pool, version)
	if err == nil && !ok {
		err = kiveileder.Errorf(kiveileder.CodeNotFound, "the index has no version %q", version)
	}
	if err != nil {
		return nil, err
	}
	g := &generation{id: id, version: version}
	var directory []byte
	if err := s.pool.QueryRow(ctx, `select dim, statistics, directory from index_generation where id = $1`, id).
		Scan(&g.dim, &g.clouds, &directory); err != nil {
		return nil, dropped(err)
	}
	if g.shape, err = readShape(directory); err != nil {
		return nil, err
	}
	g.spaces.New = func() any { return newSpace(g) }
	return g, nil
}

// Bytes gives how much the generation's tables and graphs take on disk.
func (x *Index) Bytes(ctx context.Context) (n int64, err error) {
	if g := x.state.Load(); g != nil {
		err = x.store.pool.QueryRow(ctx, `select coalesce(sum(pg_total_relation_size(oid)), 0) from pg_class
			where relname in ($1, $2) or relname ~ $3`, blockTable(g.id), postingTable(g.id), fmt.Sprintf(`^index_entry_%d_\d$`, g.id)).Scan(&n)
	}
	return n, wrap(ctx, "size", err)
}
