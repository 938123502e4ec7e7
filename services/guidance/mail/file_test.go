package mail

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// names gives the files below a folder.
func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			out = append(out, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func touch(t *testing.T, name string, at time.Time) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, at, at); err != nil {
		t.Fatal(err)
	}
}

// The mails of a case go by its mark in their names; those of others stay, and
// whatever else lies in the folder, beside it or below it.
func TestForgetKept(t *testing.T) {
	home := t.TempDir()
	f := File{filepath.Join(home, "mail")}
	if err := f.Forget("c1"); err != nil {
		t.Errorf("without a folder: %v", err)
	}
	c := testComposer(t)
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for _, it := range []Item{
		{ID: "m1", Case: "c1", Seq: 1, Kind: Receipt, At: at}, {ID: "m2", Case: "c1", Seq: 2, Kind: Notice, At: at.AddDate(0, 0, 3)},
		{ID: "m3", Case: "c2", Seq: 1, Kind: Receipt, At: at},
	} {
		m, err := c.Compose(it, Letter{To: "kari@example.org", Language: "nb", Number: "KI-2026-0001", Expected: at.AddDate(0, 1, 0), Sections: []Section{{Text: "Det tar tid."}}})
		if err != nil {
			t.Fatal(err)
		}
		if s, err := f.Send(t.Context(), m); err != nil || s != Kept {
			t.Fatal(s, err)
		}
	}
	kept := names(t, f.Dir)
	if len(kept) != 3 {
		t.Fatalf("kept %v", kept)
	}
	of := func(caseID string) string {
		i := slices.IndexFunc(kept, func(n string) bool { m := keptName.FindStringSubmatch(n); return m != nil && m[2] == caseMark(caseID) })
		if i < 0 {
			t.Fatalf("none of %s in %v", caseID, kept)
		}
		return kept[i]
	}
	mine, others := of("c1"), of("c2")
	old := at.AddDate(-9, 0, 0)
	touch(t, filepath.Join(home, mine), old)             // beside the folder
	touch(t, filepath.Join(f.Dir, "unknown", mine), old) // below it
	touch(t, filepath.Join(f.Dir, "notes.txt"), old)
	touch(t, filepath.Join(f.Dir, "own.eml"), old)
	if err := os.Symlink(filepath.Join(home, mine), filepath.Join(f.Dir, mine)+".link"); err != nil {
		t.Fatal(err)
	}
	if err := f.Forget("c1"); err != nil {
		t.Fatal(err)
	}
	want := []string{"mail/" + others, "mail/" + mine + ".link", "mail/notes.txt", "mail/own.eml", "mail/unknown/" + mine, mine}
	slices.Sort(want)
	if got := names(t, home); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		t.Errorf("left %v, want %v", got, want)
	}
	if n, err := f.Expire(at); n != 0 || err != nil {
		t.Errorf("before its time is over: %d, %v", n, err)
	}
	if n, err := f.Expire(at.Add(time.Second)); n != 1 || err != nil {
		t.Errorf("after its time: %d, %v", n, err)
	}
}

func TestExpireAside(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "unknown")
	if n, err := ExpireAside(dir, time.Now()); n != 0 || err != nil {
		t.Errorf("without a folder: %d, %v", n, err)
	}
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	touch(t, filepath.Join(dir, "a.eml"), at)
	touch(t, filepath.Join(dir, "b.eml"), at.Add(time.Hour))
	touch(t, filepath.Join(dir, "c.txt"), at)
	if n, err := ExpireAside(dir, at.Add(time.Minute)); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"b.eml", "c.txt"}) {
		t.Errorf("left %v", got)
	}
}
