package gateway

import (
	"context"
	"slices"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.uber.org/zap"

	"kiveileder"
	"kiveileder/gateway/wire"
	"kiveileder/gateway/ws"
	"kiveileder/services/queue"
)

// Of looks at cases: how many go on at once, so that many clients that come
// back together do not ask for all in one moment, how long one may take, and
// how long it is believed that a conversation has none when nobody told of one.
const (
	maxLooks = 32
	lookTime = 10 * time.Second
	noneTime = 10 * time.Minute
	maxNone  = 50_000
)

// caseLooks fetch the cases of conversations for those who are in them. Which
// conversations have none is remembered while events come: with the first case
// an event comes.
type caseLooks struct {
	oneByOne
	slots chan struct{}
	none  *lru.Cache[string, time.Time] // keys of conversations without cases, since when
}

func newCaseLooks() *caseLooks {
	none, err := lru.New[string, time.Time](maxNone)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &caseLooks{slots: make(chan struct{}, maxLooks), none: none}
}

// A oneByOne does something for a key, at most once at a time; what it is
// asked for meanwhile it does once more afterwards.
type oneByOne struct {
	mu      sync.Mutex
	running map[string]bool // by key; true: once more
}

// run returns at once.
func (o *oneByOne) run(key string, do func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.running[key]; ok {
		o.running[key] = true
		return
	}
	if o.running == nil {
		o.running = map[string]bool{}
	}
	o.running[key] = false
	go func() {
		for {
			do()
			o.mu.Lock()
			if !o.running[key] {
				delete(o.running, key)
				o.mu.Unlock()
				return
			}
			o.running[key] = false
			o.mu.Unlock()
		}
	}()
}

// runs reports whether something is being done for a key, and again whether it
// is to be done once more.
func (o *oneByOne) runs(key string) (now, again bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	again, now = o.running[key]
	return now, again
}

// wants reports whether news of a key matter here.
func (g *Gateway) wants(key string) bool {
	if key == kiveileder.DeskKey {
		return g.desk.occupied()
	}
	if g.hub.has(key) {
		return true
	}
	busy, _ := g.looks.runs(key)
	return busy || g.looks.none.Contains(key)
}

// heard takes what is told of conversations and cases. It does not wait.
func (g *Gateway) heard(e kiveileder.Event) {
	switch {
	case e.Key == kiveileder.DeskKey:
		g.desk.heard(e)
	case e.Case == "":
		g.hub.publish(e)
	default:
		g.looks.none.Remove(e.Key)
		if busy, _ := g.looks.runs(e.Key); busy || g.hub.lacks(e) {
			g.lookAtCases(e.Key)
		}
	}
}

// lacks reports whether somebody in a conversation has not been told what an
// event of a case tells of.
func (h *hub) lacks(e kiveileder.Event) bool {
	return slices.ContainsFunc(h.in(e.Key), func(f *feed) bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.opened && !f.ended && (e.Seq == 0 || f.cases[e.Case] < e.Seq)
	})
}

// opened tells a feed that has been opened of its conversation's cases: beside,
// so that nobody waits for it, and without asking when there are none.
func (g *Gateway) opened(key string) {
	if since, ok := g.looks.none.Get(key); ok && time.Since(since) < noneTime {
		return
	}
	g.lookAtCases(key)
}

// lookAtCases fetches the cases of a conversation and tells everybody in it of
// what is new in them.
func (g *Gateway) lookAtCases(key string) {
	if g.Cases != nil {
		g.looks.run(key, func() { g.fetchCases(key) })
	}
}

func (g *Gateway) fetchCases(key string) {
	select {
	case g.looks.slots <- struct{}{}:
		defer func() { <-g.looks.slots }()
	case <-g.base.Done():
		return
	}
	if !g.hub.has(key) {
		return
	}
	ctx, cancel := context.WithTimeout(g.base, lookTime)
	defer cancel()
	var cases []queue.AskerCase
	err := safely(func() (err error) {
		cases, err = g.Cases.Mine(ctx, key)
		return err
	})
	switch {
	case g.base.Err() != nil:
	case err != nil:
		g.Log.Warn("cases could not be fetched", zap.Error(err))
		time.AfterFunc(lookInterval+ws.Jitter(lookSpread), func() { // somebody may wait for an answer in one
			if g.base.Err() == nil && g.hub.has(key) {
				g.lookAtCases(key)
			}
		})
	case len(cases) == 0:
		if _, again := g.looks.runs(key); !again && g.hears.Load() { // else there may be one by now
			g.looks.none.Add(key, time.Now())
		}
	default:
		g.tellCases(key, cases)
	}
}

// tellCases tells everybody in a conversation who is here of cases that are
// newer than what was told.
func (g *Gateway) tellCases(key string, cases []queue.AskerCase) {
	if len(cases) == 0 {
		return
	}
	g.looks.none.Remove(key)
	feeds := g.hub.in(key)
	for _, c := range cases {
		var frame any
		for _, f := range feeds {
			if frame == nil {
				frame = caseFrame(f.id, "", c)
			}
			f.takeCase(c.ID, c.Seq, frame)
		}
	}
}

// caseFrame gives the frame of a case, encoded once for all who are sent it. id
// is the frame's that it answers.
func caseFrame(conversation, id string, c queue.AskerCase) any {
	frame := wire.Case{Type: wire.TypeCase, Conversation: conversation, ID: id, Case: c}
	b, err := wire.Encode(frame)
	if err != nil { // who sends it tells of the error
		return frame
	}
	return encoded{frame, b}
}

// takeCase sends a case when it is newer than what was sent of it. Before the
// conversation is opened it would mean nothing; then all of them are looked at.
func (f *feed) takeCase(id string, seq int64, frame any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.opened && !f.ended && f.noteCase(id, seq) {
		f.line.send(frame)
	}
}

// noteCase notes that a case is sent, and reports whether it is newer than what
// was. The caller holds mu.
func (f *feed) noteCase(id string, seq int64) bool {
	if f.cases[id] >= seq {
		return false
	}
	if f.cases == nil {
		f.cases = map[string]int64{}
	}
	f.cases[id] = seq
	return true
}

// answerCase sends a case to the one who did something with it, whether it is
// new or not: it answers a frame.
func (f *feed) answerCase(id string, c queue.AskerCase) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.noteCase(c.ID, c.Seq)
	f.line.send(caseFrame(f.id, id, c))
}

// follows reports whether the feed's conversation has cases.
func (f *feed) follows() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.cases) > 0 && !f.ended
}

// lookAtAllCases looks at the cases of everybody, or of those who have some,
// spread over time.
func (g *Gateway) lookAtAllCases(all bool) {
	if g.Cases == nil {
		return
	}
	keys := map[string]struct{}{}
	for _, f := range g.hub.all() {
		if all || f.follows() {
			keys[f.key] = struct{}{}
		}
	}
	spread := min(lookSpread, time.Duration(len(keys))*perSocket)
	for key := range keys {
		time.AfterFunc(ws.Jitter(spread), func() {
			if g.base.Err() == nil {
				g.lookAtCases(key)
			}
		})
	}
}
