package guidancetest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"kiveileder/services/guidance"
)

// kept gives what somebody has, and checks that what is there is not nil.
func kept(t testing.TB, s guidance.Store, person, prefix string) map[string][]byte {
	t.Helper()
	out, err := s.Kept(t.Context(), person, prefix)
	if err != nil || out == nil {
		t.Fatalf("Kept: %v, %v", out, err)
	}
	for key, value := range out {
		if value == nil {
			t.Errorf("%s is nil", key)
		}
	}
	return out
}

func testPersonal(t *testing.T, open Opener) {
	keep := func(t *testing.T, s guidance.Store, person, key, value string) {
		t.Helper()
		is(t, "Keep "+key, nil, s.Keep(t.Context(), person, key, []byte(value)))
	}
	t.Run("each has their own, the last one holds, and nil takes it away", func(t *testing.T) {
		s, _ := open(t)
		same(t, "nothing", map[string][]byte{}, kept(t, s, "anne", ""))
		keep(t, s, "anne", "draft:c1", "Ja")
		keep(t, s, "anne", "draft:c1", "Ja, d\x00\xff")
		keep(t, s, "anne", "draft:c2", "")
		keep(t, s, "anne", "view:~ alle", "{}")
		keep(t, s, "bodil", "draft:c1", "Nei")
		keep(t, s, "Æse Ø'Hara", "draft:c1", "Kanskje")
		same(t, "anne", map[string][]byte{"draft:c1": []byte("Ja, d\x00\xff"), "draft:c2": {}, "view:~ alle": []byte("{}")}, kept(t, s, "anne", ""))
		same(t, "drafts", map[string][]byte{"draft:c1": []byte("Ja, d\x00\xff"), "draft:c2": {}}, kept(t, s, "anne", "draft:"))
		same(t, "up to the last letter", map[string][]byte{"view:~ alle": []byte("{}")}, kept(t, s, "anne", "view:~"))
		same(t, "no wildcards", map[string][]byte{}, kept(t, s, "anne", "draft_"))
		same(t, "nor these", map[string][]byte{}, kept(t, s, "anne", "%"))
		same(t, "bodil", map[string][]byte{"draft:c1": []byte("Nei")}, kept(t, s, "bodil", ""))
		same(t, "Æse", map[string][]byte{"draft:c1": []byte("Kanskje")}, kept(t, s, "Æse Ø'Hara", ""))
		for range 2 {
			is(t, "away", nil, s.Keep(t.Context(), "anne", "draft:c1", nil))
		}
		same(t, "anne", map[string][]byte{"draft:c2": {}}, kept(t, s, "anne", "draft:"))
		same(t, "bodil", map[string][]byte{"draft:c1": []byte("Nei")}, kept(t, s, "bodil", ""))
	})
	t.Run("a value that was given stays as it was", func(t *testing.T) {
		s, _ := open(t)
		value := []byte("Ja")
		is(t, "Keep", nil, s.Keep(t.Context(), "anne", "draft:c1", value))
		value[0] = 'N'
		same(t, "value", map[string][]byte{"draft:c1": []byte("Ja")}, kept(t, s, "anne", ""))
	})
	t.Run("a key is taken away from everybody", func(t *testing.T) {
		s, _ := open(t)
		for _, who := range []string{"anne", "bodil"} {
			keep(t, s, who, "draft:c1", "x")
			keep(t, s, who, "draft:c10", "y")
		}
		for range 2 {
			is(t, "ForgetKept", nil, s.ForgetKept(t.Context(), "draft:c1"))
		}
		for _, who := range []string{"anne", "bodil"} {
			same(t, who, map[string][]byte{"draft:c10": []byte("y")}, kept(t, s, who, ""))
		}
	})
	t.Run("what is too much, or no key, is refused", func(t *testing.T) {
		s, _ := open(t)
		long := strings.Repeat("k", guidance.MaxKeptKey)
		most := bytes.Repeat([]byte{255}, guidance.MaxKeptValue)
		is(t, "the most", nil, s.Keep(t.Context(), "anne", long, most))
		if !bytes.Equal(most, kept(t, s, "anne", long)[long]) {
			t.Error("the most came back as something else")
		}
		for name, c := range map[string]struct {
			person, key string
			value       []byte
		}{
			"nobody":               {"", "k", nil},
			"somebody who is long": {strings.Repeat("a", guidance.MaxShort+1), "k", nil},
			"a name with NUL":      {"a\x00", "k", nil},
			"a name that is none":  {"\xff", "k", nil},
			"no key":               {"anne", "", []byte("x")},
			"a long key":           {"anne", long + "k", []byte("x")},
			"a key with a tab":     {"anne", "a\tb", []byte("x")},
			"a key with NUL":       {"anne", "a\x00b", []byte("x")},
			"a key with DEL":       {"anne", "a\x7fb", []byte("x")},
			"a key with letters":   {"anne", "blå", []byte("x")},
			"a key that is none":   {"anne", "a\xffb", []byte("x")},
			"a large value":        {"anne", "k", append(most, 1)},
			"10 MB":                {"anne", "k", make([]byte, 10<<20)},
		} {
			invalid(t, name, s.Keep(t.Context(), c.person, c.key, c.value))
			if len(c.value) > 1 || c.key == "" {
				continue
			}
			_, err := s.Kept(t.Context(), c.person, c.key)
			invalid(t, name+", looked for", err)
			if c.person == "anne" {
				invalid(t, name+", forgotten", s.ForgetKept(t.Context(), c.key))
			}
		}
		invalid(t, "no key, forgotten", s.ForgetKept(t.Context(), ""))
		if has := kept(t, s, "anne", ""); len(has) != 1 || !bytes.Equal(most, has[long]) {
			t.Errorf("%d keys", len(has))
		}
	})
	t.Run("so many keys and no more, however many come at once", func(t *testing.T) {
		if testing.Short() {
			t.Skip("fills a store")
		}
		s, _ := open(t)
		const more = 20
		keep(t, s, "bodil", "k1", "x")
		var wg sync.WaitGroup
		var next, refused atomic.Int64
		for range 32 {
			wg.Go(func() {
				for i := next.Add(1); i <= guidance.MaxKept+more; i = next.Add(1) {
					switch err := s.Keep(t.Context(), "anne", fmt.Sprint("k", i), []byte("x")); {
					case errors.Is(err, guidance.ErrManyKept):
						refused.Add(1)
					case err != nil:
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		has := kept(t, s, "anne", "")
		if len(has) != guidance.MaxKept || refused.Load() != more {
			t.Fatalf("%d keys, %d refused", len(has), refused.Load())
		}
		for key := range has { // what is there may change, and makes room
			keep(t, s, "anne", key, "y")
			is(t, "one more", guidance.ErrManyKept, s.Keep(t.Context(), "anne", "another", []byte("x")))
			is(t, "away", nil, s.Keep(t.Context(), "anne", key, nil))
			keep(t, s, "anne", "another", "x")
			break
		}
		keep(t, s, "bodil", "k2", "x")
	})
	t.Run("of what comes at once one holds, whole", func(t *testing.T) {
		s, _ := open(t)
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				value := bytes.Repeat([]byte{byte('a' + i%20)}, 10_000)
				if i%5 == 4 {
					value = nil
				}
				is(t, "Keep", nil, s.Keep(t.Context(), "anne", "draft:c1", value))
			})
		}
		wg.Wait()
		has := kept(t, s, "anne", "")
		if v := has["draft:c1"]; len(has) > 1 || v != nil && (len(v) != 10_000 || bytes.Count(v, v[:1]) != len(v)) {
			t.Errorf("%d keys, %d bytes", len(has), len(v))
		}
	})
}
