package guidancetest

import (
	"fmt"
	"testing"
	"time"

	"kiveileder/services/guidance"
)

func testList(t *testing.T, open Opener) {
	s, _ := open(t)
	for i, c := range []struct {
		id       string
		state    guidance.State
		agencies []string
		holder   *guidance.Actor
		title    string
		topics   []string
		due      int
		asker    string
		public   string
	}{
		{"a", guidance.IsReceived, []string{"hdir"}, nil, "Må vi søke REK?", []string{"research"}, 0, "conversation-1", ""},
		{"b", guidance.Drafting, []string{"hdir", "dmp"}, &Anne, "CE-merking av ØYE-KI", nil, 50, "conversation-2", "valid"},
		{"c", guidance.AtSignOff, []string{"dmp"}, &Bodil, "50 % sikker_het", []string{"device"}, 40, "conversation-1", "withdrawn"},
		{"d", guidance.Answered, nil, &Anne, "<b>Data\"deling</b>", nil, 0, "", "review"},
	} {
		b := first(c.id, i)
		b.Row = guidance.Row{State: c.state, Agencies: c.agencies, Holder: c.holder, Title: c.title, Topics: c.topics, Opened: at(i), Changed: at(i), Asker: c.asker, Published: c.public}
		if c.due > 0 {
			b.Row.Due = at(c.due)
		}
		put(t, s, b)
	}
	put(t, s, func() guidance.Batch { // a's newest change is as old as b's
		b := added(first("a", 0), 1, "mer")
		b.Row = guidance.Row{State: guidance.IsReceived, Agencies: []string{"hdir"}, Title: "Må vi søke REK?", Topics: []string{"research"}, Changed: at(1), Asker: "conversation-1"}
		return b
	}())
	row := func(id string, n int) *guidance.Row { return &guidance.Row{ID: id, Changed: at(n)} }
	for name, c := range map[string]struct {
		f    guidance.Filter
		want string
	}{
		"all":                   {guidance.Filter{Limit: 10}, "dcab"},
		"none":                  {guidance.Filter{}, ""},
		"less than none":        {guidance.Filter{Limit: -1}, ""},
		"two":                   {guidance.Filter{Limit: 2}, "dc"},
		"after two":             {guidance.Filter{Limit: 2, After: row("c", 2)}, "ab"},
		"after one alike":       {guidance.Filter{Limit: 2, After: row("a", 1)}, "b"},
		"asker":                 {guidance.Filter{Limit: 9, Asker: "conversation-1"}, "ca"},
		"an asker's newest":     {guidance.Filter{Limit: 1, Asker: "conversation-1"}, "c"},
		"an asker's next":       {guidance.Filter{Limit: 9, Asker: "conversation-1", After: row("c", 2)}, "a"},
		"part of an asker":      {guidance.Filter{Limit: 9, Asker: "conversation-"}, ""},
		"its number":            {guidance.Filter{Limit: 9, Number: "KI-2026-0003"}, "c"},
		"part of its number":    {guidance.Filter{Limit: 9, Number: "KI-2026-000"}, ""},
		"number in other words": {guidance.Filter{Limit: 9, Number: "ki-2026-0003"}, ""},
		"number and agency":     {guidance.Filter{Limit: 9, Number: "KI-2026-0003", Agency: "hdir"}, ""},
		"register":              {guidance.Filter{Limit: 9, Register: true}, "dcb"},
		"register, from":        {guidance.Filter{Limit: 1, Register: true, After: row("d", 3)}, "c"},
		"register, asker":       {guidance.Filter{Limit: 9, Register: true, Asker: "conversation-1"}, "c"},
		"due, between":          {guidance.Filter{Limit: 9, Due: at(50).Add(time.Nanosecond)}, "c"}, // times are kept to the microsecond
		"states":                {guidance.Filter{Limit: 9, States: []guidance.State{guidance.Drafting, guidance.Answered}}, "db"},
		"agency":                {guidance.Filter{Limit: 9, Agency: "dmp"}, "cb"},
		"part of an agency":     {guidance.Filter{Limit: 9, Agency: "dm"}, ""},
		"agency with a quote":   {guidance.Filter{Limit: 9, Agency: `dmp","x`}, ""},
		"holder":                {guidance.Filter{Limit: 9, Holder: "anne"}, "db"},
		"words":                 {guidance.Filter{Limit: 9, Text: "øye-ki"}, "b"},
		"great letters":         {guidance.Filter{Limit: 9, Text: "MÅ VI"}, "a"},
		"number":                {guidance.Filter{Limit: 9, Text: "ki-2026-0003"}, "c"},
		"topic":                 {guidance.Filter{Limit: 9, Text: "device"}, "c"},
		"no wildcards":          {guidance.Filter{Limit: 9, Text: "%"}, "c"},
		"nor this":              {guidance.Filter{Limit: 9, Text: "r_h"}, "c"},
		"markup":                {guidance.Filter{Limit: 9, Text: `<b>data"`}, "d"},
		"due":                   {guidance.Filter{Limit: 9, Due: at(50)}, "c"},
		"due later":             {guidance.Filter{Limit: 9, Due: at(51)}, "cb"},
		"all of it":             {guidance.Filter{Limit: 9, Agency: "dmp", Holder: "anne", Due: at(59), Text: "ce"}, "b"},
		"not all of it":         {guidance.Filter{Limit: 9, Agency: "dmp", Holder: "bodil", Text: "øye"}, ""},
		"an injection is words": {guidance.Filter{Limit: 9, Text: "' OR '1'='1"}, ""},
	} {
		rows, err := s.List(t.Context(), c.f)
		got := ""
		for _, r := range rows {
			got += r.ID
		}
		if got != c.want || err != nil {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
	rows, err := s.List(t.Context(), guidance.Filter{Limit: 1, Holder: "bodil"})
	is(t, "List", nil, err)
	same(t, "row", []guidance.Row{{ID: "c", Number: "KI-2026-0003", Seq: 1, State: guidance.AtSignOff, Title: "50 % sikker_het", Topics: []string{"device"},
		Agencies: []string{"dmp"}, Holder: &Bodil, Opened: at(2), Changed: at(2), Due: at(40), Asker: "conversation-1", Published: "withdrawn"}}, rows)
	t.Run("pages", func(t *testing.T) { testPages(t, open) })
}

// Whatever the filter and however long the pages, they are the whole list.
func testPages(t *testing.T, open Opener) {
	s, _ := open(t)
	for i := range 24 { // six changed at the same time, half of them are due, and not in the order of their changes
		b := first(fmt.Sprintf("c%02d", i*7%24), i/6)
		b.Row.Asker = fmt.Sprint("conversation-", i%3)
		if i%2 == 0 {
			b.Row.Due = at(30 + i*5%24)
		}
		if i%4 < 3 {
			b.Row.Published = "valid"
		}
		put(t, s, b)
	}
	for name, f := range map[string]guidance.Filter{
		"all": {}, "due": {Due: at(45)}, "all that are due": {Due: at(59)}, "asker": {Asker: "conversation-1"}, "register": {Register: true},
		"all of it": {Due: at(50), Register: true, Agency: "hdir", Text: "rek", States: []guidance.State{guidance.IsReceived}},
	} {
		f.Limit = 100
		whole, err := s.List(t.Context(), f)
		if err != nil || len(whole) < 4 {
			t.Errorf("%s: %d rows, %v", name, len(whole), err)
		}
		for limit := 1; limit <= 7; limit++ {
			var paged []guidance.Row
			f.After, f.Limit = nil, limit
			for range 25 {
				rows, err := s.List(t.Context(), f)
				if err != nil || len(rows) > limit {
					t.Fatalf("%s by %d: %d rows, %v", name, limit, len(rows), err)
				}
				if len(rows) == 0 {
					break
				}
				paged = append(paged, rows...)
				f.After = &rows[len(rows)-1]
			}
			same(t, fmt.Sprintf("%s by %d", name, limit), whole, paged)
		}
	}
}
