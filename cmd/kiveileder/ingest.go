package main

import (
	"fmt"
	"time"

	"kiveileder"
	"kiveileder/internal/app"
)

type ingestCmd struct {
	File      string   `arg:"" type:"existingfile" help:"The document."`
	Title     string   `required:"" help:"Its title, as it gives it."`
	Publisher []string `required:"" help:"Who published it; several parted by commas."`
	Date      string   `required:"" help:"Date of its last change, as 2026-11-22."`
	ID        string   `help:"Short name for addresses; made from the title when left out."`
	Kind      string   `help:"What it is: web page, report, slides, guidance, law." default:"guidance"`
	URL       string   `help:"Where the original stands."`
	Lang      string   `help:"Its language: nb, nn or en." enum:"nb,nn,en" default:"nb"`
	Replace   bool     `help:"Replace the source with the same id."`
	app.Base
	app.Database
}

// Run takes the document in. A running service takes it up by itself.
func (c *ingestCmd) Run(r *run) error {
	if _, err := time.Parse(time.DateOnly, c.Date); err != nil {
		return fmt.Errorf("--date %q: write it as 2026-11-22", c.Date)
	}
	src := kiveileder.Source{
		ID: c.ID, Title: c.Title, Kind: c.Kind, Publisher: c.Publisher, Updated: c.Date, Language: c.Lang, URL: c.URL,
	}
	src, ps, err := app.AddDocument(r.ctx, app.Config{Base: c.Base, Database: c.Database}, c.File, src, c.Replace, func(done, total int) {
		fmt.Fprintf(r.stderr, "\rembedded %d of %d", done, total)
		if done == total {
			fmt.Fprintln(r.stderr)
		}
	})
	if err != nil {
		return err
	}
	where := "data folder"
	if c.DatabaseURL != "" {
		where = "database"
	}
	fmt.Fprintf(r.stdout, "%s: %d passages. A running service over the same %s takes it up within seconds.\n", src.ID, len(ps), where)
	return nil
}
