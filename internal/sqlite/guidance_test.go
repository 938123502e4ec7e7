package sqlite

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kiveileder/services/guidance"
	"kiveileder/services/guidance/guidancetest"
)

func TestGuidance(t *testing.T) {
	guidancetest.Run(t, func(t *testing.T) (guidance.Store, func() guidance.Store) {
		file := filepath.Join(t.TempDir(), "kiveileder.db")
		db := openFile(t, file)
		return db.Guidance(), func() guidance.Store {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			db = openFile(t, file)
			return db.Guidance()
		}
	})
}

// Whatever is done to cases on disk and to cases in memory, they say the same.
func TestGuidanceSameAsMemory(t *testing.T) {
	t.Parallel()
	db := openFile(t, filepath.Join(t.TempDir(), "kiveileder.db"))
	exec := func(statement string) error {
		_, err := db.write.ExecContext(context.Background(), statement)
		return err
	}
	if err := exec("PRAGMA synchronous = OFF"); err != nil {
		t.Fatal(err)
	}
	guidancetest.SameAsMemory(t, db.Guidance(), func() error {
		for _, table := range []string{"guidance_kept", "guidance_mail", "guidance_number", "guidance_event", "guidance_case"} {
			if err := exec("DELETE FROM " + table); err != nil {
				return err
			}
		}
		return nil
	})
}

// sealing gives a service over a file in a folder, which seals contacts.
func sealing(t *testing.T) (dir string, db *DB, s *guidance.Service) {
	t.Helper()
	sealer, err := guidance.NewSealer(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	db = openFile(t, filepath.Join(dir, "kiveileder.db"))
	return dir, db, guidance.New(guidance.Config{Store: db.Guidance(), Seal: sealer})
}

// Of a contact that was deleted nothing is left on disk, sealed or not.
func TestContactIsOverwritten(t *testing.T) {
	dir, db, s := sealing(t)
	who := guidance.Contact{Name: "Kvitfisk Trollsild", Email: "kvitfisk@example.no"}
	if _, err := s.Open(t.Context(), "c1", guidancetest.Person, guidance.ReceivedData{Question: "Må vi søke?"}, who); err != nil {
		t.Fatal(err)
	}
	sealed, err := db.Guidance().Contact(t.Context(), "c1")
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case !onDisk(t, dir, sealed):
		t.Fatal("the sealed contact is not found on disk: the test looks in the wrong place")
	case onDisk(t, dir, []byte("Kvitfisk")) || onDisk(t, dir, []byte("kvitfisk")):
		t.Error("the contact stands on disk as it is")
	}
	if err := db.Guidance().DeleteContact(t.Context(), "c1"); err != nil {
		t.Fatal(err)
	}
	if onDisk(t, dir, sealed) {
		t.Error("what was deleted is still on disk")
	}
}

// onDisk reports whether it stands in any of the database's files.
func onDisk(t *testing.T, dir string, what []byte) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, what) {
			return true
		}
	}
	return false
}

// Of what somebody was typing nothing is left on disk when the case is
// anonymised, or the key is forgotten.
func TestDraftIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	store := openFile(t, filepath.Join(dir, "kiveileder.db")).Guidance()
	s := guidance.New(guidance.Config{Store: store})
	asker := guidancetest.Person
	if _, err := s.Open(t.Context(), "c1", asker, guidance.ReceivedData{Question: "Må vi søke?"}, guidance.Contact{}); err != nil {
		t.Fatal(err)
	}
	keep := func(key, value string) {
		t.Helper()
		if err := store.Keep(t.Context(), "anne", key, []byte(strings.Repeat(value+" ", 10_000))); err != nil {
			t.Fatal(err)
		}
		if !onDisk(t, dir, []byte(value)) {
			t.Fatalf("%s is not found on disk: the test looks in the wrong place", value)
		}
	}
	keep(guidance.DraftKey("c1"), "Kvitfisk")
	keep("view:mine", "Trollsild")
	for _, c := range []guidance.Command{
		{Actor: asker, Kind: guidance.Withdrawn, Seen: 1},
		{Actor: guidancetest.Dina, Kind: guidance.Anonymised, Data: guidance.AnonymisedData{Reason: "Bedt om det."}, Seen: 2},
	} {
		if _, _, err := s.Do(t.Context(), "c1", c); err != nil {
			t.Fatal(err)
		}
	}
	if onDisk(t, dir, []byte("Kvitfisk")) {
		t.Error("a draft on a case that was anonymised is still on disk")
	}
	if err := store.ForgetKept(t.Context(), "view:mine"); err != nil {
		t.Fatal(err)
	}
	if onDisk(t, dir, []byte("Trollsild")) {
		t.Error("what was forgotten is still on disk")
	}
}

// While somebody reads what was there before, a contact that is deleted stays
// in the database's log; nobody waits for them, and it goes when they are done.
func TestContactIsOverwrittenAfterReaders(t *testing.T) {
	dir, db, s := sealing(t)
	if _, err := s.Open(t.Context(), "c1", guidancetest.Person, guidance.ReceivedData{Question: "Må vi søke?"}, guidance.Contact{Email: "kvitfisk@example.no"}); err != nil {
		t.Fatal(err)
	}
	sealed, err := db.Guidance().Contact(t.Context(), "c1")
	if err != nil {
		t.Fatal(err)
	}
	reader, err := db.read.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Rollback()
	var n int
	if err := reader.QueryRowContext(t.Context(), `SELECT count(*) FROM guidance_case`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := db.Guidance().DeleteContact(t.Context(), "c1"); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > busyTimeout-time.Second {
		t.Errorf("waited %v for who reads", took)
	}
	if !onDisk(t, dir, sealed) {
		t.Fatal("nothing is left although somebody reads: the test shows nothing")
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if !onDisk(t, dir, sealed) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("what was deleted is still on disk")
}

// A process that died between the deletion and the emptying of the log left
// something; the next one takes it away.
func TestOpenEmptiesTheLog(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "kiveileder.db")
	db := openFile(t, file)
	for _, statement := range []string{
		`INSERT INTO guidance_kept (person, key, value) VALUES ('anne', 'note:c1', CAST('Kvitfisk' AS BLOB))`, `DELETE FROM guidance_kept`,
	} {
		if _, err := db.write.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if !onDisk(t, dir, []byte("Kvitfisk")) {
		t.Fatal("it is not found on disk: the test looks in the wrong place")
	}
	openFile(t, file)
	if onDisk(t, dir, []byte("Kvitfisk")) {
		t.Error("what was deleted is still on disk")
	}
}
