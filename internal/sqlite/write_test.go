package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"kiveileder"
)

// hold keeps the writer busy until the function that it gives is called: what
// is written meanwhile shares the next transaction.
func hold(t *testing.T, db *DB) (release func()) {
	t.Helper()
	started, end, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		err := db.update(context.Background(), func(context.Context, *sql.Tx) error {
			close(started)
			<-end
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}()
	<-started
	return sync.OnceFunc(func() { close(end); <-done })
}

// waiting waits until n writes wait.
func waiting(t *testing.T, db *DB, n int) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); len(db.jobs) < n; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d writes wait, want %d", len(db.jobs), n)
		}
	}
}

func meta(name string) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES (?, '')`, name)
		return err
	}
}

func has(t *testing.T, db *DB, name string) bool {
	t.Helper()
	var n int
	if err := db.read.QueryRowContext(t.Context(), `SELECT count(*) FROM meta WHERE name = ?`, name).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n == 1
}

// In one transaction, a job that fails is undone alone, and so is one whose
// caller gave up.
func TestFailureInABatch(t *testing.T) {
	db := openFile(t, filepath.Join(t.TempDir(), "kiveileder.db"))
	release := hold(t, db)
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	refusal := errors.New("no")
	var shared sync.Map // transactions
	jobs := []struct {
		name string
		ctx  context.Context
		do   func(context.Context, *sql.Tx) error
		ok   bool
	}{
		{"a first", t.Context(), meta("first"), true},
		{"b refuses after writing", t.Context(), func(ctx context.Context, tx *sql.Tx) error { return errors.Join(meta("undone")(ctx, tx), refusal) }, false},
		{"c breaks a constraint", t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			return errors.Join(meta("undone too")(ctx, tx), meta("first")(ctx, tx))
		}, false},
		{"d makes no sense", t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "SELEKT")
			return err
		}, false},
		{"e gave up", ctx, meta("gave up"), false},
		{"f last", t.Context(), meta("last"), true},
	}
	errs := make([]error, len(jobs))
	var wg sync.WaitGroup
	for i, j := range jobs {
		wg.Go(func() {
			errs[i] = db.update(j.ctx, func(ctx context.Context, tx *sql.Tx) error {
				shared.Store(tx, true)
				return j.do(ctx, tx)
			})
		})
		waiting(t, db, i+1)
	}
	cancel()
	release()
	wg.Wait()
	for i, j := range jobs {
		if (errs[i] == nil) != j.ok {
			t.Errorf("%s: %v", j.name, errs[i])
		}
	}
	if !errors.Is(errs[1], refusal) || !errors.Is(errs[4], context.Canceled) {
		t.Errorf("errors %v and %v are not their own", errs[1], errs[4])
	}
	for name, want := range map[string]bool{"first": true, "undone": false, "undone too": false, "gave up": false, "last": true} {
		if has(t, db, name) != want {
			t.Errorf("%q is written: %v, want %v", name, !want, want)
		}
	}
	n := 0
	shared.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d transactions, want one for all", n)
	}
}

// A caller that gives up while its write waits returns with it, and the
// write is not made.
func TestGivingUp(t *testing.T) {
	db := openFile(t, filepath.Join(t.TempDir(), "kiveileder.db"))
	release := hold(t, db)
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, _, err := db.Conversations().Add(ctx, "k", kiveileder.Entry{ID: "m"})
		done <- err
	}()
	waiting(t, db, 1)
	cancel()
	release()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	stored(t, db, "k")
}

// More writes wait than fit: Close makes those that were taken, and each
// caller learns whether its own was.
func TestCloseWhileWritesWait(t *testing.T) {
	const writers = maxBatch + 40
	file := filepath.Join(t.TempDir(), "kiveileder.db")
	db := openFile(t, file)
	release := hold(t, db)
	defer release()
	ok := make([]bool, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			_, added, err := db.Conversations().Add(context.Background(), fmt.Sprint("k", i), kiveileder.Entry{ID: "m"})
			ok[i] = err == nil && added
			if err != nil && !errors.Is(err, errClosed) {
				t.Error(err)
			}
		})
	}
	waiting(t, db, maxBatch)
	closed := make(chan error, 1)
	go func() { closed <- db.Close() }()
	<-db.stop
	release()
	wg.Wait()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if _, _, err := db.Conversations().Add(t.Context(), "k", kiveileder.Entry{ID: "m"}); !errors.Is(err, errClosed) {
		t.Errorf("Add after Close: %v", err)
	}
	again := openFile(t, file)
	made := 0
	for i := range writers {
		s, err := again.Conversations().Read(t.Context(), fmt.Sprint("k", i), 0, 1)
		if err != nil || (len(s.Entries) == 1) != ok[i] {
			t.Errorf("writer %d was told %v, its message is there: %v, %v", i, ok[i], len(s.Entries) == 1, err)
		}
		made += len(s.Entries)
	}
	if made < maxBatch {
		t.Errorf("%d of the writes that were taken were made, want %d", made, maxBatch)
	}
}
