package conversation

import (
	"context"
	"sync"
)

// keyed holds one lock for each key that is in use.
type keyed struct {
	mu    sync.Mutex
	locks map[string]*counted
}

type counted struct {
	held  chan struct{} // holds one element while somebody has the lock
	users int           // holding or waiting; guarded by keyed.mu
}

// lock locks a key and gives the function that unlocks it, or the context's
// error when that ends before.
func (k *keyed) lock(ctx context.Context, key string) (unlock func(), err error) {
	k.mu.Lock()
	if k.locks == nil {
		k.locks = map[string]*counted{}
	}
	c := k.locks[key]
	if c == nil {
		c = &counted{held: make(chan struct{}, 1)}
		k.locks[key] = c
	}
	c.users++
	k.mu.Unlock()
	select {
	case c.held <- struct{}{}:
		return func() { <-c.held; k.leave(key, c) }, nil
	case <-ctx.Done():
		k.leave(key, c)
		return nil, ctx.Err()
	}
}

func (k *keyed) leave(key string, c *counted) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if c.users--; c.users == 0 {
		delete(k.locks, key)
	}
}
