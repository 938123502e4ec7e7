package conversationtest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kiveileder"
)

const callers = 50

func testTogether(t *testing.T, open Opener) {
	t.Run("the same message from many is added once", func(t *testing.T) {
		s, _ := open(t)
		var wg sync.WaitGroup
		var times atomic.Int32
		for i := range callers {
			wg.Go(func() {
				m := message("m", i)
				m.Text = fmt.Sprint(i)
				e, added, err := s.Add(t.Context(), "k", m)
				switch {
				case err != nil || e.Offset != 1:
					t.Errorf("offset %d, %v", e.Offset, err)
				case added && e.Text != m.Text:
					t.Errorf("caller %d added, and got back what %s wrote", i, e.Text)
				case added:
					times.Add(1)
				}
			})
		}
		wg.Wait()
		if n := times.Load(); n != 1 {
			t.Errorf("added %d times", n)
		}
		whole(t, s, "k", 1)
	})
	t.Run("the same answer from many is added once", func(t *testing.T) {
		s, _ := open(t)
		m := add(t, s, "k", message("m", 1))
		var wg sync.WaitGroup
		var times atomic.Int32
		for i := range callers {
			wg.Go(func() {
				e, added, err := s.Add(t.Context(), "k", answer(m, i))
				if err != nil || e.Offset != 2 {
					t.Errorf("offset %d, %v", e.Offset, err)
				}
				if added {
					times.Add(1)
				}
			})
		}
		wg.Wait()
		if n := times.Load(); n != 1 {
			t.Errorf("added %d times", n)
		}
		whole(t, s, "k", 2)
	})
	t.Run("many write to one conversation, and others read it", func(t *testing.T) {
		const writers, each = 8, 10
		s, _ := open(t)
		var wg, readers sync.WaitGroup
		var offsets sync.Map
		written := make(chan struct{})
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					m, added, err := s.Add(t.Context(), "k", message(fmt.Sprintf("w%d-%d", w, i), i))
					if err != nil || !added {
						t.Errorf("added %v, %v", added, err)
						return
					}
					a, added, err := s.Add(t.Context(), "k", answer(m, i))
					if err != nil || !added {
						t.Errorf("answer added %v, %v", added, err)
						return
					}
					for _, e := range []kiveileder.Entry{m, a} {
						if _, twice := offsets.LoadOrStore(e.Offset, true); twice {
							t.Errorf("offset %d was given twice", e.Offset)
						}
					}
				}
			})
		}
		for range 2 {
			readers.Go(func() {
				after := int64(0)
				for done := false; !done; {
					select {
					case <-written:
						done = true // and read to the end once more
					default:
					}
					got, err := s.Read(t.Context(), "k", after, 1000)
					if err != nil {
						t.Error(err)
						return
					}
					for _, e := range got.Entries {
						if after++; e.Offset != after {
							t.Errorf("read offset %d after %d", e.Offset, after-1)
							return
						}
					}
					if got.More || got.Top != after {
						t.Errorf("read to %d, top %d, more %v", after, got.Top, got.More)
					}
				}
				if after != 2*writers*each {
					t.Errorf("read %d entries", after)
				}
			})
		}
		wg.Wait()
		close(written)
		readers.Wait()
		for _, e := range whole(t, s, "k", 2*writers*each).Entries {
			if e.Answer != nil && (e.ReplyTo >= e.Offset || e.Answer.Lead != "Til "+e.ID) {
				t.Errorf("answer %d to %d says %q", e.Offset, e.ReplyTo, e.Answer.Lead)
			}
		}
	})
	t.Run("many begin conversations that others delete and expire", func(t *testing.T) {
		s, _ := open(t)
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for i := range 15 {
					key := fmt.Sprint("k", (w+i)%3)
					m, _, err := s.Add(t.Context(), key, message(fmt.Sprintf("w%d-%d", w, i), 1))
					if err == nil {
						_, _, err = s.Add(t.Context(), key, answer(m, 2))
					}
					// gone meanwhile: deleted, or forgotten and begun anew
					if err != nil && kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
						t.Errorf("add: %v", err)
					}
					if w == 0 && i%5 == 4 {
						if err := s.Delete(t.Context(), key); err != nil {
							t.Errorf("delete: %v", err)
						}
					}
					if w == 1 && i%3 == 2 {
						if _, err := s.Expire(t.Context(), time.Now().Add(time.Hour)); err != nil {
							t.Errorf("expire: %v", err)
						}
					}
				}
			})
		}
		wg.Wait()
		for i := range 3 {
			key := fmt.Sprint("k", i)
			got, err := s.Read(t.Context(), key, 0, 1000)
			if err != nil && kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
				t.Errorf("%q: %v", key, err)
			}
			if int64(len(got.Entries)) != got.Top {
				t.Errorf("%q: %d entries, top %d", key, len(got.Entries), got.Top)
			}
			for i, e := range got.Entries {
				if e.Offset != int64(i)+1 {
					t.Errorf("%q: entry %d has offset %d", key, i, e.Offset)
				}
			}
		}
	})
	t.Run("a conversation that is deleted while it is read is there or gone", func(t *testing.T) {
		s, _ := open(t)
		for round := range 10 {
			key := fmt.Sprint("k", round)
			say(t, s, key, "m1", "m2", "m3")
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for {
						got, err := s.Read(t.Context(), key, 0, 10)
						switch {
						case kiveileder.ErrorCode(err) == kiveileder.CodeNotFound:
							return
						case err != nil || len(got.Entries) != 3 || got.More:
							t.Errorf("read %d entries of %d, more %v, %v", len(got.Entries), got.Top, got.More, err)
							return
						}
					}
				})
			}
			if err := s.Delete(t.Context(), key); err != nil {
				t.Error(err)
			}
			wg.Wait()
		}
	})
}

func testReopen(t *testing.T, open Opener) {
	s, reopen := open(t)
	if reopen == nil {
		return // a store that keeps nothing promises nothing here
	}
	ms := say(t, s, "k", "m1", "m2")
	add(t, s, "k", answer(ms[0], 3))
	want := whole(t, s, "k", 3)
	for range 3 {
		s = reopen()
		same(t, "opened again", want, all(t, s, "k"))
	}
	if e, added, err := s.Add(t.Context(), "k", message("m2", 9)); added || err != nil || e.Offset != 2 {
		t.Errorf("the same message, opened again: %d, added %v, %v", e.Offset, added, err)
	}
	if e := add(t, s, "k", message("m3", 9)); e.Offset != 4 {
		t.Errorf("goes on at %d", e.Offset)
	}
}
