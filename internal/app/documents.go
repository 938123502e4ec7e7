package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"kiveileder/corpus"
)

// documents are the files of what was taken in beside the corpus that is
// served, laid out like it. Where they stand is all that differs.
type documents interface {
	// Version changes whenever a file does; it is cheap.
	Version(ctx context.Context) (string, error)
	// Files gives all files as they stand now.
	Files(ctx context.Context) (fs.FS, error)
	// Change lets edit change the files in a folder. Others see all of the change
	// or, when edit fails, nothing.
	Change(ctx context.Context, edit func(dir string) error) error
}

// A dataFolder is documents in the data folder.
type dataFolder string

// Version implements documents: the files are few, and read.
func (f dataFolder) Version(context.Context) (string, error) { return signature(os.DirFS(string(f))) }

// Files implements documents.
func (f dataFolder) Files(context.Context) (fs.FS, error) { return os.DirFS(string(f)), nil }

// Change implements documents. The edit itself sees to it that a crash leaves
// either state.
func (f dataFolder) Change(_ context.Context, edit func(dir string) error) error {
	return edit(string(f))
}

// signature changes when documents or questions do; it is empty when there are
// none. A folder that can't be read is an error: its documents must not vanish
// without a word.
func signature(files fs.FS) (string, error) {
	names, err := fs.Glob(files, "sources/*/passages.jsonl")
	if err != nil || len(names) == 0 {
		return "", err
	}
	whole := ""
	for _, part := range []string{"sources", "questions"} {
		sub, err := fs.Sub(files, part)
		if err != nil {
			return "", err
		}
		h, err := corpus.Hash(sub)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("added documents: %w", err)
		}
		whole += h[:min(8, len(h))]
	}
	return whole, nil
}

// checkData makes sure that the data folder can be read and written.
func (c Base) checkData() error {
	if err := os.MkdirAll(filepath.Join(c.Data, "sources"), 0o755); err != nil {
		return fmt.Errorf("data folder %s: %w", c.Data, err)
	}
	f, err := os.CreateTemp(c.Data, ".write-*")
	if err != nil {
		return fmt.Errorf("data folder %s cannot be written: %w", c.Data, err)
	}
	name := f.Name()
	if err := f.Close(); err != nil {
		return fmt.Errorf("data folder %s: %w", c.Data, err)
	}
	return os.Remove(name)
}
