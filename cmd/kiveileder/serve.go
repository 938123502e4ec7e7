package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"kiveileder/internal/app"
)

type serveCmd struct{ app.Config }

// Run serves until it is interrupted.
func (c *serveCmd) Run(r *run) error { return serve(r, c.Config, app.Everything) }

type gatewayCmd struct{ app.Config }

// Run is the edge until it is interrupted.
func (c *gatewayCmd) Run(r *run) error { return serve(r, c.Config, app.Gateway) }

type servicesCmd struct{ app.Config }

// Run answers the gateway until it is interrupted.
func (c *servicesCmd) Run(r *run) error { return serve(r, c.Config, app.Services) }

type retrieverCmd struct{ app.Config }

// Run searches for the services until it is interrupted.
func (c *retrieverCmd) Run(r *run) error { return serve(r, c.Config, app.Retriever) }

func serve(r *run, cfg app.Config, role app.Role) error {
	a, err := app.NewRole(r.ctx, cfg, role, app.Logger(cfg, r.stderr))
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
		fmt.Fprintf(r.stdout, "%-24s %-30s %s\n", f.Tag.Get("env")+"="+value, "--"+cmp.Or(f.Tag.Get("name"), flagName(f.Name)), f.Tag.Get("help"))
	}
	return nil
}

// flagName makes "RateLimit" "rate-limit" and "TLSCert" "tls-cert", as kong
// does.
func flagName(field string) string {
	var b strings.Builder
	for i, r := range field {
		if unicode.IsUpper(r) {
			word := i+1 < len(field) && unicode.IsLower(rune(field[i+1])) // begins after an abbreviation
			if i > 0 && (unicode.IsLower(rune(field[i-1])) || word) {
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
