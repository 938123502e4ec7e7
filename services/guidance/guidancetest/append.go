package guidancetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"kiveileder/services/guidance"
)

func testAppend(t *testing.T, open Opener) {
	t.Run("what was appended is loaded as it was", func(t *testing.T) {
		s, _ := open(t)
		a := put(t, s, first("c1", 1))
		b := put(t, s, added(a, 2, "mer"))
		l := load(t, s, "c1")
		same(t, "log", guidance.Log{ID: "c1", Number: "KI-2026-0001", Events: append(a.Events, b.Events...)}, l)
	})
	t.Run("from an event on", func(t *testing.T) {
		s, _ := open(t)
		a := put(t, s, first("c1", 1))
		b := put(t, s, added(a, 2, "mer"))
		c := put(t, s, added(b, 3, "enda mer"))
		all := slices.Concat(a.Events, b.Events, c.Events)
		for seq, want := range map[int64][]guidance.Event{-1: all, 0: all, 1: all, 2: all[1:], 3: all[2:], 4: nil, 99: nil} {
			l, err := s.LoadFrom(t.Context(), "c1", seq)
			is(t, "LoadFrom", nil, err)
			same(t, fmt.Sprint("from ", seq), guidance.Log{ID: "c1", Number: "KI-2026-0001", Events: want}, l)
		}
		for _, id := range []string{"c2", "", "a\x00", "ø"} {
			_, err := s.LoadFrom(t.Context(), id, 4)
			is(t, "LoadFrom "+id, guidance.ErrNoCase, err)
		}
	})
	t.Run("only who has seen the newest event goes on", func(t *testing.T) {
		s, _ := open(t)
		a := put(t, s, first("c1", 1))
		b := put(t, s, added(a, 2, "mer"))
		is(t, "made again", guidance.ErrMoved, s.Append(t.Context(), first("c1", 3)))
		is(t, "on an old one", guidance.ErrMoved, s.Append(t.Context(), added(a, 3, "sein")))
		ahead := added(b, 3, "før")
		ahead.Expect, ahead.Events[0].Seq = 3, 4
		is(t, "on one to come", guidance.ErrMoved, s.Append(t.Context(), ahead))
		is(t, "on no case", guidance.ErrNoCase, s.Append(t.Context(), added(first("c2", 1), 2, "x")))
		if n := len(load(t, s, "c1").Events); n != 2 {
			t.Errorf("%d events", n)
		}
	})
	t.Run("a batch with gaps, or without events, is refused", func(t *testing.T) {
		s, _ := open(t)
		b := first("c1", 1)
		b.Events[0].Seq = 2
		if s.Append(t.Context(), b) == nil || s.Append(t.Context(), guidance.Batch{Case: "c1"}) == nil {
			t.Error("it was taken")
		}
		_, err := s.Load(t.Context(), "c1")
		is(t, "load", guidance.ErrNoCase, err)
	})
	t.Run("of what is refused nothing stays", func(t *testing.T) {
		s, _ := open(t)
		a := put(t, s, first("c1", 1))
		claimed := added(a, 2, "Anne tok den")
		claimed.Claim = &guidance.Claim{Holder: Anne, Now: at(2), Until: at(10)}
		put(t, s, claimed)
		b := added(claimed, 3, "Bodil ville ha den")
		b.Claim, b.Sealed = &guidance.Claim{Holder: Bodil, Now: at(3), Until: at(20)}, []byte("secret")
		b.Mails = []guidance.Mail{mail("m1", "c1", 3, 3)}
		is(t, "claim", guidance.ErrHeld, s.Append(t.Context(), b))
		l := load(t, s, "c1")
		same(t, "lease", guidance.Lease{Holder: Anne, Until: at(10)}, l.Lease)
		if len(l.Events) != 2 {
			t.Errorf("%d events", len(l.Events))
		}
		mails, err := s.Mails(t.Context(), "c1")
		if len(mails) > 0 || err != nil {
			t.Errorf("mails %v, %v", mails, err)
		}
		_, err = s.Contact(t.Context(), "c1")
		is(t, "contact", guidance.ErrNoOne, err)
	})
	t.Run("texts are taken away together with the event that says so", func(t *testing.T) {
		s, _ := open(t)
		a := first("c1", 1)
		a.Sealed = []byte("secret")
		put(t, s, a)
		b := put(t, s, added(a, 2, "mer"))
		c := added(b, 3, "borte")
		gone := b.Events[0]
		gone.Data = guidance.AddedData{}
		c.Redact, c.Forget = []guidance.Event{gone}, true
		put(t, s, c)
		same(t, "events", []guidance.Event{a.Events[0], gone, c.Events[0]}, load(t, s, "c1").Events)
		_, err := s.Contact(t.Context(), "c1")
		is(t, "contact", guidance.ErrNoOne, err)
	})
	t.Run("of a case that is anonymised goes what people are typing, with the event that says so", func(t *testing.T) {
		s, _ := open(t)
		a := put(t, s, first("c1", 1))
		for _, who := range []string{"anne", "bodil"} {
			for _, key := range []string{guidance.DraftKey("c1"), "note:c1", guidance.DraftKey("c10"), "seen:c1"} {
				is(t, "Keep", nil, s.Keep(t.Context(), who, key, []byte(who)))
			}
		}
		keys := func(who string) string { return strings.Join(slices.Sorted(maps.Keys(kept(t, s, who, ""))), " ") }
		b := added(a, 2, "borte")
		b.Events[0].Kind, b.Events[0].Data = guidance.Anonymised, guidance.AnonymisedData{}
		late := b
		late.Expect, late.Events = 0, first("c1", 2).Events
		late.Events[0].Kind, late.Events[0].Data = guidance.Anonymised, guidance.AnonymisedData{}
		is(t, "too late", guidance.ErrMoved, s.Append(t.Context(), late))
		if got := keys("anne"); got != "draft:c1 draft:c10 note:c1 seen:c1" {
			t.Errorf("after one that was refused: %s", got)
		}
		put(t, s, b)
		for _, who := range []string{"anne", "bodil"} {
			if got := keys(who); got != "draft:c10 seen:c1" {
				t.Errorf("%s still has %s", who, got)
			}
		}
	})
	t.Run("a context that has ended changes nothing", func(t *testing.T) {
		s, _ := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Append(ctx, first("c1", 1)); !errors.Is(err, context.Canceled) {
			t.Errorf("Append: %v", err)
		}
		if err := s.Keep(ctx, "anne", "view:mine", []byte("x")); !errors.Is(err, context.Canceled) {
			t.Errorf("Keep: %v", err)
		}
		same(t, "kept", map[string][]byte{}, kept(t, s, "anne", ""))
		_, err := s.Load(t.Context(), "c1")
		is(t, "load", guidance.ErrNoCase, err)
	})
	t.Run("no case has an id like these", func(t *testing.T) {
		s, _ := open(t)
		for _, id := range []string{"", "c1", "a\x00b", "\xff", "' OR 1=1 --"} {
			_, err := s.Load(t.Context(), id)
			is(t, fmt.Sprintf("load %q", id), guidance.ErrNoCase, err)
		}
	})
}

