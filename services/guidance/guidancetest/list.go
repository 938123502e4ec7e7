package guidancetest

import (
	"testing"

	"kiveileder"
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
	}{
		{"a", guidance.IsReceived, []string{"hdir"}, nil, "Må vi søke REK?", []string{"research"}, 0},
		{"b", guidance.Drafting, []string{"hdir", "dmp"}, &Anne, "CE-merking av ØYE-KI", nil, 50},
		{"c", guidance.AtSignOff, []string{"dmp"}, &Bodil, "50 % sikker_het", []string{"device"}, 40},
		{"d", guidance.Answered, nil, &Anne, "<b>Data\"deling</b>", nil, 0},
	} {
		b := first(c.id, i)
		b.Row = guidance.Row{State: c.state, Agencies: c.agencies, Holder: c.holder, Title: c.title, Topics: c.topics, Opened: at(i), Changed: at(i)}
		if c.due > 0 {
			b.Row.Due = at(c.due)
		}
		put(t, s, b)
	}
	put(t, s, func() guidance.Batch { // a's newest change is as old as b's
		b := added(first("a", 0), 1, "mer")
		b.Row = guidance.Row{State: guidance.IsReceived, Agencies: []string{"hdir"}, Title: "Må vi søke REK?", Topics: []string{"research"}, Changed: at(1)}
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
		Agencies: []string{"dmp"}, Holder: &Bodil, Opened: at(2), Changed: at(2), Due: at(40)}}, rows)
	for _, text := range []string{"a\x00b", "\xff"} {
		if _, err := s.List(t.Context(), guidance.Filter{Limit: 9, Text: text}); kiveileder.ErrorCode(err) != kiveileder.CodeInvalid {
			t.Errorf("%q: %v", text, err)
		}
	}
}
