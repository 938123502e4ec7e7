package pgvector

import (
	"math"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// A key names what is kept of a generation: the postings of a term, or, when
// that is empty, a block.
type key struct {
	generation int32
	block      int32
	term       string
}

// sized is a *block or a *postings. They are never changed.
type sized interface{ size() int }

// A cache keeps what was used last, up to so many bytes. Generations never
// change, so nothing in it can be stale.
type cache struct {
	mu    sync.Mutex
	lru   *simplelru.LRU[key, sized]
	bytes int
	most  int
}

func newCache(most int) *cache {
	c := &cache{most: most}
	c.lru, _ = simplelru.NewLRU(math.MaxInt, func(_ key, v sized) { c.bytes -= v.size() }) // fails for a size below 1 alone
	return c
}

func (c *cache) get(k key) (sized, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lru.Get(k)
}

func (c *cache) put(k key, v sized) {
	if v.size() > c.most {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lru.Contains(k) { // fetched by two at once
		return
	}
	c.lru.Add(k, v)
	for c.bytes += v.size(); c.bytes > c.most; {
		c.lru.RemoveOldest()
	}
}
