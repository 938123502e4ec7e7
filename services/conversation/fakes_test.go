package conversation_test

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kiveileder"
	"kiveileder/services/conversation"
	"kiveileder/services/dialogue"
)

// A fakeDialogue refuses a message without words, answers with the question
// and the facts that it was given, takes a label for a reply, and remembers its
// turns.
type fakeDialogue struct {
	needs  map[string][]string                          // by question: facts that it asks for, in order
	fails  func(t kiveileder.Turn) error                // nil: never
	during func(ctx context.Context, t kiveileder.Turn) // runs in each turn; nil: nothing
	mu     sync.Mutex                                   // guards turns
	turns  []kiveileder.Turn
}

var errLong = kiveileder.Errorf(kiveileder.CodeInvalid, "Meldingen er for lang.")

var errEmpty = kiveileder.Errorf(kiveileder.CodeInvalid, "Skriv et spørsmål.")

func (f *fakeDialogue) Check(t *kiveileder.Turn) error {
	if t.Question == "" {
		return errEmpty
	}
	if utf8.RuneCountInString(t.Question) > dialogue.MaxQuestionChars {
		return errLong
	}
	t.History = t.History[max(0, len(t.History)-dialogue.MaxHistory):]
	return nil
}

func (f *fakeDialogue) Turn(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	f.mu.Lock()
	f.turns = append(f.turns, t)
	f.mu.Unlock()
	if f.during != nil {
		f.during(ctx, t)
	}
	if f.fails != nil {
		if err := f.fails(t); err != nil {
			return kiveileder.Answer{}, err
		}
	}
	a := kiveileder.Answer{Status: kiveileder.Answered, Lead: t.Question, Facts: made(t).Facts}
	if t.Question == "Takk" {
		a.Status = kiveileder.Smalltalk
		return a, nil
	}
	if ask := asks[t.Awaited]; ask != nil {
		for _, o := range ask.Options {
			if o.Label == t.Question {
				a.Reply, a.Lead, a.Facts[t.Awaited] = true, t.Original, o.Value
			}
		}
	}
	for _, fact := range f.needs[a.Lead] {
		if _, known := a.Facts[fact]; !known {
			a.Status, a.Ask, a.Asked = kiveileder.Clarify, asks[fact], t.Asked+1
			break
		}
	}
	return a, nil
}

// made gives a turn with all that it knows of the project as its facts,
// whether they were told now or known from before.
func made(t kiveileder.Turn) kiveileder.Turn {
	facts := maps.Clone(t.Known)
	if facts == nil {
		facts = map[string]any{}
	}
	maps.Copy(facts, t.Facts)
	maps.DeleteFunc(facts, func(_ string, v any) bool { return v == nil })
	t.Facts, t.Known = facts, nil
	return t
}

// last gives the newest turn, as made gives it.
func (f *fakeDialogue) last() kiveileder.Turn {
	f.mu.Lock()
	defer f.mu.Unlock()
	return made(f.turns[len(f.turns)-1])
}

var asks = map[string]*kiveileder.Ask{
	"purpose": {Fact: "purpose", Options: []kiveileder.Option{{Value: "health_research", Label: "Helseforskning"}}},
	"data":    {Fact: "data", Options: []kiveileder.Option{{Value: "register", Label: "Registerdata"}}},
	"consent": {Fact: "consent", Options: []kiveileder.Option{{Value: true, Label: "Ja"}}},
}

// A talk is one conversation with a service over a store in memory.
type talk struct {
	*conversation.Service
	t        testing.TB
	dialogue *fakeDialogue
	store    conversation.Store
	heard    *heard
}

type publisher func(kiveileder.Event)

func (f publisher) Publish(_ context.Context, e kiveileder.Event) error { f(e); return nil }

// heard is what was published, in short.
type heard struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (h *heard) Publish(_ context.Context, e kiveileder.Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case e.Gone:
		h.lines = append(h.lines, "gone")
	case e.Entry == nil:
		h.lines = append(h.lines, fmt.Sprint(e.Stage, " ", e.ID))
	case e.Entry.Answer != nil:
		h.lines = append(h.lines, fmt.Sprintf("answer %s: %d", e.Entry.ID, e.Entry.Offset))
	default:
		h.lines = append(h.lines, fmt.Sprintf("message %s: %d", e.Entry.ID, e.Entry.Offset))
	}
	return nil
}

// since gives what was published since the last call.
func (h *heard) since() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	lines := h.lines
	h.lines = nil
	return lines
}

func newTalk(t testing.TB) *talk {
	t.Helper()
	d, s := &fakeDialogue{}, conversation.NewMemory("e1")
	h := &heard{}
	return &talk{Service: conversation.New(s, d, h), t: t, dialogue: d, store: s, heard: h}
}

const key = "k"

// accept takes a message that must be new.
func (k *talk) accept(p kiveileder.Post) kiveileder.Entry {
	k.t.Helper()
	m, a, err := k.Accept(k.t.Context(), key, p)
	if err != nil || a != nil {
		k.t.Fatalf("Accept(%s) has answer %v, %v", p.ID, a, err)
	}
	return m
}

func (k *talk) answer(offset int64) kiveileder.Entry {
	k.t.Helper()
	a, err := k.Answer(k.t.Context(), key, offset)
	if err != nil {
		k.t.Fatalf("Answer(%d): %v", offset, err)
	}
	return a
}

// ask takes a message and answers it, and gives the answer and its turn.
func (k *talk) ask(p kiveileder.Post) (kiveileder.Entry, kiveileder.Turn) {
	k.t.Helper()
	a := k.answer(k.accept(p).Offset)
	return a, k.dialogue.last()
}

// entries gives all that is stored.
func (k *talk) entries() []kiveileder.Entry {
	k.t.Helper()
	s, err := k.Read(k.t.Context(), key, 0, 10_000)
	if err != nil {
		k.t.Fatal(err)
	}
	return s.Entries
}

func post(id, question string) kiveileder.Post { return kiveileder.Post{ID: id, Question: question} }

func at(n int) time.Time { return time.Date(2026, 11, 22, 9, 30, n, 0, time.UTC) }

// same compares; a list without elements is the same as none.
func same(t testing.TB, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s: -want +got:\n%s", what, d)
	}
}