func testNumbers(t *testing.T, open Opener) {
	t.Run("by year, each its own", func(t *testing.T) {
		s, _ := open(t)
		for i, c := range []struct {
			year int
			want string
		}{{2026, "KI-2026-0001"}, {2026, "KI-2026-0002"}, {2027, "KI-2027-0001"}, {2026, "KI-2026-0003"}} {
			b := first(fmt.Sprint("c", i), i)
			b.Year = c.year
			put(t, s, b)
			if got := load(t, s, b.Case).Number; got != c.want {
				t.Errorf("case %d has number %s, want %s", i, got, c.want)
			}
		}
	})
	t.Run("without gaps, whoever fails", func(t *testing.T) {
		s, _ := open(t)
		const cases = 20
		var wg sync.WaitGroup
		var made atomic.Int32
		for i := range 3 * cases { // each case is made by three at once
			wg.Go(func() {
				switch err := s.Append(t.Context(), first(fmt.Sprint("c", i%cases), 1)); {
				case err == nil:
					made.Add(1)
				case !errors.Is(err, guidance.ErrMoved):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := made.Load(); n != cases {
			t.Errorf("made %d times", n)
		}
		numbers := map[string]bool{}
		for i := range cases {
			numbers[load(t, s, fmt.Sprint("c", i)).Number] = true
		}
		for n := range int64(cases) {
			if !numbers[guidance.Number(2026, n+1)] {
				t.Errorf("no case has number %s", guidance.Number(2026, n+1))
			}
		}
	})
}

func testReopen(t *testing.T, open Opener) {
	s, reopen := open(t)
	if reopen == nil {
		return // it keeps nothing
	}
	a := first("c1", 1)
	a.Sealed, a.Mails = []byte{0, 1, 255}, []guidance.Mail{mail("m1", "c1", 1, 1)}
	put(t, s, a)
	b := added(a, 2, "mer")
	b.Claim = &guidance.Claim{Holder: Anne, Now: at(2), Until: at(10)}
	put(t, s, b)
	is(t, "Keep", nil, s.Keep(t.Context(), "anne", "draft:c1", []byte{0, 255}))
	is(t, "Keep", nil, s.Keep(t.Context(), "anne", "view:mine", []byte{}))
	before := load(t, s, "c1")
	s = reopen()
	same(t, "log", before, load(t, s, "c1"))
	sealed, err := s.Contact(t.Context(), "c1")
	same(t, "contact", []byte{0, 1, 255}, sealed)
	is(t, "contact", nil, err)
	mails, err := s.Mails(t.Context(), "c1")
	same(t, "mails", a.Mails, mails)
	is(t, "mails", nil, err)
	same(t, "kept", map[string][]byte{"draft:c1": {0, 255}, "view:mine": {}}, kept(t, s, "anne", ""))
	c := first("c2", 1)
	put(t, s, c)
	if n := load(t, s, "c2").Number; n != "KI-2026-0002" {
		t.Errorf("the next case has number %s", n)
	}
}
