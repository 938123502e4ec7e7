package mail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
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
	name := m.Item.At.UTC().Format("20060102T150405Z") + "-" + string(m.Item.Kind) + "-" + hex.EncodeToString(sum[:6]) + ".eml"
	if err := replace(filepath.Join(f.Dir, name), append([]byte("X-Unsent: 1\r\n"), b...)); err != nil {
		return "", fmt.Errorf("keep mail: %w", err)
	}
	return Kept, nil
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
