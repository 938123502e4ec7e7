package mail

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	testDay = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	oldKey  = Key{Secret: bytes.Repeat([]byte("a"), 32)}
	newKey  = Key{Secret: bytes.Repeat([]byte("b"), 32), Since: testDay.Add(-24 * time.Hour)}
)

func testTokens(t testing.TB, keys ...Key) *Tokens {
	t.Helper()
	if len(keys) == 0 {
		keys = []Key{oldKey}
	}
	tokens, err := NewTokens(keys, 0)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func makeToken(t testing.TB, tokens *Tokens, caseID string, seq int64, at time.Time) string {
	t.Helper()
	s, err := tokens.Make(caseID, seq, at)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTokens(t *testing.T) {
	tokens := testTokens(t, newKey, oldKey)
	good := makeToken(t, tokens, "KI-2026-00421", 7, testDay)
	before := makeToken(t, tokens, "KI-2026-00421", 7, testDay.AddDate(0, -1, 0))
	foreign := makeToken(t, testTokens(t, Key{Secret: bytes.Repeat([]byte("x"), 32)}), "KI-2026-00421", 7, testDay)
	for name, c := range map[string]struct {
		token string
		now   time.Time
		want  error
	}{
		"ours":                      {good, testDay, nil},
		"in capitals":               {strings.ToUpper(good), testDay, nil},
		"after 23 months":           {good, testDay.AddDate(0, 23, 0), nil},
		"after 25 months":           {good, testDay.AddDate(0, 25, 0), ErrExpired},
		"signed by the key before":  {before, testDay, nil},
		"signed by another":         {foreign, testDay, ErrForged},
		"cut short":                 {good[:len(good)-2], testDay, ErrForged},
		"longer":                    {good + "aa", testDay, ErrForged},
		"one letter changed":        {swap(good, 12), testDay, ErrForged},
		"another spelling":          {respell(good), testDay, ErrForged},
		"empty":                     {"", testDay, ErrForged},
		"not in the alphabet":       {"!" + good[1:], testDay, ErrForged},
		"the tag of a mail instead": {tokens.tag("x", testDay), testDay, ErrForged},
	} {
		t.Run(name, func(t *testing.T) {
			ref, err := tokens.Open(c.token, c.now)
			if !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if c.want != ErrForged && (ref.Case != "KI-2026-00421" || ref.Seq != 7) {
				t.Errorf("got %+v", ref)
			}
		})
	}
}

// swap changes one letter.
func swap(s string, i int) string {
	c := byte('a')
	if s[i] == c {
		c = 'b'
	}
	return s[:i] + string(c) + s[i+1:]
}

// respell changes only the spare bits of the last letter.
func respell(s string) string {
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	want, _ := tokenText.DecodeString(s)
	for _, c := range letters {
		if r := s[:len(s)-1] + string(c); r != s {
			if got, err := tokenText.DecodeString(r); err == nil && bytes.Equal(got, want) {
				return r
			}
		}
	}
	panic("the token has no spare bits")
}

func TestTokensRoundTrip(t *testing.T) {
	tokens := testTokens(t)
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.OneOf(
			rapid.Map(rapid.SliceOfN(rapid.Byte(), 1, maxCaseID), func(b []byte) string { return string(b) }),
			rapid.StringMatching(`[\x00\x01]?[0-9a-fA-F]{1,63}`),
		).Draw(t, "case")
		seq := rapid.Int64Range(0, 1<<62).Draw(t, "seq")
		s, err := tokens.Make(id, seq, testDay)
		if err != nil {
			t.Fatal(err)
		}
		ref, err := tokens.Open(s, testDay)
		if err != nil || ref.Case != id || ref.Seq != seq || !ref.Day.Equal(testDay.Truncate(24*time.Hour)) {
			t.Fatalf("got %+v, %v", ref, err)
		}
	})
}

// A mail that is sent again after a new key came is the same mail.
func TestKeyByTimeOfEvent(t *testing.T) {
	at := newKey.Since.Add(-time.Hour)
	if makeToken(t, testTokens(t, oldKey), "c", 1, at) != makeToken(t, testTokens(t, oldKey, newKey), "c", 1, at) {
		t.Error("a new key changed the token of an older event")
	}
	if makeToken(t, testTokens(t, oldKey), "c", 1, testDay) == makeToken(t, testTokens(t, oldKey, newKey), "c", 1, testDay) {
		t.Error("the new key signs nothing")
	}
}

func TestNewTokensRefuses(t *testing.T) {
	if _, err := NewTokens(nil, 0); err == nil {
		t.Error("no key: want an error")
	}
	if _, err := NewTokens([]Key{{Secret: []byte("short")}}, 0); err == nil || strings.Contains(err.Error(), "short") {
		t.Errorf("a short key: %v", err)
	}
}

func TestAddress(t *testing.T) {
	a, err := newAddresses(testIdentity)
	if err != nil {
		t.Fatal(err)
	}
	tok := makeToken(t, testTokens(t), "KI-2026-0042", 7, testDay)
	for header, want := range map[string]int{
		"svar+" + tok + "@ki.example.no":                                      1,
		"Ki <SVAR+" + strings.ToUpper(tok) + "@KI.EXAMPLE.NO>":                1,
		"svar+" + tok + "@ki.example.no, <svar+" + tok + "@ki.example.no>":    2,
		"svar+" + tok + "@ki.example.no.evil.example":                         0,
		"xsvar+" + tok + "@ki.example.no":                                     0,
		"a+svar+" + tok + "@ki.example.no":                                    0,
		"svar@ki.example.no":                                                  0,
		"\"svar+" + tok + "@ki.example.no\" <someone@example.org>":            1, // a name; the signature decides, and it is ours
		"svar+" + tok + "@example.org":                                        0,
		strings.Repeat("svar+", 1000) + tok + "@ki.example.no and much more ": 0,
	} {
		if got := a.tokens(header); len(got) != want {
			t.Errorf("%.80q: %d tokens, want %d", header, len(got), want)
		}
	}
	if _, err := a.reply(strings.Repeat("a", 60)); err == nil {
		t.Error("65 characters before the @: want an error")
	}
	// A case's id of 24 digits fits, also after many events.
	a.local = "ki.veiledning"
	if _, err := a.reply(makeToken(t, testTokens(t), "0123456789abcdef01234567", 5000, testDay)); err != nil {
		t.Error(err)
	}
}
