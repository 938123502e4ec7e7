package conversation

import (
	"sync"
	"testing"
)

func TestKeyedForgets(t *testing.T) {
	var k keyed
	held := map[string]*int{"a": new(int), "b": new(int)} // each guarded by its key
	var wg sync.WaitGroup
	for range 50 {
		for key, n := range held {
			wg.Go(func() {
				unlock, err := k.lock(t.Context(), key)
				if err != nil {
					t.Error(err)
					return
				}
				defer unlock()
				*n++
			})
		}
	}
	wg.Wait()
	if *held["a"] != 50 || *held["b"] != 50 {
		t.Errorf("counted %d and %d", *held["a"], *held["b"])
	}
	if len(k.locks) > 0 {
		t.Errorf("%d locks are left", len(k.locks))
	}
}
