package pgvector_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"kiveileder"
	"kiveileder/internal/stacktest"
	"kiveileder/retriever/index"
	"kiveileder/retriever/index/memory"
	"kiveileder/retriever/index/pgvector"
)

// some gives entries that differ by seed.
func some(seed uint64) []index.Entry {
	return randomEntries(rand.New(rand.NewPCG(seed, 7)), 10, 300, 8)
}

// tables counts the generations and the tables that belong to one.
func tables(t *testing.T, pool *pgxpool.Pool) (generations, tables int) {
	t.Helper()
	err := pool.QueryRow(t.Context(), `select (select count(*) from index_generation),
		(select count(*) from pg_class where relkind = 'r' and relname ~ '^index_(entry|block|posting)_')`).Scan(&generations, &tables)
	if err != nil {
		t.Fatal(err)
	}
	return generations, tables
}

// A new version is built beside the old one while questions go on.
func TestBuildBesideCompare(t *testing.T) {
	ctx := t.Context()
	pool := newPool(t)
	s := open(t, pool, pgvector.Options{})
	old := build(t, s, "old", some(1))
	var m memory.Index
	if err := m.Replace(ctx, "", some(1)); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 3))
			for n := 0; ; n++ {
				select {
				case <-done:
					if n > 0 {
						return
					}
				default:
				}
				same(quiet{t}, &m, old, randomQuery(rng, 8))
			}
		})
	}
	for _, v := range []string{"a", "b", "c"} {
		build(t, s, v, some(2))
	}
	close(done)
	wg.Wait()
}

// quiet lets goroutines report without ending the test.
type quiet struct{ *testing.T }

func (q quiet) Fatal(args ...any)            { q.Error(args...) }
func (q quiet) Fatalf(f string, args ...any) { q.Errorf(f, args...) }

func build(t *testing.T, s *pgvector.Store, version string, es []index.Entry) *pgvector.Index {
	t.Helper()
	if err := s.Build(t.Context(), version, es); err != nil {
		t.Fatal(err)
	}
	x, err := s.At(t.Context(), version)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// Ten replicas that start at once build once.
func TestBuildOnce(t *testing.T) {
	pool := newPool(t)
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			s := open(quietTB{t}, pool, pgvector.Options{}) // a store each, as in processes of their own
			x, err := s.Index(t.Context(), "v1", some(1))
			if err != nil {
				t.Errorf("replica %d: %v", i, err)
				return
			}
			if ms, err := x.Compare(t.Context(), randomQuery(rand.New(rand.NewPCG(1, 1)), 8)); err != nil || len(ms) == 0 {
				t.Errorf("replica %d: %d matches, %v", i, len(ms), err)
			}
		})
	}
	wg.Wait()
	if g, n := tables(t, pool); g != 1 || n != 8 {
		t.Errorf("%d generations, %d tables; want 1 with 8", g, n)
	}
}

// quietTB is the same for what wants a testing.TB.
type quietTB struct{ testing.TB }

func (q quietTB) Fatal(args ...any) { q.Error(args...) }

