package privacy

import (
	"embed"
	"fmt"
	"strings"
	"unicode"
)

//go:embed data/*.txt
var dataFS embed.FS

// A wordSet holds folded words.
type wordSet map[string]bool

func (s wordSet) has(word string) bool { return s[word] }

// lists are the word lists of data/, read once; they are never written after.
var lists = mustLoad()

type wordLists struct {
	first, last              wordSet // all names
	firstPlain, lastPlain    wordSet // names that are not also other words
	caseWord, weakCase       wordSet
	between, label, title    wordSet
	context, tool            wordSet
	phone, unit, code        wordSet
	orgs, places, words      wordSet
	orgWords                 wordSet
	suffixes                 []string
	phrases                  map[string][][]string // by first word
	mailboxes, keepAddresses wordSet
}

func mustLoad() *wordLists {
	names := section("data/names.txt")
	cues := section("data/cues.txt")
	not := section("data/notnames.txt")
	keep := section("data/keep.txt")

	l := &wordLists{
		caseWord: set(cues["case"]), weakCase: set(cues["weakcase"]),
		between: set(cues["between"]), label: set(cues["label"]), title: set(cues["title"]),
		context: set(cues["context"], cues["diagnosis"]), tool: set(cues["tool"]),
		phone: set(cues["phone"]), unit: set(cues["unit"]), code: set(cues["code"]),
		orgs: set(not["orgs"], not["eponyms"]), places: set(not["places"]), words: set(not["words"]),
		orgWords: set(not["orgwords"]),
		phrases:  map[string][][]string{},
	}
	l.first, l.firstPlain = starred(names["first"])
	l.last, l.lastPlain = starred(names["last"])
	l.mailboxes = wordSet{}
	for _, m := range keep["mailboxes"] {
		l.mailboxes[strings.ToLower(m)] = true
	}
	l.keepAddresses = set(keep["addresses"])
	for _, s := range not["suffixes"] {
		l.suffixes = append(l.suffixes, fold(s))
	}
	for _, p := range not["phrases"] {
		ws := strings.FieldsFunc(p, func(r rune) bool { return r == ' ' || r == '.' })
		for i, w := range ws {
			ws[i] = fold(w)
		}
		l.phrases[ws[0]] = append(l.phrases[ws[0]], ws)
	}
	return l
}

// section reads a data file: "[name]" begins a section, "#" a comment, and
// entries are separated by commas or line ends.
func section(name string) map[string][]string {
	raw, err := dataFS.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("privacy: %v", err)) // embedded: cannot happen in a built binary
	}
	out := map[string][]string{}
	current := ""
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			current = strings.Trim(line, "[]")
			continue
		}
		for entry := range strings.SplitSeq(line, ",") {
			if entry = strings.TrimSpace(entry); entry != "" {
				out[current] = append(out[current], entry)
			}
		}
	}
	return out
}

func set(groups ...[]string) wordSet {
	s := wordSet{}
	for _, g := range groups {
		for _, w := range g {
			s[fold(w)] = true
		}
	}
	return s
}

// starred splits a name list into all names and those without a star.
func starred(entries []string) (all, plain wordSet) {
	all, plain = wordSet{}, wordSet{}
	for _, e := range entries {
		name, star := strings.CutSuffix(e, "*")
		all[fold(name)] = true
		if !star {
			plain[fold(name)] = true
		}
	}
	return all, plain
}

// foldRune spells Norwegian, Sami and common accented letters in ASCII, so
// that "Asbjorg" and "ASBJØRG" meet "Asbjørg".
var foldRune = strings.NewReplacer(
	"ø", "o", "ö", "o", "ó", "o", "ò", "o", "ô", "o", "æ", "ae", "ä", "ae",
	"å", "a", "á", "a", "à", "a", "â", "a", "ã", "a", "é", "e", "è", "e", "ê", "e", "ë", "e",
	"í", "i", "ï", "i", "ì", "i", "ú", "u", "ü", "u", "ý", "y", "č", "c", "ć", "c", "ç", "c",
	"đ", "d", "ŋ", "n", "ń", "n", "ñ", "n", "š", "s", "ś", "s", "ŧ", "t", "ž", "z", "ż", "z",
	"ź", "z", "ł", "l", "ę", "e", "ą", "a", "aa", "a",
)

// fold lower-cases a word and spells it in ASCII where it can.
func fold(word string) string {
	lower := strings.ToLower(word)
	for i := 0; i < len(lower); i++ {
		if lower[i] >= 0x80 || lower[i] == 'a' {
			return foldRune.Replace(lower)
		}
	}
	return lower
}

// inList looks a folded word up, also without a genitive s and by the parts
// of a double name.
func inList(s wordSet, word string) bool {
	if s[word] || s[strings.TrimSuffix(word, "s")] {
		return true
	}
	if !strings.Contains(word, "-") {
		return false
	}
	for part := range strings.SplitSeq(word, "-") {
		if len(part) > 2 && s[part] {
			return true
		}
	}
	return false
}

// hasOrgSuffix reports whether a folded word ends like an institution or a law.
func (l *wordLists) hasOrgSuffix(word string) bool {
	word = strings.TrimSuffix(word, "s")
	for _, s := range l.suffixes {
		if strings.HasSuffix(word, strings.TrimSuffix(s, "s")) {
			return true
		}
	}
	return false
}

// plainCapital reports whether a word is written like a name: a capital, then
// small letters, in each part of a hyphenated word. "McBride" and "O'Brien"
// count; "ChatGPT" and "EPJ" do not.
func plainCapital(word string) bool {
	for part := range strings.SplitSeq(word, "-") {
		part = strings.TrimPrefix(strings.TrimPrefix(part, "Mc"), "Mac")
		part = strings.TrimPrefix(strings.TrimPrefix(part, "O'"), "D'")
		n := 0
		for _, r := range part {
			switch {
			case n == 0 && !unicode.IsUpper(r):
				return false
			case n > 0 && !unicode.IsLower(r) && r != '\'':
				return false
			}
			n++
		}
		if n < 2 {
			return false
		}
	}
	return true
}
