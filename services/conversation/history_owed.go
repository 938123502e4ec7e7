package conversation

import (
	"sync"
	"sync/atomic"
	"time"
)

// owedMost is how many conversations are remembered one by one.
const owedMost = 10_000

// owed remembers the conversations that changed while the history could not be
// told: it may not be asked about them before it was.
type owed struct {
	n atomic.Int64 // debts, to see without a lock that there are none

	mu    sync.Mutex // guards what follows
	keys  map[string]*debt
	whole *debt // of all conversations
	seq   int64
	tried time.Time // another
}

type debt struct {
	seq   int64     // grows with each change
	busy  int       // changes under way
	until time.Time // a change whose outcome is not known may come to be until then
}

func (o *owed) none() bool { return o.n.Load() == 0 }

func (o *owed) begin(key string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := o.keys[key]
	if d == nil {
		d = &debt{}
		o.keys[key] = d
		o.n.Add(1)
	}
	o.seq++
	d.seq = o.seq
	d.busy++
}

func (o *owed) end(key string, known bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := o.keys[key]
	o.seq++
	d.seq = o.seq
	d.busy--
	if !known {
		d.until = time.Now().Add(MarkTime)
	}
	if len(o.keys) <= owedMost {
		return
	}
	for k, d := range o.keys { // too many to be told one by one
		if d.busy == 0 && !time.Now().Before(d.until) {
			delete(o.keys, k)
			o.n.Add(-1)
		}
	}
	o.owe()
}

// all remembers that any conversation may have changed.
func (o *owed) all() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.owe()
}

func (o *owed) owe() {
	if o.whole == nil {
		o.n.Add(1)
	}
	o.seq++
	o.whole = &debt{seq: o.seq}
}

func (o *owed) has(key string) bool {
	if o.none() {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.whole != nil || o.keys[key] != nil
}

func (o *owed) everything() (seq int64, due bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.whole == nil {
		return 0, false
	}
	return o.whole.seq, true
}

func (o *owed) paidAll(seq int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.whole != nil && o.whole.seq == seq {
		o.whole = nil
		o.n.Add(-1)
	}
}

func (o *owed) due(key string) (seq int64, due bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := o.keys[key]
	if d == nil || d.busy > 0 || time.Now().Before(d.until) {
		return 0, false
	}
	return d.seq, true
}

// another gives one of the others, not too often.
func (o *owed) another() (key string, seq int64, due bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if now := time.Now(); now.Sub(o.tried) > 50*time.Millisecond {
		o.tried = now
		for k, d := range o.keys {
			if d.busy == 0 && !now.Before(d.until) {
				return k, d.seq, true
			}
		}
	}
	return "", 0, false
}

func (o *owed) paid(key string, seq int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if d := o.keys[key]; d != nil && d.seq == seq {
		delete(o.keys, key)
		o.n.Add(-1)
	}
}
