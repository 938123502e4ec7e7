package dialogue

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"kiveileder"
	"kiveileder/internal/redis"
)

// How long an answer is kept in Redis, and how long another replica counts on
// who has claimed one.
const (
	answerTime = time.Hour
	claimTime  = 5 * time.Second
)

// RedisAnswers are Answers that all replicas share, with those that were used
// last in memory before them. While Redis is away that is all.
type RedisAnswers struct {
	c    *redis.Client
	near *MemoryAnswers
}

// NewRedisAnswers keeps answers in Redis, and up to size of them in memory.
func NewRedisAnswers(c *redis.Client, size int) *RedisAnswers {
	return &RedisAnswers{c, NewMemoryAnswers(size)}
}

func (r *RedisAnswers) key(key [32]byte, part string) string {
	return r.c.Key("answer", hex.EncodeToString(key[:]), part)
}

// Get implements Answers.
func (r *RedisAnswers) Get(ctx context.Context, key [32]byte) (kiveileder.Answer, bool) {
	if a, ok := r.near.Get(ctx, key); ok {
		return a, true
	}
	b, err := r.c.Get(ctx, r.key(key, "")).Bytes()
	if err != nil {
		return kiveileder.Answer{}, false
	}
	var a kiveileder.Answer
	if err := json.Unmarshal(b, &a); err != nil {
		return kiveileder.Answer{}, false
	}
	r.near.Put(ctx, key, a)
	return a, true
}

// Put implements Answers.
func (r *RedisAnswers) Put(ctx context.Context, key [32]byte, a kiveileder.Answer) {
	r.near.Put(ctx, key, a)
	if b, err := json.Marshal(a); err == nil {
		_ = r.c.Set(ctx, r.key(key, ""), b, answerTime).Err() // others make it themselves
	}
}

// releaseScript ends a claim, but not somebody else's.
var releaseScript = goredis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`)

// Claim implements Answers.
func (r *RedisAnswers) Claim(ctx context.Context, key [32]byte) (release func(), ok bool) {
	lock, mine := r.key(key, ":claim"), rand.Text()
	first, err := r.c.SetNX(ctx, lock, mine, claimTime).Result()
	switch {
	case err != nil:
		return func() {}, true
	case !first:
		return nil, false
	}
	return func() {
		_ = r.c.Run(context.WithoutCancel(ctx), releaseScript, []string{lock}, mine).Err() // else it runs out
	}, true
}
