package corpus

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kiveileder"
)

// A Library answers what is known about sources and passages. It is read-only
// and safe for concurrent use.
type Library struct {
	sources   map[string]kiveileder.Source
	passages  map[string][]kiveileder.Passage // by source, in order
	conflicts map[string][]ConflictSides      // by passage
	asked     map[string]map[string][]string  // questions by source and passage
	former    []formerName
}

// ConflictSides is a conflict with its passages found.
type ConflictSides struct {
	Key   string
	Sides []FoundSide
	Text  map[kiveileder.Language]string
}

// A FoundSide is one source's passage in a conflict.
type FoundSide struct {
	Passage    kiveileder.Passage
	Superseded bool
}

type formerName struct {
	name, now string
	merged    bool // the old body became part of another, rather than a new name
}

// maxAsked is how many questions are shown with a passage, and maxAskedChars
// how long one may be: they are to be read at a glance.
const maxAsked, maxAskedChars = 3, 110

// ask keeps a question to be shown with its passage.
func (l *Library) ask(q kiveileder.BankQuestion) {
	source, _, _ := strings.Cut(q.Passage, "/")
	m := l.asked[source]
	if m == nil {
		m = map[string][]string{}
		l.asked[source] = m
	}
	if q.Style == "formal" && strings.HasSuffix(q.Text, "?") && utf8.RuneCountInString(q.Text) <= maxAskedChars && len(m[q.Passage]) < maxAsked {
		m[q.Passage] = append(m[q.Passage], q.Text)
	}
}

// Asked gives questions that people ask which a source's passages answer, by
// passage.
func (l *Library) Asked(source string) map[string][]string { return l.asked[source] }

// NewLibrary gives the library of a corpus.
func NewLibrary(c *Corpus) *Library {
	l := &Library{
		sources:   map[string]kiveileder.Source{},
		passages:  map[string][]kiveileder.Passage{},
		conflicts: map[string][]ConflictSides{},
		asked:     map[string]map[string][]string{},
	}
	for _, m := range c.Sources {
		l.sources[m.ID] = m.Source
	}
	for _, p := range c.Passages {
		l.passages[p.Source] = append(l.passages[p.Source], p)
	}
	// the last ones of the bank are asked in the plainest words
	for _, q := range slices.Backward(c.Questions) {
		l.ask(q)
	}
	for _, cf := range c.Conflicts {
		found := ConflictSides{Key: cf.Key, Text: cf.Text}
		for _, s := range cf.Sides {
			if p, ok := l.find(s); ok {
				found.Sides = append(found.Sides, FoundSide{p, s.Superseded})
			}
		}
		for _, s := range found.Sides {
			l.conflicts[s.Passage.ID] = append(l.conflicts[s.Passage.ID], found)
		}
	}
	own := map[string]bool{}
	for _, a := range c.Glossary.Agencies {
		own[a.Name] = true
	}
	for _, a := range c.Glossary.Agencies {
		for _, f := range a.Former {
			if f.Unconfirmed {
				continue
			}
			// a body that has an entry of its own was another body, merged into this one
			l.former = append(l.former, formerName{f.Name, a.Name, own[f.Name]})
			for _, short := range f.Abbreviations {
				if len(short) > 6 { // a name in short, "Legemiddelverket", and not an abbreviation
					l.former = append(l.former, formerName{short, a.Name, own[f.Name]})
				}
			}
		}
	}
	slices.SortStableFunc(l.former, func(a, b formerName) int { return strings.Compare(a.name, b.name) })
	return l
}

func (l *Library) find(s Side) (kiveileder.Passage, bool) {
	for _, p := range l.passages[s.Source] {
		if strings.Contains(oneLine(p.Text), oneLine(s.Snippet)) {
			return p, true
		}
	}
	return kiveileder.Passage{}, false
}

// oneLine collapses white space and drops the markers of list items, so that a
// snippet is found over line breaks.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "•", " ")), " ")
}

// Source gives the source with the id.
func (l *Library) Source(id string) (kiveileder.Source, bool) {
	s, ok := l.sources[id]
	return s, ok
}

// Sources gives all sources, newest first. Published answers are not among
// them: they have a register of their own.
func (l *Library) Sources() []kiveileder.Source {
	var out []kiveileder.Source
	for _, s := range l.sources {
		if s.Kind != kiveileder.KindAnswer {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b kiveileder.Source) int {
		if c := strings.Compare(b.Date(), a.Date()); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

// Passages gives the passages of a source in the order of the document.
func (l *Library) Passages(source string) []kiveileder.Passage { return l.passages[source] }

// ConflictsOf gives the known conflicts that a passage is a side of.
func (l *Library) ConflictsOf(passage string) []ConflictSides { return l.conflicts[passage] }

// NotesOn gives what a reader should know of a quote: which of the bodies that
// it names are called otherwise today.
func (l *Library) NotesOn(src kiveileder.Source, quote string, texts Texts, lang kiveileder.Language) []string {
	var out, told []string
	for _, f := range l.former {
		// "Legemiddelverket" and "Statens legemiddelverk" are told once
		if !hasName(quote, f.name) || slices.Contains(told, f.now+fmt.Sprint(f.merged)) {
			continue
		}
		told = append(told, f.now+fmt.Sprint(f.merged))
		key := "renamed"
		if f.merged {
			key = "merged"
		}
		out = append(out, texts.Get(key, lang, f.name, f.now))
	}
	return out
}

// hasName reports whether name stands in text as a whole word, also with an
// inflected end ("Legemiddelverkets").
func hasName(text, name string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return false
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after := strings.TrimPrefix(text[i+len(name):], "s")
		next, _ := utf8.DecodeRuneInString(after)
		if (i == 0 || !unicode.IsLetter(before)) && (after == "" || !unicode.IsLetter(next)) {
			return true
		}
		from = i + len(name)
	}
}
