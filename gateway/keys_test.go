package gateway_test

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"kiveileder/gateway"
)

func TestKeysSecret(t *testing.T) {
	for n, ok := range map[int]bool{0: false, 31: false, 32: true, 100: true} {
		if _, err := gateway.NewKeys(make([]byte, n)); (err == nil) != ok {
			t.Errorf("a secret of %d bytes: %v", n, err)
		}
	}
}

// An id tells the day it was made; its key does not tell the id.
func TestKeysNew(t *testing.T) {
	k := testKeys(t)
	made := time.Date(2026, 11, 22, 13, 14, 15, 0, time.UTC)
	seen := map[string]bool{}
	for range 1000 {
		id := k.New(made)
		if !regexp.MustCompile(`^[A-Za-z0-9_-]{32}$`).MatchString(id) {
			t.Fatalf("id %q", id)
		}
		key, day, ok := k.Check(id)
		if !ok || !day.Equal(made.Truncate(24*time.Hour)) {
			t.Fatalf("%q: ok %v, made %v", id, ok, day)
		}
		if again, _, _ := k.Check(id); again != key {
			t.Fatalf("%q: keys %q and %q", id, key, again)
		}
		if seen[id] || seen[key] || strings.Contains(id, key) || strings.Contains(key, id) {
			t.Fatalf("id %q, key %q", id, key)
		}
		seen[id], seen[key] = true, true
	}
}

func TestKeysCheck(t *testing.T) {
	k := testKeys(t)
	id := k.New(time.Now())
	foreign, err := gateway.NewKeys([]byte(strings.Repeat("another secret. ", 2)))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, id string
		ok       bool
	}{
		{"ours", id, true},
		{"nothing", "", false},
		{"another service's", foreign.New(time.Now()), false},
		{"made up", strings.Repeat("A", 32), false},
		{"cut", id[:31], false},
		{"cut by four", id[:28], false},
		{"longer", id + "A", false},
		{"twice", id + id, false},
		{"the first character changed", flip(id, 0), false},
		{"a character in the middle changed", flip(id, 15), false},
		{"the last character changed", flip(id, 31), false},
		{"a line break at the end", id + "\n", false},
		{"a line break inside", id[:8] + "\r\n" + id[8:], false},
		{"line breaks for characters", id[:28] + "\n\n\n\n", false},
		{"blanks around", " " + id + " ", false},
		{"padded", id + "==", false},
		{"another alphabet", standard(t, id), id == standard(t, id)},
		{"not ASCII", "å" + id[2:], false},
	} {
		if _, _, ok := k.Check(c.id); ok != c.ok {
			t.Errorf("%s: %q: ok %v, want %v", c.name, c.id, ok, c.ok)
		}
	}
}

// flip changes one character to another of the alphabet.
func flip(id string, at int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	i := strings.IndexByte(alphabet, id[at])
	return id[:at] + string(alphabet[(i+1)%64]) + id[at+1:]
}

func standard(t *testing.T, id string) string {
	b, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// What is accepted was made with the secret, and has one spelling.
func FuzzKeysCheck(f *testing.F) {
	k := testKeys(f)
	id := k.New(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	for _, s := range []string{id, "", id[:31], id + "\n", id + "=", flip(id, 31), strings.Repeat("A", 32), "æøå"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key, made, ok := k.Check(s)
		if !ok {
			if key != "" || !made.IsZero() {
				t.Errorf("%q is refused, with key %q and %v", s, key, made)
			}
			return
		}
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil || base64.RawURLEncoding.EncodeToString(b) != s {
			t.Errorf("%q is accepted, and is not the only spelling", s)
		}
		if other, err := gateway.NewKeys(append([]byte("x"), secret...)); err != nil {
			t.Fatal(err)
		} else if _, _, ok := other.Check(s); ok {
			t.Errorf("%q is accepted with another secret", s)
		}
		for i := range s {
			if _, _, ok := k.Check(flip(s, i)); ok {
				t.Errorf("%q is accepted, changed at %d", s, i)
			}
		}
	})
}

// Over HTTP an id comes as a bearer token, and only so.
func TestBearer(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	id := newID(t, 0)
	routes := []call{
		{path: "/v1/conversation"}, {path: "/v1/conversation/export"}, {path: "/v1/conversation/events"},
		{method: "POST", path: "/v1/conversation/messages", body: `{"id":"a","question":"Hei"}`}, {method: "DELETE", path: "/v1/conversation"},
	}
	for _, c := range []struct {
		name, authorization string
		status              int
		code, says          string
	}{
		{"missing", "", 401, "invalid", "The conversation's id is missing"},
		{"no scheme", id, 401, "invalid", "is missing"},
		{"another scheme", "Basic " + id, 401, "invalid", "is missing"},
		{"empty", "Bearer ", 401, "invalid", "is missing"},
		{"made up", "Bearer " + strings.Repeat("A", 32), 404, "not_found", "no longer here"},
		{"changed", "Bearer " + flip(id, 20), 404, "not_found", "no longer here"},
		{"too old", "Bearer " + newID(t, 60), 404, "not_found", "no longer here"},
	} {
		for _, r := range routes {
			t.Run(fmt.Sprint(c.name, r.method, r.path), func(t *testing.T) {
				r.header = map[string]string{"Accept-Language": "en", "Authorization": c.authorization}
				w := do(g, r)
				e := parse[apiError](t, w.Body).Error
				if w.Code != c.status || e.Code != c.code || !strings.Contains(e.Message, c.says) {
					t.Errorf("status %d, %+v; want %d %s", w.Code, e, c.status, c.says)
				}
				if told := w.Header().Get("WWW-Authenticate") == "Bearer"; told != (c.status == 401) {
					t.Errorf("WWW-Authenticate %q", w.Header().Get("WWW-Authenticate"))
				}
			})
		}
	}
	if w := do(g, call{path: "/v1/conversation", header: map[string]string{"Authorization": "bearer  " + id}}); w.Code != 200 {
		t.Errorf("the scheme in small letters: status %d", w.Code)
	}
	if w := do(g, call{path: "/v1/conversation?conversation=" + id}); w.Code != 401 {
		t.Errorf("in the address: status %d", w.Code)
	}
}
