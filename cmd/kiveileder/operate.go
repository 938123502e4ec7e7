package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"
	"time"

	"kiveileder/internal/app"
)

type migrateCmd struct {
	app.Base
	app.Database
	NewEpoch bool `help:"After a restore from a backup: let clients load their conversations anew."`
}

// Run makes or changes tables. A process of the service refuses tables that
// do not fit it, so this comes first.
func (c *migrateCmd) Run(r *run) error {
	err := app.Migrate(r.ctx, app.Config{Base: c.Base, Database: c.Database}, c.NewEpoch, func(err error) {
		fmt.Fprintf(r.stderr, "kiveileder: it waits for the database: %s\n", strings.ReplaceAll(err.Error(), "\n\t", " "))
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(r.stdout, "The tables are up to date.")
	return nil
}

type healthcheckCmd struct {
	URL string `help:"Where it says whether it is ready." default:"http://127.0.0.1:8080/readyz"`
}

// Run fails when the process is not ready: for images without a shell.
func (c *healthcheckCmd) Run(r *run) error {
	req, err := http.NewRequestWithContext(r.ctx, http.MethodGet, c.URL, nil)
	if err != nil {
		return err
	}
	// it asks the process beside it, by an address that no certificate names
	t := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}
	resp, err := (&http.Client{Timeout: 3 * time.Second, Transport: t}).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", resp.Status, bytes.TrimSpace(b))
	}
	_, err = r.stdout.Write(b)
	return err
}

// secretsFromFiles reads each secret whose variable with _FILE names a file,
// as those who run containers give them.
func secretsFromFiles() error {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[app.Config]()) {
		name := f.Tag.Get("env")
		file := os.Getenv(name + "_FILE")
		if f.Tag.Get("secret") != "true" || file == "" {
			continue
		}
		if os.Getenv(name) != "" {
			return fmt.Errorf("%s and %s_FILE are both set: one is enough", name, name)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("%s_FILE: %w", name, err)
		}
		if err := os.Setenv(name, strings.TrimRight(string(b), "\r\n")); err != nil {
			return err
		}
	}
	return nil
}
