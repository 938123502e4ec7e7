package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/corpus/ingest"
	"kiveileder/retriever"
	"kiveileder/retriever/embed"
)

// maxDocument is the most that a document to be taken in may weigh.
const maxDocument = 64 << 20

var sourceID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,60}$`)

// AddDocument takes a file in, into the data folder or the database: reads it,
// cuts it into passages, embeds them, and only then puts it in place, so that a
// file that can't be read leaves everything as it was. A source with the same
// id is replaced when replace is set, and its passages keep their ids as far as
// they are still there. It gives the source and its passages.
func AddDocument(ctx context.Context, cfg Config, file string, src kiveileder.Source, replace bool, progress func(done, total int)) (kiveileder.Source, []kiveileder.Passage, error) {
	fail := func(err error) (kiveileder.Source, []kiveileder.Passage, error) {
		return kiveileder.Source{}, nil, fmt.Errorf("take in %s: %w", filepath.Base(file), err)
	}
	b, format, err := readDocument(file)
	if err != nil {
		return fail(err)
	}
	if src.ID == "" {
		src.ID = ingest.Slug(src.Title)
	}
	if !sourceID.MatchString(src.ID) {
		return fail(fmt.Errorf("id %q: want small letters, digits and hyphens", src.ID))
	}
	snap, _, err := cfg.snapshot()
	if err != nil {
		return fail(err)
	}
	for _, m := range snap.Corpus.Sources {
		if m.ID == src.ID {
			return fail(fmt.Errorf("source %q is part of the built-in corpus; choose another --id", src.ID))
		}
	}
	docs, db, err := cfg.documents(ctx, nil)
	if err != nil {
		return fail(err)
	}
	if db != nil {
		defer db.Close()
	}
	e, err := cfg.Embedder()
	if err != nil {
		return fail(err)
	}
	d := document{file: file, text: b, meta: corpus.Meta{Source: src, Format: format}, replace: replace}
	var ps []kiveileder.Passage
	if err := docs.Change(ctx, func(dir string) (err error) {
		ps, err = d.takeIn(ctx, dir, snap.Corpus, e, progress)
		return err
	}); err != nil {
		return fail(err)
	}
	return src, ps, nil
}

// A document is a file to be taken in.
type document struct {
	file    string
	text    []byte
	meta    corpus.Meta
	replace bool
}

// takeIn puts a document among those in a folder, beside the corpus that is
// served, and gives its passages.
func (d document) takeIn(ctx context.Context, dir string, base *corpus.Corpus, e embed.Embedder, progress func(done, total int)) ([]kiveileder.Passage, error) {
	src := d.meta.Source
	target := filepath.Join(dir, "sources", src.ID)
	if _, err := os.Stat(target); err == nil && !d.replace {
		return nil, fmt.Errorf("source %q is there already; use --replace to take the new text", src.ID)
	}
	tmp, err := os.MkdirTemp(dir, ".ingest-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	if err := prepare(tmp, target, d.file, d.text, d.meta); err != nil {
		return nil, err
	}
	ps, err := corpus.Reingest(tmp)
	if err != nil {
		return nil, err
	}
	if len(ps) == 0 {
		return nil, errors.New("no text was found in it")
	}
	files := os.DirFS(dir)
	vectors := readVectors(files, e.ID())
	one := &corpus.Corpus{Sources: []corpus.Meta{d.meta}, Passages: ps}
	whole, err := corpus.Load(files) // with the questions that stand there
	if err != nil {
		return nil, err
	}
	whole.Sources = append(slices.DeleteFunc(whole.Sources, func(m corpus.Meta) bool { return m.ID == src.ID }), one.Sources...)
	whole.Passages = append(slices.DeleteFunc(whole.Passages, func(p kiveileder.Passage) bool { return p.Source == src.ID }), ps...)
	if problems := corpus.Lint(whole, base); len(problems) > 0 {
		return nil, errors.New(string(problems[0]))
	}
	if err := retriever.Embed(ctx, e, one, vectors, progress); err != nil {
		return nil, err
	}
	if err := writeVectors(dir, e.ID(), vectors); err != nil {
		return nil, err
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return nil, err
	}
	// beside sources/, so that a crash in between leaves no source twice
	old := filepath.Join(dir, ".old-"+src.ID)
	if err := os.RemoveAll(old); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return nil, err
	}
	if err := os.Rename(target, old); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := os.Rename(tmp, target); err != nil {
		return nil, errors.Join(err, os.Rename(old, target))
	}
	return ps, os.RemoveAll(old)
}

func readDocument(file string) ([]byte, string, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, "", err
	case info.IsDir():
		return nil, "", errors.New("it is a folder, not a file")
	case info.Size() == 0:
		return nil, "", errors.New("the file is empty")
	case info.Size() > maxDocument:
		return nil, "", fmt.Errorf("the file has %d MB, at most %d MB are taken in", info.Size()>>20, maxDocument>>20)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, "", err
	}
	format, err := ingest.Detect(file, b)
	return b, format, err
}

// prepare lays out a source's folder; the passages of the one that it replaces
// go along, for their ids.
func prepare(dir, earlier, file string, b []byte, m corpus.Meta) error {
	y, err := yaml.Marshal(m)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "meta.yaml"), y, 0o644); err != nil {
		return err
	}
	if old, err := os.ReadFile(filepath.Join(earlier, "passages.jsonl")); err == nil {
		if err := os.WriteFile(filepath.Join(dir, "passages.jsonl"), old, 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "original"+strings.ToLower(filepath.Ext(file))), b, 0o644)
}
