package conversation_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"kiveileder"
	"kiveileder/services/conversation"
	"kiveileder/services/dialogue"
)

func TestAnswer(t *testing.T) {
	k := newTalk(t)
	m := k.accept(kiveileder.Post{ID: "m", Question: "Må vi søke REK?", Facts: map[string]any{"consent": "yes"}, Language: kiveileder.English})
	a, err := k.Answer(t.Context(), key, m.Offset)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "heard", []string{"message m: 1", "searching m", "answer m: 2"}, k.heard.since())
	same(t, "turn", kiveileder.Turn{Question: "Må vi søke REK?", Facts: map[string]any{"consent": "yes"}, Language: kiveileder.English}, k.dialogue.last())
	if a.Offset != 2 || a.ID != "m" || a.ReplyTo != 1 || a.Thread != 1 || a.Answer == nil || a.Answer.Lead != "Må vi søke REK?" {
		t.Errorf("answer %+v", a)
	}
	same(t, "entries", []kiveileder.Entry{m, a}, k.entries())

	again, err := k.Answer(t.Context(), key, m.Offset)
	if err != nil || len(k.dialogue.turns) != 1 {
		t.Errorf("again: %d turns, %v", len(k.dialogue.turns), err)
	}
	same(t, "again", a, again)
	same(t, "heard of what is there", []string(nil), k.heard.since())
}

func TestAnswerToNothing(t *testing.T) {
	k := newTalk(t)
	k.ask(post("m", "Må vi søke REK?"))
	for _, offset := range []int64{-1, 0, 3} {
		if _, err := k.Answer(t.Context(), key, offset); kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
			t.Errorf("Answer(%d): %v", offset, err)
		}
	}
	if _, err := k.Answer(t.Context(), "never written", 1); kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
		t.Errorf("Answer in nothing: %v", err)
	}
	if n := len(k.dialogue.turns); n != 1 {
		t.Errorf("%d turns", n)
	}
}

// An answer is no message: it is not answered.
func TestAnswerToAnAnswer(t *testing.T) {
	k := newTalk(t)
	a, _ := k.ask(post("m", "Må vi søke REK?"))
	if _, err := k.Answer(t.Context(), key, a.Offset); kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
		t.Errorf("error %v, want code %q", err, kiveileder.CodeNotFound)
	}
	if n := len(k.dialogue.turns); n != 1 {
		t.Errorf("%d turns", n)
	}
}

func TestAnswerTogether(t *testing.T) {
	k := newTalk(t)
	m := k.accept(post("m", "Må vi søke REK?"))
	start := make(chan struct{})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			<-start
			if a, err := k.Answer(t.Context(), key, m.Offset); err != nil || a.Offset != 2 || a.Answer == nil {
				t.Errorf("answer %+v, %v", a, err)
			}
		})
	}
	close(start)
	wg.Wait()
	if n := len(k.dialogue.turns); n != 1 {
		t.Errorf("the dialogue made %d turns", n)
	}
}

