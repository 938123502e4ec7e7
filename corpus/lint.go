package corpus

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"kiveileder"
	"kiveileder/retriever/lexical"
)

// A Problem is what the lint found, with where and how it is mended.
type Problem string

// Lint checks what must hold of a corpus wherever it stands. base is a corpus
// that it is added to, nil for none: its passages may be pointed to, and its
// ids are taken.
func Lint(c, base *Corpus) []Problem {
	var out []Problem
	bad := func(format string, args ...any) { out = append(out, Problem(fmt.Sprintf(format, args...))) }
	ids := map[string]bool{}
	sources := map[string]bool{}
	if base != nil {
		for _, p := range base.Passages {
			ids[p.ID] = true
		}
	}
	for _, m := range c.Sources {
		if sources[m.ID] {
			bad("source %s: the id is there twice", m.ID)
		}
		sources[m.ID] = true
	}
	for _, p := range c.Passages {
		switch n := utf8.RuneCountInString(p.Text); {
		case ids[p.ID]:
			bad("passage %s: the id is there twice", p.ID)
		case !sources[p.Source]:
			bad("passage %s: its source %q is not there", p.ID, p.Source)
		case !strings.HasPrefix(p.ID, p.Source+"/"):
			bad("passage %s: the id must begin with %q", p.ID, p.Source+"/")
		case n == 0 || n > kiveileder.MaxQuoteChars:
			bad("passage %s: %d characters, want 1 to %d", p.ID, n, kiveileder.MaxQuoteChars)
		}
		ids[p.ID] = true
	}
	seen := map[string]string{}
	once := func(where, text string) {
		key := lexical.Fold(text)
		if key == "" { // nothing but signs: "?", an emoji
			key = text
		}
		switch {
		case strings.TrimSpace(text) == "":
			bad("%s: an empty question", where)
		case seen[key] != "":
			bad("%s: %q stands in %s too; keep the one that answers best", where, text, seen[key])
		}
		seen[key] = where
	}
	for _, q := range c.Questions {
		if !ids[q.Passage] {
			bad("questions: no passage %q for %q", q.Passage, q.Text)
		}
		once(q.Passage, q.Text)
	}
	for _, q := range c.Unanswered {
		once("unanswered.yaml "+q.Topic, q.Text)
	}
	for _, q := range c.Outside {
		once("outside.yaml "+q.Topic, q.Text)
	}
	for _, in := range c.Intents {
		if !slices.Contains([]string{"smalltalk", "escalate", "clarify", "decline"}, in.Kind) {
			bad("intents.yaml %s: unknown kind %q", in.Intent, in.Kind)
		}
	}
	if _, err := Wants(c.Asked); err != nil {
		bad("%v", err)
	}
	said := &Corpus{Sources: c.Sources, Passages: c.Passages}
	if base != nil {
		said.Passages = slices.Concat(base.Passages, c.Passages)
	}
	l := NewLibrary(said)
	for _, cf := range c.Conflicts {
		out = append(out, lintConflict(l, cf)...)
	}
	return out
}

func lintConflict(l *Library, cf Conflict) []Problem {
	var out []Problem
	if len(cf.Sides) < 2 {
		out = append(out, Problem(fmt.Sprintf("conflicts.yaml %s: want two sides or more", cf.Key)))
	}
	for _, lang := range kiveileder.Languages {
		if cf.Text[lang] == "" {
			out = append(out, Problem(fmt.Sprintf("conflicts.yaml %s: no text in %s", cf.Key, lang)))
		}
	}
	for _, s := range cf.Sides {
		if _, ok := l.find(s); !ok {
			out = append(out, Problem(fmt.Sprintf("conflicts.yaml %s: %q is not verbatim in a passage of %s", cf.Key, s.Snippet, s.Source)))
		}
	}
	return out
}

// Bank minima: how many questions a passage needs, and of which.
const (
	MinQuestions = 12
	MinNynorsk   = 2
	MinEnglish   = 2
	// substanceChars is from which length on a passage has substance.
	substanceChars = 120
)

// LintBank checks that every passage with substance has the questions that it
// needs.
func LintBank(c *Corpus) []Problem {
	type count struct{ all, nn, en int }
	counts := map[string]*count{}
	for _, q := range c.Questions {
		n := counts[q.Passage]
		if n == nil {
			n = &count{}
			counts[q.Passage] = n
		}
		n.all++
		switch q.Lang {
		case kiveileder.Nynorsk:
			n.nn++
		case kiveileder.English:
			n.en++
		}
	}
	var out []Problem
	for _, p := range c.Passages {
		n := counts[p.ID]
		if n == nil {
			n = &count{}
		}
		if utf8.RuneCountInString(p.Text) < substanceChars {
			continue
		}
		if n.all < MinQuestions || n.nn < MinNynorsk || n.en < MinEnglish {
			out = append(out, Problem(fmt.Sprintf("passage %s: %d questions, %d nynorsk, %d English; want at least %d, %d, %d",
				p.ID, n.all, n.nn, n.en, MinQuestions, MinNynorsk, MinEnglish)))
		}
	}
	return out
}

