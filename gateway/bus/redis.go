package bus

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	mathrand "math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	goredis "github.com/redis/go-redis/v9"

	"kiveileder"
	"kiveileder/internal/redis"
)

// How the subscription is kept: a ping goes out every pingTime, and a line
// that nothing came over for deafTime is broken.
const (
	pingTime  = time.Second
	deafTime  = 2500 * time.Millisecond
	retryTime = 50 * time.Millisecond
	retryMost = time.Second
)

// owedMost is how many events are kept for when Redis is back.
const owedMost = 1000

// Redis is a Bus between processes, over one channel for all conversations.
// Subscribers in this process are told directly, so they hear what is
// published here while Redis is away too. Events that Redis did not take are
// sent when it is back: late, but others need not guess.
type Redis struct {
	fan
	c       *redis.Client
	channel string
	origin  [8]byte // of this process: what comes back from it is known here
	metrics *redisMetrics

	refreshMu sync.Mutex  // held by refresh, so that what is told last is what holds
	stands    atomic.Bool // the subscription

	owedMu sync.Mutex // guards owed
	owed   [][]byte   // at most owedMost, or one gap

	back chan struct{} // tells the receiver that Redis is back
	due  chan struct{} // tells the settler that something is owed, or that Redis is back
	stop context.CancelFunc
	wg   sync.WaitGroup
}

type redisMetrics struct {
	up        prometheus.Gauge
	published *prometheus.CounterVec
	received  *prometheus.CounterVec
	lost      prometheus.Counter
}

// NewRedis gives a bus over a client; metrics may be nil. Close it before the
// client.
func NewRedis(c *redis.Client, metrics prometheus.Registerer) *Redis {
	ctx, stop := context.WithCancel(redis.Free(context.Background()))
	b := &Redis{
		c: c, channel: c.Prefix + "events", back: make(chan struct{}, 1), due: make(chan struct{}, 1), stop: stop,
		metrics: &redisMetrics{
			up:        redis.Register(metrics, prometheus.NewGauge(prometheus.GaugeOpts{Name: "kiveileder_bus_up", Help: "1 while events of other replicas come."})),
			published: redis.Register(metrics, prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kiveileder_bus_published_total", Help: "Events published to other replicas: ok, failed, late (after Redis came back)."}, []string{"result"})),
			received:  redis.Register(metrics, prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kiveileder_bus_received_total", Help: "Events received: own, wanted, unwanted, unreadable."}, []string{"kind"})),
			lost:      redis.Register(metrics, prometheus.NewCounter(prometheus.CounterOpts{Name: "kiveileder_bus_lost_total", Help: "Events left out because a subscriber was too slow."})),
		},
	}
	b.lost = b.metrics.lost.Inc
	_, _ = rand.Read(b.origin[:]) // never fails, see crypto/rand
	unhook := c.OnChange(func(up bool) {
		b.refresh()
		if up {
			signal(b.back)
			signal(b.due)
		}
	})
	context.AfterFunc(ctx, unhook)
	b.wg.Go(func() { b.receive(ctx) })
	b.wg.Go(func() { b.settle(ctx) })
	return b
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it knows already
	}
}

// Close ends the subscription. Subscribers hear nothing more of other
// processes.
func (b *Redis) Close() {
	b.stop()
	b.wg.Wait()
}

// Publish implements Bus.
func (b *Redis) Publish(ctx context.Context, e kiveileder.Event) error {
	b.tell(e.Key, func() (kiveileder.Event, bool) { return e, true })
	msg, err := encode(b.origin, e)
	if err != nil {
		return err
	}
	if err := b.c.Publish(ctx, b.channel, msg).Err(); err != nil {
		b.metrics.published.WithLabelValues("failed").Inc()
		if e.Stage == "" && (e.Desk == nil || e.Desk.Ended != nil) { // nobody wants to know late what was being done
			b.owe(msg)
		}
		return err
	}
	b.metrics.published.WithLabelValues("ok").Inc()
	return nil
}

func (b *Redis) owe(msgs ...[]byte) {
	b.owedMu.Lock()
	defer b.owedMu.Unlock()
	if b.owed = append(b.owed, msgs...); len(b.owed) > owedMost {
		b.owed = [][]byte{gapMessage(b.origin)}
	}
	signal(b.due)
}

// settle sends what Redis did not take, when it is there again.
func (b *Redis) settle(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.due:
		}
		if b.c.State() != nil {
			continue
		}
		b.owedMu.Lock()
		owed := b.owed
		b.owed = nil
		b.owedMu.Unlock()
		for i, msg := range owed {
			if err := b.c.Publish(ctx, b.channel, msg).Err(); err != nil {
				b.owe(owed[i:]...)
				select { // it may have been too busy
				case <-ctx.Done():
				case <-time.After(retryTime):
				}
				break
			}
			b.metrics.published.WithLabelValues("late").Inc()
		}
	}
}

