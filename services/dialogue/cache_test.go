package dialogue_test

import (
	"context"
	"errors"
	"testing"

	"kiveileder"
	"kiveileder/services/dialogue"
)

// A counter counts the turns that reach it and answers each with its number.
type counter struct {
	turns []kiveileder.Turn
	err   error
}

func (c *counter) Turn(_ context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	c.turns = append(c.turns, t)
	return kiveileder.Answer{Conversation: "made up", Confidence: float64(len(c.turns))}, c.err
}

func TestCache(t *testing.T) {
	first := kiveileder.Turn{Question: "Må vi søke?", History: []string{"Hei"}, Facts: map[string]any{"purpose": "x"}, Language: "nb", Conversation: "a"}
	for _, c := range []struct {
		name   string
		change func(*kiveileder.Turn)
		kept   bool
	}{
		{"the same again", func(*kiveileder.Turn) {}, true},
		{"in another conversation", func(t *kiveileder.Turn) { t.Conversation = "b" }, true},
		{"from a browser in English", func(t *kiveileder.Turn) { t.Prefers = "en" }, true},
		{"another question", func(t *kiveileder.Turn) { t.Question = "Må vi søke REK?" }, false},
		{"another history", func(t *kiveileder.Turn) { t.History = nil }, false},
		{"other facts", func(t *kiveileder.Turn) { t.Facts = map[string]any{"purpose": "y"} }, false},
		{"another language", func(t *kiveileder.Turn) { t.Language = "en" }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			next := &counter{}
			cache := dialogue.NewCache(next, 10)
			ask(t, cache, first)
			second := first
			c.change(&second)
			a := ask(t, cache, second)
			if kept := len(next.turns) == 1; kept != c.kept {
				t.Errorf("%d turns made, want kept %v", len(next.turns), c.kept)
			}
			if a.Conversation != second.Conversation {
				t.Errorf("conversation %q, want its own %q", a.Conversation, second.Conversation)
			}
			for _, made := range next.turns {
				if made.Conversation != "" {
					t.Errorf("an answer to keep was made in conversation %q", made.Conversation)
				}
			}
		})
	}
}

func TestCacheKeepsNoErrors(t *testing.T) {
	next := &counter{err: errors.New("away")}
	cache := dialogue.NewCache(next, 10)
	for range 2 {
		if _, err := cache.Turn(context.Background(), kiveileder.Turn{Question: "Hei"}); !errors.Is(err, next.err) {
			t.Errorf("error %v", err)
		}
	}
	next.err = nil
	if ask(t, cache, kiveileder.Turn{Question: "Hei"}); len(next.turns) != 3 {
		t.Errorf("%d turns made, want 3", len(next.turns))
	}
}

// Broken text must not be taken for the text that JSON makes of it.
func TestCacheAndBrokenText(t *testing.T) {
	for _, broken := range []kiveileder.Turn{{Question: "s\xf8k"}, {Question: "Hei", History: []string{"s\xf8k"}}, {Question: "Hei", Facts: map[string]any{"f": func() {}}}} {
		next := &counter{}
		cache := dialogue.NewCache(next, 10)
		for range 2 {
			ask(t, cache, broken)
		}
		if len(next.turns) != 2 {
			t.Errorf("%+v: %d turns reached the dialogue, want 2", broken, len(next.turns))
		}
	}
}

func TestCacheSize(t *testing.T) {
	next := &counter{}
	cache := dialogue.NewCache(next, 2)
	for _, q := range []string{"a", "b", "a", "c", "a", "b"} { // b is the one not asked for the longest time when c comes
		ask(t, cache, kiveileder.Turn{Question: q})
	}
	var made string
	for _, x := range next.turns {
		made += x.Question
	}
	if made != "abcb" {
		t.Errorf("made %q, want abcb", made)
	}
	if ask(t, dialogue.NewCache(next, 0), kiveileder.Turn{Question: "a"}); len(next.turns) != 5 {
		t.Error("a cache of no size does not answer")
	}
}
