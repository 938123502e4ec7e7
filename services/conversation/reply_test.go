package conversation_test

import (
	"testing"

	"kiveileder"
)

const rek = "Må vi søke REK?"

// withNeeds gives a talk in which the question of REK asks for facts.
func withNeeds(t *testing.T, facts ...string) *talk {
	k := newTalk(t)
	k.dialogue.needs = map[string][]string{rek: facts}
	return k
}

// The dialogue is told what the last answer asked for and about which question.
func TestReply(t *testing.T) {
	k := withNeeds(t, "purpose")
	k.ask(kiveileder.Post{ID: "q", Question: rek, Facts: map[string]any{"known": true}, Language: kiveileder.Nynorsk})
	a, turn := k.ask(kiveileder.Post{ID: "r", Question: "Helseforskning", Facts: map[string]any{"more": 1.0}})
	same(t, "turn", kiveileder.Turn{
		Question: "Helseforskning", Original: rek, Awaited: "purpose", Asked: 1,
		History: []string{rek}, Facts: map[string]any{"known": true, "more": 1.0},
	}, turn)
	if a.Answer.Lead != rek || a.ReplyTo != 3 || a.Thread != 1 || a.ID != "r" {
		t.Errorf("answer to %d, of thread %d: %+v", a.ReplyTo, a.Thread, a.Answer)
	}
	same(t, "facts", map[string]any{"known": true, "more": 1.0, "purpose": "health_research"}, a.Answer.Facts)
}

// What the message brings and what was known from before are told apart.
func TestReplyTellsFactsApart(t *testing.T) {
	k := withNeeds(t, "purpose")
	k.ask(kiveileder.Post{ID: "q", Question: rek, Facts: map[string]any{"a": 1.0, "b": 1.0}})
	k.ask(kiveileder.Post{ID: "r", Question: "Helseforskning", Facts: map[string]any{"a": 2.0, "b": nil}})
	turn := k.dialogue.turns[1]
	same(t, "known", map[string]any{"a": 1.0, "b": 1.0}, turn.Known)
	same(t, "told", map[string]any{"a": 2.0, "b": nil}, turn.Facts)
}

func TestReplyThreeTimes(t *testing.T) {
	k := withNeeds(t, "purpose", "data", "consent")
	k.ask(post("first", "Hei"))
	k.ask(post("q", rek))
	known := map[string]any{}
	for i, c := range []struct {
		says, fact string
		value      any
	}{
		{"Helseforskning", "purpose", "health_research"},
		{"Registerdata", "data", "register"},
		{"Ja", "consent", true},
	} {
		a, turn := k.ask(post(c.fact, c.says))
		known[c.fact] = c.value
		same(t, c.says, known, a.Answer.Facts)
		same(t, "history", []string{"Hei", rek}, turn.History) // replies are none of their own
		if turn.Original != rek || turn.Awaited != c.fact || turn.Asked != i+1 {
			t.Errorf("%s: original %q, awaited %q, asked %d", c.says, turn.Original, turn.Awaited, turn.Asked)
		}
		if a.Thread != 3 || (a.Answer.Ask == nil) != (i == 2) {
			t.Errorf("%s: thread %d, asks %v", c.says, a.Thread, a.Answer.Ask)
		}
	}
	// the question is settled: the next is a new one, to which the replies are no history
	a, turn := k.ask(post("next", "Ja"))
	if turn.Awaited != "" || a.Thread != a.ReplyTo {
		t.Errorf("awaited %q, thread %d of %d", turn.Awaited, a.Thread, a.ReplyTo)
	}
	same(t, "history", []string{"Hei", rek}, turn.History)
	same(t, "facts", known, turn.Facts)
}

// Whoever asks something else begins a thread, and leaves the question back
// behind.
func TestNoReply(t *testing.T) {
	k := withNeeds(t, "purpose")
	k.ask(post("q", rek))
	a, _ := k.ask(post("other", "Hva er en DPIA?"))
	if a.Thread != 3 || a.Answer.Lead != "Hva er en DPIA?" {
		t.Errorf("thread %d, answers %q", a.Thread, a.Answer.Lead)
	}
	a, turn := k.ask(post("late", "Helseforskning"))
	if turn.Awaited != "" || turn.Original != "Hva er en DPIA?" || a.Thread != 5 {
		t.Errorf("awaited %q, original %q, thread %d", turn.Awaited, turn.Original, a.Thread)
	}
	same(t, "history", []string{rek, "Hva er en DPIA?"}, turn.History)
}

// Thanks, or a word on the weather, leave the question back standing.
func TestReplyAfterAnAside(t *testing.T) {
	k := withNeeds(t, "purpose")
	k.ask(post("q", rek))
	k.ask(post("thanks", "Takk"))
	k.ask(post("more", "Takk"))
	a, turn := k.ask(post("late", "Helseforskning"))
	if turn.Awaited != "purpose" || turn.Original != rek || turn.Asked != 1 || a.Thread != 1 {
		t.Errorf("awaited %q, original %q, asked %d, thread %d", turn.Awaited, turn.Original, turn.Asked, a.Thread)
	}
}

// A message that was written before the question back was seen is no reply to
// it; one that waits behind a reply knows what the reply brought.
func TestReplyAndWait(t *testing.T) {
	k := withNeeds(t, "purpose")
	k.accept(post("q", rek))              // 1
	k.accept(post("s", "Helseforskning")) // 2, written before anything was asked
	k.answer(1)                           // 3 asks back
	if a := k.answer(2); a.Thread != 2 {  // 4
		t.Errorf("thread %d", a.Thread)
	}
	k.ask(post("q2", rek))                 // 5, 6 asks back
	k.accept(post("r", "Helseforskning"))  // 7
	k.accept(post("w", "Hva er en DPIA?")) // 8
	k.answer(7)
	a := k.answer(8)
	if a.Answer.Lead != "Hva er en DPIA?" || a.Thread != 8 {
		t.Errorf("answers %q, thread %d", a.Answer.Lead, a.Thread)
	}
	same(t, "facts", map[string]any{"purpose": "health_research"}, k.dialogue.last().Facts)
}

// What the person could not tell is carried on.
func TestUnknownIsKept(t *testing.T) {
	k := newTalk(t)
	m := k.accept(post("m", rek))
	a := kiveileder.Entry{ID: m.ID, At: at(1), ReplyTo: 1, Thread: 1, Answer: &kiveileder.Answer{Unknown: []string{"consent"}}}
	if _, _, err := k.store.Add(t.Context(), key, a); err != nil {
		t.Fatal(err)
	}
	_, turn := k.ask(post("n", "Og nå?"))
	same(t, "unknown", []string{"consent"}, turn.Unknown)
}
