package mail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// File keeps mails in a folder as .eml, for an installation without a server.
// They are Kept, never Sent. A mail that comes again takes its own place.
type File struct{ Dir string }

// Send writes the mail; it stands whole or not at all. Mail programs open it
// as a draft, so that a person can send it by hand.
func (f File) Send(_ context.Context, m *Message) (Status, error) {
	b, err := m.Bytes()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return "", fmt.Errorf("folder for mails: %w", err)
	}
	sum := sha256.Sum256([]byte(m.ID))
	name := m.Item.At.UTC().Format(fileTime) + "-" + string(m.Item.Kind) + "-" + caseMark(m.Item.Case) + "-" + hex.EncodeToString(sum[:6]) + ".eml"
	if err := replace(filepath.Join(f.Dir, name), append([]byte("X-Unsent: 1\r\n"), b...)); err != nil {
		return "", fmt.Errorf("keep mail: %w", err)
	}
	return Kept, nil
}

// fileTime begins the name of a kept mail: when it is dated.
const fileTime = "20060102T150405Z"

// keptName is the name of a kept mail: its time, its kind, the mark of its case
// and its own.
var keptName = regexp.MustCompile(`^(\d{8}T\d{6}Z)-[a-z]+-([0-9a-f]{24})-[0-9a-f]{12}\.eml$`)

// caseMark stands for a case in the names of its mails.
func caseMark(caseID string) string {
	sum := sha256.Sum256([]byte("case " + caseID))
	return hex.EncodeToString(sum[:12])
}

// Forget deletes the mails of a case that were kept. None, or no folder, is no
// error.
func (f File) Forget(caseID string) error {
	mark := caseMark(caseID)
	_, err := sweep(f.Dir, func(e fs.DirEntry) bool {
		m := keptName.FindStringSubmatch(e.Name())
		return m != nil && m[2] == mark
	})
	return err
}

// Expire deletes the mails that were kept and are dated before a time, and
// gives their number. Other files are left alone.
func (f File) Expire(before time.Time) (int, error) {
	return sweep(f.Dir, func(e fs.DirEntry) bool {
		m := keptName.FindStringSubmatch(e.Name())
		if m == nil {
			return false
		}
		at, err := time.Parse(fileTime, m[1])
		return err == nil && at.Before(before)
	})
}

// ExpireAside deletes the mails in a folder that were put aside there before a
// time, and gives their number. Other files are left alone.
func ExpireAside(dir string, before time.Time) (int, error) {
	return sweep(dir, func(e fs.DirEntry) bool {
		i, err := e.Info()
		return err == nil && strings.HasSuffix(e.Name(), ".eml") && i.ModTime().Before(before)
	})
}

// sweep deletes files of a folder, never anything outside it or below.
func sweep(dir string, old func(fs.DirEntry) bool) (n int, err error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("folder for mails: %w", err)
	}
	defer root.Close()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return 0, fmt.Errorf("folder for mails: %w", err)
	}
	var failed []error
	for _, e := range entries {
		if !e.Type().IsRegular() || !old(e) {
			continue
		}
		if err := root.Remove(e.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, fmt.Errorf("delete a kept mail: %w", err))
			continue
		}
		n++
	}
	return n, errors.Join(failed...)
}

// asideMost is how many mails are put aside in a folder before somebody has to
// look at them.
const asideMost = 1000

// Aside keeps a raw mail that came in for a person to look at, under the key
// that Sort gave it: the same mail again is the same file.
func Aside(dir, key string, raw []byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("folder for mails put aside: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("folder for mails put aside: %w", err)
	}
	if len(entries) >= asideMost {
		return fmt.Errorf("%d mails were put aside and wait for a person: no more are kept", len(entries))
	}
	if err := replace(filepath.Join(dir, filepath.Base(key)+".eml"), raw); err != nil {
		return fmt.Errorf("put mail aside: %w", err)
	}
	return nil
}

// replace writes a file beside its place and moves it there. Only the owner
// may read it: it has an address in it.
func replace(name string, b []byte) (err error) {
	t, err := os.CreateTemp(filepath.Dir(name), ".mail-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			t.Close()
			os.Remove(t.Name())
		}
	}()
	if _, err := t.Write(b); err != nil {
		return err
	}
	if err := t.Sync(); err != nil {
		return err
	}
	if err := t.Close(); err != nil {
		return err
	}
	return os.Rename(t.Name(), name)
}
