package corpus

import (
	"bytes"
	"fmt"

	"github.com/goccy/go-yaml"

	"kiveileder"
	"kiveileder/corpus/ingest"
)

// Meta is a source's meta.yaml: what the document is, how to read it, and the
// hints for what its text does not show.
type Meta struct {
	kiveileder.Source `yaml:",inline"`
	// Format is the reader for the original: plain, markdown, slides,
	// pdftext, html, docx or pdf.
	Format string `yaml:"format"`
	// NoteMarks are words with a footnote's number glued to them whose note
	// is lost, such as "utprøving3"; the number is dropped.
	NoteMarks []string `yaml:"note_marks,omitempty"`
	// Open are the ids of passages that only list questions which others asked.
	// Quoted first, they send a question on to a person.
	Open  []string      `yaml:"open,omitempty"`
	Hints []ingest.Hint `yaml:"hints,omitempty"`
}

// parseMeta reads a meta.yaml strictly: an unknown key is an error with its
// line.
func parseMeta(b []byte) (Meta, error) {
	var m Meta
	if err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(&m); err != nil {
		return Meta{}, fmt.Errorf("meta.yaml: %w", err)
	}
	if m.ID == "" || m.Title == "" || m.Format == "" {
		return Meta{}, fmt.Errorf("meta.yaml: id, title and format must be given")
	}
	return m, nil
}
