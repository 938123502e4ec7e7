package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"kiveileder/internal/app"
	"kiveileder/internal/eval"
)

type evalCmd struct {
	Files  []string `arg:"" type:"existingfile" help:"Sets of questions, one JSON object a line (corpus/eval/FORMAT.md)."`
	Misses bool     `help:"Print what went wrong, case by case."`
	URL    string   `help:"Measure a running service (with --rate-limit 0) instead of this program."`
	app.Base
}

// Run measures each set as its cases demand.
func (c *evalCmd) Run(r *run) error {
	a, err := c.measured(r)
	if err != nil {
		return err
	}
	for _, name := range c.Files {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		cases, err := eval.Parse(b)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		var search, route, rules []eval.Case
		for _, x := range cases {
			switch {
			case len(x.Gold) > 0:
				search = append(search, x)
			case x.Q != "" && len(x.Expect) > 0:
				route = append(route, x)
			default:
				rules = append(rules, x)
			}
		}
		fmt.Fprintln(r.stdout, filepath.Base(name))
		if len(search) > 0 {
			res, err := eval.RunRetrieval(r.ctx, a, search)
			if err != nil {
				return err
			}
			res.Write(r.stdout)
			if c.Misses {
				res.Misses(r.stdout, 3)
			}
		}
		if len(route) > 0 {
			res, err := eval.RunRouting(r.ctx, a, route)
			if err != nil {
				return err
			}
			res.Write(r.stdout)
			if c.Misses {
				res.Misses(r.stdout)
			}
		}
		if len(rules) > 0 {
			res, err := eval.RunRules(r.ctx, a, a, rules)
			if err != nil {
				return err
			}
			res.Write(r.stdout)
			if c.Misses {
				res.Misses(r.stdout)
			}
		}
	}
	return nil
}

// A measured service finds, answers and judges.
type measured interface {
	eval.Finder
	eval.Turner
	eval.Judge
}

// measured gives what is measured: the service at an address, or all of it in
// this process.
func (c *evalCmd) measured(r *run) (measured, error) {
	if c.URL != "" {
		return eval.NewRemote(c.URL), nil
	}
	a, err := app.New(r.ctx, app.Config{Base: c.Base}, app.Silent())
	return inside{a}, err
}

// inside is all of the service in this process.
type inside struct{ *app.App }

// Find implements eval.Finder.
func (i inside) Find(ctx context.Context, question string, history []string, k int) ([]eval.Quote, error) {
	return eval.Searching{Searcher: i}.Find(ctx, question, history, k)
}
