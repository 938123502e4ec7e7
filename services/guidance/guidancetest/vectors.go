package guidancetest

import (
	"strings"
	"testing"

	"kiveileder/services/guidance"
)

func testVectors(t *testing.T, open Opener) {
	s, _ := open(t)
	a, b := put(t, s, first("a", 1)), put(t, s, first("b", 2))
	keep := func(id string, seq int64, model, vector string) {
		t.Helper()
		is(t, "KeepVector", nil, s.KeepVector(t.Context(), id, seq, model, []byte(vector)))
	}
	has := func(model string, want map[string]string, without ...string) {
		t.Helper()
		got, err := s.VectorsOf(t.Context(), model, []string{"a", "b", "c", "ø\"", "a"})
		is(t, "VectorsOf", nil, err)
		texts := map[string]string{}
		for id, v := range got {
			texts[id] = string(v)
		}
		same(t, "vectors of "+model, want, texts)
		ids, err := s.WithoutVector(t.Context(), model, 9)
		is(t, "WithoutVector", nil, err)
		same(t, "without one of "+model, without, ids)
	}
	has("m1", nil, "b", "a")
	keep("a", 1, "m1", "\x00\xff")
	keep("b", 2, "m1", "of a case that has not come so far")
	keep("c", 1, "m1", "of none")
	has("m1", map[string]string{"a": "\x00\xff"}, "b")
	has("m2", nil, "b", "a")
	keep("b", 1, "m1", "")
	has("m1", map[string]string{"a": "\x00\xff", "b": ""})
	keep("a", 1, "m2", "another model's")
	has("m1", map[string]string{"b": ""}, "a")
	has("m2", map[string]string{"a": "another model's"}, "b")
	put(t, s, added(a, 3, "mer")) // the question stays
	has("m2", map[string]string{"a": "another model's"}, "b")
	keep("a", 1, "m1", "of how it was")
	has("m1", map[string]string{"b": ""}, "a")

	end := added(added(a, 3, "mer"), 4, "slett")
	end.Events[0].Kind, end.Events[0].Data = guidance.Anonymised, guidance.AnonymisedData{}
	put(t, s, end)
	has("m2", nil, "a", "b")
	some, err := s.VectorsOf(t.Context(), "m1", []string{"a"})
	if err != nil || len(some) > 0 {
		t.Errorf("not asked for: %v, %v", some, err)
	}
	one, err := s.WithoutVector(t.Context(), "m2", 1)
	if err != nil || len(one) != 1 || one[0] != "a" {
		t.Errorf("one: %v, %v", one, err)
	}
	for name, err := range map[string]error{
		"no model":   s.KeepVector(t.Context(), b.Case, 1, "", nil),
		"broken":     s.KeepVector(t.Context(), b.Case, 1, "a\x00", nil),
		"too much":   s.KeepVector(t.Context(), b.Case, 1, "m1", make([]byte, guidance.MaxVector+1)),
		"long model": s.KeepVector(t.Context(), b.Case, 1, strings.Repeat("m", guidance.MaxShort+1), nil),
	} {
		if err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
