package e5

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTokens(t *testing.T) {
	m, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, text, want string }{
		{"nothing", "", "▁"},
		{"one word", "søknad", "▁søknad"},
		{"word in pieces", "søknadsbehandler", "▁søknad s be handler"},
		{"space in front changes nothing", " søknad", "▁søknad"},
		{"runs of spaces are one", "en   to", "▁en ▁to"},
		{"other blanks are spaces", "en\t\nto", "▁en ▁to"},
		{"compatibility forms", "ｆｉｎ ﬁn ①", "▁fin ▁fin ▁1"},
		{"combined letters", "a\u030a", "▁å"},
		{"unknown characters", "中", "▁ <unk>"},
		{"unknown ones stay apart", "中文", "▁ <unk> <unk>"},
		{"broken UTF-8", "a\xffb", "▁a ▁b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, id := range m.vocab.tokens(tc.text) {
				got = append(got, string(m.vocab.token(id)))
			}
			if s := strings.Join(got, " "); s != tc.want {
				t.Errorf("tokens of %q: %q, want %q", tc.text, s, tc.want)
			}
		})
	}
}

// TestNormaliseIsStable: normalised text is not normalised further.
func TestNormaliseIsStable(t *testing.T) {
	m, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range readReferences(t, 1) {
		for _, ref := range r {
			once := string(m.vocab.normalise(ref.Text))
			twice := string(m.vocab.normalise(strings.ReplaceAll(once, string(spaceMark), " ")))
			if once != twice {
				t.Errorf("%.40q: normalised twice is %.40q, once %.40q", ref.Text, twice, once)
			}
		}
	}
}

// FuzzTokens wants an answer for any bytes: known ids that cover the text.
func FuzzTokens(f *testing.F) {
	m, err := Default()
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"", " ", "query: Hva er en DPIA?", "\xff\xfe", "\xed\xa0\x80", "a\x00b", "<s></s><mask>", "▁▁", "å\u0301\u200d🙂", strings.Repeat("æ", 500)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ids := m.vocab.tokens(s)
		if len(ids) == 0 {
			t.Fatal("no tokens")
		}
		normal := m.vocab.normalise(s)
		if !utf8.Valid(normal) {
			t.Errorf("normalised to broken UTF-8: %q", normal)
		}
		if slices.Contains(ids, m.vocab.unk) {
			return // stands for a character of unknown length
		}
		var joined []byte
		for _, id := range ids {
			joined = append(joined, m.vocab.token(id)...)
		}
		if string(joined) != string(normal) {
			t.Errorf("tokens spell %q, want %q", joined, normal)
		}
	})
}
