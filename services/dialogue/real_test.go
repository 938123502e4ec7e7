package dialogue_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"pgregory.net/rapid"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever"
	"kiveileder/retriever/builtin"
	"kiveileder/services/conversation"
	"kiveileder/services/dialogue"
)

// known is short for facts.
type known = map[string]any

// builtIn gives the corpus that ships.
var builtIn = sync.OnceValues(func() (*corpus.Library, error) {
	s, err := builtin.Snapshot()
	if err != nil {
		return nil, err
	}
	return corpus.NewLibrary(s.Corpus), nil
})

func builtInLibrary(t rapid.TB) *corpus.Library {
	t.Helper()
	l, err := builtIn()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// real gives a dialogue over a searcher and all that ships.
func real(t rapid.TB, s dialogue.Searcher) *dialogue.Dialogue {
	t.Helper()
	set, reader := ruleSet(t)
	return dialogue.New(dialogue.Deps{
		Search: s, Library: builtInLibrary(t), Texts: texts(t), Signals: signals(t), Rules: set, Reader: reader,
		Versions: versions, Today: func() string { return "2026-11-22" },
	})
}

// passageOf gives the passage that ships and says so.
func passageOf(t rapid.TB, snippet string) kiveileder.Passage {
	t.Helper()
	s, err := builtin.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range s.Corpus.Passages {
		if strings.Contains(p.Text, snippet) {
			return p
		}
	}
	t.Fatalf("no passage says %q", snippet)
	return kiveileder.Passage{}
}

// unsure is the verdict of a message that the sources may or may not answer.
var unsure = retriever.Verdict{Class: retriever.Uncertain, Answers: .1, Unanswered: .5}

// A talk is a conversation with the real service over a memory.
type talk struct {
	t      rapid.TB
	svc    *conversation.Service
	search *fakeSearcher
	key    string
	n      int
}

func newTalk(t rapid.TB) *talk {
	t.Helper()
	s := finds(unsure, passageOf(t, "Må ha etisk forhåndsgodkjenning fra REK"))
	return &talk{t: t, svc: conversation.New(conversation.NewMemory("test"), real(t, s), nil), search: s, key: "talk"}
}

// say writes a message with facts and gives the answer.
func (k *talk) say(text string, facts known) kiveileder.Answer {
	k.t.Helper()
	k.n++
	m, _, err := k.svc.Accept(context.Background(), k.key, kiveileder.Post{ID: fmt.Sprint(k.n), Question: text, Facts: facts})
	if err != nil {
		k.t.Fatalf("%q: %v", text, err)
	}
	e, err := k.svc.Answer(context.Background(), k.key, m.Offset)
	if err != nil {
		k.t.Fatalf("%q: %v", text, err)
	}
	sound(k.t, *e.Answer)
	return *e.Answer
}

// passages gives the passages that ship, by id.
var passages = sync.OnceValue(func() map[string]kiveileder.Passage {
	s, err := builtin.Snapshot()
	if err != nil {
		return nil
	}
	out := map[string]kiveileder.Passage{}
	for _, p := range s.Corpus.Passages {
		out[p.ID] = p
	}
	return out
})

// sound holds an answer against what every answer promises.
func sound(t rapid.TB, a kiveileder.Answer) {
	t.Helper()
	if len(a.Citations) > kiveileder.MaxCitations {
		t.Errorf("%d citations", len(a.Citations))
	}
	for _, c := range a.Citations {
		verbatim(t, c)
	}
	r, err := loadRules()
	if err != nil {
		t.Fatal(err)
	}
	step := 0
	for _, f := range a.Findings {
		o, ok := r.set.Outcome(f.Outcome)
		if !ok || o.Step < step {
			t.Errorf("%s stands behind step %d of the path", f.Outcome, step)
		}
		step = o.Step
		findingSound(t, f)
		for i, n := range f.Citations {
			if n < 0 || n >= len(a.Citations) || slices.Contains(f.Citations[:i], n) {
				t.Fatalf("%s points to %v of %d citations", f.Outcome, f.Citations, len(a.Citations))
			}
			c := a.Citations[n]
			if !slices.ContainsFunc(f.Quotes, func(q kiveileder.Citation) bool { return q.Passage == c.Passage && strings.Contains(c.Quote, q.Quote) }) {
				t.Errorf("%s points to %s, which does not say what it rests on", f.Outcome, c.Passage)
			}
		}
	}
	for _, cf := range a.Conflicts {
		for _, n := range cf.Citations {
			if len(cf.Citations) < 2 || n < 0 || n >= len(a.Citations) {
				t.Errorf("the conflict %q points to %v of %d citations", cf.Text, cf.Citations, len(a.Citations))
			}
		}
	}
	askSound(t, a)
	if (a.Status == kiveileder.Escalate) && a.HandOver == nil {
		t.Error("hands over to nobody")
	}
}

// findingSound holds what every finding promises, also those under an if.
func findingSound(t rapid.TB, f kiveileder.Finding) {
	t.Helper()
	if f.Text == "" || f.Kind == "" || f.Rule == "" || len(f.Quotes) == 0 {
		t.Errorf("finding without a text, kind, rule or quote: %+v", f)
	}
	for _, q := range f.Quotes {
		verbatim(t, q)
	}
}

func verbatim(t rapid.TB, c kiveileder.Citation) {
	t.Helper()
	p, ok := passages()[c.Passage]
	switch {
	case !ok || p.Source != c.Source || c.Title == "" || c.Date == "":
		t.Errorf("citation of an unknown place: %+v", c)
	case c.Quote == "" || !strings.Contains(p.Text, c.Quote):
		t.Errorf("%s does not say %q", c.Passage, c.Quote)
	case utf8.RuneCountInString(c.Quote) > kiveileder.MaxQuoteChars:
		t.Errorf("the quote from %s is too long", c.Passage)
	case c.Lead != "" && !strings.HasPrefix(p.Text, c.Quote):
		t.Errorf("the lead-in of %s stands before words in the middle", c.Passage)
	}
}

// askSound holds what a question back promises.
func askSound(t rapid.TB, a kiveileder.Answer) {
	t.Helper()
	for _, m := range a.Missing {
		if a.Facts[m] != nil && !slices.Contains(outcomes(a.Findings), "facts_conflict") { // then it is what is asked
			t.Errorf("%s is given and missing", m)
		}
	}
	for _, u := range a.Unknown {
		if a.Facts[u] != nil {
			t.Errorf("%s is given and unknown", u)
		}
	}
	if a.Ifs != nil {
		if a.Ifs.Question == "" || len(a.Ifs.Cases) == 0 || !slices.Contains(a.Missing, a.Ifs.Fact) || a.Ask != nil {
			t.Errorf("ifs %+v, missing %v, ask %v", a.Ifs, a.Missing, a.Ask)
		}
		for _, c := range a.Ifs.Cases {
			for _, f := range c.Findings {
				findingSound(t, f)
			}
		}
	}
	if (a.Status == kiveileder.Clarify) != (a.Ask != nil) || (a.Ask != nil) != (a.Asked > 0) {
		t.Errorf("%s, ask %v, asked %d", a.Status, a.Ask, a.Asked)
	}
	if a.Ask == nil {
		return
	}
	if a.Facts[a.Ask.Fact] != nil && !slices.Contains(outcomes(a.Findings), "facts_conflict") || slices.Contains(a.Unknown, a.Ask.Fact) || !slices.Contains(a.Missing, a.Ask.Fact) {
		t.Errorf("asks for %s: facts %v, unknown %v, missing %v", a.Ask.Fact, a.Facts, a.Unknown, a.Missing)
	}
	if n := len(a.Ask.Options); n < 3 || a.Ask.Options[n-1].Value != kiveileder.UnknownValue || a.Ask.Question == "" || a.Ask.Why == "" {
		t.Errorf("asks %+v", a.Ask)
	}
	if a.Asked > 3 {
		t.Errorf("asks for the %dth time in a row", a.Asked)
	}
}

// outcomes gives the keys of findings in their order.
func outcomes(fs []kiveileder.Finding) []string {
	out := []string{}
	for _, f := range fs {
		out = append(out, f.Outcome)
	}
	return out
}

// asked gives the fact that an answer asks for, "" for none.
func asked(a kiveileder.Answer) string {
	if a.Ask == nil {
		return ""
	}
	return a.Ask.Fact
}

// brief says what matters of an answer.
func brief(a kiveileder.Answer) string {
	s := fmt.Sprintf("%s %q", a.Status, outcomes(a.Findings))
	for _, k := range slices.Sorted(maps.Keys(a.Facts)) {
		s += fmt.Sprintf(" %s=%v", k, a.Facts[k])
	}
	if a.Ask != nil {
		s += fmt.Sprintf("; asks %s (%d)", a.Ask.Fact, a.Asked)
	}
	if a.Ifs != nil {
		s += "; ifs of " + a.Ifs.Fact
	}
	if len(a.Unknown) > 0 {
		s += fmt.Sprintf("; unknown %v", a.Unknown)
	}
	return fmt.Sprintf("%s; missing %v", s, a.Missing)
}
