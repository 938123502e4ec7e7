package corpus

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kiveileder"
	"kiveileder/corpus/ingest"
)

// Read turns an original into a document as its meta.yaml says.
func Read(m Meta, original []byte) (ingest.Document, error) {
	text := string(original)
	for _, w := range m.NoteMarks {
		text = strings.ReplaceAll(text, w, strings.TrimRight(w, "0123456789"))
	}
	switch m.Format {
	case "plain":
		return ingest.Plain(text, m.Hints)
	case "slides":
		return ingest.Slides(text, m.Hints)
	case "markdown":
		return ingest.Markdown(text, m.Hints)
	case "pdftext":
		return ingest.PDFText(text, m.Hints)
	case ingest.FormatHTML, ingest.FormatDOCX, ingest.FormatPDF, ingest.FormatText:
		// a document without headings gets its title as one
		name := strings.ReplaceAll(m.Title, "/", "-") + extensions[m.Format]
		doc, _, err := ingest.Open(context.Background(), name, original)
		return doc, err
	}
	return ingest.Document{}, fmt.Errorf("unknown format %q", m.Format)
}

var extensions = map[string]string{
	ingest.FormatHTML: ".html", ingest.FormatDOCX: ".docx", ingest.FormatPDF: ".pdf", ingest.FormatText: ".txt",
}

// Reingest reads the original of the source in dir again and writes its
// text.md and passages.jsonl. Ids of passages that are still there, also with
// some words changed, stay.
func Reingest(dir string) ([]kiveileder.Passage, error) {
	mb, err := os.ReadFile(filepath.Join(dir, "meta.yaml"))
	if err != nil {
		return nil, err
	}
	m, err := parseMeta(mb)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "original.*"))
	if err != nil || len(names) != 1 {
		return nil, fmt.Errorf("%s: want one file original.*, have %d", dir, len(names))
	}
	original, err := os.ReadFile(names[0])
	if err != nil {
		return nil, err
	}
	doc, err := Read(m, original)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.ID, err)
	}
	earlier, err := os.ReadFile(filepath.Join(dir, "passages.jsonl"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	old, err := parsePassages(earlier)
	if err != nil {
		return nil, fmt.Errorf("%s: passages.jsonl: %w", m.ID, err)
	}
	ps := Passages(m.ID, doc, old)
	for _, id := range m.Open {
		i := slices.IndexFunc(ps, func(p kiveileder.Passage) bool { return p.ID == id })
		if i < 0 {
			return nil, fmt.Errorf("%s: open: no passage %q", m.ID, id)
		}
		ps[i].Open = true
	}
	if err := os.WriteFile(filepath.Join(dir, "text.md"), []byte(doc.Markdown()), 0o644); err != nil {
		return nil, err
	}
	return ps, os.WriteFile(filepath.Join(dir, "passages.jsonl"), formatPassages(ps), 0o644)
}

// Passages cuts a document and gives each passage its id, keeping those of
// the earlier passages that are still there.
func Passages(source string, doc ingest.Document, earlier []kiveileder.Passage) []kiveileder.Passage {
	var known []ingest.Identified
	for _, p := range earlier {
		known = append(known, ingest.Identified{ID: p.ID, Section: p.Section, Text: p.Text})
	}
	cuts := ingest.Chunk(doc)
	ids := ingest.AssignIDs(source, cuts, known)
	out := make([]kiveileder.Passage, len(cuts))
	for i, c := range cuts {
		out[i] = kiveileder.Passage{
			ID: ids[i], Source: source, Section: c.Section, Restored: c.Restored,
			Lead: c.Lead, Text: c.Text, Box: c.Box,
		}
		for _, n := range c.Notes {
			if t := doc.Notes[n]; t != "" {
				out[i].Notes = append(out[i].Notes, fmt.Sprintf("%d: %s", n, t))
			}
		}
	}
	return out
}

func parsePassages(b []byte) ([]kiveileder.Passage, error) {
	var out []kiveileder.Passage
	sc := bufio.NewScanner(bytes.NewReader(b))
	sc.Buffer(nil, 1<<20)
	for n := 1; sc.Scan(); n++ {
		if len(bytes.TrimSpace(sc.Bytes())) == 0 {
			continue
		}
		var p kiveileder.Passage
		dec := json.NewDecoder(bytes.NewReader(sc.Bytes()))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&p); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		out = append(out, p)
	}
	return out, sc.Err()
}

func formatPassages(ps []kiveileder.Passage) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, p := range ps {
		if err := enc.Encode(p); err != nil {
			panic(err) // strings and booleans always encode
		}
	}
	return b.Bytes()
}
