package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"kiveileder"
	"kiveileder/internal/postgres"
	"kiveileder/internal/stacktest"
)

// cutting cuts two connections of those called victim at a time, at random, in
// the middle of what they do: once after every so many calls that were
// acknowledged, so that on a slow machine too calls come to their end. Stop ends
// it and gives how many connections were cut.
func cutting(t *testing.T, killer *postgres.DB, every int64) (acknowledged func(), stop func() int) {
	t.Helper()
	var calls atomic.Int64
	next, end, ended := make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	cut := 0
	go func() {
		defer close(ended)
		for {
			select {
			case <-next:
			case <-end:
				return
			}
			time.Sleep(rand.N(10 * time.Millisecond))
			var n int
			err := killer.Pool().QueryRow(context.WithoutCancel(t.Context()), `
				SELECT count(pg_terminate_backend(pid)) FROM (
					SELECT pid FROM pg_stat_activity WHERE application_name = 'victim' AND datname = current_database() ORDER BY random() LIMIT 2) v`).Scan(&n)
			if err != nil {
				t.Error(err)
				return
			}
			cut += n
		}
	}()
	acknowledged = func() {
		if calls.Add(1)%every != 0 {
			return
		}
		select {
		case next <- struct{}{}:
		default: // the cut before is still to come
		}
	}
	stop = sync.OnceValue(func() int {
		close(end)
		<-ended
		return cut
	})
	t.Cleanup(func() { stop() })
	return acknowledged, stop
}

