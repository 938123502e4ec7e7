// Package historytest is the suite that every conversation.History passes.
package historytest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kiveileder"
	"kiveileder/internal/filltest"
	"kiveileder/services/conversation"
)

// An Opener gives two ends of one empty history, which may be the same, and a
// function that lets a Mark's time pass. It closes them when the test ends.
type Opener func(t *testing.T) (a, b conversation.History, pass func())

const epoch, key = "e1", "k"

// Run runs the suite.
func Run(t *testing.T, open func(t *testing.T) (a, b conversation.History, pass func())) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, x *ends)
	}{
		{"nothing is known at first", testNothing},
		{"what was filled is read", testFill},
		{"what was put is read after what is known", testPut},
		{"parts", testParts},
		{"a marked conversation is not read", testMarked},
		{"a fill that comes late is left out", testLate},
		{"puts in another order", testOrder},
		{"nothing was changed", testKeep},
		{"dropped is forgotten, and so is what others put", testDrop},
		{"all are forgotten", testReset},
		{"who died between", testDied},
		{"another store's", testEpoch},
		{"only the newest are kept", testMost},
		{"a longer part takes a shorter one's place", testLonger},
		{"a large entry", testLarge},
		{"every field survives", testFields},
		{"keys are taken as they come", testKeys},
		{"a context that has ended is an error", testContext},
		{"many at once", testMany},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, b, pass := open(t)
			c.test(t, &ends{t, a, b, pass})
		})
	}
}

// ends are two replicas.
type ends struct {
	*testing.T
	a, b conversation.History
	pass func()
}

func entry(offset int64) kiveileder.Entry {
	return kiveileder.Entry{Offset: offset, ID: fmt.Sprint("m", offset), At: time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC).Add(time.Duration(offset) * time.Second), Text: fmt.Sprint("Spørsmål ", offset)}
}

// stream gives the entries first to top.
func stream(first, top int64) kiveileder.Stream {
	s := kiveileder.Stream{Epoch: epoch, Top: top}
	for o := first; o <= top; o++ {
		s.Entries = append(s.Entries, entry(o))
	}
	return s
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// miss checks that nothing is known at both ends, and gives a ticket.
func (x *ends) miss(after int64) conversation.Ticket {
	x.Helper()
	var ticket conversation.Ticket
	for _, h := range []conversation.History{x.a, x.b} {
		s, t, found, err := h.Read(x.Context(), epoch, key, after, 1000)
		ok(x, err)
		if found {
			x.Fatalf("Read(after %d) = %+v, want nothing known", after, s)
		}
		ticket = t
	}
	return ticket
}

// hit checks what is known at both ends after an offset: first to top.
func (x *ends) hit(after, first, top int64) {
	x.Helper()
	for _, h := range []conversation.History{x.a, x.b} {
		s, _, found, err := h.Read(x.Context(), epoch, key, after, 1000)
		ok(x, err)
		if !found {
			x.Fatalf("Read(after %d): nothing known, want %d to %d", after, first, top)
		}
		same(x, fmt.Sprintf("Read(after %d)", after), stream(first, top), s)
	}
}

func same(t testing.TB, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("%s: -want +got:\n%s", what, d)
	}
}

// fill fills the entries first to top.
func (x *ends) fill(first, top int64) {
	x.Helper()
	_, ticket, _, err := x.a.Read(x.Context(), epoch, key, first-1, 1)
	ok(x, err)
	ok(x, x.a.Fill(x.Context(), ticket, epoch, key, first-1, stream(first, top)))
}

func (x *ends) mark(h conversation.History) conversation.Mark {
	x.Helper()
	m, err := h.Mark(x.Context(), key)
	ok(x, err)
	return m
}

func (x *ends) put(h conversation.History, m conversation.Mark, offset int64) {
	x.Helper()
	ok(x, h.Put(x.Context(), m, epoch, key, entry(offset)))
}

func testNothing(t *testing.T, x *ends) {
	for _, after := range []int64{0, 1, 1 << 40} {
		x.miss(after)
	}
}

func testFill(t *testing.T, x *ends) {
	ticket := x.miss(0)
	ok(t, x.b.Fill(t.Context(), ticket, epoch, key, 0, stream(1, 3)))
	x.hit(0, 1, 3)
	x.hit(2, 3, 3)
	x.hit(3, 4, 3)
	x.hit(99, 4, 3)
	// what has no entries is known as well
	_, ticket, _, err := x.a.Read(t.Context(), epoch, "empty", 0, 1)
	ok(t, err)
	ok(t, x.a.Fill(t.Context(), ticket, epoch, "empty", 0, kiveileder.Stream{Epoch: epoch}))
	s, _, found, err := x.b.Read(t.Context(), epoch, "empty", 0, 10)
	if err != nil || !found || s.Top != 0 || len(s.Entries) > 0 || s.More || s.Epoch != epoch {
		t.Errorf("an empty one: %+v, %v, %v", s, found, err)
	}
	// a part that does not reach the end says nothing
	_, ticket, _, err = x.a.Read(t.Context(), epoch, "part", 0, 1)
	ok(t, err)
	part := stream(1, 2)
	part.Top, part.More = 5, true
	ok(t, x.a.Fill(t.Context(), ticket, epoch, "part", 0, part))
	if _, _, found, err := x.b.Read(t.Context(), epoch, "part", 0, 10); found || err != nil {
		t.Errorf("a part was taken: %v", err)
	}
}

