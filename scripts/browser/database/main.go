// Database makes a database and names a part of Redis that nobody else uses,
// prints the settings by which the program finds them, as JSON, and takes both
// away when its input ends: also when who started it was killed.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	goredis "github.com/redis/go-redis/v9"
)

// The variables that name the servers, as for the tests.
const postgresVar, redisVar = "KIVEILEDER_TEST_POSTGRES", "KIVEILEDER_TEST_REDIS"

func main() {
	log.SetFlags(0)
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP) // its input ends then too
	if err := run(); err != nil {
		log.Fatal("database: ", err)
	}
}

func run() (err error) {
	server, redis := os.Getenv(postgresVar), os.Getenv(redisVar)
	u, err := url.Parse(server)
	if err != nil || server == "" || redis == "" {
		return fmt.Errorf("%s and %s must be URLs", postgresVar, redisVar) // an error of its own may hold a password
	}
	// named like the databases of tests, which take away what is left of killed runs
	name := fmt.Sprintf("kvtest_%d_three_%s", time.Now().Unix(), strings.ToLower(rand.Text()[:10]))
	prefix := "kiveileder-three-" + rand.Text()[:8] + ":"
	if err := exec(server, "create database "+name); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, exec(server, "drop database if exists "+name+" with (force)"), forget(redis, prefix))
	}()
	u.Path = "/" + name
	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{
		"KIVEILEDER_DATABASE_URL": u.String(), "KIVEILEDER_REDIS_URL": redis, "KIVEILEDER_REDIS_PREFIX": prefix,
	}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func exec(server, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("%s: %w", postgresVar, err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// forget deletes the keys with a prefix.
func forget(server, prefix string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	opt, err := goredis.ParseURL(server)
	if err != nil {
		return errors.New(redisVar + " can't be read")
	}
	opt.DisableIdentity, opt.Protocol = true, 2
	c := goredis.NewClient(opt)
	defer c.Close()
	keys := c.Scan(ctx, 0, prefix+"*", 1000).Iterator()
	for keys.Next(ctx) {
		if err := c.Del(ctx, keys.Val()).Err(); err != nil {
			return fmt.Errorf("%s: %w", redisVar, err)
		}
	}
	return keys.Err()
}
