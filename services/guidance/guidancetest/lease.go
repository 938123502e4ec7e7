package guidancetest

import (
	"testing"

	"kiveileder/services/guidance"
)

func testLease(t *testing.T, open Opener) {
	take := func(t *testing.T, s guidance.Store, who guidance.Actor, now, until int) guidance.Lease {
		t.Helper()
		l, err := s.Lease(t.Context(), "c1", who, at(now), at(until))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "what Load says", l, load(t, s, "c1").Lease)
		return l
	}
	t.Run("it is the first one's until it runs out", func(t *testing.T) {
		s, _ := open(t)
		put(t, s, first("c1", 1))
		for i, c := range []struct {
			who        guidance.Actor
			now, until int
			want       guidance.Lease
		}{
			{Anne, 1, 10, guidance.Lease{Holder: Anne, Until: at(10)}},
			{Bodil, 2, 20, guidance.Lease{Holder: Anne, Until: at(10)}},
			{Anne, 5, 15, guidance.Lease{Holder: Anne, Until: at(15)}}, // the heartbeat
			{Bodil, 14, 20, guidance.Lease{Holder: Anne, Until: at(15)}},
			{Bodil, 15, 25, guidance.Lease{Holder: Bodil, Until: at(25)}},
			{Anne, 16, 30, guidance.Lease{Holder: Bodil, Until: at(25)}},
		} {
			if got := take(t, s, c.who, c.now, c.until); got != c.want {
				t.Errorf("%d: %v, want %v", i, got, c.want)
			}
		}
		_, err := s.Lease(t.Context(), "none", Anne, at(1), at(2))
		is(t, "no case", guidance.ErrNoCase, err)
	})
	t.Run("a claim changes it together with the log", func(t *testing.T) {
		s, _ := open(t)
		b := put(t, s, first("c1", 1))
		for i, c := range []struct {
			claim guidance.Claim
			err   error
			want  guidance.Lease
		}{
			{guidance.Claim{Holder: Anne, Now: at(1), Until: at(10)}, nil, guidance.Lease{Holder: Anne, Until: at(10)}},
			{guidance.Claim{Holder: Bodil, Now: at(9), Until: at(19)}, guidance.ErrHeld, guidance.Lease{Holder: Anne, Until: at(10)}},
			{guidance.Claim{Holder: Bodil, Now: at(9)}, nil, guidance.Lease{Holder: Anne, Until: at(10)}}, // gives up what is not Bodil's
			{guidance.Claim{Holder: Bodil, Now: at(9), Until: at(19), Force: true}, nil, guidance.Lease{Holder: Bodil, Until: at(19)}},
			{guidance.Claim{Holder: Anne, Now: at(19), Until: at(29)}, nil, guidance.Lease{Holder: Anne, Until: at(29)}},
			{guidance.Claim{Holder: Anne, Now: at(20)}, nil, guidance.Lease{}},
			{guidance.Claim{Holder: Bodil, Now: at(20), Until: at(30)}, nil, guidance.Lease{Holder: Bodil, Until: at(30)}},
		} {
			next := added(b, i+2, "x")
			next.Claim = &c.claim
			err := s.Append(t.Context(), next)
			is(t, "Append", c.err, err)
			if err == nil {
				b = next
			}
			l := load(t, s, "c1")
			if l.Lease != c.want || len(l.Events) != int(b.Expect)+1 {
				t.Errorf("%d: %v, %d events; want %v", i, l.Lease, len(l.Events), c.want)
			}
		}
	})
}

func testContact(t *testing.T, open Opener) {
	s, _ := open(t)
	b := first("c1", 1)
	b.Sealed = []byte{0, 255, '\''}
	put(t, s, b)
	put(t, s, added(b, 2, "mer")) // leaves it where it is
	sealed, err := s.Contact(t.Context(), "c1")
	same(t, "contact", b.Sealed, sealed)
	is(t, "contact", nil, err)
	_, err = s.Contact(t.Context(), "none")
	is(t, "no case", guidance.ErrNoCase, err)
	before := load(t, s, "c1")
	for range 2 {
		is(t, "delete", nil, s.DeleteContact(t.Context(), "c1"))
	}
	is(t, "delete of no case", nil, s.DeleteContact(t.Context(), "none"))
	_, err = s.Contact(t.Context(), "c1")
	is(t, "deleted", guidance.ErrNoOne, err)
	same(t, "the rest", before, load(t, s, "c1"))
}

func testContacts(t *testing.T, open Opener) {
	s, _ := open(t)
	for i, id := range []string{"B", "a", "c-1", "c_1", "none"} {
		b := first(id, i+1)
		if id != "none" {
			b.Sealed = []byte{0, 255, byte(i)}
		}
		put(t, s, b)
	}
	number := func(i int) string { return guidance.Number(2026, int64(i)) }
	all := []guidance.Sealed{
		{Case: "B", Number: number(1), Contact: []byte{0, 255, 0}}, {Case: "a", Number: number(2), Contact: []byte{0, 255, 1}},
		{Case: "c-1", Number: number(3), Contact: []byte{0, 255, 2}}, {Case: "c_1", Number: number(4), Contact: []byte{0, 255, 3}},
	}
	gives := func(what, after string, limit int, want []guidance.Sealed) {
		t.Helper()
		got, err := s.Contacts(t.Context(), after, limit)
		is(t, what, nil, err)
		same(t, what, want, got)
	}
	gives("all", "", 9, all)
	gives("a page", "", 3, all[:3])
	gives("the next one", "c-1", 3, all[3:])
	gives("after the last", "c_1", 3, nil)
	gives("none", "", 0, nil)
	gives("fewer than none", "", -1, nil)
	is(t, "delete", nil, s.DeleteContact(t.Context(), "a"))
	gives("without one that was deleted", "", 2, []guidance.Sealed{all[0], all[2]})
	_, err := s.Contacts(t.Context(), "\x00", 3)
	invalid(t, "what is no text", err)
}