// LintTexts checks that every text stands in all languages.
func LintTexts(t Texts) []Problem {
	var out []Problem
	for key, by := range t {
		for _, l := range kiveileder.Languages {
			if strings.TrimSpace(by[l]) == "" {
				out = append(out, Problem(fmt.Sprintf("texts.yaml %s: no text in %s", key, l)))
			}
		}
	}
	slices.Sort(out)
	return out
}

// copyShare is the share of a test question's words of content from which on a
// question of the bank counts as its copy.
const copyShare = 0.75

// commonWords say how a question asks and not what about; folded.
var commonWords = wordSet(`
	hva hvem hvor hvorfor hvordan hvilke hvilken hvilket nar kan skal ma bor vil har hadde ble blir bli var vare er det den de dem
	der som med til for fra hos om og eller men ikke noe noen pa av ved etter et en ei i vi vart var dere oss meg jeg du man si sier
	kva kven kor korfor korleis kvifor kva kvar nokon noko ikkje dei dykk eg ein eit vere vart fra ho han seg sin sitt
	what who where why how which when can must may should will would does did was were the and for from with about that this are
	our you your they them have has not any some is in on of to be do we a an it if`)

func wordSet(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// contentWords gives the words of a text that say what it is about.
func contentWords(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(lexical.Fold(s)) {
		if !commonWords[w] {
			m[w] = true
		}
	}
	return m
}

// LintCopies checks that no question of the bank, and no negative, is a near
// copy of a test question: then the figures would say nothing. A copy is the
// same text, or shares most of the words of content when there are three or
// more. tests are the questions by id.
func LintCopies(c *Corpus, tests map[string]string) []Problem {
	type test struct {
		id, folded string
		words      map[string]bool
	}
	var ts []test
	for id, q := range tests {
		ts = append(ts, test{id, lexical.Fold(q), contentWords(q)})
	}
	slices.SortFunc(ts, func(a, b test) int { return strings.Compare(a.id, b.id) })
	var out []Problem
	check := func(where, q string) {
		folded, ws := lexical.Fold(q), contentWords(q)
		for _, t := range ts {
			both := 0
			for w := range t.words {
				if ws[w] {
					both++
				}
			}
			most := len(t.words) >= 3 && float64(both) >= copyShare*float64(max(len(t.words), len(ws)*2/3))
			if most || folded == t.folded {
				out = append(out, Problem(fmt.Sprintf("%s: %q is a near copy of test question %s; take it out", where, q, t.id)))
			}
		}
	}
	for _, q := range c.Questions {
		check(q.Passage, q.Text)
	}
	for _, q := range c.Unanswered {
		check("unanswered.yaml "+q.Topic, q.Text)
	}
	for _, q := range c.Outside {
		check("outside.yaml "+q.Topic, q.Text)
	}
	for _, in := range c.Intents {
		for _, ms := range in.Messages() {
			for _, m := range ms {
				check("intents.yaml "+in.Intent, m)
			}
		}
	}
	return out
}

// LintOriginals proves that every passage is verbatim in its original, as far
// as the originals are text.
func LintOriginals(fsys fs.FS, c *Corpus) []Problem {
	var out []Problem
	for _, m := range c.Sources {
		names, err := fs.Glob(fsys, path.Join("sources", m.ID, "original.*"))
		if err != nil || len(names) != 1 {
			out = append(out, Problem(fmt.Sprintf("source %s: want one file original.*, have %d", m.ID, len(names))))
			continue
		}
		b, err := fs.ReadFile(fsys, names[0])
		if err != nil {
			out = append(out, Problem(err.Error()))
			continue
		}
		o, err := NewOriginal(m, b)
		if errors.Is(err, ErrNotText) {
			continue
		}
		if err != nil {
			out = append(out, Problem(fmt.Sprintf("source %s: %v", m.ID, err)))
			continue
		}
		for _, p := range c.Passages {
			if p.Source != m.ID {
				continue
			}
			if err := o.Verbatim(p); err != nil {
				out = append(out, Problem(fmt.Sprintf("passage %v", err)))
			}
		}
	}
	return out
}
