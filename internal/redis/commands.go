package redis

import (
	"context"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// Do sends a command and waits for the reply.
func (c *Client) Do(ctx context.Context, args ...any) *goredis.Cmd {
	cmd := goredis.NewCmd(ctx, args...)
	_ = c.process(ctx, cmd) // the command holds it
	return cmd
}

// Ping asks whether the server is there.
func (c *Client) Ping(ctx context.Context) *goredis.Cmd { return c.Do(ctx, "ping") }

// Get gives the value of a key; goredis.Nil when there is none.
func (c *Client) Get(ctx context.Context, key string) *goredis.StringCmd {
	cmd := goredis.NewStringCmd(ctx, "get", key)
	_ = c.process(ctx, cmd)
	return cmd
}

// Set sets the value of a key, for a time; zero is for ever.
func (c *Client) Set(ctx context.Context, key string, value any, ttl time.Duration) *goredis.Cmd {
	if ttl <= 0 {
		return c.Do(ctx, "set", key, value)
	}
	return c.Do(ctx, "set", key, value, "px", ttl.Milliseconds())
}

// SetNX is Set when the key has no value yet, and reports whether it was set.
func (c *Client) SetNX(ctx context.Context, key string, value any, ttl time.Duration) *goredis.BoolCmd {
	cmd := goredis.NewBoolCmd(ctx, "set", key, value, "px", ttl.Milliseconds(), "nx")
	_ = c.process(ctx, cmd)
	return cmd
}

// Publish sends a message to those who have subscribed to a channel.
func (c *Client) Publish(ctx context.Context, channel string, message any) *goredis.Cmd {
	return c.Do(ctx, "publish", channel, message)
}

// Pipeline gathers commands and sends them at once.
func (c *Client) Pipeline() goredis.Pipeliner { return c.pipeline() }

// Load sends a script's code for later.
func (c *Client) Load(ctx context.Context, s *goredis.Script) *goredis.StringCmd {
	return s.Load(ctx, scripter{c})
}

// A scripter is a goredis.Scripter.
type scripter struct{ c *Client }

func (s scripter) eval(ctx context.Context, command, script string, keys []string, args []any) *goredis.Cmd {
	all := []any{command, script, len(keys)}
	for _, k := range keys {
		all = append(all, k)
	}
	return s.c.Do(ctx, append(all, args...)...)
}

func (s scripter) Eval(ctx context.Context, script string, keys []string, args ...any) *goredis.Cmd {
	return s.eval(ctx, "eval", script, keys, args)
}

func (s scripter) EvalSha(ctx context.Context, sha string, keys []string, args ...any) *goredis.Cmd {
	return s.eval(ctx, "evalsha", sha, keys, args)
}

func (s scripter) EvalRO(ctx context.Context, script string, keys []string, args ...any) *goredis.Cmd {
	return s.eval(ctx, "eval_ro", script, keys, args)
}

func (s scripter) EvalShaRO(ctx context.Context, sha string, keys []string, args ...any) *goredis.Cmd {
	return s.eval(ctx, "evalsha_ro", sha, keys, args)
}

func (s scripter) ScriptExists(ctx context.Context, hashes ...string) *goredis.BoolSliceCmd {
	args := []any{"script", "exists"}
	for _, h := range hashes {
		args = append(args, h)
	}
	cmd := goredis.NewBoolSliceCmd(ctx, args...)
	_ = s.c.process(ctx, cmd)
	return cmd
}

func (s scripter) ScriptLoad(ctx context.Context, script string) *goredis.StringCmd {
	cmd := goredis.NewStringCmd(ctx, "script", "load", script)
	_ = s.c.process(ctx, cmd)
	return cmd
}