// A build that fails, wherever, leaves nothing of itself and the old as it was.
func TestBuildFails(t *testing.T) {
	ctx := t.Context()
	pool := newPool(t)
	s := open(t, pool, pgvector.Options{})
	old := build(t, s, "old", some(1))
	_, before := tables(t, pool)
	unlike := some(2)
	unlike[3].Vector = unlike[3].Vector[:5]
	infinite := some(2)
	infinite[0].InvLen = float32(math.Inf(1))
	lost := some(2)
	lost = append(lost, index.Entry{Kind: index.Question, Ref: 1 << 30, Vector: make([]float32, 8)})
	for name, c := range map[string]struct {
		entries []index.Entry
		during  string // runs in the database first
		after   string
		want    string
	}{
		"another dimension":          {entries: unlike, want: "dimensions"},
		"not finite":                 {entries: infinite, want: "finite"},
		"no passage":                 {entries: lost, want: "has no text"},
		"a statement fails midway":   {during: `create table index_posting_2()`, after: `drop table index_posting_2`, want: "already exists"},
		"and at the last":            {during: `create function no() returns trigger language plpgsql as 'begin raise disk_full; end'; create constraint trigger no after insert on index_generation deferrable initially deferred for each row execute function no()`, after: `drop trigger no on index_generation; drop function no`, want: "53100"},
		"the database is overloaded": {during: `alter table index_generation add constraint c check (version <> 'new')`, after: `alter table index_generation drop constraint c`, want: "23514"},
	} {
		t.Run(name, func(t *testing.T) {
			es := c.entries
			if es == nil {
				es = some(2)
			}
			if c.during != "" {
				exec(t, pool, `select setval(pg_get_serial_sequence('index_generation', 'id'), 1)`, c.during)
				defer exec(t, pool, c.after)
			}
			err := s.Build(ctx, "new", es)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if c.want == "53100" && kiveileder.ErrorCode(err) != kiveileder.CodeUnavailable {
				t.Errorf("code %s", kiveileder.ErrorCode(err))
			}
		})
	}
	t.Run("cancelled midway", func(t *testing.T) {
		// somebody holds what it needs, until it is cancelled
		tx, err := pool.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(ctx)
		if _, err := tx.Exec(ctx, `lock table index_generation in share mode`); err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		if err := s.Build(short, "new", some(2)); !errors.Is(err, context.DeadlineExceeded) || kiveileder.ErrorCode(err) != kiveileder.CodeUnavailable {
			t.Errorf("%v, want the deadline as unavailable", err)
		}
	})
	if ok, err := s.Has(ctx, "new"); ok || err != nil {
		t.Errorf("Has(new) = %v, %v", ok, err)
	}
	if g, n := tables(t, pool); g != 1 || n != before {
		t.Errorf("%d generations, %d tables; want 1 with %d", g, n, before)
	}
	if ms, err := old.Compare(ctx, randomQuery(rand.New(rand.NewPCG(1, 1)), 8)); err != nil || len(ms) == 0 {
		t.Errorf("the old: %d matches, %v", len(ms), err)
	}
	build(t, s, "new", some(2)) // and now it works
}

