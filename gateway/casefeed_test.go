package gateway_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kiveileder/gateway"
	"kiveileder/gateway/wire"
	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

// A case is handed over on a socket, both windows see it, and what the lawyers
// do comes to both.
func TestCaseFrames(t *testing.T) {
	cases := &fakeCases{}
	g, _ := open(t, gateway.Config{}, withCases(cases))
	s := listen(t, g)
	one := dial(t, s)
	if one.hello.Limits.CaseChars != 8000 {
		t.Errorf("the greeting offers no cases: %+v", one.hello.Limits)
	}
	id := one.open("")
	one.ask(id, "a", "Må vi søke REK?")
	one.hears(asked("a", "Må vi søke REK?", 1)...)
	other := dial(t, s)
	other.say(`{"type":"open","id":"o","conversation":"` + id + `"}`)
	other.until(wire.TypeAnswer)

	handOver := `{"type":"hand_over","id":"h","conversation":"` + id + `","question":"Må vi <b>virkelig</b>?","contact":{"email":"k@example.no"},"publish":true}`
	one.say(handOver)
	f := one.hears("case h: case-h 1 received")[0]
	if f.Conversation != id || f.Case.Question != "Må vi <b>virkelig</b>?" {
		t.Errorf("frame %+v", f)
	}
	other.hears("case : case-h 1 received")
	if h := cases.got[0].(queue.HandOver); h.Conversation != id || h.Contact.Email != "k@example.no" || !h.Publish || h.Language != "nb" {
		t.Errorf("passed on %+v", h)
	}
	one.say(handOver) // the receipt was lost
	one.hears("case h: case-h 1 received")
	other.hearsNothing()

	cases.happens(t.Context(), guidance.Assessment, nil)
	one.hears("case : case-h 2 assessment")
	other.hears("case : case-h 2 assessment")
	cases.tell(t.Context(), cases.cases[0]) // an event comes twice
	one.hearsNothing()

	other.say(`{"type":"case_command","id":"w","conversation":"` + id + `","case":"case-h","kind":"withdrawn","seen":1}`)
	got := other.hears("case : case-h 2 assessment", "error w: conflict")
	if got[1].Message == "" || got[1].Conversation != id {
		t.Errorf("refused without words: %+v", got[1])
	}
	other.say(`{"type":"case_command","id":"w2","conversation":"` + id + `","case":"case-h","kind":"withdrawn","data":{"reason":"Løst"},"seen":2}`)
	other.hears("case w2: case-h 3 withdrawn")
	one.hears("case : case-h 3 withdrawn")
	one.hearsNothing()
	other.hearsNothing()

	other.say(`{"type":"case_command","id":"w2","conversation":"` + id + `","case":"case-h","kind":"withdrawn","data":{"reason":"Løst"},"seen":2}`) // the answer was lost
	other.hears("case w2: case-h 3 withdrawn")
	other.say(`{"type":"case_command","id":"w2","conversation":"` + id + `","case":"case-h","kind":"added","data":{"text":"Mer"},"seen":3}`)
	if got := other.hears("case : case-h 3 withdrawn", "error w2: conflict"); !strings.Contains(got[1].Message, "brukt til noe annet") {
		t.Errorf("an id that stands for another command: %q", got[1].Message)
	}
	one.hearsNothing()

	one.say(`{"type":"leave","id":"l","conversation":"` + id + `"}`)
	one.hearsNothing()
	cases.happens(t.Context(), guidance.IsReopened, nil)
	other.hears("case : case-h 4 reopened")
	one.hearsNothing()
	one.open(id) // all come again, after the entries
	one.hears(`message a: 1 "Må vi søke REK?"`, "answer a: 2 to 1 answered", "case : case-h 4 reopened")
}

