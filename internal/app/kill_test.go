package app_test

import (
	"context"
	mathrand "math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kiveileder"
	"kiveileder/gateway/wire"
	"kiveileder/internal/stacktest"
)

// A role that crashes at a step of a turn loses nothing and doubles nothing.
func TestKilledAtAStep(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	b := startBrittle(t, 2, 2, 2)
	gateways := addrs(b.gateways)
	toPostgres := []*stacktest.Fault{b.postgres}
	stored := func(q *question, kind string) func() bool {
		return func() bool { return slices.Contains(inDatabase(t, b.database, q), kind) }
	}
	for _, c := range []struct {
		name  string
		spoil func() []*stacktest.Fault
		until func(v *visitor, q *question) func() bool
		kill  func() []*process
	}{
		{
			name: "gateway, before the services have heard of the message",
			spoil: func() []*stacktest.Fault {
				spoil(b.toServices, latency("upstream", 1500*time.Millisecond))
				return b.toServices
			},
			until: func(v *visitor, q *question) func() bool { return v.hasSent(q) },
			kill:  func() []*process { return b.gateways[:1] },
		}, {
			name: "gateway, when the message is stored and not acknowledged",
			spoil: func() []*stacktest.Fault {
				spoil(b.toServices, latency("downstream", 1500*time.Millisecond))
				return b.toServices
			},
			until: func(_ *visitor, q *question) func() bool { return stored(q, wire.TypeMessage) },
			kill:  func() []*process { return b.gateways[:1] },
		}, {
			name: "gateway, when the message is acknowledged and nobody answers it yet",
			spoil: func() []*stacktest.Fault {
				spoil(b.toServices, latency("upstream", 1500*time.Millisecond))
				return b.toServices
			},
			until: func(_ *visitor, q *question) func() bool { return isClosed(q.isAcked) },
			kill:  func() []*process { return b.gateways[:1] },
		}, {
			name: "gateway, when the answer is stored and not told",
			spoil: func() []*stacktest.Fault {
				spoil(b.toServices, latency("downstream", 700*time.Millisecond))
				b.redis.Cut()
				return append([]*stacktest.Fault{b.redis}, b.toServices...)
			},
			until: func(_ *visitor, q *question) func() bool { return stored(q, wire.TypeAnswer) },
			kill:  func() []*process { return b.gateways[:1] },
		}, {
			name:  "services, before the message is stored",
			spoil: func() []*stacktest.Fault { spoil(toPostgres, latency("upstream", time.Second)); return toPostgres },
			until: func(v *visitor, q *question) func() bool { return v.hasSent(q) },
			kill:  func() []*process { return b.services },
		}, {
			name:  "services, when the message is stored and nobody knows",
			spoil: func() []*stacktest.Fault { spoil(toPostgres, latency("downstream", time.Second)); return toPostgres },
			until: func(_ *visitor, q *question) func() bool { return stored(q, wire.TypeMessage) },
			kill:  func() []*process { return b.services },
		}, {
			name: "services, while the retriever searches",
			spoil: func() []*stacktest.Fault {
				spoil(b.toRetrievers, latency("upstream", 1500*time.Millisecond))
				return b.toRetrievers
			},
			until: func(_ *visitor, q *question) func() bool { return isClosed(q.isAcked) },
			kill:  func() []*process { return b.services },
		}, {
			name: "one of the services, while the retriever searches",
			spoil: func() []*stacktest.Fault {
				spoil(b.toRetrievers, latency("upstream", 1500*time.Millisecond))
				return b.toRetrievers
			},
			until: func(_ *visitor, q *question) func() bool { return isClosed(q.isAcked) },
			kill:  func() []*process { return b.services[:1] },
		}, {
			name: "services, when the answer is stored and not told",
			spoil: func() []*stacktest.Fault {
				spoil(toPostgres, latency("downstream", 250*time.Millisecond))
				return toPostgres
			},
			until: func(_ *visitor, q *question) func() bool { return stored(q, wire.TypeAnswer) },
			kill:  func() []*process { return b.services },
		}, {
			name: "retriever, while it searches",
			spoil: func() []*stacktest.Fault {
				spoil(b.toRetrievers, latency("downstream", 1500*time.Millisecond))
				return b.toRetrievers
			},
			until: func(_ *visitor, q *question) func() bool { return isClosed(q.isAcked) },
			kill:  func() []*process { return b.retrievers },
		}, {
			name: "everything, when the message is acknowledged",
			spoil: func() []*stacktest.Fault {
				spoil(b.toRetrievers, latency("upstream", 1500*time.Millisecond))
				return b.toRetrievers
			},
			until: func(_ *visitor, q *question) func() bool { return isClosed(q.isAcked) },
			kill:  func() []*process { return slices.Concat(b.retrievers, b.services, b.gateways) },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := visit(t, newConversation(t, gateways[0]), kiveileder.Bokmal, gateways...)
			other := visit(t, v.conversation, kiveileder.Bokmal, gateways[1], gateways[0])
			eventually(t, 10*time.Second, func() bool { return v.known() && other.known() }, func() string { return "the conversation is not open" })
			faults := c.spoil()
			q := v.ask("Må vi søke REK for dette? " + c.name)
			eventually(t, 10*time.Second, c.until(v, q), func() string { return "the step is not reached" })
			at := time.Now()
			ps := c.kill()
			for _, p := range ps {
				p.kill()
			}
			for _, f := range faults { // what was under way is lost
				f.Cut()
				f.Mend()
			}
			for _, p := range ps {
				p.start()
			}
			settle(t, gateways[0], 45*time.Second, v, other)
			if !q.answered.IsZero() {
				t.Logf("answered %v after the crash; sent %d times", q.answered.Sub(at).Round(time.Millisecond), q.sent)
			}
		})
	}
}

// Roles that crash at random while people ask.
func TestKilledAtRandom(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	w := startWorld(t, 2, resumeVar+"=2s")
	vs := crowd(t, 10, addrs(w.gateways)...)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var talking sync.WaitGroup
	talk(ctx, &talking, 500*time.Millisecond, vs...)
	ps := slices.Concat(w.gateways, w.services, w.retrievers)
	begin, kills := time.Now(), 0
	for ; time.Since(begin) < 15*time.Second; kills++ {
		time.Sleep(mathrand.N(500 * time.Millisecond))
		p := ps[mathrand.IntN(len(ps))]
		p.kill()
		p.start()
	}
	stop()
	talking.Wait()
	settle(t, w.gateways[0].addr, 30*time.Second, vs...)
	f := figuresOf(vs...)
	t.Logf("%d crashes: %v", kills, f)
	for code, n := range f.closes {
		if code != 1006 && code != codeRefused {
			t.Errorf("%d sockets ended with %d", n, code)
		}
	}
}

func isClosed(c <-chan struct{}) func() bool {
	return func() bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	}
}

// hasSent reports whether a question is on its way, since a moment.
func (v *visitor) hasSent(q *question) func() bool {
	return func() bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		return q.sent > 0 && time.Since(q.asked) > 300*time.Millisecond
	}
}

// known reports whether the conversation was opened.
func (v *visitor) known() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.epoch != ""
}

// inDatabase gives the kinds of entries that a database has of a question, past
// all proxies.
func inDatabase(t testing.TB, database string, q *question) (kinds []string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `SELECT CASE reply_to WHEN 0 THEN 'message' ELSE 'answer' END FROM entry WHERE id = $1`, []byte(q.id))
	if err != nil {
		t.Fatal(err)
	}
	if kinds, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		t.Fatal(err)
	}
	return kinds
}
