package privacy

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func Example() {
	r := Mask("Pasient Kari Nordmann, tlf 46 77 88 99, vil klage")
	fmt.Println(r.Text)
	fmt.Println(r.Kinds)
	// Output:
	// Pasient [navn], tlf [telefon], vil klage
	// [navn telefon]
}

// The examples of Skatteetaten, "Nytt fødselsnummer fra 2032".
func TestControlDigits(t *testing.T) {
	tests := []struct {
		digits       string
		today, y2032 bool
	}{
		{"02013299997", true, true},
		{"30108299920", true, true},
		{"30108299939", false, true}, // rest 1
		{"01013870027", false, true}, // rest 2
		{"01013870001", false, false},
		{"01019012345", false, false},
	}
	for _, c := range tests {
		if got := validToday(c.digits); got != c.today {
			t.Errorf("validToday(%s) = %v", c.digits, got)
		}
		if got := valid2032(c.digits); got != c.y2032 {
			t.Errorf("valid2032(%s) = %v", c.digits, got)
		}
	}
}

func TestIdentityKind(t *testing.T) {
	tests := []struct {
		digits string
		want   Kind
		ok     bool
	}{
		{"29020000000", BirthNumber, true},
		{"30020000000", "", false},
		{"00010000000", "", false},
		{"31040000000", "", false},
		{"71120000000", DNumber, true},
		{"72120000000", "", false},
		{"01530000000", "", false},
		{"01520000000", SyntheticNumber, true},
		{"01660000000", SyntheticNumber, true},
		{"01780000000", "", false},
		{"01810000000", SyntheticNumber, true},
		{"01930000000", "", false},
	}
	for _, c := range tests {
		if got, ok := identityKind(c.digits); got != c.want || ok != c.ok {
			t.Errorf("identityKind(%s) = %q, %v, want %q, %v", c.digits, got, ok, c.want, c.ok)
		}
	}
}

func TestNameLists(t *testing.T) {
	if n := len(lists.first); n < 600 {
		t.Errorf("%d first names, want 600", n)
	}
	if n := len(lists.last); n < 500 {
		t.Errorf("%d surnames, want 500", n)
	}
}

// hostile are units that make searches go far when they are repeated.
var hostile = []string{
	"a", "1", "1 ", "0101387", "@", "a@", "a.", "Kari ", "Kari Nordmann ", "pasient ", "pasient, ",
	"+47 ", "tlf 4", "46 77 88 99 ", "46778899 tlf ", "journalnr ", "journalnr 1-", "(at) ", "Storgata 1, ", "\xff", "[", "[navn", "Å\u030a",
	"Xx Yy a ", "1234.56.", "veien ", "- ", "helse sør-øst ", "fnr ", "A", "K. ", "\u200b",
}

// A hostile message of any allowed length is masked without harm; how long it
// takes is BenchmarkMaskHostile's business.
func TestMaskHostile(t *testing.T) {
	for _, unit := range hostile {
		s := strings.Repeat(unit, 4000/len(unit)+1)
		if once := Mask(s); Mask(once.Text).Text != once.Text {
			t.Errorf("%q repeated: masking again changes more", unit)
		}
	}
}

func BenchmarkMaskHostile(b *testing.B) {
	for _, n := range []int{4_000, 40_000} {
		for _, unit := range hostile {
			s := strings.Repeat(unit, n/len(unit)+1)
			b.Run(fmt.Sprintf("%d/%q", n, unit), func(b *testing.B) {
				for b.Loop() {
					Mask(s)
				}
			})
		}
	}
}

func FuzzMask(f *testing.F) {
	for _, c := range maskCases {
		f.Add(c.in)
	}
	for _, s := range kept {
		f.Add(s)
	}
	for _, u := range hostile {
		f.Add(strings.Repeat(u, 20))
	}
	f.Add("Pasient \xff\xfe 01013870000 \uf500 [navn")
	f.Fuzz(func(t *testing.T, s string) {
		once := Mask(s)
		twice := Mask(once.Text)
		if twice.Text != once.Text || twice.Kinds != nil {
			t.Errorf("not idempotent:\n in    %q\n once  %q\n twice %q", s, once.Text, twice.Text)
		}
		if utf8.ValidString(s) && !utf8.ValidString(once.Text) {
			t.Errorf("Mask(%q) is not UTF-8: %q", s, once.Text)
		}
		if len(once.Kinds) == 0 && once.Text != s {
			t.Errorf("changed without a kind: %q -> %q", s, once.Text)
		}
	})
}

func BenchmarkMask(b *testing.B) {
	const s = "Kan vi bruke Lunit Insight på pasienter ved Oslo universitetssykehus? Pasient Kari Nordmann (01013870000) spør."
	for b.Loop() {
		Mask(s)
	}
}
