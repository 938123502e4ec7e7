package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// checkRedis proves version 7 (Valkey says so too), the password, and the right
// to write a stream and run a script.
func checkRedis(ctx context.Context, url string) (string, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		return "", errURL
	}
	c := redis.NewClient(o)
	defer c.Close()
	info, err := c.Info(ctx, "server").Result()
	if err != nil {
		return "", fmt.Errorf("does not answer: %w", err)
	}
	version := ""
	for s := bufio.NewScanner(strings.NewReader(info)); s.Scan(); {
		if v, ok := strings.CutPrefix(s.Text(), "redis_version:"); ok {
			version = strings.TrimSpace(v)
		}
	}
	if !atLeast(version, 7, 0) {
		return "", fmt.Errorf("is version %q; 7 or newer is needed", version)
	}
	key := "kiveileder-probe-" + rand.Text()
	defer c.Del(context.WithoutCancel(ctx), key)
	const script = `redis.call('XADD', KEYS[1], '*', 'a', 'b'); return redis.call('XLEN', KEYS[1])`
	n, err := c.Eval(ctx, script, []string{key}).Int()
	if err != nil {
		return "", fmt.Errorf("cannot write: %w", err)
	}
	if n != 1 {
		return "", fmt.Errorf("a stream of one entry has %d", n)
	}
	return "Redis " + version, nil
}
