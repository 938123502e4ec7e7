package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	goredis "github.com/redis/go-redis/v9"
)

// The variables that name the servers, as for the tests.
const postgresVar, redisVar = "KIVEILEDER_TEST_POSTGRES", "KIVEILEDER_TEST_REDIS"

// A stack is a database and a part of Redis that nobody else uses.
type stack struct {
	server   string // URL of the Postgres server's own database
	name     string
	database string // URL
	redis    string // URL
	prefix   string
}

func fromEnv(name string) (string, error) {
	v := os.Getenv(name)
	if v == "" {
		return "", fmt.Errorf("%s is not set: the world three needs it", name)
	}
	return v, nil
}

// newStack makes a database with all tables. Drop it afterwards.
func newStack(ctx context.Context, bin string) (*stack, error) {
	server, err := fromEnv(postgresVar)
	if err != nil {
		return nil, err
	}
	redis, err := fromEnv(redisVar)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(server)
	if err != nil {
		return nil, errors.New(postgresVar + " is no URL") // the error itself may hold the password
	}
	// named like the databases of tests, who take away what is left of killed runs
	s := &stack{server: server, redis: redis, prefix: "kiveileder-load-" + rand.Text()[:8] + ":",
		name: fmt.Sprintf("kvtest_%d_load_%s", time.Now().Unix(), strings.ToLower(rand.Text()[:10]))}
	u.Path = "/" + s.name
	s.database = u.String()
	if err := s.exec(ctx, "create database "+s.name); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, bin, "migrate")
	cmd.Env = append(plainEnv(), s.env()...)
	if b, err := cmd.CombinedOutput(); err != nil {
		s.drop()
		return nil, fmt.Errorf("migrate: %w\n%s", err, b)
	}
	return s, nil
}

// env gives the settings by which roles find it.
func (s *stack) env() []string {
	return []string{"KIVEILEDER_DATABASE_URL=" + s.database, "KIVEILEDER_REDIS_URL=" + s.redis, "KIVEILEDER_REDIS_PREFIX=" + s.prefix}
}

func (s *stack) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, s.server)
	if err != nil {
		return fmt.Errorf("%s: %w", postgresVar, err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// drop takes it all away. It says what stays.
func (s *stack) drop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := errors.Join(s.exec(ctx, "drop database if exists "+s.name+" with (force)"), s.forget(ctx))
	if err != nil {
		fmt.Fprintln(os.Stderr, "load: something stays:", err)
	}
}

// forget deletes the keys.
func (s *stack) forget(ctx context.Context) error {
	opt, err := goredis.ParseURL(s.redis)
	if err != nil {
		return errors.New(redisVar + " can't be read")
	}
	opt.DisableIdentity, opt.Protocol = true, 2
	c := goredis.NewClient(opt)
	defer c.Close()
	keys := c.Scan(ctx, 0, s.prefix+"*", 1000).Iterator()
	for keys.Next(ctx) {
		c.Del(ctx, keys.Val())
	}
	return keys.Err()
}
