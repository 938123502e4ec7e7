package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"kiveileder/internal/app"
)

type corpusCmd struct {
	Lint  lintCmd  `cmd:"" help:"Prove that every passage is verbatim, every id unique, every question points to a passage."`
	Build buildCmd `cmd:"" help:"Read the sources again, embed what is new, learn from the bank, and write the snapshot."`
}

type lintCmd struct {
	Dir string `help:"Folder of the corpus." default:"corpus" type:"existingdir"`
}

// Run prints each problem and fails when there are any.
func (c *lintCmd) Run(r *run) error {
	report, err := app.LintCorpus(c.Dir)
	if err != nil {
		return err
	}
	for _, p := range report.Problems {
		fmt.Fprintln(r.stdout, p)
	}
	fmt.Fprintf(r.stdout, "%d sources, %d passages, %d questions, %d unanswered, %d outside: %d problems\n",
		report.Sources, report.Passages, report.Questions, report.Unanswered, report.Outside, len(report.Problems))
	if len(report.Problems) > 0 {
		return errSilent
	}
	return nil
}

type buildCmd struct {
	Dir      string `help:"Folder of the corpus." default:"corpus" type:"existingdir"`
	Out      string `help:"The snapshot; retriever/builtin/snapshot.bin for the built-in corpus." type:"path"`
	Reingest bool   `help:"Read the originals again first." default:"true" negatable:""`
	app.Base
}

// Run builds. Vectors of texts that the old snapshot has are kept.
func (c *buildCmd) Run(r *run) error {
	out := c.Out
	if out == "" {
		out = filepath.Join(c.Dir, "snapshot.bin")
		// the repository's own corpus goes into the binary
		builtin := filepath.Join(filepath.Dir(c.Dir), "retriever", "builtin")
		if _, err := os.Stat(builtin); err == nil {
			out = filepath.Join(builtin, "snapshot.bin")
		}
	}
	start := time.Now()
	n, err := app.BuildCorpus(r.ctx, app.Config{Base: c.Base}, c.Dir, out, c.Reingest, func(done, total int) {
		if done%200 == 0 || done == total {
			fmt.Fprintf(r.stderr, "\rembedded %d of %d new texts", done, total)
		}
		if done == total {
			fmt.Fprintln(r.stderr)
		}
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(r.stdout, "%s: %d texts, %s\n", out, n, time.Since(start).Round(time.Second))
	return nil
}
