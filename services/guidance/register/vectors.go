package register

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing/fstest"

	"kiveileder/corpus"
)

// Vectors is the name of a source's file with the vectors that it is searched
// by. It may be missing: then they are made wherever it is searched.
const Vectors = "vectors.bin"

// A Packer gives the packed vectors of a document, those that had has not made
// anew; nil when had has them all.
type Packer func(ctx context.Context, doc *corpus.Corpus, had []byte) ([]byte, error)

// mostOld is how many documents that stand without vectors get them at a time.
const mostOld = 20

// Pack makes the vectors of documents that have none yet: those that do not
// stand in the folder yet first, then a few of those that do. It gives them by
// source. checked says which documents were found to have theirs, and is added
// to. With an error come those that were made before it.
func (d Documents) Pack(ctx context.Context, files fs.FS, pack Packer, checked map[string][sha256.Size]byte) (map[string][]byte, error) {
	out := map[string][]byte{}
	ids := slices.Sorted(maps.Keys(d.files))
	stands := map[string]bool{}
	for _, id := range ids {
		stands[id] = same(files, id, d.files[id])
	}
	old := 0
	for _, standing := range []bool{false, true} {
		for _, id := range ids {
			if stands[id] != standing || old == mostOld {
				continue
			}
			had, _ := fs.ReadFile(files, fileOf(id, Vectors)) // none is as good as one that can't be read
			sum := d.sum(id, had)
			if checked[id] == sum {
				continue
			}
			doc, err := d.one(id)
			if err != nil {
				return out, err
			}
			b, err := pack(ctx, doc, had)
			if err != nil {
				return out, fmt.Errorf("vectors of %s: %w", id, err)
			}
			if b == nil {
				checked[id] = sum
				continue
			}
			out[id] = b
			if standing {
				old++
			}
		}
	}
	return out, nil
}

// sum names a document with its vectors.
func (d Documents) sum(id string, vectors []byte) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(d.files[id])) {
		fmt.Fprintf(h, "%s %d\n", name, len(d.files[id][name]))
		h.Write(d.files[id][name])
	}
	h.Write(vectors)
	return [sha256.Size]byte(h.Sum(nil))
}

// one gives a document by itself.
func (d Documents) one(id string) (*corpus.Corpus, error) {
	files := fstest.MapFS{}
	for name, b := range d.files[id] {
		files[fileOf(id, name)] = &fstest.MapFile{Data: b}
	}
	return corpus.Load(files)
}

// Keep writes vectors, by source, beside those of the sources that stand in a
// folder.
func Keep(dir string, vectors map[string][]byte) error {
	for id, b := range vectors {
		name := filepath.Join(dir, "sources", id)
		if _, err := os.Stat(name); err != nil {
			continue // withdrawn meanwhile
		}
		tmp := filepath.Join(dir, ".svar-"+id+".bin")
		if err := os.WriteFile(tmp, b, 0o644); err != nil {
			return err
		}
		if err := os.Rename(tmp, filepath.Join(name, Vectors)); err != nil {
			return err
		}
	}
	return nil
}

// Split parts the documents of entries from the others.
func Split(c *corpus.Corpus) (others, answers *corpus.Corpus) {
	rest := *c
	rest.Sources, rest.Passages, rest.Questions = nil, nil, nil
	others, answers = &rest, &corpus.Corpus{}
	to := func(source string) *corpus.Corpus {
		if isAnswer(source) {
			return answers
		}
		return others
	}
	for _, m := range c.Sources {
		to(m.ID).Sources = append(to(m.ID).Sources, m)
	}
	for _, p := range c.Passages {
		to(p.Source).Passages = append(to(p.Source).Passages, p)
	}
	for _, q := range c.Questions {
		source, _, _ := strings.Cut(q.Passage, "/")
		to(source).Questions = append(to(source).Questions, q)
	}
	return others, answers
}

// Each gives each document of a corpus by itself.
func Each(c *corpus.Corpus) iter.Seq[*corpus.Corpus] {
	return func(yield func(*corpus.Corpus) bool) {
		of := make(map[string]*corpus.Corpus, len(c.Sources))
		for _, m := range c.Sources {
			of[m.ID] = &corpus.Corpus{Sources: []corpus.Meta{m}}
		}
		for _, p := range c.Passages {
			if d := of[p.Source]; d != nil {
				d.Passages = append(d.Passages, p)
			}
		}
		for _, q := range c.Questions {
			source, _, _ := strings.Cut(q.Passage, "/")
			if d := of[source]; d != nil {
				d.Questions = append(d.Questions, q)
			}
		}
		for _, m := range c.Sources {
			if !yield(of[m.ID]) {
				return
			}
		}
	}
}
