package app_test

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder/internal/app"
)

// A disk that is full at any moment leaves the data folder as it was.
func TestAddDocumentFullDisk(t *testing.T) {
	cfg, _ := install(t)
	full, fine := 0, 0
	for pages := 3; pages <= 24 && fine == 0; pages++ {
		dir := t.TempDir()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", pages*os.Getpagesize())); err != nil {
			t.Skipf("no small disk can be mounted here (%v): that a full disk harms nothing is not tested", err)
		}
		t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
		cfg.Data = dir
		if err := os.Mkdir(dir+"/sources", 0o755); err != nil {
			t.Fatal(err)
		}
		before := listing(t, dir)
		_, _, err := app.AddDocument(context.Background(), cfg, file(t, "rundskriv.md", circular), about, false, nil)
		if err == nil {
			fine++
			continue
		}
		full++
		if diff := cmp.Diff(before, listing(t, dir)); diff != "" {
			t.Errorf("%d pages, %v: data folder changed (-before +after):\n%s", pages, err, diff)
		}
	}
	if full == 0 || fine == 0 {
		t.Errorf("full %d times, fine %d times: want both", full, fine)
	}
}
