package dialogue

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"unicode/utf8"

	lru "github.com/hashicorp/golang-lru/v2"

	"kiveileder"
)

// A Cache answers a turn that was made before from memory. The key is a hash
// of the question, its history, facts and language; the question itself is not
// kept. An answer is only as old as the Dialogue: a new corpus has a new one.
type Cache struct {
	next    Turner
	answers *lru.Cache[[32]byte, kiveileder.Answer]
}

// A Turner makes turns.
type Turner interface {
	Turn(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error)
}

// NewCache keeps up to size answers of next, at least one.
func NewCache(next Turner, size int) *Cache {
	c, err := lru.New[[32]byte, kiveileder.Answer](max(1, size))
	if err != nil {
		panic(err) // only for a size below one
	}
	return &Cache{next, c}
}

// Turn gives the kept answer or makes one. Errors are not kept. The answer's
// slices and facts are shared with other callers: read them only.
func (c *Cache) Turn(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	conversation := t.Conversation
	t.Conversation = ""
	b, err := json.Marshal(struct {
		kiveileder.Turn
		Nothing bool // is known, which is not the same as not knowing what is
	}{t, t.Known != nil && len(t.Known) == 0})
	if err != nil || !utf8.ValidString(t.Question+strings.Join(t.History, "")) { // the dialogue says what is wrong; JSON would mend it
		return c.next.Turn(ctx, t)
	}
	key := sha256.Sum256(b)
	a, ok := c.answers.Get(key)
	if !ok {
		if a, err = c.next.Turn(ctx, t); err != nil {
			return a, err
		}
		c.answers.Add(key, a)
	}
	a.Conversation = conversation
	return a, nil
}