// The same over server-sent events.
func TestCaseEvents(t *testing.T) {
	cases := &fakeCases{}
	g, _ := open(t, gateway.Config{}, withCases(cases))
	s := listen(t, g)
	id := newID(t, 0)
	post := func(hand string) {
		t.Helper()
		if status, _ := get[queue.AskerCase](t, s, "POST", "/v1/conversation/cases", id, `{"id":"`+hand+`","question":"Hei?"}`); status != 201 {
			t.Fatalf("status %d", status)
		}
	}
	post("one")
	line := stream(t, s, id)
	if f := line.next(); f.Type != "opened" {
		t.Fatalf("heard %v", f)
	}
	line.hears("case : case-one 1 received")
	post("two")
	line.hears("case : case-two 1 received")
	cases.happens(t.Context(), guidance.Waiting, nil)
	if f := line.hears("case : case-two 2 waiting")[0]; f.Event != "" {
		t.Errorf("a case has the event id %q: it is no entry", f.Event)
	}
}

// Frames that cannot be read, or are about something that is not theirs.
func TestCaseFramesRefused(t *testing.T) {
	cases := &fakeCases{}
	g, _ := open(t, gateway.Config{}, withCases(cases))
	s := listen(t, g)
	stranger := newID(t, 0)
	if _, err := cases.HandOver(t.Context(), keyOf(t, stranger), queue.HandOver{ID: "theirs", Question: "?"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, frame, want, says string }{
		{"no conversation", `{"type":"hand_over","id":"1","question":"Hei"}`, "error 1: invalid", "conversation"},
		{"a made-up conversation", `{"type":"hand_over","id":"1","conversation":"` + strings.Repeat("A", 32) + `","question":"Hei"}`, "error 1: not_found", "no longer here"},
		{"a field of nobody", `{"type":"hand_over","id":"1","conversation":"ID","question":"Hei","key":"x"}`, "error 1: invalid", "unknown field"},
		{"somebody else's key", `{"type":"hand_over","id":"1","conversation":"ID","question":"Hei","contact":{"conversation":"x"}}`, "error 1: invalid", "unknown field"},
		{"no question", `{"type":"hand_over","id":"1","conversation":"ID","question":""}`, "error 1: invalid", "Write what"},
		{"too long", `{"type":"hand_over","id":"1","conversation":"ID","question":"` + strings.Repeat("å", 8001) + `"}`, "error 1: invalid", "at most 8000"},
		{"no case", `{"type":"case_command","id":"1","conversation":"ID","kind":"added"}`, "error 1: invalid", "case"},
		{"an unknown kind", `{"type":"case_command","id":"1","conversation":"ID","case":"x","kind":"claimed"}`, "error 1: invalid", "cannot be done"},
		{"a case that is not there", `{"type":"case_command","id":"1","conversation":"ID","case":"x","kind":"added"}`, "error 1: not_found", "no such case"},
		{"another conversation's case", `{"type":"case_command","id":"1","conversation":"ID","case":"case-theirs","kind":"withdrawn","seen":9}`, "error 1: not_found", "no such case"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := dial(t, s, "Accept-Language", "en")
			id := conn.open("")
			conn.say(strings.ReplaceAll(c.frame, "ID", id))
			if f := conn.next(); f.String() != c.want || !strings.Contains(f.Message, c.says) {
				t.Errorf("frame %+v, want %s %q", f, c.want, c.says)
			}
		})
	}
}

// Handing over counts as a question.
func TestCaseLimit(t *testing.T) {
	g, _ := open(t, gateway.Config{RatePerMinute: 3}, withCases(&fakeCases{}))
	c := dial(t, listen(t, g))
	id := c.open("")
	c.ask(id, "a", "Hei?")
	c.until(wire.TypeAnswer)
	c.say(`{"type":"hand_over","id":"h","conversation":"` + id + `","question":"Hei?"}`)
	if f := c.hears("error h: rate_limited")[0]; f.RetryAfter < 1 {
		t.Errorf("frame %+v", f)
	}
}

