package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/internal/postgres"
	"kiveileder/internal/stacktest"
)

// put is an edit that writes files, and takes away those without content.
func put(files map[string]string) func(dir string) error {
	return func(dir string) error {
		for name, body := range files {
			file := filepath.Join(dir, filepath.FromSlash(name))
			if body == "" {
				if err := os.RemoveAll(file); err != nil {
					return err
				}
				continue
			}
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(body), 0o644)); err != nil {
				return err
			}
		}
		return nil
	}
}

func change(t *testing.T, d *postgres.Documents, files map[string]string) {
	t.Helper()
	if err := d.Change(t.Context(), put(files)); err != nil {
		t.Fatal(err)
	}
}

// contents gives all files, and those that a folder on disk would give too.
func contents(t *testing.T, d *postgres.Documents) map[string]string {
	t.Helper()
	f, err := d.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	err = fs.WalkDir(f, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := fs.ReadFile(f, name)
		out[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func version(t *testing.T, d *postgres.Documents) string {
	t.Helper()
	v, err := d.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var some = map[string]string{
	"sources/veileder-2025/meta.yaml":  "title: Rettleiar\n",
	"sources/veileder-2025/text.md":    "# Førehandsgodkjenning\n",
	"sources/øyeblikk/original.pdf":    "%PDF\x00\xff",
	"questions/veileder-2025.yaml":     "- text: Må vi søke?\n",
	"vectors.bin":                      strings.Repeat("\x00\x01", 5000),
	"sources/veileder-2025/.hidden":    ".",
	"sources/a/b/c/d e/f?g#h%20'\".md": "x",
}

func TestFiles(t *testing.T) {
	t.Parallel()
	d := open(t, stacktest.Postgres(t)).Documents()
	f, err := d.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if es, err := fs.ReadDir(f, "."); err != nil || len(es) > 0 {
		t.Errorf("nothing has %v, %v", es, err)
	}
	change(t, d, some)
	if f, err = d.Files(t.Context()); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range some {
		names = append(names, name)
	}
	if err := fstest.TestFS(f, names...); err != nil {
		t.Error(err)
	}
	if got, err := fs.Glob(f, "sources/*/meta.yaml"); err != nil || len(got) != 1 {
		t.Errorf("Glob = %v, %v", got, err)
	}
	sub, err := fs.Sub(f, "sources/veileder-2025")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := fs.ReadFile(sub, "text.md"); string(b) != some["sources/veileder-2025/text.md"] || err != nil {
		t.Errorf("ReadFile = %q, %v", b, err)
	}
	for _, name := range []string{"vectors.bin", "sources"} {
		if i, err := fs.Stat(f, name); err != nil || time.Since(i.ModTime()).Abs() > time.Minute {
			t.Errorf("Stat of %s: %v, %v", name, i, err)
		}
	}
	if diff := cmp.Diff(some, contents(t, d)); diff != "" {
		t.Errorf("-put +read:\n%s", diff)
	}
}

func TestChange(t *testing.T) {
	t.Parallel()
	u := stacktest.Postgres(t)
	db := open(t, u)
	d := db.Documents()
	if v := version(t, d); v != "" {
		t.Errorf("nothing has the version %q", v)
	}
	change(t, d, some)
	first := version(t, d)
	old, err := d.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{first: "some", "": "none"}
	for _, c := range []struct {
		name  string
		files map[string]string
	}{
		{"another content", map[string]string{"vectors.bin": "y"}},
		{"another file", map[string]string{"new": "x"}},
		{"another name", map[string]string{"new": "", "newer": "x"}},
		{"a file less", map[string]string{"newer": ""}},
		{"a folder less", map[string]string{"sources/veileder-2025": ""}},
		{"a file where a folder was", map[string]string{"sources/a": "", "sources/øyeblikk": ""}},
		{"a file where a folder was, 2", map[string]string{"sources/a": "x"}},
		{"all gone", map[string]string{"sources": "", "questions": "", "vectors.bin": ""}},
	} {
		change(t, d, c.files)
		v := version(t, d)
		if before, twice := seen[v]; twice && c.name != "all gone" && c.name != "a file less" {
			t.Errorf("%s: the version is that of %s", c.name, before)
		}
		seen[v] = c.name
	}
	if got := contents(t, d); len(got) > 0 || version(t, d) != "" {
		t.Errorf("there are still %v", got)
	}
	change(t, d, some)
	if v := version(t, d); v != first {
		t.Errorf("the same files have version %q and %q", first, v)
	}
	if b, err := fs.ReadFile(old, "vectors.bin"); string(b) != some["vectors.bin"] || err != nil {
		t.Error("files that were read before have changed")
	}

	// what is not changed is not written
	var before, after time.Time
	changed := func(to *time.Time) {
		t.Helper()
		if err := db.Pool().QueryRow(t.Context(), `SELECT max(changed) FROM document`).Scan(to); err != nil {
			t.Fatal(err)
		}
	}
	changed(&before)
	change(t, d, some)
	if changed(&after); !before.Equal(after) {
		t.Error("files were written that had not changed")
	}
	// nor is anything left on the disk
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "kiveileder-documents-*")); len(left) > 0 {
		t.Logf("temporary folders: %v (of others, perhaps)", left)
	}
}

// Whatever is wrong with an edit, nothing of it stays.
func TestChangeFails(t *testing.T) {
	t.Parallel()
	db := open(t, stacktest.Postgres(t))
	d := db.Documents()
	change(t, d, some)
	before := version(t, d)
	no := errors.New("no")
	ended, cancel := context.WithCancel(t.Context())
	for _, c := range []struct {
		name string
		edit func(dir string) error
		is   error
		why  string
	}{
		{"its own error", func(dir string) error {
			return errors.Join(put(map[string]string{"new": "x", "vectors.bin": "y"})(dir), no)
		}, no, "no"},
		{"a link", func(dir string) error { return os.Symlink("/etc/passwd", filepath.Join(dir, "sources", "link")) }, nil, "no plain file"},
		{"a name that is not UTF-8", put(map[string]string{"a\xff": "x", "b": "x"}), nil, "not UTF-8"},
		{"a file that is too large", func(dir string) error {
			return errors.Join(put(map[string]string{"huge": "x"})(dir), os.Truncate(filepath.Join(dir, "huge"), 257<<20))
		}, nil, "at most 256 MB"},
		{"its connection is cut", func(dir string) error {
			_, err := db.Pool().Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE mode = 'ShareRowExclusiveLock' AND relation = 'document'::regclass
				AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
			return errors.Join(err, put(map[string]string{"new": "x"})(dir))
		}, nil, "connection was lost"},
		{"its caller gives up", func(dir string) error { cancel(); return put(map[string]string{"new": "x"})(dir) }, context.Canceled, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := t.Context()
			if c.is == context.Canceled {
				ctx = ended
			}
			err := d.Change(ctx, c.edit)
			if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.why) {
				t.Errorf("error %v, want %q", err, c.why)
			}
			if c.is == no && err.Error() != (errors.Join(no)).Error() {
				t.Errorf("error %v is not its own", err)
			}
			if v := version(t, d); v != before {
				t.Error("the files have changed")
			}
		})
	}
	change(t, d, map[string]string{"new": "x"}) // nobody holds the lock
	if version(t, d) == before {
		t.Error("the files have not changed")
	}
}

