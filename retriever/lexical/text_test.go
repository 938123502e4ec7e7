package lexical

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestFold(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"small letters and no signs", "Må vi søke REK?", "ma vi soke rek"},
		{"ø typed as oe, å as aa, æ as ae", "Maa vi soeke REK, er det saerlig?", "ma vi soke rek er det sarlig"},
		{"the letters themselves", "særlig på høring", "sarlig pa horing"},
		{"Swedish and accents", "Är vården öppen på kafé?", "ar varden oppen pa kafe"},
		{"decomposed", "A\u030a so\u0308ke", "a soke"},
		{"paragraph sign stays", "jf. helsepersonelloven §29", "jf helsepersonelloven §29"},
		{"white space and hyphens", "  KI-modell\t\n– test ", "ki modell test"},
		{"wide digits and ligatures", "ﬁn １２", "fin 12"},
		{"nothing", "?!…", ""},
		{"broken UTF-8", "s\xf8knad", "s knad"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Fold(c.in); got != c.want {
				t.Errorf("Fold(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestReferences(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"hpl § 29", []string{"§29"}},
		{"helsepersonelloven §29", []string{"§29"}},
		{"paragraf 29", []string{"§29"}},
		{"Paragrafen 29 b gjelder", []string{"§29b"}},
		{"section 29 of the Act", []string{"§29"}},
		{"sec. 9", []string{"§9"}},
		{"helseregisterloven § 19 e", []string{"§19e"}},
		{"§ 19E.", []string{"§19e"}},
		{"§ 29 i helsepersonelloven", []string{"§29"}},
		{"§ 19i", []string{"§19i"}},
		{"§ 29 på nytt, § 9 før kl. 3", []string{"§29", "§9"}},
		{"spesialisthelsetjenesteloven § 3-2", []string{"§3-2"}},
		{"§ 3 – 2", []string{"§3-2"}},
		{"§\u00a029 og §\u202f3\u20112 limt inn fra Lovdata", []string{"§29", "§3-2"}},
		{"art. 9", []string{"art9"}},
		{"artikkel 6 nr. 1 og Article 35", []string{"art6", "art35"}},
		{"jf. §§ 9 og 10 og § 33", []string{"§9", "§33"}},
		{"smart 9, 29 pasienter, 14 dager", nil},
		{"", nil},
	} {
		t.Run(c.in, func(t *testing.T) {
			if diff := cmp.Diff(c.want, References(c.in)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTerms(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"KI", []string{"_ki_"}},
		{"søke", []string{"_soke", "soke_"}},
		{"REK § 9", []string{"_rek_", "_§_", "_9_", "§9"}},
	} {
		if diff := cmp.Diff(c.want, Terms(c.in)); diff != "" {
			t.Errorf("Terms(%q) (-want +got):\n%s", c.in, diff)
		}
	}
}

// A compound shares n-grams with its parts, and a word with its misspelling.
func TestTermsOverlap(t *testing.T) {
	for _, c := range []struct{ a, b string }{
		{"beslutningsstøtteverktøy", "beslutningsstøtte"},
		{"taushetsplikt", "taushetsplikten"},
		{"dispensasjon", "dispansasjon"},
		{"søknad", "soeknad"},
	} {
		both := 0
		b := Terms(c.b)
		for _, g := range Terms(c.a) {
			if slices.Contains(b, g) {
				both++
			}
		}
		if both == 0 {
			t.Errorf("%q and %q share no term", c.a, c.b)
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Må vi søke REK?", "aaeeooæøå", "§ 29", "\xff\xfe", "ﬁ", "İ", "a\u030a\u030a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Fold(s)
		if !utf8.ValidString(got) {
			t.Fatalf("Fold(%q) = %q: no UTF-8", s, got)
		}
		if strings.Join(strings.Fields(got), " ") != got {
			t.Errorf("Fold(%q) = %q: want single spaces between words alone", s, got)
		}
		for _, r := range got {
			if r != ' ' && r != '§' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				t.Errorf("Fold(%q) = %q holds %q", s, got, r)
			}
		}
		if upper := Fold(strings.ToLower(s)); utf8.ValidString(s) && isASCII(s) && upper != got {
			t.Errorf("Fold(%q) = %q, but %q in small letters", s, got, upper)
		}
	})
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

func FuzzReferences(f *testing.F) {
	for _, s := range []string{"hpl § 29", "§ 3-2", "§ 19 e", "art. 9", "§§§ 1–2 b", "paragraf\u00a01", "§1å", "\xff§ 1\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, ref := range References(s) {
			// A reference is its own normal form.
			if again := References(ref); !slices.Equal(again, []string{ref}) {
				t.Errorf("References(%q) holds %q, of which come %q", s, ref, again)
			}
		}
	})
}
