package app_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"kiveileder/gateway/wire"
)

// settle waits until everything that visitors have asked is answered and
// everything that the service has is shown, then holds their journals against
// what the service has:
//   - what was acknowledged is there, and what was asked and not refused,
//   - offsets are 1, 2, 3 …, and messages of one visitor stand in the order in
//     which they were asked, where each waited for the acknowledgement of the last,
//   - every message has one answer, which follows it,
//   - nothing was shown twice or left out, and all visitors saw the same.
func settle(t testing.TB, gateway string, within time.Duration, vs ...*visitor) {
	t.Helper()
	until := time.Now().Add(atMost(within))
	for _, v := range vs {
		for _, q := range v.questions() {
			if q.refused == "" && !v.await(q, q.isAnswered, "answered", max(0, time.Until(until))) {
				return
			}
		}
	}
	held := map[string]transcript{}
	for _, v := range vs {
		p, ok := held[v.conversation]
		for ; !ok; time.Sleep(100 * time.Millisecond) {
			var err error
			if p, err = readAll(t.Context(), gateway, v.conversation); err == nil {
				break
			}
			if time.Now().After(until) {
				t.Errorf("the conversation can't be read in %v: %v", atMost(within), err)
				return
			}
		}
		if held[v.conversation] = p; !ok {
			sound(t, p)
		}
		for v.offset() < int64(len(p.entries)) && time.Now().Before(until) {
			time.Sleep(10 * time.Millisecond)
		}
		v.holds(p)
	}
}

// sound checks a conversation by itself.
func sound(t testing.TB, p transcript) {
	t.Helper()
	if p.Offset != int64(len(p.entries)) {
		t.Errorf("%d entries, offset %d", len(p.entries), p.Offset)
	}
	messages, answers := map[string]int64{}, map[int64]int64{}
	for i, e := range p.entries {
		if e.Offset != int64(i)+1 {
			t.Errorf("offset %d in place %d", e.Offset, i+1)
		}
		switch {
		case e.Type == wire.TypeMessage && messages[e.ID] != 0:
			t.Errorf("message %s is there twice, at %d and %d", e.ID, messages[e.ID], e.Offset)
		case e.Type == wire.TypeMessage:
			messages[e.ID] = e.Offset
		case messages[e.ID] != e.ReplyTo || e.ReplyTo == 0:
			t.Errorf("answer at %d of %s is to %d, which is not that message", e.Offset, e.ID, e.ReplyTo)
		case answers[e.ReplyTo] != 0:
			t.Errorf("message at %d has two answers, at %d and %d", e.ReplyTo, answers[e.ReplyTo], e.Offset)
		default:
			answers[e.ReplyTo] = e.Offset
		}
	}
	if len(answers) != len(messages) {
		t.Errorf("%d messages have %d answers", len(messages), len(answers))
	}
}

// holds checks a journal against the conversation.
func (v *visitor) holds(p transcript) {
	v.t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, f := range v.faults {
		v.t.Errorf("%s", f)
	}
	v.faults = nil
	if v.epoch != p.Epoch {
		v.t.Errorf("epoch %q is known, the conversation has %q", v.epoch, p.Epoch)
	}
	if len(v.shown) != len(p.entries) {
		v.t.Errorf("%d entries were shown, the conversation has %d", len(v.shown), len(p.entries))
	}
	for i := range min(len(v.shown), len(p.entries)) {
		if d := difference(v.shown[i].raw, p.entries[i].raw); d != "" {
			v.t.Errorf("what was shown at %d is not what is there (-shown +there):\n%s", i+1, d)
		}
	}
	var last *question
	at := func(q *question) int {
		return slices.IndexFunc(p.entries, func(e shown) bool { return e.ID == q.id && e.Type == wire.TypeMessage })
	}
	for _, q := range v.asked {
		switch i := at(q); {
		case i < 0 && !q.acked.IsZero():
			v.t.Errorf("%q was acknowledged and is lost", q.text)
		case i < 0 && q.refused == "":
			v.t.Errorf("%q was not refused and is lost", q.text)
		case i < 0:
		case last != nil && last.acked.Before(q.asked) && at(last) > i:
			v.t.Errorf("%q stands before %q, which was asked and acknowledged before", q.text, last.text)
		default:
			last = q
		}
	}
}

func difference(a, b any) string { return gocmp.Diff(a, b) }

func (v *visitor) questions() []*question {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.asked)
}

func (v *visitor) offset() int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return int64(len(v.shown))
}

// refusals gives the messages of errors that the visitor was told.
func (v *visitor) refusals() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []string
	for _, e := range v.told {
		out = append(out, string(e.Code)+": "+e.Message)
	}
	return out
}

// Figures of what visitors waited for, and how their sockets ended.
type figures struct {
	asked         int
	acks, answers []time.Duration
	closes        map[int]int
	told          map[string]int
}

func figuresOf(vs ...*visitor) figures {
	f := figures{closes: map[int]int{}, told: map[string]int{}}
	for _, v := range vs {
		v.mu.Lock()
		for _, q := range v.asked {
			f.asked++
			if !q.acked.IsZero() {
				f.acks = append(f.acks, q.acked.Sub(q.asked))
			}
			if !q.answered.IsZero() {
				f.answers = append(f.answers, q.answered.Sub(q.asked))
			}
		}
		for code, n := range v.closes {
			f.closes[code] += n
		}
		for _, e := range v.told {
			f.told[string(e.Code)]++
		}
		v.mu.Unlock()
	}
	return f
}

func (f figures) String() string {
	return fmt.Sprintf("%d questions; acknowledged p50 %v, p99 %v, longest %v; answered p50 %v, p99 %v, longest %v; sockets ended by code %v; errors told %v", f.asked,
		at(f.acks, 0.5), at(f.acks, 0.99), at(f.acks, 1), at(f.answers, 0.5), at(f.answers, 0.99), at(f.answers, 1), f.closes, f.told)
}

// at gives a quantile.
func at(ds []time.Duration, q float64) time.Duration {
	if len(ds) == 0 {
		return 0
	}
	ds = slices.SortedFunc(slices.Values(ds), cmp.Compare[time.Duration])
	return ds[min(len(ds)-1, int(q*float64(len(ds))))].Round(time.Millisecond)
}
