package sqlite

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

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
		for _, table := range []string{"guidance_mail", "guidance_number", "guidance_event", "guidance_case"} {
			if err := exec("DELETE FROM " + table); err != nil {
				return err
			}
		}
		return nil
	})
}

// Of a contact that was deleted nothing is left on disk, sealed or not.
func TestContactIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	db := openFile(t, filepath.Join(dir, "kiveileder.db"))
	sealer, err := guidance.NewSealer(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	s := guidance.New(guidance.Config{Store: db.Guidance(), Seal: sealer})
	who := guidance.Contact{Name: "Kvitfisk Trollsild", Email: "kvitfisk@example.no"}
	if _, err := s.Open(t.Context(), "c1", guidancetest.Person, guidance.ReceivedData{Question: "Må vi søke?"}, who); err != nil {
		t.Fatal(err)
	}
	sealed, err := db.Guidance().Contact(t.Context(), "c1")
	if err != nil {
		t.Fatal(err)
	}
	onDisk := func(what []byte) bool {
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
	switch {
	case !onDisk(sealed):
		t.Fatal("the sealed contact is not found on disk: the test looks in the wrong place")
	case onDisk([]byte("Kvitfisk")) || onDisk([]byte("kvitfisk")):
		t.Error("the contact stands on disk as it is")
	}
	if err := db.Guidance().DeleteContact(t.Context(), "c1"); err != nil {
		t.Fatal(err)
	}
	if onDisk(sealed) {
		t.Error("what was deleted is still on disk")
	}
}
