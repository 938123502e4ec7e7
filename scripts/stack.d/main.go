// Command stack.d says whether the Postgres in KIVEILEDER_TEST_POSTGRES and the
// Redis in KIVEILEDER_TEST_REDIS answer and can do what this project needs of
// them. It leaves nothing behind in either. scripts/stack runs it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	ok := true
	for _, server := range []struct {
		name, variable string
		check          func(ctx context.Context, url string) (string, error)
	}{
		{"Postgres", "KIVEILEDER_TEST_POSTGRES", checkPostgres},
		{"Redis", "KIVEILEDER_TEST_REDIS", checkRedis},
	} {
		url := os.Getenv(server.variable)
		if url == "" {
			fmt.Fprintf(os.Stderr, "%s: %s is not set\n", server.name, server.variable)
			ok = false
			continue
		}
		found, err := server.check(ctx, url)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s (%s): %v\n", server.name, server.variable, err)
			ok = false
			continue
		}
		fmt.Println(found)
	}
	if !ok {
		os.Exit(1)
	}
}

// errURL keeps the address itself, which has a password, out of messages.
var errURL = errors.New("the address cannot be read")

// atLeast compares versions of dots and numbers, as "0.8.5" and "0.8".
func atLeast(version string, major, minor int) bool {
	var a, b int
	fmt.Sscanf(version, "%d.%d", &a, &b)
	return a > major || a == major && b >= minor
}
