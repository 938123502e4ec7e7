package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"kiveileder/internal/app"
)

type serveCmd struct{ app.Config }

// Run serves until it is interrupted.
func (c *serveCmd) Run(r *run) error {
	log := app.Logger(c.Config, r.stderr)
	a, err := app.New(r.ctx, c.Config, log)
	if err != nil {
		return err
	}
	return a.Serve(r.ctx, r.stdout)
}

type configCmd struct{ app.Config }

// Run prints each field with its environment variable and value.
func (c *configCmd) Run(r *run) error {
	v := reflect.ValueOf(c.Config)
	for _, f := range reflect.VisibleFields(v.Type()) {
		if f.Anonymous {
			continue
		}
		value := fmt.Sprint(v.FieldByIndex(f.Index).Interface())
		if f.Tag.Get("secret") == "true" && value != "" {
			value = "********"
		}
		fmt.Fprintf(r.stdout, "%-24s %-30s %s\n", f.Tag.Get("env")+"="+value, "--"+flagName(f.Name), f.Tag.Get("help"))
	}
	return nil
}

// flagName makes "RateLimit" "rate-limit", as kong does.
func flagName(field string) string {
	var b strings.Builder
	for i, r := range field {
		if r >= 'A' && r <= 'Z' {
			if i > 0 && field[i-1] >= 'a' && field[i-1] <= 'z' {
				b.WriteByte('-')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

type versionCmd struct {
	JSON bool `help:"As JSON."`
}

// Run prints what answers are made from.
func (c *versionCmd) Run(r *run) error {
	v, err := app.Versions()
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(r.stdout).Encode(v)
	}
	fmt.Fprintf(r.stdout, "kiveileder %s\ncorpus     %s\nmodel      %s\n", v.Build, v.Corpus, v.Model)
	return nil
}