// Two at once wait for each other; readers do not wait.
func TestChangeTogether(t *testing.T) {
	t.Parallel()
	u := stacktest.Postgres(t) + "&lock_timeout=10ms&statement_timeout=2s&idle_in_transaction_session_timeout=500ms"
	dbs := []*postgres.DB{open(t, u), open(t, u)}
	change(t, dbs[0].Documents(), map[string]string{"count": "."})
	const each = 4
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for n := range each {
				err := dbs[i%2].Documents().Change(t.Context(), func(dir string) error {
					file := filepath.Join(dir, "count")
					b, err := os.ReadFile(file)
					if err != nil {
						return err
					}
					time.Sleep(30 * time.Millisecond) // longer than others would wait
					if i == 0 && n == 0 {
						time.Sleep(600 * time.Millisecond) // longer than a transaction may do nothing
					}
					if got := contents(t, dbs[0].Documents())["count"]; got != string(b) {
						t.Errorf("others see %q in the middle of a change of %q", got, b)
					}
					return os.WriteFile(file, append(b, '.'), 0o600)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := contents(t, dbs[1].Documents())["count"]; len(got) != 1+4*each {
		t.Errorf("%d changes were made, want %d", len(got)-1, 4*each)
	}
}

// Rows that somebody else has put there lead nowhere.
func TestFilesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, paths := range [][]string{{"../x"}, {"/etc/x"}, {""}, {"."}, {"a//b"}, {"a/../b"}, {"a", "a/b"}} {
		u := stacktest.Postgres(t)
		d := open(t, u).Documents()
		for _, p := range paths {
			run(t, u, "INSERT INTO document (path, body) VALUES ('"+p+"', '')")
		}
		if _, err := d.Files(t.Context()); err == nil {
			t.Errorf("Files takes %q", paths)
		}
		if err := d.Change(t.Context(), func(string) error { return nil }); err == nil {
			t.Errorf("Change takes %q", paths)
		}
	}
}

func TestLargeFile(t *testing.T) {
	if testing.Short() {
		t.Skip("moves 64 MB about")
	}
	t.Parallel()
	db := open(t, stacktest.Postgres(t))
	d := db.Documents()
	body := make([]byte, 64<<20)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(body) // never fails
	begin := time.Now()
	err := d.Change(t.Context(), func(dir string) error { return os.WriteFile(filepath.Join(dir, "large.pdf"), body, 0o600) })
	if err != nil {
		t.Fatal(err)
	}
	wrote := time.Since(begin)
	begin = time.Now()
	f, err := d.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := fs.ReadFile(f, "large.pdf")
	if err != nil || !bytes.Equal(got, body) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
	read := time.Since(begin)
	begin = time.Now()
	version(t, d)
	t.Logf("64 MB: written in %v, read in %v; its version in %v", wrote.Round(time.Millisecond), read.Round(time.Millisecond), time.Since(begin))
}

// Polling the version is cheap, and nobody is kept from it.
func TestVersionIsCheap(t *testing.T) {
	t.Parallel()
	db := open(t, stacktest.Postgres(t))
	for from := 1; from < 3000; from += 300 { // a statement may take ten seconds
		_, err := db.Pool().Exec(t.Context(), `INSERT INTO document (path, body)
			SELECT format('sources/s%s/%s', i / 6, i % 6), convert_to(repeat(md5(i::text), 1000), 'UTF8') FROM generate_series($1::int, $1 + 299) i`, from)
		if err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now()
	version(t, db.Documents())
	t.Logf("3,000 files: %v", time.Since(begin))
	if f, err := db.Documents().Files(t.Context()); err != nil {
		t.Error(err)
	} else if found, err := fs.Glob(f, "sources/*/0"); err != nil || len(found) != 500 {
		t.Errorf("found %d, %v", len(found), err)
	}
}

func TestDocumentsUnavailable(t *testing.T) {
	t.Parallel()
	db := openWith(t, postgres.Config{URL: stacktest.Postgres(t), MaxConns: 1, Wait: 300 * time.Millisecond})
	held, err := db.Pool().Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release()
	_, errVersion := db.Documents().Version(t.Context())
	_, errFiles := db.Documents().Files(t.Context())
	errChange := db.Documents().Change(t.Context(), func(string) error { return fmt.Errorf("never called") })
	for _, err := range []error{errVersion, errFiles, errChange} {
		if kiveileder.ErrorCode(err) != kiveileder.CodeUnavailable || !strings.Contains(err.Error(), "in use") {
			t.Error(err)
		}
	}
}

// Whoever listens hears of changes that other processes make, and again after
// the line broke.
func TestDocumentsListen(t *testing.T) {
	t.Parallel()
	url := stacktest.Postgres(t)
	through, fault := stacktest.Proxy(t, url)
	open := func(url string) *postgres.Documents {
		db, err := postgres.Open(t.Context(), postgres.Config{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db.Documents()
	}
	far, near := open(url), open(through)
	ctx, stop := context.WithCancel(t.Context())
	heard := make(chan struct{}, 100)
	var wg sync.WaitGroup
	wg.Go(func() { near.Listen(ctx, func() { heard <- struct{}{} }) })
	hears := func(what string) {
		t.Helper()
		select {
		case <-heard:
		case <-time.After(time.Minute):
			t.Fatalf("%s: nothing is heard", what)
		}
	}
	hears("when it begins")
	begin := time.Now()
	change(t, far, map[string]string{"sources/a/meta.yaml": "x"})
	hears("a change")
	t.Logf("heard %v after the change began", time.Since(begin).Round(time.Millisecond))
	if err := far.Change(ctx, func(string) error { return errors.New("no") }); err == nil {
		t.Error("no error")
	}
	fault.Cut()
	fault.Mend()
	hears("when the line is back")
	change(t, far, map[string]string{"sources/a/meta.yaml": "y"})
	hears("a change after that")
	stop()
	wg.Wait()
}
