package app

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"kiveileder/corpus"
	"kiveileder/internal/eval"
	"kiveileder/retriever"
	"kiveileder/retriever/builtin"
)

// BuildCorpus makes the snapshot of the corpus in dir and writes it to out. It
// gives the number of texts with vectors.
func BuildCorpus(ctx context.Context, cfg Config, dir, out string, reingest bool, progress func(done, total int)) (int, error) {
	if reingest {
		dirs, err := filepath.Glob(filepath.Join(dir, "sources", "*"))
		if err != nil {
			return 0, err
		}
		for _, d := range dirs {
			if _, err := corpus.Reingest(d); err != nil {
				return 0, err
			}
		}
	}
	files := os.DirFS(dir)
	c, err := corpus.Load(files)
	if err != nil {
		return 0, err
	}
	if ps := corpus.Lint(c, nil); len(ps) > 0 {
		return 0, fmt.Errorf("the corpus has %d problems, see `kiveileder corpus lint`; the first: %s", len(ps), ps[0])
	}
	e, err := cfg.Embedder()
	if err != nil {
		return 0, err
	}
	cache := retriever.Cache{}
	if snap, err := builtin.Snapshot(); err == nil {
		keep(cache, snap, e.ID())
	}
	if b, err := os.ReadFile(out); err == nil {
		if snap, err := retriever.ReadSnapshot(b); err == nil {
			keep(cache, snap, e.ID())
		}
	}
	r, err := retriever.Build(ctx, c, e, cache, progress)
	if err != nil {
		return 0, err
	}
	version, err := corpus.Hash(files)
	if err != nil {
		return 0, err
	}
	s := r.Snapshot(version)
	return len(s.Scales), writeFile(out, 0o644, func(f *os.File) error { return s.Write(f) })
}

// keep puts a snapshot's vectors into the cache, when they are the model's. A
// snapshot that can't be read gives none; they are made again.
func keep(cache retriever.Cache, snap *retriever.Snapshot, model string) {
	if snap.Model != model {
		return
	}
	if c, err := snap.Cache(); err == nil {
		maps.Copy(cache, c)
	}
}

// A Report is what the lint of a corpus folder found.
type Report struct {
	Sources, Passages, Questions, Unanswered, Outside int
	Problems                                          []corpus.Problem
}

// LintCorpus checks the corpus in dir with everything that a repository's
// corpus must hold: texts in all languages, a full bank, no copies of test
// questions.
func LintCorpus(dir string) (Report, error) {
	files := os.DirFS(dir)
	c, err := corpus.Load(files)
	if err != nil {
		return Report{}, err
	}
	texts, err := corpus.LoadTexts(files)
	if err != nil {
		return Report{}, err
	}
	tests, err := testQuestions(dir)
	if err != nil {
		return Report{}, err
	}
	r := Report{Sources: len(c.Sources), Passages: len(c.Passages), Questions: len(c.Questions), Unanswered: len(c.Unanswered), Outside: len(c.Outside)}
	r.Problems = append(r.Problems, corpus.Lint(c, nil)...)
	r.Problems = append(r.Problems, corpus.LintOriginals(files, c)...)
	r.Problems = append(r.Problems, corpus.LintBank(c)...)
	r.Problems = append(r.Problems, corpus.LintTexts(texts)...)
	r.Problems = append(r.Problems, corpus.LintCopies(c, tests)...)
	return r, nil
}

// testQuestions gives the questions of the evaluation sets by id.
func testQuestions(dir string) (map[string]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "eval", "*.jsonl"))
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		cases, err := eval.Parse(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, c := range cases {
			// our own routing messages are the plain questions that a bank must
			// have; the other sets may not be in it
			if own := strings.HasPrefix(c.ID, "O") && len(c.Gold) == 0; c.Q != "" && !own {
				out[c.ID] = c.Q
			}
		}
	}
	return out, nil
}
