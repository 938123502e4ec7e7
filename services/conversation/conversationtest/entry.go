package conversationtest

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/internal/filltest"
)

func testEntry(t *testing.T, open Opener) {
	t.Run("every field survives", func(t *testing.T) {
		s, reopen := open(t)
		a := filltest.Value[kiveileder.Answer]("Svar")
		m := filltest.Value[kiveileder.Entry]("Spørsmål")
		m.At, m.ReplyTo, m.Thread, m.Answer = at(1), 0, 0, nil
		m = add(t, s, "k", m)
		full := add(t, s, "k", kiveileder.Entry{ID: m.ID, At: at(2), ReplyTo: 1, Thread: 1, Answer: &a})
		same(t, "message", m, entry(t, s, 1))
		same(t, "answer", full, entry(t, s, 2))
		if reopen != nil {
			s = reopen()
			same(t, "message, opened again", m, entry(t, s, 1))
			same(t, "answer, opened again", full, entry(t, s, 2))
		}
	})
	facts := map[string]any{
		"æøå": "ÆØÅ", "tom": "", "ingen": nil, "ja": true, "tal": 0.25, "stort": 1e15, "minus": -1.0,
		"liste": []any{"health_research", 1.0, nil, []any{}}, "djup": map[string]any{"a": map[string]any{"b": "c"}},
	}
	tests := map[string]kiveileder.Entry{
		"Norwegian":            {Text: "Må vi søke førehandsgodkjenning frå REK? Ærlig talt: på øya også."},
		"emoji":                {Text: "Hei 👩🏽‍⚕️🏥 🇳🇴", History: []string{"👍"}},
		"Sámi, marks, scripts": {Text: "Sámegillii: čđŋšŧž, a\u030a, \u200b, עברית, 日本語"},
		"lines and signs":      {Text: "  en\r\n\tto\u2028tre  <b>&amp;</b> \" ' \\ ` -- ; DROP TABLE entry; %s ?1 $1 :a @b"},
		"NUL":                  {Text: "a\x00b\x00", History: []string{"\x00"}, Facts: map[string]any{"a\x00b": "\x00"}},
		"controls":             {Text: "\x01\x1b[31m\x7f"},
		"nothing":              {},
		"empty, not nil":       {Masked: []string{}, History: []string{}, Facts: map[string]any{}},
		"empty texts":          {Masked: []string{""}, History: []string{"", ""}},
		"facts":                {Text: "x", Facts: facts, Language: kiveileder.Nynorsk},
		"large":                {Text: strings.Repeat("ø👍", 100_000), History: strings.Split(strings.Repeat("før;", 1000), ";")},
	}
	for name, e := range tests {
		t.Run(name, func(t *testing.T) {
			s, reopen := open(t)
			e.ID, e.At = "m", at(1)
			want := e
			want.Offset = 1
			same(t, "added", want, add(t, s, "k", e))
			same(t, "read", want, entry(t, s, 1))
			if reopen != nil {
				same(t, "opened again", want, entry(t, reopen(), 1))
			}
		})
	}
	t.Run("an answer without anything is an answer", func(t *testing.T) {
		s, _ := open(t)
		m := add(t, s, "k", message("m", 1))
		add(t, s, "k", kiveileder.Entry{ID: "m", At: at(2), ReplyTo: m.Offset, Thread: m.Offset, Answer: &kiveileder.Answer{}})
		if got := entry(t, s, 2); got.Answer == nil {
			t.Errorf("%+v has no answer", got)
		}
	})
	t.Run("what is given is copied", func(t *testing.T) {
		s, _ := open(t)
		m := kiveileder.Entry{ID: "m", At: at(1), History: []string{"før"}, Facts: map[string]any{"liste": []any{"a"}}}
		add(t, s, "k", m)
		a := kiveileder.Entry{ID: "m", At: at(2), ReplyTo: 1, Thread: 1, Answer: &kiveileder.Answer{Lead: "før", Citations: []kiveileder.Citation{{Quote: "før"}}}}
		add(t, s, "k", a)
		m.History[0], m.Facts["liste"].([]any)[0], m.Facts["ny"] = "etter", "b", true
		a.Answer.Lead, a.Answer.Citations[0].Quote = "etter", "etter"
		same(t, "message", kiveileder.Entry{Offset: 1, ID: "m", At: at(1), History: []string{"før"}, Facts: map[string]any{"liste": []any{"a"}}}, entry(t, s, 1))
		same(t, "answer", &kiveileder.Answer{Lead: "før", Citations: []kiveileder.Citation{{Quote: "før"}}}, entry(t, s, 2).Answer)
	})
	t.Run("times are in UTC and exact to the microsecond", func(t *testing.T) {
		s, _ := open(t)
		oslo := time.FixedZone("Oslo", 3600)
		tests := []struct{ given, want time.Time }{
			{time.Date(2026, 3, 4, 5, 6, 7, 123456000, time.UTC), time.Date(2026, 3, 4, 5, 6, 7, 123456000, time.UTC)},
			{time.Date(2026, 3, 4, 5, 6, 7, 999999999, time.UTC), time.Date(2026, 3, 4, 5, 6, 7, 999999000, time.UTC)},
			{time.Date(2026, 3, 4, 0, 30, 0, 0, oslo), time.Date(2026, 3, 3, 23, 30, 0, 0, time.UTC)},
			{time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC)},
			{time.Time{}, time.Time{}},
		}
		for i, c := range tests {
			e := add(t, s, "k", kiveileder.Entry{ID: fmt.Sprint(i), At: c.given})
			for _, got := range []time.Time{e.At, entry(t, s, e.Offset).At} {
				if !got.Equal(c.want) || got.Location() != time.UTC {
					t.Errorf("%v is stored as %v, want %v", c.given, got, c.want)
				}
			}
		}
		now := add(t, s, "k", kiveileder.Entry{ID: "now", At: time.Now()})
		if got := entry(t, s, now.Offset); got.At != now.At {
			t.Errorf("added at %v, read as %v", now.At, got.At)
		}
	})
	t.Run("an entry that is not there", func(t *testing.T) {
		s, _ := open(t)
		say(t, s, "k", "m1", "m2")
		for _, offset := range []int64{-1, 0, 3, math.MaxInt64} {
			_, err := s.Entry(t.Context(), "k", offset)
			refused(t, fmt.Sprint("offset ", offset), err, kiveileder.CodeNotFound)
		}
		_, err := s.Entry(t.Context(), "never written", 1)
		refused(t, "never written", err, kiveileder.CodeNotFound)
	})
}
