// Database makes a database and names a part of Redis that nobody else uses,
// prints the settings by which the program finds them, as JSON, and takes both
// away when its input ends: also when who started it was killed.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"kiveileder/scripts/own"
)

func main() {
	log.SetFlags(0)
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP) // its input ends then too
	if err := run(); err != nil {
		log.Fatal("database: ", err)
	}
}

func run() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := own.New(ctx, "three")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Drop()) }()
	env := map[string]string{}
	for _, setting := range s.Env() {
		name, value, _ := strings.Cut(setting, "=")
		env[name] = value
	}
	if err := json.NewEncoder(os.Stdout).Encode(env); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
