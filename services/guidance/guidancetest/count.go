package guidancetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kiveileder/services/guidance"
)

// What a store lets through and counts is what one finds who goes through all
// rows, whatever is asked for.
func testCount(t *testing.T, open Opener) {
	s, _ := open(t)
	rows := counted(t, s)
	is := func(r guidance.Row, agency string) bool { return slices.Contains(r.Agencies, agency) }
	held := func(r guidance.Row, id string) bool { return r.Holder != nil && r.Holder.ID == id }
	rested := at(20)
	unread := func(r guidance.Row, rested time.Time) bool {
		return r.Seq > r.Seen && !(slices.Contains(guidance.TheFlow.Ends, r.State) && r.Changed.Before(rested))
	}
	for name, c := range map[string]struct {
		f    guidance.Filter
		lets func(r guidance.Row) bool
	}{
		"all":                  {guidance.Filter{}, func(guidance.Row) bool { return true }},
		"open":                 {guidance.Filter{States: guidance.TheFlow.Open}, func(r guidance.Row) bool { return slices.Contains(guidance.TheFlow.Open, r.State) }},
		"two agencies":         {guidance.Filter{Agency: "hdir", Beside: "dmp"}, func(r guidance.Row) bool { return is(r, "hdir") && is(r, "dmp") }},
		"beside alone":         {guidance.Filter{Beside: "dmp"}, func(r guidance.Row) bool { return is(r, "dmp") }},
		"nobody's":             {guidance.Filter{Nobodys: true}, func(r guidance.Row) bool { return len(r.Agencies) == 0 }},
		"unsigned":             {guidance.Filter{Unsigned: "dmp"}, func(r guidance.Row) bool { return slices.Contains(r.Unsigned, "dmp") }},
		"unsigned by a part":   {guidance.Filter{Unsigned: "dm"}, func(guidance.Row) bool { return false }},
		"an agency in a quote": {guidance.Filter{Unsigned: `dmp","x`}, func(guidance.Row) bool { return false }},
		"review":               {guidance.Filter{Review: true}, func(r guidance.Row) bool { return r.Published == "review" }},
		"review in register":   {guidance.Filter{Review: true, Register: true, Agency: "hdir"}, func(r guidance.Row) bool { return r.Published == "review" && is(r, "hdir") }},
		"unread":               {guidance.Filter{Reader: "anne", Unread: true}, func(r guidance.Row) bool { return unread(r, time.Time{}) }},
		"unread, rested":       {guidance.Filter{Reader: "anne", Unread: true, Rested: rested}, func(r guidance.Row) bool { return unread(r, rested) }},
		"read, rested":         {guidance.Filter{Reader: "anne", Rested: rested, Holder: "anne"}, func(r guidance.Row) bool { return held(r, "anne") }},
		"of an agency": {guidance.Filter{Reader: "anne", Rested: rested, Agency: "hdir", States: guidance.TheFlow.Open},
			func(r guidance.Row) bool { return is(r, "hdir") && slices.Contains(guidance.TheFlow.Open, r.State) }},
	} {
		c.f.Limit = 100
		var want []guidance.Row
		counts := guidance.Counts{States: map[guidance.State]int{}}
		tally := guidance.Tally{Holder: "anne", Unsigned: "hdir", Due: at(45)}
		add := func(n *int, is bool) {
			if is {
				*n++
			}
		}
		for _, r := range rows {
			if !c.lets(r) {
				continue
			}
			add(&counts.Unread, c.f.Reader != "" && unread(r, c.f.Rested))
			counts.States[r.State]++
			add(&counts.All, true)
			add(&counts.Free, r.Holder == nil)
			add(&counts.Held, held(r, "anne"))
			add(&counts.Unsigned, slices.Contains(r.Unsigned, "hdir"))
			add(&counts.Due, !r.Due.IsZero() && r.Due.Before(at(45)))
			if c.f.Reader == "" {
				r.Seen = 0
			}
			want = append(want, r)
		}
		if len(want) == len(rows) && name != "all" {
			t.Errorf("%s: it lets everything through", name)
		}
		got, err := s.List(t.Context(), c.f)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		same(t, name, want, got)
		n, err := s.Count(t.Context(), c.f, tally)
		if err != nil {
			t.Errorf("count %s: %v", name, err)
		}
		same(t, "count "+name, counts, n)
		c.f.Limit, c.f.After = 0, &guidance.Row{ID: "c05", Changed: at(5)}
		n, err = s.Count(t.Context(), c.f, guidance.Tally{})
		if err != nil || n.All != counts.All || n.Held+n.Unsigned+n.Due > 0 {
			t.Errorf("count %s without a tally: %+v, %v; want %d", name, n, err, counts.All)
		}
	}
	for name, err := range map[string]error{
		"filter": func() error {
			_, err := s.Count(t.Context(), guidance.Filter{Unsigned: "a\x00"}, guidance.Tally{})
			return err
		}(),
		"reader": func() error { _, err := s.List(t.Context(), guidance.Filter{Reader: "\xff", Limit: 1}); return err }(),
		"tally": func() error {
			_, err := s.Count(t.Context(), guidance.Filter{}, guidance.Tally{Holder: strings.Repeat("x", guidance.MaxShort+1)})
			return err
		}(),
	} {
		if err == nil {
			t.Errorf("%s that is no text: taken", name)
		}
	}
}

// counted puts cases of all sorts into a store and gives their rows, the newest
// first, as Anne reads them.
func counted(t *testing.T, s guidance.Store) (rows []guidance.Row) {
	agencies := [][]string{{"hdir"}, {"dmp", "hdir"}, nil, {"dmp"}, {"hdir", "dmp", "datatilsynet"}}
	for i := range 36 {
		b := first(fmt.Sprintf("c%02d", i), i)
		b.Row = guidance.Row{State: guidance.States[i%len(guidance.States)], Agencies: agencies[i%len(agencies)], Title: "Sak", Opened: at(i), Changed: at(i),
			Published: []string{"", "review", "valid", ""}[i%4], Asker: "conversation-1"}
		b.Row.Review = b.Row.Published == "review"
		switch i % 3 {
		case 0:
			b.Row.Holder = &Anne
		case 1:
			b.Row.Holder = &Bodil
		}
		if i%2 == 0 {
			b.Row.Due = at(60 - i)
		}
		if b.Row.State == guidance.AtSignOff {
			b.Row.Unsigned = b.Row.Agencies[:min(len(b.Row.Agencies), 2)]
		}
		put(t, s, b)
		if i%7 == 0 {
			put(t, s, added(b, i, "mer"))
		}
		kept, seen := [][]byte{nil, []byte("1"), []byte("2"), []byte("nei"), []byte("0")}[i%5], []int64{0, 1, 2, 0, 0}[i%5]
		if kept != nil {
			is(t, "Keep", nil, s.Keep(t.Context(), "anne", guidance.SeenKey(b.Case), kept))
			is(t, "Keep", nil, s.Keep(t.Context(), "bodil", guidance.SeenKey(b.Case), []byte("9")))
		}
		r := b.Row
		r.ID, r.Number, r.Seq, r.Seen = b.Case, guidance.Number(2026, int64(i)+1), 1, seen
		if i%7 == 0 {
			r.Seq = 2
		}
		rows = append(rows, r)
	}
	is(t, "Keep", nil, s.Keep(t.Context(), "anne", guidance.SeenKey("gone"), []byte("1"))) // of a case that is not there
	slices.Reverse(rows)
	return rows
}
