package conversation

import "sync"

// keyed holds one lock for each key that is in use.
type keyed struct {
	mu    sync.Mutex
	locks map[string]*counted
}

type counted struct {
	sync.Mutex
	users int // holding or waiting; guarded by keyed.mu
}

// lock locks a key and gives the function that unlocks it.
func (k *keyed) lock(key string) func() {
	k.mu.Lock()
	if k.locks == nil {
		k.locks = map[string]*counted{}
	}
	c := k.locks[key]
	if c == nil {
		c = &counted{}
		k.locks[key] = c
	}
	c.users++
	k.mu.Unlock()
	c.Lock()
	return func() {
		c.Unlock()
		k.mu.Lock()
		if c.users--; c.users == 0 {
			delete(k.locks, key)
		}
		k.mu.Unlock()
	}
}