func testPut(t *testing.T, x *ends) {
	x.put(x.a, x.mark(x.a), 1) // nothing is known: what is known begins here
	x.hit(0, 1, 1)
	x.put(x.b, x.mark(x.b), 2)
	x.put(x.a, x.mark(x.a), 3)
	x.hit(0, 1, 3)
	x.hit(1, 2, 3)
	ok(t, x.a.Drop(t.Context(), key))
	x.put(x.a, x.mark(x.a), 4)
	x.miss(0)
	x.miss(2)
	x.hit(3, 4, 4)
	x.put(x.b, x.mark(x.b), 5)
	x.hit(3, 4, 5)
}

func testParts(t *testing.T, x *ends) {
	x.fill(1, 5)
	for _, c := range []struct {
		after int64
		limit int
		want  []int64
		more  bool
	}{
		{0, 100, []int64{1, 2, 3, 4, 5}, false},
		{0, 5, []int64{1, 2, 3, 4, 5}, false},
		{0, 4, []int64{1, 2, 3, 4}, true},
		{2, 2, []int64{3, 4}, true},
		{4, 1, []int64{5}, false},
		{5, 1, nil, false},
		{1 << 60, 1, nil, false},
		{0, 1 << 60, []int64{1, 2, 3, 4, 5}, false},
	} {
		s, _, found, err := x.b.Read(t.Context(), epoch, key, c.after, c.limit)
		ok(t, err)
		var got []int64
		for _, e := range s.Entries {
			got = append(got, e.Offset)
		}
		if !found || s.Top != 5 || s.More != c.more {
			t.Errorf("Read(%d, %d) = found %v, top %d, more %v", c.after, c.limit, found, s.Top, s.More)
		}
		same(t, fmt.Sprintf("Read(%d, %d)", c.after, c.limit), c.want, got)
	}
}

func testMarked(t *testing.T, x *ends) {
	x.fill(1, 2)
	a, b := x.mark(x.a), x.mark(x.b)
	x.miss(0)
	x.miss(2)
	x.put(x.a, a, 3)
	x.miss(0) // the other is not done
	x.put(x.b, b, 4)
	x.hit(0, 1, 4)
}

func testLate(t *testing.T, x *ends) {
	// the store is read, and the conversation changes, before the fill comes
	ticket := x.miss(0)
	m := x.mark(x.b)
	ok(t, x.a.Fill(t.Context(), ticket, epoch, key, 0, stream(1, 1)))
	x.miss(0)
	during := x.miss(0)
	x.put(x.b, m, 2)
	x.hit(1, 2, 2)
	for _, old := range []conversation.Ticket{ticket, during, {}} {
		ok(t, x.a.Fill(t.Context(), old, epoch, key, 0, stream(1, 1)))
		x.hit(1, 2, 2)
	}
	ok(t, x.b.Drop(t.Context(), key))
	for _, old := range []conversation.Ticket{ticket, during, {}} {
		ok(t, x.a.Fill(t.Context(), old, epoch, key, 0, stream(1, 1)))
		x.miss(0)
	}
	ok(t, x.a.Fill(t.Context(), x.miss(0), epoch, key, 0, stream(1, 2)))
	x.hit(0, 1, 2)
}

func testOrder(t *testing.T, x *ends) {
	x.fill(1, 1)
	a, b, c := x.mark(x.a), x.mark(x.b), x.mark(x.a)
	x.put(x.b, b, 3) // stored after 2, told before
	x.put(x.a, a, 2)
	x.miss(0)
	x.put(x.a, c, 4)
	x.hit(2, 3, 4)
	x.miss(1)
	x.fill(1, 4)
	x.hit(0, 1, 4)
}

func testKeep(t *testing.T, x *ends) {
	x.fill(1, 2)
	m := x.mark(x.a)
	ok(t, x.a.Keep(t.Context(), m, key))
	x.hit(0, 1, 2)
	x.put(x.b, x.mark(x.b), 3)
	x.hit(0, 1, 3)
}