// People read what is handed over, so there may be fewer of it.
func TestHandOverLimit(t *testing.T) {
	g, _ := open(t, gateway.Config{RatePerMinute: 12}, withCases(&fakeCases{}))
	c := dial(t, listen(t, g))
	id := c.open("")
	for i, want := range []string{"case a: case-a 1 received", "error b: rate_limited"} {
		c.say(fmt.Sprintf(`{"type":"hand_over","id":"%c","conversation":%q,"question":"Hei?"}`, 'a'+i, id))
		c.hears(want)
	}
	c.ask(id, "q", "Hei?")
	c.until(wire.TypeAnswer)
}

// Whether a conversation has cases is asked once, beside: not for a new one,
// and not again of one that has none, until one comes or nobody tells of it.
func TestCasesAreAskedForSparingly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cases, lossy := &fakeCases{}, &localBus{}
		g, _ := open(t, gateway.Config{}, func(d *gateway.Deps) {
			d.Events = lossy
			withCases(cases)(d)
		})
		defer g.Drain(t.Context())
		s := listenInside(t, g)
		defer s.close()
		lossy.set(true)
		synctest.Wait()
		calls := 0
		costs := func(what string, n int, do func()) {
			t.Helper()
			do()
			synctest.Wait()
			if calls += n; cases.asks() != calls {
				t.Errorf("%s: %d calls, want %d", what, cases.asks()-calls+n, n)
				calls = cases.asks()
			}
		}
		var c *client
		var id string
		reopen := func() { c.say(`{"type":"open","id":"o","conversation":"` + id + `"}`) }
		costs("a new one", 0, func() { c = dial(t, s); id = c.open("") })
		costs("opened again", 1, reopen)
		costs("and again", 0, func() { reopen(); reopen() })
		costs("left, and opened", 0, func() { c.say(`{"type":"leave","id":"l","conversation":"` + id + `"}`); reopen() })
		costs("after a while", 1, func() { time.Sleep(11 * time.Minute); reopen() })
		costs("somebody hands over elsewhere, while nobody is there", 1, func() {
			c.say(`{"type":"leave","id":"l","conversation":"` + id + `"}`)
			synctest.Wait()
			if _, err := cases.HandOver(t.Context(), keyOf(t, id), queue.HandOver{ID: "h", Question: "?"}); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			reopen()
		})
		c.until(wire.TypeCase)
		costs("something happens", 1, func() { cases.happens(t.Context(), guidance.Assessment, nil) })
		costs("told twice", 0, func() { cases.mu.Lock(); cases.tell(t.Context(), cases.cases[0]); cases.mu.Unlock() })
		costs("what one does oneself", 1, func() {
			c.say(`{"type":"case_command","id":"x","conversation":"` + id + `","case":"case-h","kind":"added","seen":2}`)
		})
		lossy.set(false)
		costs("an event is lost", 0, func() { cases.happens(t.Context(), guidance.Waiting, nil) })
		costs("who has a case looks meanwhile", 1, func() { time.Sleep(21 * time.Second) })
		costs("and when events come again", 1, func() { lossy.set(true); time.Sleep(5 * time.Second) })
	})
}

// What could not be fetched is fetched later, and panics end nothing.
func TestCasesAreFetchedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cases := &fakeCases{}
		g, _ := open(t, gateway.Config{}, withCases(cases))
		defer g.Drain(t.Context())
		s := listenInside(t, g)
		defer s.close()
		id := newID(t, 0)
		if _, err := cases.HandOver(t.Context(), keyOf(t, id), queue.HandOver{ID: "h", Question: "?"}); err != nil {
			t.Fatal(err)
		}
		cases.err = errors.New("away")
		c := dial(t, s)
		c.open(id)
		synctest.Wait()
		if n := len(c.frames); n != 0 {
			t.Errorf("%d frames", n)
		}
		cases.mu.Lock()
		cases.err = nil
		cases.mu.Unlock()
		time.Sleep(21 * time.Second)
		synctest.Wait()
		c.hears("case : case-h 1 received")
	})
}