// refresh tells subscribers whether events come: they do while the subscription
// stands and Redis is there for other calls too. Where it is too slow for one
// replica it may be for all, and then nobody publishes.
func (b *Redis) refresh() {
	b.refreshMu.Lock()
	defer b.refreshMu.Unlock()
	up := b.stands.Load() && b.c.State() == nil
	b.set(up)
	value := 0.0
	if up {
		value = 1
	}
	b.metrics.up.Set(value)
}

// receive keeps a subscription until the context ends.
func (b *Redis) receive(ctx context.Context) {
	defer b.metrics.up.Set(0)
	for pause := retryTime; ; {
		stood := b.listen(ctx)
		b.stands.Store(false)
		b.refresh()
		if stood {
			pause = retryTime
		}
		select {
		case <-ctx.Done():
			return
		case <-b.back:
			pause = retryTime
		case <-time.After(pause/2 + mathrand.N(pause)):
			pause = min(2*pause, retryMost)
		}
	}
}

// listen subscribes and passes on what comes until the line breaks. It reports
// whether the subscription stood.
func (b *Redis) listen(ctx context.Context) (stood bool) {
	ps := b.c.Subscribe(ctx, b.channel)
	var heard atomic.Int64
	heard.Store(time.Now().UnixNano())
	end := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(end)
	defer ps.Close()
	wg.Go(func() { // a line that is silent is not known to be broken but by asking
		tick := time.NewTicker(pingTime)
		defer tick.Stop()
		for {
			select {
			case <-end:
				return
			case <-ctx.Done():
				_ = ps.Close()
				return
			case <-tick.C:
				if time.Since(time.Unix(0, heard.Load())) > deafTime || ps.Ping(ctx) != nil {
					_ = ps.Close()
					return
				}
			}
		}
	})
	for {
		msg, err := ps.Receive(ctx)
		if err != nil {
			return stood
		}
		heard.Store(time.Now().UnixNano())
		switch msg := msg.(type) {
		case *goredis.Subscription:
			stood = true
			b.stands.Store(true)
			b.refresh()
		case *goredis.Message:
			b.take([]byte(msg.Payload))
		}
	}
}

func (b *Redis) take(msg []byte) {
	m, err := open(msg)
	switch {
	case err != nil: // of another version, perhaps
		b.metrics.received.WithLabelValues("unreadable").Inc()
		b.gap()
	case m.origin == b.origin:
		b.metrics.received.WithLabelValues("own").Inc()
	case m.gap:
		b.gap()
	default:
		result := "unwanted"
		b.tell(m.key, func() (kiveileder.Event, bool) {
			e, err := m.event()
			result = "wanted"
			if err != nil {
				result = "unreadable"
			}
			return e, err == nil
		})
		b.metrics.received.WithLabelValues(result).Inc()
	}
}

// The form of a message: the version, the process that it comes from, the
// key's length and the key, so that who does not want it need not decode the
// rest, and the event as JSON. A gap ends after the process.
const (
	version   = 1
	headBytes = 1 + 8
)

type message struct {
	origin [8]byte
	key    string
	gap    bool
	body   []byte
}

type body struct {
	Entry *kiveileder.Record `json:"entry,omitempty"`
	ID    string             `json:"id,omitempty"`
	Stage kiveileder.Stage   `json:"stage,omitempty"`
	Gone  bool               `json:"gone,omitempty"`

	Case string                `json:"case,omitempty"`
	Seq  int64                 `json:"seq,omitempty"`
	Desk *kiveileder.DeskEvent `json:"desk,omitempty"`
}

func gapMessage(origin [8]byte) []byte { return append([]byte{version}, origin[:]...) }

func encode(origin [8]byte, e kiveileder.Event) ([]byte, error) {
	rest, err := json.Marshal(body{Entry: (*kiveileder.Record)(e.Entry), ID: e.ID, Stage: e.Stage, Gone: e.Gone, Case: e.Case, Seq: e.Seq, Desk: e.Desk})
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, headBytes+binary.MaxVarintLen64+len(e.Key)+len(rest))
	b = append(append(b, version), origin[:]...)
	b = binary.AppendUvarint(b, uint64(len(e.Key)))
	return append(append(b, e.Key...), rest...), nil
}

var errMessage = errors.New("bus: a message that can't be read")

func open(b []byte) (m message, err error) {
	if len(b) < headBytes || b[0] != version {
		return m, errMessage
	}
	copy(m.origin[:], b[1:headBytes])
	if b = b[headBytes:]; len(b) == 0 {
		m.gap = true
		return m, nil
	}
	n, width := binary.Uvarint(b)
	if width <= 0 || n > uint64(len(b)-width) {
		return m, errMessage
	}
	b = b[width:]
	m.key, m.body = string(b[:n]), b[n:]
	return m, nil
}

func (m message) event() (kiveileder.Event, error) {
	var b body
	if err := json.Unmarshal(m.body, &b); err != nil {
		return kiveileder.Event{}, err
	}
	return kiveileder.Event{
		Key: m.key, Entry: (*kiveileder.Entry)(b.Entry), ID: b.ID, Stage: b.Stage, Gone: b.Gone, Case: b.Case, Seq: b.Seq, Desk: b.Desk,
	}, nil
}
