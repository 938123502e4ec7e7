package conversation_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"kiveileder"
	"kiveileder/services/dialogue"
)

func TestAcceptMasks(t *testing.T) {
	const fnr, mail, phone = "01013870027", "kari.nordmann@example.no", "46 77 88 99"
	tests := []struct {
		name   string
		post   kiveileder.Post
		text   string
		masked []string
	}{
		{"nothing to mask", post("m", "Må vi søke REK?"), "Må vi søke REK?", nil},
		{"a birth number", post("m", "Kan vi bruke journalen til "+fnr+"?"), "Kan vi bruke journalen til [fødselsnummer]?", []string{"fodselsnummer"}},
		{"twice, and another kind", post("m", fnr+" og "+fnr+", skriv til "+mail), "[fødselsnummer] og [fødselsnummer], skriv til [e-post]", []string{"epost", "fodselsnummer"}},
		{"in the history", kiveileder.Post{ID: "m", Question: "Og nå?", History: []string{"Ring tlf " + phone, "Hei"}}, "Og nå?", []string{"telefon"}},
		{"in facts", kiveileder.Post{ID: "m", Question: "Og nå?", Facts: map[string]any{
			"contact": mail,
			"list":    []any{"a", fnr, map[string]any{"tlf " + phone: fnr}},
			"number":  12013870027.0,
			"purpose": []any{"health_research"}, "n": 3.5, "none": nil, "yes": true,
		}}, "Og nå?", []string{"epost", "fodselsnummer", "telefon"}},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			k := newTalk(t)
			m := k.accept(c.post)
			if m.Text != c.text || m.Offset != 1 || m.ID != "m" {
				t.Errorf("stored as %d %s %q, want %q", m.Offset, m.ID, m.Text, c.text)
			}
			k.answer(1)
			for _, e := range k.entries() {
				b, err := json.Marshal(e)
				if err != nil {
					t.Fatal(err)
				}
				for _, secret := range []string{fnr, mail, phone, "12013870027"} {
					if strings.Contains(string(b), secret) {
						t.Errorf("entry %d has %q: %s", e.Offset, secret, b)
					}
				}
			}
			same(t, "masked", c.masked, m.Masked)
			same(t, "masked, told to the dialogue", c.masked, k.dialogue.last().Masked)
		})
	}
}

func TestAcceptKeepsFacts(t *testing.T) {
	k := newTalk(t)
	facts := map[string]any{"purpose": []any{"health_research", "quality"}, "consent": "yes", "n": 3.5, "forget": nil, "deep": map[string]any{"a": true}}
	m := k.accept(kiveileder.Post{ID: "m", Question: "Må vi søke?", History: []string{"Hei"}, Facts: facts, Language: kiveileder.Nynorsk})
	same(t, "facts", facts, m.Facts)
	same(t, "history", []string{"Hei"}, m.History)
	if m.Language != kiveileder.Nynorsk {
		t.Errorf("language %q", m.Language)
	}
}

func TestAcceptRefuses(t *testing.T) {
	k := newTalk(t)
	if _, _, err := k.Accept(t.Context(), key, post("m", "")); !errors.Is(err, errEmpty) {
		t.Errorf("error %v, want %v", err, errEmpty)
	}
	if es := k.entries(); len(es) > 0 {
		t.Errorf("%d entries are stored", len(es))
	}
	k.accept(post("m", "Den same id-en, rett denne gongen")) // it was not used up
}

// The marks of masking may be longer than what they stand for: what would be
// too long to be answered is not taken.
func TestAcceptRefusesWhatMaskingMakesTooLong(t *testing.T) {
	k := newTalk(t)
	question := strings.Repeat("a@b.no, ", dialogue.MaxQuestionChars/8)
	if _, _, err := k.Accept(t.Context(), key, post("m", question)); !errors.Is(err, errLong) {
		t.Errorf("error %v, want %v", err, errLong)
	}
	if es := k.entries(); len(es) > 0 {
		t.Errorf("%d entries are stored", len(es))
	}
}

func TestAcceptCutsHistory(t *testing.T) {
	k := newTalk(t)
	p := post("m", "Hei")
	for i := range dialogue.MaxHistory + 3 {
		p.History = append(p.History, fmt.Sprint(i))
	}
	same(t, "history", p.History[3:], k.accept(p).History)
}

func TestAcceptAgain(t *testing.T) {
	k := newTalk(t)
	m := k.accept(post("m", "Må vi søke REK?"))
	again, a, err := k.Accept(t.Context(), key, post("m", "Må vi søkje REK?"))
	if err != nil || a != nil {
		t.Errorf("before the answer: %v, %v; want no answer yet", a, err)
	}
	same(t, "message", m, again)

	given := k.answer(m.Offset)
	again, a, err = k.Accept(t.Context(), key, post("m", "Må vi søke REK?"))
	if err != nil || a == nil {
		t.Fatalf("after the answer: %v, %v", a, err)
	}
	same(t, "message", m, again)
	same(t, "answer", given, *a)
	same(t, "entries", []kiveileder.Entry{m, given}, k.entries())
}

func TestAcceptAgainTogether(t *testing.T) {
	k := newTalk(t)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			m, _, err := k.Accept(t.Context(), key, post("m", "Må vi søke REK?"))
			if err != nil || m.Offset != 1 {
				t.Errorf("offset %d, %v", m.Offset, err)
				return
			}
			if a, err := k.Answer(t.Context(), key, m.Offset); err != nil || a.Offset != 2 {
				t.Errorf("answer at %d, %v", a.Offset, err)
			}
		})
	}
	wg.Wait()
	if n := len(k.dialogue.turns); n != 1 {
		t.Errorf("%d turns", n)
	}
	if n := len(k.entries()); n != 2 {
		t.Errorf("%d entries", n)
	}
}

func TestAcceptWhenDeleted(t *testing.T) {
	k := newTalk(t)
	k.ask(post("m", "Må vi søke REK?"))
	if err := k.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"m", "n"} {
		if _, _, err := k.Accept(t.Context(), key, post(id, "Hallo?")); kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
			t.Errorf("%s: %v", id, err)
		}
	}
	if _, err := k.Answer(t.Context(), key, 1); kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
		t.Errorf("Answer: %v", err)
	}
	if _, err := k.Read(t.Context(), key, 0, 1); kiveileder.ErrorCode(err) != kiveileder.CodeNotFound {
		t.Errorf("Read: %v", err)
	}
}
