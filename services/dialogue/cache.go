package dialogue

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"kiveileder"
	"kiveileder/internal/redis"
)

// How long things may take: making an answer, and waiting for one that another
// replica makes.
const (
	makeTime  = 15 * time.Second
	awaitTime = 2 * time.Second
	awaitStep = 10 * time.Millisecond
	awaitMost = 100 * time.Millisecond
)

// Answers keep answers that were made. The suite in cachetest says all that is
// promised.
type Answers interface {
	// Get gives an answer that was put, while it is kept.
	Get(ctx context.Context, key [32]byte) (kiveileder.Answer, bool)

	// Put keeps an answer, as long as there is room. The caller does not change
	// it any more.
	Put(ctx context.Context, key [32]byte, a kiveileder.Answer)

	// Claim reports whether the caller should make an answer, and call release
	// when it is put. When not, somebody else makes it; who waits too long makes
	// it nevertheless.
	Claim(ctx context.Context, key [32]byte) (release func(), ok bool)
}

// MemoryAnswers keep the answers that were used last.
type MemoryAnswers struct {
	answers *lru.Cache[[32]byte, kiveileder.Answer]
}

// NewMemoryAnswers keeps up to size answers, at least one.
func NewMemoryAnswers(size int) *MemoryAnswers {
	c, err := lru.New[[32]byte, kiveileder.Answer](max(1, size))
	if err != nil {
		panic(err) // only for a size below one
	}
	return &MemoryAnswers{c}
}

// Get implements Answers.
func (m *MemoryAnswers) Get(_ context.Context, key [32]byte) (kiveileder.Answer, bool) {
	return m.answers.Get(key)
}

// Put implements Answers.
func (m *MemoryAnswers) Put(_ context.Context, key [32]byte, a kiveileder.Answer) {
	m.answers.Add(key, a)
}

// Claim implements Answers. In one process a Cache sees to it by itself.
func (m *MemoryAnswers) Claim(context.Context, [32]byte) (release func(), ok bool) {
	return func() {}, true
}

// A Cache answers a turn that was made before from Answers, and makes one that
// many ask for at once only once. The key is a hash of the question, its
// history, facts and language, of the versions that it is answered by, and of
// the day, which answers speak of; the question itself is not kept.
type Cache struct {
	next     Turner
	answers  Answers
	versions kiveileder.Versions
	today    func() string
	flights  singleflight.Group
	results  *prometheus.CounterVec
}

// A Turner makes turns.
type Turner interface {
	Turn(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error)
}

// CacheOptions say what else an answer depends on.
type CacheOptions struct {
	Versions kiveileder.Versions   // of the Turner: they must tell apart what answers otherwise
	Today    func() string         // as the Turner's; nil is the day of the clock
	Metrics  prometheus.Registerer // nil: nothing is counted
}

// NewCache keeps up to size answers of next in memory, at least one.
func NewCache(next Turner, size int) *Cache {
	return NewCacheOver(next, NewMemoryAnswers(size), CacheOptions{})
}

// NewCacheOver keeps answers of next in a, which others may share.
func NewCacheOver(next Turner, a Answers, o CacheOptions) *Cache {
	if o.Today == nil {
		o.Today = func() string { return time.Now().Format(time.DateOnly) }
	}
	return &Cache{next: next, answers: a, versions: o.Versions, today: o.Today,
		results: redis.Register(o.Metrics, prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kiveileder_answer_cache_total", Help: "Turns by where their answer came from: hit (kept), made, joined (made for another asker here), awaited (made by another replica).",
		}, []string{"result"}))}
}

// Turn gives the kept answer or makes one. Errors are not kept. The answer's
// slices and facts are shared with other callers: read them only.
func (c *Cache) Turn(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	conversation := t.Conversation
	t.Conversation = ""
	b, err := json.Marshal(struct {
		kiveileder.Turn
		Nothing  bool // is known, which is not the same as not knowing what is
		Versions kiveileder.Versions
		Today    string
	}{t, t.Known != nil && len(t.Known) == 0, c.versions, c.today()})
	if err != nil || !utf8.ValidString(t.Question+strings.Join(t.History, "")) { // the dialogue says what is wrong; JSON would mend it
		return c.next.Turn(ctx, t)
	}
	key := sha256.Sum256(b)
	a, ok := c.answers.Get(ctx, key)
	if ok {
		c.results.WithLabelValues("hit").Inc()
	} else if a, err = c.once(ctx, key, t); err != nil {
		return kiveileder.Answer{}, err
	}
	a.Conversation = conversation
	return a, nil
}

// once makes an answer, or waits for who makes it already. Who goes away does
// not take it from the others.
func (c *Cache) once(ctx context.Context, key [32]byte, t kiveileder.Turn) (kiveileder.Answer, error) {
	mine := false
	done := c.flights.DoChan(string(key[:]), func() (any, error) {
		mine = true
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), makeTime)
		defer cancel()
		return c.make(ctx, key, t)
	})
	select {
	case <-ctx.Done():
		return kiveileder.Answer{}, ctx.Err()
	case r := <-done:
		switch {
		case r.Err != nil && !mine && kiveileder.ErrorCode(r.Err) == kiveileder.CodeInvalid:
			return c.next.Turn(ctx, t) // its words are for whoever asked first
		case r.Err != nil:
			return kiveileder.Answer{}, r.Err
		case !mine:
			c.results.WithLabelValues("joined").Inc()
		}
		return r.Val.(kiveileder.Answer), nil
	}
}

// make makes an answer, unless another replica does. A panic is an error: it
// would end the process here.
func (c *Cache) make(ctx context.Context, key [32]byte, t kiveileder.Turn) (a kiveileder.Answer, err error) {
	defer func() {
		if p := recover(); p != nil { // what was panicked with may hold what people wrote
			err = fmt.Errorf("panic of type %T\n%s", p, debug.Stack())
		}
	}()
	release, ok := c.answers.Claim(ctx, key)
	for end, pause := time.Now().Add(awaitTime), awaitStep; !ok && time.Now().Before(end) && ctx.Err() == nil; pause = min(2*pause, awaitMost) {
		time.Sleep(pause/2 + rand.N(pause))
		release, ok = c.answers.Claim(ctx, key)
		if a, found := c.answers.Get(ctx, key); found {
			if ok {
				release()
			}
			c.results.WithLabelValues("awaited").Inc()
			return a, nil
		}
	}
	if ok {
		defer release()
	}
	a, err = c.next.Turn(ctx, t)
	if err != nil {
		return a, err
	}
	a.Conversation = ""
	c.results.WithLabelValues("made").Inc()
	if c.ours(a) {
		c.answers.Put(ctx, key, a)
	}
	return a, nil
}

// ours reports whether an answer was made from the corpus that it would be kept
// for. While a change goes round, a retriever may have another: what it finds is
// good enough to be shown, and not for others to be shown later.
func (c *Cache) ours(a kiveileder.Answer) bool {
	return a.Versions.Corpus == "" || c.versions.Corpus == "" || a.Versions.Corpus == c.versions.Corpus
}
