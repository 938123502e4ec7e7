package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kiveileder"
)

// readFile gives what is in a file.
func readFile(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// raw runs statements on a file past the store.
func raw(t *testing.T, file string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// refusesToOpen checks that Open fails, names the file, and says why.
func refusesToOpen(t *testing.T, file, why string) {
	t.Helper()
	db, err := Open(t.Context(), file)
	if err == nil {
		db.Close()
		t.Fatalf("%s was opened", file)
	}
	if !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), why) {
		t.Errorf("error %q does not name %s, or not that it is %q", err, file, why)
	}
}

func TestOpenRefusesNewerTables(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kiveileder.db")
	db := openFile(t, file)
	store(t, db, "k", "m1")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	raw(t, file, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`)
	before := readFile(t, file)
	refusesToOpen(t, file, "newer program")
	if !bytes.Equal(before, readFile(t, file)) {
		t.Error("the file has changed")
	}
	raw(t, file, `DELETE FROM goose_db_version WHERE version_id = 99999`)
	stored(t, openFile(t, file), "k", "m1")
}

func TestOpenRefusesOtherFiles(t *testing.T) {
	for name, content := range map[string]string{
		"text":          strings.Repeat("Dette er ingen database.\n", 500),
		"short text":    "Hei",
		"half a header": "SQLite format 3",
		"header alone":  "SQLite format 3\x00" + strings.Repeat("\x00", 4096),
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "kiveileder.db")
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			refusesToOpen(t, file, "not a database")
			if got := string(readFile(t, file)); got != content {
				t.Errorf("the file has changed: %d bytes of %d", len(got), len(content))
			}
		})
	}
	t.Run("a folder", func(t *testing.T) { refusesToOpen(t, t.TempDir(), "is a directory") })
}

func TestOpenMakesNoFolders(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "missing")
	refusesToOpen(t, filepath.Join(dir, "kiveileder.db"), "no such file or directory")
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("stat of the folder: %v", err)
	}
}

func TestOpenRefusesReadOnlyFiles(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write to every file")
	}
	file := filepath.Join(t.TempDir(), "kiveileder.db")
	if err := openFile(t, file).Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o400); err != nil {
		t.Fatal(err)
	}
	refusesToOpen(t, file, "permission denied")
}

func TestOpenTakesAnyName(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, file := range []string{"a b.db", "a?b=c&d.db", "a#b.db", "a%20b.db", "å👍.db", "a:b.db", "file:x.db", "./y.db", "..z.db", "'q\".db"} {
		db := openFile(t, file)
		store(t, db, "k", file)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
		stored(t, openFile(t, file), "k", file)
	}
}

// Two programs begin with one file at once: one makes it, both have it.
func TestOpenTogether(t *testing.T) {
	t.Parallel() // whoever is not first waits a second
	file := filepath.Join(t.TempDir(), "kiveileder.db")
	epochs := make([]string, 2)
	var wg sync.WaitGroup
	for i := range epochs {
		wg.Go(func() {
			db, err := Open(t.Context(), file)
			if err != nil {
				t.Error(err)
				return
			}
			epochs[i] = db.Epoch
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if epochs = slices.Compact(epochs); len(epochs) != 1 || epochs[0] == "" {
		t.Errorf("epochs %q of one file", epochs)
	}
}

func TestEpochs(t *testing.T) {
	a, b := openFile(t, filepath.Join(t.TempDir(), "a.db")), openFile(t, filepath.Join(t.TempDir(), "b.db"))
	if a.Epoch == "" || a.Epoch == b.Epoch {
		t.Errorf("epochs %q and %q of two stores", a.Epoch, b.Epoch)
	}
}

// A restored store gets another epoch, and keeps it.
func TestNewEpoch(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kiveileder.db")
	db := openFile(t, file)
	store(t, db, "k", "m1")
	before := db.Epoch
	if err := db.NewEpoch(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := db.Conversations().Read(t.Context(), "k", 0, 10)
	if err != nil || s.Epoch == before || s.Epoch == "" || len(s.Entries) != 1 {
		t.Errorf("epoch %q after %q, %d entries, %v", s.Epoch, before, len(s.Entries), err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if again := openFile(t, file).Epoch; again != s.Epoch {
		t.Errorf("epoch %q, opened again %q", s.Epoch, again)
	}
}

// Two programs on one file: each sees what the other has written, and the
// offsets go on.
func TestTwoOnOneFile(t *testing.T) {
	const each = 40
	file := filepath.Join(t.TempDir(), "kiveileder.db")
	dbs := []*DB{openFile(t, file), openFile(t, file)}
	var wg sync.WaitGroup
	for i, db := range dbs {
		for w := range 4 {
			wg.Go(func() {
				for n := range each / 4 {
					m := kiveileder.Entry{ID: fmt.Sprint(i, w, n), At: time.Now()}
					if _, added, err := db.Conversations().Add(t.Context(), "k", m); !added || err != nil {
						t.Errorf("added %v, %v", added, err)
					}
				}
			})
		}
	}
	wg.Wait()
	for _, db := range dbs {
		s, err := db.Conversations().Read(t.Context(), "k", 0, 1000)
		if err != nil || len(s.Entries) != 2*each || s.Top != 2*each {
			t.Errorf("read %d entries, top %d, %v; want %d", len(s.Entries), s.Top, err, 2*each)
		}
	}
}

// While somebody else holds the file, a write waits, and reads go on.
func TestBusyFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kiveileder.db")
	db := openFile(t, file)
	store(t, db, "k", "m1")
	other, err := connect(file, 1, "&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, _, err := db.Conversations().Add(context.Background(), "k", kiveileder.Entry{ID: "m2"})
		done <- err
	}()
	stored(t, db, "k", "m1")
	select {
	case err := <-done:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	stored(t, db, "k", "m1", "m2")
}

// What was deleted is no longer on the disk when Expire has run.
func TestDeletedIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	db := openFile(t, filepath.Join(dir, "kiveileder.db"))
	const secret = "Kvitfisk-og-trollsild"
	onDisk := func() bool {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if bytes.Contains(readFile(t, f), []byte(secret)) {
				return true
			}
		}
		return false
	}
	c := db.Conversations()
	for _, key := range []string{"deleted", "expired"} {
		if _, _, err := c.Add(t.Context(), key, kiveileder.Entry{ID: "m", At: time.Now().Add(-time.Hour), Text: strings.Repeat(secret, 500)}); err != nil {
			t.Fatal(err)
		}
	}
	store(t, db, "kept", "m")
	if !onDisk() {
		t.Fatal("the message is not found on disk: the test looks in the wrong place")
	}
	if err := c.Delete(t.Context(), "deleted"); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Expire(t.Context(), time.Now().Add(-time.Minute)); n != 1 || err != nil {
		t.Fatalf("expired %d, %v", n, err)
	}
	if onDisk() {
		t.Error("what was deleted is still on disk")
	}
	stored(t, db, "kept", "m")
}

// store adds messages.
func store(t *testing.T, db *DB, key string, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if _, added, err := db.Conversations().Add(t.Context(), key, kiveileder.Entry{ID: id, At: time.Now(), Text: id}); !added || err != nil {
			t.Fatalf("%s: added %v, %v", id, added, err)
		}
	}
}

// stored checks that a conversation has these messages.
func stored(t *testing.T, db *DB, key string, ids ...string) {
	t.Helper()
	s, err := db.Conversations().Read(t.Context(), key, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range s.Entries {
		got = append(got, e.ID)
	}
	if strings.Join(got, "|") != strings.Join(ids, "|") {
		t.Errorf("%q has %q, want %q", key, got, ids)
	}
}
