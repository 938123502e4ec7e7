package postgres

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// Documents keeps the files of documents that an installation has taken in, as
// they stand in the data folder of an embedded store.
type Documents struct{ db *DB }

// Documents gives the store of documents.
func (db *DB) Documents() *Documents { return &Documents{db} }

// maxFile is the most that one file may hold. Files of documents are at most
// 64 MB; one of derived data may be larger.
const maxFile = 256 << 20

// Files gives all files as they stood at one moment, in memory. Who wants to
// know when they change asks for the version first: at worst the files are
// newer than it says, and the next look finds another version. It takes as
// long as ctx lasts.
func (d *Documents) Files(ctx context.Context) (fs.FS, error) {
	files := map[string]*node{}
	err := d.unhurried(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT path, body, changed FROM document`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			n := &node{}
			if err := rows.Scan(&name, &n.body, &n.changed); err != nil {
				return err
			}
			n.changed = n.changed.UTC()
			files[name] = n
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("postgres: documents: %w", err)
	}
	f, err := newFolder(files)
	if err != nil {
		return nil, fmt.Errorf("postgres: table document: %w", err)
	}
	return f, nil
}

// Version names what the files are: the same paths with the same content have
// the same version, however they came there; none at all have "". It reads
// checksums alone.
func (d *Documents) Version(ctx context.Context) (version string, err error) {
	err = d.db.run(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `
			SELECT coalesce(left(encode(sha256(string_agg(sha256(convert_to(path, 'UTF8')) || sum, '' ORDER BY path)), 'hex'), 16), '')
			FROM document`).Scan(&version)
	})
	if err != nil {
		return "", fmt.Errorf("postgres: documents: %w", err)
	}
	return version, nil
}

// Change lays the files out in a temporary folder, lets edit change them there,
// and writes what has changed back, all of it or nothing. Two at once wait for
// each other; readers see the old files until it is done. An error of edit is
// given back and changes nothing. Folders that hold no file are not kept.
//
// It waits for as long as ctx lasts, and holds one connection.
func (d *Documents) Change(ctx context.Context, edit func(dir string) error) error {
	dir, err := os.MkdirTemp("", "kiveileder-documents-*")
	if err != nil {
		return fmt.Errorf("postgres: documents: %w", err)
	}
	defer os.RemoveAll(dir)
	var ofEdit error
	err = d.unhurried(ctx, func(tx pgx.Tx) error {
		// the lock lets others read, and conflicts with itself
		if _, err := tx.Exec(ctx, `LOCK TABLE document IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return err
		}
		before, err := layOut(ctx, tx, dir)
		if err != nil {
			return err
		}
		if ofEdit = edit(dir); ofEdit != nil {
			return ofEdit
		}
		if err := writeBack(ctx, tx, dir, before); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `SELECT pg_notify($1, '')`, documentsChannel) // when all of it stands
		return err
	})
	switch {
	case ofEdit != nil:
		return ofEdit
	case err != nil:
		return fmt.Errorf("postgres: documents: %w", err)
	}
	return nil
}

// unhurried runs do in a transaction that may take its time. It is not tried
// again.
func (d *Documents) unhurried(ctx context.Context, do func(tx pgx.Tx) error) error {
	c, err := d.db.acquire(ctx)
	if err != nil {
		return coded(ctx, err)
	}
	defer c.Release()
	err = pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		// a client whose machine dies shall not hold the lock for hours either
		if _, err := tx.Exec(ctx, `SELECT set_config(name, value, true) FROM (VALUES
			('lock_timeout', '0'), ('statement_timeout', '0'), ('idle_in_transaction_session_timeout', '0'),
			('tcp_keepalives_idle', '30'), ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '3')) s (name, value)`); err != nil {
			return err
		}
		return do(tx)
	})
	return coded(ctx, lost(ctx, c.Conn(), err))
}

// layOut writes all files into a folder and gives their checksums.
func layOut(ctx context.Context, tx pgx.Tx, dir string) (map[string][sha256.Size]byte, error) {
	root, err := os.OpenRoot(dir) // no path leads out of it
	if err != nil {
		return nil, err
	}
	defer root.Close()
	rows, err := tx.Query(ctx, `SELECT path, body FROM document`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	sums := map[string][sha256.Size]byte{}
	for rows.Next() {
		var name string
		var body []byte
		if err := rows.Scan(&name, &body); err != nil {
			return nil, err
		}
		if !fs.ValidPath(name) {
			return nil, fmt.Errorf("%q is no path of a file", name)
		}
		if err := root.MkdirAll(filepath.FromSlash(path.Dir(name)), 0o700); err != nil {
			return nil, err
		}
		if err := root.WriteFile(filepath.FromSlash(name), body, 0o600); err != nil {
			return nil, err
		}
		sums[name] = sha256.Sum256(body)
	}
	return sums, rows.Err()
}

// writeBack writes what is another file than before, and takes away what is
// gone.
func writeBack(ctx context.Context, tx pgx.Tx, dir string, before map[string][sha256.Size]byte) error {
	gone := maps.Clone(before)
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		switch {
		case err != nil:
			return err
		case !info.Mode().IsRegular():
			return fmt.Errorf("%q is no plain file", name)
		case !utf8.ValidString(name):
			return fmt.Errorf("the name of %q is not UTF-8", name)
		case info.Size() > maxFile:
			return fmt.Errorf("%q has %d MB, at most %d MB are kept", name, info.Size()>>20, maxFile>>20)
		}
		body, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		delete(gone, name)
		if sum, there := before[name]; there && sum == sha256.Sum256(body) {
			return nil
		}
		_, err = tx.Exec(ctx, `INSERT INTO document (path, body) VALUES ($1, $2)
			ON CONFLICT (path) DO UPDATE SET body = $2, changed = clock_timestamp()`, name, body)
		return err
	})
	if err != nil || len(gone) == 0 {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM document WHERE path = ANY($1)`, slices.Collect(maps.Keys(gone)))
	return err
}
