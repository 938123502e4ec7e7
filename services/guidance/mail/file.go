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
