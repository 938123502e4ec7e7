package dialogue_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

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

func builtInLibrary(t testing.TB) *corpus.Library {
	t.Helper()
	l, err := builtIn()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// real gives a dialogue over a searcher and all that ships.
func real(t testing.TB, s dialogue.Searcher) *dialogue.Dialogue {
	t.Helper()
	set, reader := ruleSet(t)
	return dialogue.New(dialogue.Deps{
		Search: s, Library: builtInLibrary(t), Texts: texts(t), Signals: signals(t), Rules: set, Reader: reader,
		Versions: versions, Today: func() string { return "2026-11-22" },
	})
}

// passageOf gives the passage that ships and says so.
func passageOf(t testing.TB, snippet string) kiveileder.Passage {
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
	t      testing.TB
	svc    *conversation.Service
	search *fakeSearcher
	key    string
	n      int
}

func newTalk(t testing.TB) *talk {
	t.Helper()
	s := finds(unsure, passageOf(t, "Må ha etisk forhåndsgodkjenning fra REK"))
	return &talk{t: t, svc: conversation.New(conversation.NewMemory("test"), real(t, s)), search: s, key: "talk"}
}

// say writes a message with facts and gives the answer.
func (k *talk) say(text string, facts known) kiveileder.Answer {
	k.t.Helper()
	k.n++
	m, _, err := k.svc.Accept(k.t.Context(), k.key, kiveileder.Post{ID: fmt.Sprint(k.n), Question: text, Facts: facts})
	if err != nil {
		k.t.Fatalf("%q: %v", text, err)
	}
	e, err := k.svc.Answer(k.t.Context(), k.key, m.Offset, nil)
	if err != nil {
		k.t.Fatalf("%q: %v", text, err)
	}
	return *e.Answer
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
