// Package own makes a database and names a part of Redis that nobody else
// uses, on the servers of the tests, for programs that measure or try the
// service as it runs in production.
package own

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	goredis "github.com/redis/go-redis/v9"
)

// The variables that name the servers.
const PostgresVar, RedisVar = "KIVEILEDER_TEST_POSTGRES", "KIVEILEDER_TEST_REDIS"

// A Stack is a database, empty at first, and keys with a prefix.
type Stack struct {
	server string // URL of the Postgres server's own database
	name   string

	Database, Redis string // URLs
	Prefix          string
}

// New makes one for a program of this name. Drop it afterwards.
func New(ctx context.Context, program string) (*Stack, error) {
	s := &Stack{server: os.Getenv(PostgresVar), Redis: os.Getenv(RedisVar), Prefix: "kiveileder-" + program + "-" + rand.Text()[:8] + ":",
		// named like the databases of tests, which take away what is left of killed runs
		name: fmt.Sprintf("kvtest_%d_%s_%s", time.Now().Unix(), program, strings.ToLower(rand.Text()[:10]))}
	u, err := url.Parse(s.server)
	if err != nil || s.server == "" || s.Redis == "" {
		return nil, fmt.Errorf("%s and %s must be URLs", PostgresVar, RedisVar) // an error of its own may hold a password
	}
	u.Path = "/" + s.name
	s.Database = u.String()
	return s, s.exec(ctx, "create database "+s.name)
}

// Env gives the settings by which the service finds it.
func (s *Stack) Env() []string {
	return []string{"KIVEILEDER_DATABASE_URL=" + s.Database, "KIVEILEDER_REDIS_URL=" + s.Redis, "KIVEILEDER_REDIS_PREFIX=" + s.Prefix}
}

// Drop takes it all away. The error says what stays.
func (s *Stack) Drop() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return errors.Join(s.exec(ctx, "drop database if exists "+s.name+" with (force)"), s.forget(ctx))
}

func (s *Stack) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, s.server)
	if err != nil {
		return fmt.Errorf("%s: %w", PostgresVar, err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// forget deletes the keys.
func (s *Stack) forget(ctx context.Context) error {
	opt, err := goredis.ParseURL(s.Redis)
	if err != nil {
		return errors.New(RedisVar + " can't be read")
	}
	opt.DisableIdentity, opt.Protocol = true, 2
	c := goredis.NewClient(opt)
	defer c.Close()
	keys := c.Scan(ctx, 0, s.Prefix+"*", 1000).Iterator()
	for keys.Next(ctx) {
		if err := c.Del(ctx, keys.Val()).Err(); err != nil {
			return fmt.Errorf("%s: %w", RedisVar, err)
		}
	}
	return keys.Err()
}