func testDrop(t *testing.T, x *ends) {
	x.fill(1, 2)
	adding, deleting := x.mark(x.a), x.mark(x.b)
	ticket := x.miss(0)
	ok(t, x.b.Drop(t.Context(), key))
	x.put(x.a, adding, 3) // it was added before the conversation was deleted
	x.miss(0)
	x.miss(2)
	ok(t, x.a.Fill(t.Context(), ticket, epoch, key, 0, stream(1, 3)))
	x.miss(0)
	ok(t, x.b.Keep(t.Context(), deleting, key)) // ended already
	x.miss(0)
	ok(t, x.b.Drop(t.Context(), key))
	ok(t, x.b.Drop(t.Context(), "never known"))
}

func testReset(t *testing.T, x *ends) {
	x.fill(1, 2)
	ticket, m := x.miss2("other"), x.mark(x.a)
	ok(t, x.a.Reset(t.Context()))
	x.put(x.a, m, 3)
	x.miss(0)
	x.miss(2)
	ok(t, x.a.Fill(t.Context(), ticket, epoch, "other", 0, stream(1, 1)))
	x.miss2("other")
	x.fill(1, 3)
	x.hit(0, 1, 3)
	x.put(x.b, x.mark(x.b), 4)
	x.hit(0, 1, 4)
}

// miss2 is miss of another conversation.
func (x *ends) miss2(key string) conversation.Ticket {
	x.Helper()
	_, ticket, found, err := x.b.Read(x.Context(), epoch, key, 0, 10)
	ok(x, err)
	if found {
		x.Fatalf("%s is known", key)
	}
	return ticket
}

func testDied(t *testing.T, x *ends) {
	x.fill(1, 2)
	dead := x.mark(x.a) // and 3 is stored, and that was all
	x.miss(0)
	ticket := x.miss(0)
	x.pass()
	ok(t, x.b.Fill(t.Context(), ticket, epoch, key, 0, stream(1, 2))) // read before 3 was stored
	x.miss(0)
	x.miss(2)
	x.fill(1, 3)
	x.hit(0, 1, 3)
	x.put(x.a, dead, 3) // it was not dead, only very slow
	x.miss(0)
	x.fill(1, 3)

	x.mark(x.a) // 4 is stored
	m := x.mark(x.b)
	x.put(x.b, m, 5)
	x.miss(0)
	x.pass()
	x.miss(4) // 5 is known, but not that nothing came after it
	x.fill(1, 5)
	x.hit(0, 1, 5)

	// the mark ran out before another's, and nobody read between
	x.mark(x.a)
	x.pass()
	x.put(x.b, x.mark(x.b), 7)
	x.miss(4)
	x.miss(5)
	x.hit(6, 7, 7)
}

func testEpoch(t *testing.T, x *ends) {
	x.fill(1, 2)
	for _, other := range []string{"e2", "", "e", "e1 ", "E1"} {
		if s, _, found, err := x.b.Read(t.Context(), other, key, 0, 10); found || err != nil {
			t.Errorf("in epoch %q: %+v, %v", other, s, err)
		}
	}
	m := x.mark(x.a)
	ok(t, x.a.Put(t.Context(), m, "e2", key, entry(3)))
	x.miss(0)
	if _, _, found, err := x.b.Read(t.Context(), "e2", key, 2, 10); !found || err != nil {
		t.Errorf("what was put in another epoch is not known: %v", err)
	}
}

func testMost(t *testing.T, x *ends) {
	const top = conversation.HistoryMost + 100
	x.fill(1, top)
	x.miss(99)
	s, _, found, err := x.b.Read(t.Context(), epoch, key, 100, 10_000)
	ok(t, err)
	if !found || len(s.Entries) != conversation.HistoryMost || s.Entries[0].Offset != 101 {
		t.Errorf("found %v, %d entries", found, len(s.Entries))
	}
	x.put(x.a, x.mark(x.a), top+1)
	x.miss(100)
	if s, _, found, err := x.b.Read(t.Context(), epoch, key, 101, 10_000); !found || err != nil || len(s.Entries) != conversation.HistoryMost {
		t.Errorf("after a put: found %v, %d entries, %v", found, len(s.Entries), err)
	}
}

func testLonger(t *testing.T, x *ends) {
	ticket := x.miss(0)
	for _, first := range []int64{5, 3, 4, 6, 1} {
		ok(t, x.a.Fill(t.Context(), ticket, epoch, key, first-1, stream(first, 5)))
	}
	x.hit(0, 1, 5)
	ok(t, x.a.Fill(t.Context(), ticket, epoch, key, 5, stream(6, 5)))
	x.hit(0, 1, 5)
}