func exec(t *testing.T, pool *pgxpool.Pool, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := pool.Exec(context.Background(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func TestPrune(t *testing.T) {
	ctx := t.Context()
	pool := newPool(t)
	s := open(t, pool, pgvector.Options{})
	q := randomQuery(rand.New(rand.NewPCG(1, 1)), 8)
	a, b, c := build(t, s, "a", some(1)), build(t, s, "b", some(2)), build(t, s, "c", some(3))
	exec(t, pool, `update index_generation set used = now() - interval '1 day' where version <> 'c'`)
	got, err := s.Prune(ctx, time.Hour, "b")
	if d := cmp.Diff([]string{"a"}, got); d != "" || err != nil {
		t.Errorf("dropped (-want +got), %v:\n%s", err, d)
	}
	for _, x := range []*pgvector.Index{b, c} {
		if _, err := x.Compare(ctx, q); err != nil {
			t.Error(err)
		}
	}
	for what, err := range map[string]error{
		"compare": second(a.Compare(ctx, q)), "touch": a.Touch(ctx),
		"known": second(a.Known(ctx, []string{"helt ukjent"})),
	} {
		if !errors.Is(err, pgvector.ErrDropped) || kiveileder.ErrorCode(err) != kiveileder.CodeUnavailable {
			t.Errorf("%s on a dropped one: %v", what, err)
		}
	}
	if _, err := s.At(ctx, "a"); kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
		t.Errorf("At a dropped one: %v", err)
	}
	if g, n := tables(t, pool); g != 2 || n != 16 {
		t.Errorf("%d generations, %d tables; want 2 with 16", g, n)
	}
	// asking marks it used
	exec(t, pool, `update index_generation set used = now() - interval '1 day'`)
	again := open(t, pool, pgvector.Options{})
	x, err := again.At(ctx, "b")
	if err != nil {
		t.Fatal(err)
	}
	exec(t, pool, `update index_generation set used = now() - interval '1 day'`)
	if _, err := x.Compare(ctx, q); err != nil {
		t.Fatal(err)
	}
	got, err = s.Prune(ctx, time.Hour)
	if d := cmp.Diff([]string{"c"}, got); d != "" || err != nil {
		t.Errorf("dropped (-want +got), %v:\n%s", err, d)
	}
}

func second[T any](_ T, err error) error { return err }

// A backup without the big tables is mended by building them again.
func TestBuildMends(t *testing.T) {
	pool := newPool(t)
	s := open(t, pool, pgvector.Options{})
	build(t, s, "a", some(1))
	exec(t, pool, `drop table index_block_1`)
	if ok, err := s.Has(t.Context(), "a"); ok || err != nil {
		t.Errorf("Has = %v, %v", ok, err)
	}
	x := build(t, s, "a", some(1))
	if _, err := x.Compare(t.Context(), randomQuery(rand.New(rand.NewPCG(1, 1)), 8)); err != nil {
		t.Error(err)
	}
	if g, n := tables(t, pool); g != 1 || n != 8 {
		t.Errorf("%d generations, %d tables; want 1 with 8", g, n)
	}
}

func TestOpenSaysWhatIsMissing(t *testing.T) {
	ctx := t.Context()
	bare := stacktest.Database(t, "TEMPLATE template0")
	for _, c := range []struct{ name, before, want string }{
		{"no extension", "", "lacks the extension vector"},
		{"no tables", "create extension vector", "run `kiveileder migrate`"},
		{"too old", "update pg_extension set extversion = '0.7.4' where extname = 'vector'", "0.7.4 is too old"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pool, err := pgxpool.New(ctx, bare)
			if err != nil {
				t.Fatal(err)
			}
			defer pool.Close()
			if c.before != "" {
				exec(t, pool, c.before)
			}
			if _, err := pgvector.Open(ctx, pool, pgvector.Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	for _, h := range []pgvector.HNSW{{M: 1}, {M: 64, EfConstruction: 64}, {EfSearch: 2000}} {
		if _, err := pgvector.Open(ctx, nil, pgvector.Options{HNSW: &h}); err == nil {
			t.Errorf("%+v is taken", h)
		}
	}
}

// A server that is away or silent is unavailable for now, and answers again
// when it is back.
func TestServerAway(t *testing.T) {
	ctx := t.Context()
	direct, err := url.Parse(stacktest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	through, fault := stacktest.Proxy(t, direct.String())
	pool, err := pgxpool.New(ctx, through)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	s := open(t, pool, pgvector.Options{Whole: -1})
	x := build(t, s, "a", some(1))
	q := randomQuery(rand.New(rand.NewPCG(1, 1)), 8)
	q.Most = 1
	want, err := x.Compare(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	fault.Cut()
	if _, err := x.Compare(ctx, q); kiveileder.ErrorCode(err) != kiveileder.CodeUnavailable {
		t.Errorf("cut: %v", err)
	}
	if _, err := s.Has(ctx, "a"); kiveileder.ErrorCode(err) != kiveileder.CodeUnavailable {
		t.Errorf("cut: %v", err)
	}
	fault.Mend()
	if got, err := x.Compare(ctx, q); err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("mended: %d matches, %v", len(got), err)
	}
	stacktest.Slow(2 * time.Second).Spoil(fault)
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if _, err := x.Compare(short, q); !errors.Is(err, context.DeadlineExceeded) || kiveileder.ErrorCode(err) != kiveileder.CodeUnavailable {
		t.Errorf("silent: %v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := x.Compare(gone, q); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	fault.Mend()
}
