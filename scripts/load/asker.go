package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// An asker asks one question after the other and behaves as docs/protocol.md
// tells a client to: when its socket ends it comes back, elsewhere if need be,
// and sends again what was not acknowledged. It remembers what it was shown.
type asker struct {
	client
	urls []string
	at   int // which of them

	asked   []string // ids of messages
	waited  times
	doubled int // entries that came twice or in another order
	lost    int // of settle
	back    int // how often it came back

	begin   time.Time // of the question
	story   []string  // what happened since
	longest []string  // the story of the longest wait
	most    time.Duration
}

// note adds to the story of the question.
func (a *asker) note(what string) {
	a.story = append(a.story, fmt.Sprintf("%.1f s %s", time.Since(a.begin).Seconds(), what))
}

// talk asks until talk ends, then waits for the last answer.
func (a *asker) talk(ctx, talk context.Context, question func(int) string) {
	for n := 0; talk.Err() == nil && ctx.Err() == nil; n++ {
		id := fmt.Sprintf("q%d", n)
		a.asked = append(a.asked, id)
		a.begin, a.story = time.Now(), nil
		if !a.ask(ctx, id, question(n)) {
			return
		}
		took := time.Since(a.begin)
		a.waited = append(a.waited, ms(took))
		if took > a.most {
			a.note("answer")
			a.most, a.longest = took, a.story
		}
		time.Sleep(rand.N(2 * time.Second)) // people read
	}
}

// ask asks until there is an answer. It gives up after a minute.
func (a *asker) ask(ctx context.Context, id, question string) bool {
	acknowledged := false
	deadline := time.Now().Add(time.Minute)
	for failures := 0; time.Now().Before(deadline) && ctx.Err() == nil; {
		if a.conn == nil {
			time.Sleep(rand.N(min(30*time.Second, 500*time.Millisecond<<min(failures, 6))))
			if failures++; a.comeBack(ctx) != nil {
				continue
			}
			failures = 0
		}
		if !acknowledged {
			frame := map[string]string{"type": "ask", "id": id, "conversation": a.conversation, "question": question}
			if a.conn.WriteJSON(frame) != nil {
				a.leave()
				continue
			}
		}
		if a.hearUntil(id, &acknowledged) {
			return true
		}
	}
	return false
}

// comeBack opens the conversation at the next address, at its position. What
// was missed comes as entries do.
func (a *asker) comeBack(ctx context.Context) error {
	url := a.urls[a.at%len(a.urls)]
	a.at++
	conn, _, err := dialer.DialContext(ctx, url, nil)
	if err != nil {
		return err
	}
	a.conn = conn
	frame := map[string]any{"type": "open", "id": "o"}
	if a.conversation != "" {
		a.back++
		frame["conversation"] = a.conversation
		frame["position"] = map[string]any{"epoch": a.epoch, "offset": a.offset}
	}
	err = conn.WriteJSON(frame)
	for err == nil {
		var f heard
		if f, err = a.hear(); err == nil && f.Type == "opened" {
			if a.conversation != "" && !f.Recovered {
				a.lost++ // it should have been told
			}
			a.conversation, a.epoch = f.Conversation, f.Epoch
			a.note("came back")
			return nil
		}
	}
	a.leave()
	return err
}

func (a *asker) leave() {
	_ = a.conn.Close()
	a.conn = nil
}

// A heard is a frame of the service.
type heard struct {
	Type, ID, Conversation, Epoch, Code string
	Offset                              int64
	Recovered                           bool
}

// hear reads a frame and counts entries.
func (a *asker) hear() (heard, error) {
	_ = a.conn.SetReadDeadline(time.Now().Add(20 * time.Second)) // a deadline can always be set
	var f heard
	if err := a.conn.ReadJSON(&f); err != nil {
		return f, err
	}
	if f.Type == "message" || f.Type == "answer" {
		switch {
		case f.Offset <= a.offset:
			a.doubled++
		case f.Offset > a.offset+1:
			a.lost++
		}
		a.offset = max(a.offset, f.Offset)
	}
	return f, nil
}

// hearUntil reads until the answer to a message is there. It is false when the
// socket ended, or the message was refused and should be sent again.
func (a *asker) hearUntil(id string, acknowledged *bool) bool {
	for {
		f, err := a.hear()
		switch {
		case err != nil:
			a.note(err.Error())
			a.leave()
			return false
		case f.ID == id && f.Type == "message":
			a.note("acknowledged")
			*acknowledged = true
		case f.ID == id && f.Type == "answer":
			return true
		case f.ID == id && f.Type == "error":
			a.note("error " + f.Code)
			time.Sleep(rand.N(time.Second))
			*acknowledged = false // asked again, an answer that failed is tried again
			return false
		}
	}
}

// settle compares with what is stored: every message once, with one answer.
func (a *asker) settle(ctx context.Context, s *server) error {
	if a.conn != nil {
		a.leave()
	}
	stored := map[string]int{}
	for after, more := int64(0), true; more; {
		b, err := request(ctx, http.MethodGet, fmt.Sprintf("%s/v1/conversation?after=%d&limit=200", s.url, after), a.conversation, nil)
		if err != nil {
			return err
		}
		var page struct {
			Entries []heard
			More    bool
		}
		if err := json.Unmarshal(b, &page); err != nil {
			return err
		}
		for _, e := range page.Entries {
			stored[e.Type+" "+e.ID]++
			after = e.Offset
		}
		more = page.More && len(page.Entries) > 0
	}
	for _, id := range a.asked {
		for _, kind := range []string{"message ", "answer "} {
			switch n := stored[kind+id]; {
			case n == 0:
				a.lost++
			case n > 1:
				a.doubled += n - 1
			}
		}
	}
	return nil
}