func testLarge(t *testing.T, x *ends) {
	large := entry(2)
	large.Text = strings.Repeat("ø", 1<<20)
	x.fill(1, 1)
	ok(t, x.a.Put(t.Context(), x.mark(x.a), epoch, key, large))
	x.put(x.a, x.mark(x.a), 3)
	x.hit(2, 3, 3) // a large one need not be kept, but must not be missing
	for _, after := range []int64{0, 1} {
		s, _, found, err := x.b.Read(t.Context(), epoch, key, after, 10)
		ok(t, err)
		if found && (int64(len(s.Entries)) != 3-after || s.Entries[1-after].Text != large.Text) {
			t.Errorf("Read(after %d) = %d entries", after, len(s.Entries))
		}
	}
	ticket := x.miss2("filled")
	s := stream(1, 3)
	s.Entries[1] = large
	ok(t, x.a.Fill(t.Context(), ticket, epoch, "filled", 0, s))
	got, _, found, err := x.b.Read(t.Context(), epoch, "filled", 2, 10)
	if err != nil || !found || len(got.Entries) != 1 {
		t.Errorf("filled: %v, %v", found, err)
	}
}

func testFields(t *testing.T, x *ends) {
	e := filltest.Value[kiveileder.Entry]("Svar")
	e.Offset = 1
	ok(t, x.a.Put(t.Context(), x.mark(x.a), epoch, key, e))
	s, _, found, err := x.b.Read(t.Context(), epoch, key, 0, 1)
	if err != nil || !found {
		t.Fatalf("found %v, %v", found, err)
	}
	same(t, "put", []kiveileder.Entry{e}, s.Entries)
	ticket := x.miss2("filled")
	ok(t, x.a.Fill(t.Context(), ticket, epoch, "filled", 0, s))
	s, _, _, err = x.b.Read(t.Context(), epoch, "filled", 0, 1)
	ok(t, err)
	same(t, "filled", []kiveileder.Entry{e}, s.Entries)
}

func testKeys(t *testing.T, x *ends) {
	keys := []string{"", " ", "å", "a\u030a", "{a}b", "a}b", "{", "*", "a\x00b", "\x00", "a:entries", "a", "m:1", strings.Repeat("k", 10_000)}
	for i, k := range keys {
		m, err := x.a.Mark(t.Context(), k)
		ok(t, err)
		e := entry(1)
		e.Text = fmt.Sprint(i)
		ok(t, x.a.Put(t.Context(), m, epoch, k, e))
	}
	for i, k := range keys {
		s, _, found, err := x.b.Read(t.Context(), epoch, k, 0, 10)
		if err != nil || !found || len(s.Entries) != 1 || s.Entries[0].Text != fmt.Sprint(i) {
			t.Errorf("%.20q: %+v, %v, %v", k, s, found, err)
		}
	}
}

func testContext(t *testing.T, x *ends) {
	x.fill(1, 1)
	m := x.mark(x.a)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, _, read := x.a.Read(ended, epoch, key, 0, 1)
	_, mark := x.a.Mark(ended, key)
	for name, err := range map[string]error{
		"Read": read, "Mark": mark,
		"Fill":  x.a.Fill(ended, conversation.Ticket{}, epoch, key, 0, stream(1, 1)),
		"Put":   x.a.Put(ended, m, epoch, key, entry(2)),
		"Keep":  x.a.Keep(ended, m, key),
		"Drop":  x.a.Drop(ended, key),
		"Reset": x.a.Reset(ended),
	} {
		if name != "Fill" && !errors.Is(err, context.Canceled) { // a Fill with that ticket has nothing to do
			t.Errorf("%s: %v", name, err)
		}
	}
	ok(t, x.a.Keep(t.Context(), m, key))
	x.hit(0, 1, 1)
}

// Writers take offsets in turn, readers never see less than was put before they
// read.
func testMany(t *testing.T, x *ends) {
	const writers, each = 8, 25
	var mu sync.Mutex
	stored := int64(0)
	var wg, readers sync.WaitGroup
	done := make(chan struct{})
	for i := range writers {
		h := []conversation.History{x.a, x.b}[i%2]
		wg.Go(func() {
			for range each {
				m, err := h.Mark(t.Context(), key)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				stored++
				offset := stored
				mu.Unlock()
				if err := h.Put(t.Context(), m, epoch, key, entry(offset)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range 4 {
		h := []conversation.History{x.a, x.b}[i%2]
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				mu.Lock()
				atLeast := stored
				mu.Unlock()
				s, ticket, found, err := h.Read(t.Context(), epoch, key, 0, 1000)
				if err != nil {
					t.Error(err)
					return
				}
				if found {
					if s.Top < atLeast || int64(len(s.Entries)) != s.Top {
						t.Errorf("%d entries to %d, stored were %d", len(s.Entries), s.Top, atLeast)
						return
					}
					continue
				}
				mu.Lock()
				top := stored
				mu.Unlock()
				if err := h.Fill(t.Context(), ticket, epoch, key, 0, stream(1, top)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	close(done)
	readers.Wait()
	x.fill(1, writers*each)
	x.hit(0, 1, writers*each)
}
