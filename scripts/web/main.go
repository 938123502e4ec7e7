// Web builds what the pages load: web/src into web/static, with esbuild.
//
//	go run ./scripts/web              build; needs npm once, for what is bundled
//	go run ./scripts/web -check       fail when web/static is not what the sources give
//	go run ./scripts/web -modules DIR write modules for tests to DIR; needs no npm
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("web: ")
	dir := flag.String("dir", "web", "the folder of the pages")
	check := flag.Bool("check", false, "compare with what is committed instead of writing")
	modules := flag.String("modules", "", "write the modules that tests load to this folder, and nothing else")
	flag.Parse()
	if err := run(*dir, *check, *modules); err != nil {
		log.Fatal(err)
	}
}

func run(dir string, check bool, modules string) error {
	if modules != "" {
		files, err := testModules(dir)
		if err != nil {
			return err
		}
		return write(modules, files)
	}
	if err := install(dir); err != nil {
		return err
	}
	files, err := build(dir)
	if err != nil {
		return err
	}
	if check {
		return compare(filepath.Join(dir, "static"), files)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Printf("%-14s %6d bytes, %6d gzip\n", name, len(files[name]), zipped(files[name]))
	}
	return write(filepath.Join(dir, "static"), files)
}

// install fetches what is bundled when it is not there or of another version.
func install(dir string) error {
	want, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return err
	}
	stamp := filepath.Join(dir, "node_modules", ".installed")
	if got, err := os.ReadFile(stamp); err == nil && bytes.Equal(got, want) {
		return nil
	}
	cmd := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("npm ci: %w", err)
	}
	return os.WriteFile(stamp, want, 0o644)
}

func write(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func compare(dir string, files map[string][]byte) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		got, err := os.ReadFile(filepath.Join(dir, name))
		switch {
		case err != nil:
			errs = append(errs, err)
		case !bytes.Equal(got, files[name]):
			errs = append(errs, fmt.Errorf("%s is not what the sources give; run go run ./scripts/web", name))
		}
	}
	return errors.Join(errs...)
}