// Connections are cut in the middle of many writes: what was acknowledged is
// there, nothing is there twice, and no offset is left out.
func TestKill(t *testing.T) {
	t.Parallel()
	const writers, each, keys = 8, 125, 5
	u := stacktest.Postgres(t)
	db, killer := open(t, u+"&application_name=victim"), open(t, u)
	c := db.Conversations()
	ctx := t.Context()
	acknowledged, stop := cutting(t, killer, 8)
	var wg sync.WaitGroup
	type ack struct {
		key    string
		offset int64
	}
	var mu sync.Mutex
	acks := map[ack]string{}
	failed, added := 0, 0
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				key, id := fmt.Sprint("k", (w+i)%keys), fmt.Sprintf("w%d-%d", w, i)
				// as a client does, until it is acknowledged
				for {
					e, new, err := c.Add(ctx, key, kiveileder.Entry{ID: id, At: time.Now(), Text: id})
					mu.Lock()
					if new {
						added++
					}
					if err == nil {
						acks[ack{key, e.Offset}] = id
						mu.Unlock()
						acknowledged()
						break
					}
					failed++
					mu.Unlock()
					if kiveileder.ErrorCode(err) != kiveileder.CodeUnavailable {
						t.Errorf("%s: %v", id, err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	killed := stop()
	t.Logf("%d connections cut, %d of %d writes failed", killed, failed, writers*each)
	if killed < 10 {
		t.Errorf("only %d connections were cut", killed)
	}
	if len(acks) != writers*each {
		t.Errorf("%d offsets for %d messages", len(acks), writers*each)
	}
	if failed == 0 && added != writers*each { // what failed may have been stored all the same
		t.Errorf("%d writes were told that they added, of %d", added, writers*each)
	}
	total := 0
	for k := range keys {
		key := fmt.Sprint("k", k)
		s, err := killer.Conversations().Read(t.Context(), key, 0, 10_000)
		if err != nil || s.Top != int64(len(s.Entries)) {
			t.Errorf("%s: top %d of %d entries, %v", key, s.Top, len(s.Entries), err)
		}
		total += len(s.Entries)
		for i, e := range s.Entries {
			if e.Offset != int64(i)+1 || acks[ack{key, e.Offset}] != e.ID {
				t.Errorf("%s: entry %d is %s at %d, acknowledged was %q", key, i, e.ID, e.Offset, acks[ack{key, e.Offset}])
			}
		}
	}
	if total != writers*each {
		t.Errorf("%d entries, want %d", total, writers*each)
	}
}

// raise makes every n-th insert of an entry fail with a code of the server.
func raise(code string, n int) []string {
	return []string{
		`CREATE SEQUENCE attempts`, // no rollback takes back what it counted
		fmt.Sprintf(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF nextval('attempts') %% %d <> 0 THEN RAISE EXCEPTION 'as if' USING ERRCODE = '%s'; END IF; RETURN NEW; END $$`, n, code),
		`CREATE TRIGGER fail BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION fail()`,
	}
}

// What others were in the way of is tried again, and done once.
func TestTriesAgain(t *testing.T) {
	for _, code := range []string{"40001", "40P01"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			u := stacktest.Postgres(t)
			db := open(t, u)
			run(t, u, raise(code, 3)...)
			store(t, db, "k", "m1", "m2", "m3")
			stored(t, db, "k", "m1", "m2", "m3")
		})
	}
}

func TestUnavailable(t *testing.T) {
	add := func(ctx context.Context, db *postgres.DB) error {
		_, _, err := db.Conversations().Add(ctx, "k", kiveileder.Entry{ID: "new", At: time.Now()})
		return err
	}
	// check checks an error and that nothing was written.
	check := func(t *testing.T, u string, err error, why string) {
		t.Helper()
		refused(t, err, u, kiveileder.CodeUnavailable, why)
		stored(t, open(t, u), "k", "m1")
	}
	begin := func(t *testing.T, cfg postgres.Config) (string, *postgres.DB) {
		t.Parallel()
		u := stacktest.Postgres(t)
		cfg.URL = u + cfg.URL
		db := openWith(t, cfg)
		store(t, db, "k", "m1")
		return u, db
	}
	t.Run("the disk is full", func(t *testing.T) {
		u, db := begin(t, postgres.Config{})
		run(t, u, raise("53100", 1_000_000)...)
		err := add(t.Context(), db)
		check(t, u, err, "disk of the database is full")
		var pg *pgconn.PgError
		if !errors.As(err, &pg) {
			t.Errorf("%v has lost the server's error", err)
		}
	})
	t.Run("read-only", func(t *testing.T) {
		u, db := begin(t, postgres.Config{})
		run(t, u, "ALTER DATABASE "+name(u)+" SET default_transaction_read_only = on")
		db.Pool().Reset() // as after a failover
		check(t, u, add(t.Context(), db), "takes no writes")
		run(t, stacktest.At(u, "postgres"), "ALTER DATABASE "+name(u)+" RESET default_transaction_read_only")
		store(t, db, "k", "m2") // over a new connection
	})
	t.Run("all connections in use", func(t *testing.T) {
		u, db := begin(t, postgres.Config{MaxConns: 1, Wait: 300 * time.Millisecond})
		held, err := db.Pool().Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		check(t, u, add(t.Context(), db), "all 1 are in use")
		ended, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if err := add(ended, db); !errors.Is(err, context.DeadlineExceeded) || kiveileder.ErrorCode(err) != kiveileder.CodeInternal {
			t.Errorf("the caller's time was over: %v", err)
		}
		held.Release()
		store(t, db, "k", "m2")
	})
	t.Run("somebody holds the row", func(t *testing.T) {
		u, db := begin(t, postgres.Config{URL: "&lock_timeout=50ms"})
		other := open(t, u)
		tx, err := other.Pool().Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(context.Background())
		if _, err := tx.Exec(t.Context(), "SELECT FROM conversation FOR UPDATE"); err != nil {
			t.Fatal(err)
		}
		check(t, u, add(t.Context(), db), "a lock was not to be had")
	})
	t.Run("slow", func(t *testing.T) {
		u, db := begin(t, postgres.Config{URL: "&statement_timeout=50ms"})
		run(t, u, `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(5); RETURN NEW; END $$`,
			`CREATE TRIGGER slow BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION slow()`)
		check(t, u, add(t.Context(), db), "took too long")
	})
	t.Run("the caller gives up", func(t *testing.T) {
		u, db := begin(t, postgres.Config{})
		run(t, u, `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN NEW; END $$`,
			`CREATE TRIGGER slow BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION slow()`)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		begun := time.Now()
		if err := add(ctx, db); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 20*time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

// A network that fails is an error at once, and all goes on when it is back.
func TestNetwork(t *testing.T) {
	t.Parallel()
	u := stacktest.Postgres(t)
	through, fault := stacktest.Proxy(t, u)
	db := openWith(t, postgres.Config{URL: through, Wait: time.Second})
	store(t, db, "k", "m1")
	for i, w := range []stacktest.Way{stacktest.Cut, stacktest.Silent, stacktest.Reset, stacktest.SlowlyCut(100 * time.Millisecond)} {
		w.Spoil(fault)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		_, _, err := db.Conversations().Add(ctx, "k", kiveileder.Entry{ID: fmt.Sprint("n", i), At: time.Now()})
		if err == nil || kiveileder.ErrorCode(err) != kiveileder.CodeUnavailable && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%d: %v", i, err)
		}
		cancel()
		fault.Mend()
		var e kiveileder.Entry
		for end := time.Now().Add(time.Minute); ; { // at once, but on a machine that is busy
			e, _, err = db.Conversations().Add(t.Context(), "k", kiveileder.Entry{ID: fmt.Sprint("n", i), At: time.Now()})
			if err == nil || time.Now().After(end) {
				break
			}
		}
		if err != nil || e.Offset != int64(i)+2 {
			t.Errorf("%d: mended: offset %d, %v", i, e.Offset, err)
		}
	}
	stored(t, db, "k", strings.Fields("m1 n0 n1 n2 n3")...)
}