func TestOneAtATime(t *testing.T) {
	k := newTalk(t)
	var running, most atomic.Int32
	k.dialogue.during = func(context.Context, kiveileder.Turn) {
		if n := running.Add(1); n > most.Load() {
			most.Store(n)
		}
		running.Add(-1)
	}
	var wg sync.WaitGroup
	for i := range 20 {
		m := k.accept(post(fmt.Sprint("m", i), "Må vi søke REK?"))
		wg.Go(func() {
			if _, err := k.Answer(t.Context(), key, m.Offset); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most.Load() != 1 {
		t.Errorf("%d turns at once in one conversation", most.Load())
	}
}

// One conversation does not wait for another.
func TestConversationsBesideEachOther(t *testing.T) {
	k := newTalk(t)
	answered := make(chan struct{})
	k.dialogue.during = func(_ context.Context, turn kiveileder.Turn) {
		if turn.Question == "slow" {
			<-answered
		}
	}
	k.accept(post("m", "slow"))
	if _, _, err := k.Accept(t.Context(), "other", post("m", "quick")); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { k.answer(1) })
	if _, err := k.Answer(t.Context(), "other", 1); err != nil {
		t.Error(err)
	}
	close(answered)
	wg.Wait()
}

func TestAnswerFails(t *testing.T) {
	k := newTalk(t)
	broken := errors.New("the search is away")
	k.dialogue.fails = func(kiveileder.Turn) error { return broken }
	m := k.accept(post("m", "Må vi søke REK?"))
	if _, err := k.Answer(t.Context(), key, m.Offset); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	same(t, "entries", []kiveileder.Entry{m}, k.entries())
	if _, a, err := k.Accept(t.Context(), key, post("m", "Må vi søke REK?")); a != nil || err != nil {
		t.Errorf("sent again: answer %v, %v", a, err)
	}
	refs, err := k.store.Unanswered(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "unanswered", []conversation.Ref{{Key: key, Offset: 1}}, refs)

	k.dialogue.fails = nil
	a := k.answer(m.Offset)
	same(t, "entries", []kiveileder.Entry{m, a}, k.entries())
}

func TestAnswerGivenUp(t *testing.T) {
	k := newTalk(t)
	m := k.accept(post("m", "Må vi søke REK?"))
	ctx, cancel := context.WithCancel(t.Context())
	k.dialogue.during = func(context.Context, kiveileder.Turn) { cancel() }
	k.dialogue.fails = func(kiveileder.Turn) error { return ctx.Err() }
	if _, err := k.Answer(ctx, key, m.Offset); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	k.dialogue.during, k.dialogue.fails = nil, nil
	k.answer(m.Offset)
}

func TestDeletedDuringTheTurn(t *testing.T) {
	k := newTalk(t)
	m := k.accept(post("m", "Må vi søke REK?"))
	k.dialogue.during = func(ctx context.Context, _ kiveileder.Turn) {
		if err := k.Delete(ctx, key); err != nil {
			t.Error(err)
		}
	}
	if _, err := k.Answer(t.Context(), key, m.Offset); kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
		t.Errorf("error %v", err)
	}
}

func TestHistory(t *testing.T) {
	k := newTalk(t)
	_, turn := k.ask(kiveileder.Post{ID: "m1", Question: "en", History: []string{"null"}})
	same(t, "the client's own", []string{"null"}, turn.History)
	_, turn = k.ask(post("m2", "to"))
	same(t, "the first message", []string{"en"}, turn.History)
	_, turn = k.ask(kiveileder.Post{ID: "m3", Question: "tre", History: []string{"a", "b"}})
	same(t, "the conversation knows better than the client", []string{"en", "to"}, turn.History)
	for i := range dialogue.MaxHistory {
		_, turn = k.ask(post(fmt.Sprint("n", i), fmt.Sprint("n", i)))
	}
	if len(turn.History) != dialogue.MaxHistory || turn.History[0] != "tre" || turn.History[19] != "n18" {
		t.Errorf("history %q", turn.History)
	}
}

func TestFacts(t *testing.T) {
	k := newTalk(t)
	steps := []struct{ brings, known map[string]any }{
		{map[string]any{"a": 1.0, "never": nil}, map[string]any{"a": 1.0}},
		{nil, map[string]any{"a": 1.0}},
		{map[string]any{"b": []any{"x"}}, map[string]any{"a": 1.0, "b": []any{"x"}}},
		{map[string]any{"a": 2.0}, map[string]any{"a": 2.0, "b": []any{"x"}}},
		{map[string]any{"b": nil}, map[string]any{"a": 2.0}},
		{map[string]any{"a": nil}, map[string]any{}},
		{nil, map[string]any{}},
	}
	for i, c := range steps {
		_, turn := k.ask(kiveileder.Post{ID: fmt.Sprint(i), Question: "Må vi søke?", Facts: c.brings})
		same(t, fmt.Sprint("known at ", i), c.known, turn.Facts)
	}
	for i, e := range k.entries() { // what is stored was not changed by what came later
		if e.Answer == nil {
			same(t, fmt.Sprint("stored at ", i), steps[i/2].brings, e.Facts)
		} else {
			same(t, fmt.Sprint("stored at ", i), steps[i/2].known, e.Answer.Facts)
		}
	}
}

// A message that came before the answer to the one before it: what was known
// then and what the answer brought are both known.
func TestFactsOfWhatWaits(t *testing.T) {
	k := newTalk(t)
	k.accept(kiveileder.Post{ID: "m1", Question: "en", Facts: map[string]any{"a": 1.0}})
	k.accept(kiveileder.Post{ID: "m2", Question: "to", Facts: map[string]any{"b": 2.0}})
	k.accept(kiveileder.Post{ID: "m3", Question: "tre", Facts: map[string]any{"a": nil}})
	wants := []map[string]any{{"a": 1.0}, {"a": 1.0, "b": 2.0}, {"b": 2.0}, {"b": 2.0}}
	for i, want := range wants[:3] {
		k.answer(int64(i) + 1)
		same(t, fmt.Sprint("known at ", i), want, k.dialogue.last().Facts)
	}
	same(t, "history", []string{"en", "to"}, k.dialogue.last().History)
	_, turn := k.ask(post("m4", "fire"))
	same(t, "known afterwards", wants[3], turn.Facts)
}
