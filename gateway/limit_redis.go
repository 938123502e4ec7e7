package gateway

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	goredis "github.com/redis/go-redis/v9"

	"kiveileder/internal/redis"
)

// RedisLimits gives limiters that count over all replicas, for Deps.Limits.
// Clients are known there by a keyed hash, so that no address stands in Redis;
// all replicas have the same secret. While Redis is away each replica counts
// for itself.
func RedisLimits(c *redis.Client, secret []byte) func(name string, perMinute int) Limiter {
	return func(name string, perMinute int) Limiter {
		refused, err := lru.New[string, time.Time](maxClients)
		if err != nil {
			panic(err) // only for a size below one
		}
		return &redisLimiter{c: c, secret: secret, name: name, perMinute: max(1, perMinute), refused: refused, near: NewMemoryLimiter(perMinute)}
	}
}

type redisLimiter struct {
	c         *redis.Client
	secret    []byte
	name      string
	perMinute int
	refused   *lru.Cache[string, time.Time] // until when: who floods does not reach Redis
	near      *MemoryLimiter
}

// takeScript keeps for each client the time at which all that was taken would
// have been given at an even pace. What lies further ahead than a whole share
// comes of a clock that was set back. In microseconds.
var takeScript = goredis.NewScript(`
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval = 60000000 / ARGV[1]
local share = interval * ARGV[2]
local even = math.min(math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now), now + share) + interval
if even - share > now + 0.5 then
  return math.ceil(even - share - now)
end
redis.call('SET', KEYS[1], string.format('%.3f', even), 'PX', math.ceil((even - now) / 1000))
return 0`)

// Take implements Limiter.
func (l *redisLimiter) Take(ctx context.Context, client string) time.Duration {
	if until, ok := l.refused.Get(client); ok {
		if d := time.Until(until); d > 0 {
			return d
		}
		l.refused.Remove(client)
	}
	n, err := l.c.Run(ctx, takeScript, []string{l.key(client)}, l.perMinute, burst(l.perMinute)).Int64()
	if err != nil {
		return l.near.Take(ctx, client)
	}
	d := time.Duration(n) * time.Microsecond
	if d > 0 {
		l.refused.Add(client, time.Now().Add(d))
	}
	return d
}

func (l *redisLimiter) key(client string) string {
	h := hmac.New(sha256.New, l.secret)
	h.Write([]byte("limit of " + client))
	return l.c.Key("limit", base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:15]), ":", l.name)
}
