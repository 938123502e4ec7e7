package gateway_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/services/conversation"
)

// A conversation over HTTP alone: begun, asked in, read, kept, deleted.
func TestConversation(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	s := listen(t, g)
	status, begun := get[page](t, s, http.MethodPost, "/v1/conversation", "", "")
	if status != http.StatusCreated || len(begun.Conversation) != 32 || begun.Epoch != "epoch" || begun.Offset != 0 {
		t.Fatalf("status %d, %+v", status, begun)
	}
	id := begun.Conversation
	if _, empty := get[page](t, s, http.MethodGet, "/v1/conversation", id, ""); empty.Offset != 0 || empty.Entries == nil || len(empty.Entries) != 0 || empty.More {
		t.Errorf("before anything was said: %+v", empty)
	}
	status, got := get[map[string]frame](t, s, http.MethodPost, "/v1/conversation/messages", id, `{"id":"a","question":"Må vi søke REK?","facts":{"purpose":"statistics"}}`)
	m, a := got["message"], got["answer"]
	if status != http.StatusOK || m.String() != `message a: 1 "Må vi søke REK?"` || a.String() != "answer a: 2 to 1 answered" {
		t.Errorf("status %d, %v, %v", status, m, a)
	}
	if m.Conversation != id || a.Conversation != id || a.Answer.Conversation != id || m.Facts["purpose"] != "statistics" {
		t.Errorf("%+v, %+v: want them of the conversation", m, a)
	}
	_, whole := get[page](t, s, http.MethodGet, "/v1/conversation", id, "")
	if diff := cmp.Diff([]frame{m, a}, whole.Entries); diff != "" || whole.Conversation != id || whole.Offset != 2 {
		t.Errorf("read: %+v (-said +read):\n%s", whole, diff)
	}
	resp := s.send(t, http.MethodDelete, "/v1/conversation", id, "")
	resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		t.Errorf("deleted: status %d", resp.StatusCode)
	}
}

// What was deleted is gone for everybody, at once and for good.
func TestDeleted(t *testing.T) {
	d := newHeld()
	g, _ := open(t, gateway.Config{}, with(d.turn))
	s := listen(t, g)
	id := newID(t, 0)
	one, other, waiting := dial(t, s), dial(t, s), stream(t, s, id)
	waiting.hears("opened : 0, missed 0")
	one.open(id)
	other.open(id)
	one.ask(id, "a", "Hei")
	one.hears(`message a: 1 "Hei"`, "progress a: searching")
	s.send(t, http.MethodDelete, "/v1/conversation", id, "").Body.Close()
	close(d.release) // the answer has nobody to go to
	fs := one.until("error")
	if got := lines(fs); got != "gone\nerror a: not_found" {
		t.Errorf("the one who asked heard %s", got)
	}
	if got := lines(other.until("gone")); got != `message a: 1 "Hei"`+"\nprogress a: searching\ngone" {
		t.Errorf("the other window heard %s", got)
	}
	waiting.until("gone")
	waiting.ended()
	other.ask(id, "b", "Er det noen her?")
	other.hears("error b: not_found")
	other.back(id, "epoch", 1)
	other.hears("error b: not_found")
	for _, r := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/v1/conversation", "", 404},
		{"GET", "/v1/conversation/export", "", 404},
		{"POST", "/v1/conversation/messages", `{"id":"b","question":"Hei"}`, 404},
		{"POST", "/v1/ask", `{"question":"Hei","conversation":"` + id + `"}`, 404},
		{"DELETE", "/v1/conversation", "", 204}, // as often as anybody likes
	} {
		resp := s.send(t, r.method, r.path, id, r.body)
		resp.Body.Close()
		if resp.StatusCode != r.status {
			t.Errorf("%s %s: status %d, want %d", r.method, r.path, resp.StatusCode, r.status)
		}
	}
	gone := stream(t, s, id)
	gone.hears("error : not_found")
	gone.ended()
}

func TestPaging(t *testing.T) {
	store := conversation.NewMemory("epoch")
	g, _ := open(t, gateway.Config{}, over(store, echo))
	id := newID(t, 0)
	fill(t, store, id, 120)
	for _, c := range []struct {
		query       string
		first, last int64
		more        bool
	}{
		{"", 1, 200, true},
		{"?after=200", 201, 240, false},
		{"?after=0&limit=240", 1, 240, false},
		{"?limit=239", 1, 239, true},
		{"?after=10&limit=1", 11, 11, true},
		{"?after=239&limit=1", 240, 240, false},
		{"?after=240", 0, 0, false},
		{"?after=999", 0, 0, false},
		{"?limit=1000", 1, 240, false},
	} {
		p := parse[page](t, do(g, call{path: "/v1/conversation" + c.query, header: bearer(id)}).Body)
		var first, last int64
		if n := len(p.Entries); n > 0 {
			first, last = p.Entries[0].Offset, p.Entries[n-1].Offset
		}
		if first != c.first || last != c.last || p.More != c.more || p.Offset != 240 || p.Entries == nil {
			t.Errorf("%q: %d to %d of %d, more %v", c.query, first, last, p.Offset, p.More)
		}
	}
	for _, query := range []string{"?after=-1", "?after=x", "?limit=0", "?limit=-1", "?limit=1001", "?limit=x", "?after=99999999999999999999"} {
		if w := do(g, call{path: "/v1/conversation" + query, header: bearer(id)}); w.Code != http.StatusBadRequest {
			t.Errorf("%q: status %d", query, w.Code)
		}
	}
}

func TestPostMessageBadInput(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	id := newID(t, 0)
	for _, c := range []struct{ name, body, says string }{
		{"no body", "", "not valid JSON"},
		{"no id", `{"question":"Hei"}`, "not valid JSON"},
		{"a bad id", `{"id":"a b","question":"Hei"}`, "not valid JSON"},
		{"no question", `{"id":"a"}`, "The message is empty"},
		{"facts are a list", `{"id":"a","question":"Hei","facts":[]}`, "not valid JSON"},
		{"4001 characters", `{"id":"a","question":"` + strings.Repeat("å", 4001) + `"}`, "at most 4000"},
		{"facts without end", `{"id":"a","question":"Hei","facts":{"a":"` + strings.Repeat("x", 10_000) + `"}}`, "not valid JSON"},
	} {
		w := do(g, call{method: "POST", path: "/v1/conversation/messages", body: c.body,
			header: map[string]string{"Authorization": "Bearer " + id, "Accept-Language": "en"}})
		if e := parse[apiError](t, w.Body).Error; w.Code != 400 || e.Code != "invalid" || !strings.Contains(e.Message, c.says) {
			t.Errorf("%s: status %d, %+v", c.name, w.Code, e)
		}
	}
	if p := parse[page](t, do(g, call{path: "/v1/conversation", header: bearer(id)}).Body); p.Offset != 0 {
		t.Errorf("%d entries were stored", p.Offset)
	}
}

// Each path says how it can be asked instead.
func TestMethods(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	for _, c := range []struct{ method, path, allow string }{
		{"GET", "/v1/ask", "POST"},
		{"PUT", "/v1/conversation", "GET, POST, DELETE"},
		{"POST", "/v1/conversation/events", "GET"},
		{"GET", "/v1/conversation/messages", "POST"},
		{"DELETE", "/v1/conversation/export", "GET"},
		{"OPTIONS", "/v1/conversation/messages", "POST"},
		{"POST", "/v1/chat", "GET"},
		{"POST", "/", "GET"},
		{"POST", "/kilder/formal-2024", "GET"},
		{"PATCH", "/livez", "GET"},
	} {
		w := do(g, call{method: c.method, path: c.path})
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s: status %d, Allow %q; want %q", c.method, c.path, w.Code, w.Header().Get("Allow"), c.allow)
		}
		if e := parse[apiError](t, w.Body).Error; e.Code != "invalid" || e.Message == "" {
			t.Errorf("%s %s: %+v", c.method, c.path, e)
		}
	}
}

// POST /v1/ask goes on with a conversation: what was said and is known counts.
func TestAskGoesOn(t *testing.T) {
	var turns []kiveileder.Turn
	g, _ := open(t, gateway.Config{}, with(func(ctx context.Context, turn kiveileder.Turn) (kiveileder.Answer, error) {
		turns = append(turns, turn)
		return advise(ctx, turn)
	}))
	ask := func(id, rest string) kiveileder.Answer {
		t.Helper()
		w := post(g, `{"conversation":"`+id+`",`+rest+`}`)
		if w.Code != http.StatusOK {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
		return parse[kiveileder.Answer](t, w.Body)
	}
	first := ask("", `"question":"Vi lager en modell","facts":{"consent":true}`)
	id := first.Conversation
	if a := ask(id, `"question":"Må vi søke REK?"`); a.Conversation != id || a.Status != kiveileder.Clarify {
		t.Errorf("the second answer %+v", a)
	}
	if h := turns[1].History; !slices.Equal(h, []string{"Vi lager en modell"}) {
		t.Errorf("history %q", h)
	}
	a := ask(id, `"question":"Forskning"`)
	if a.Status != kiveileder.Answered || a.Facts["purpose"] != "research" {
		t.Errorf("the reply's answer %+v", a)
	}
	p := parse[page](t, do(g, call{path: "/v1/conversation", header: bearer(id)}).Body)
	if p.Offset != 6 {
		t.Errorf("the conversation holds %d entries", p.Offset)
	}
	if other := ask(strings.Repeat("A", 32), `"question":"Hei"`).Conversation; other == id || len(other) != 32 {
		t.Errorf("an unknown id became %q", other)
	}
}

// A full conversation says so, over HTTP and on a socket.
func TestFull(t *testing.T) {
	store := conversation.NewMemory("epoch")
	g, _ := open(t, gateway.Config{}, over(store, echo))
	id := newID(t, 0)
	fill(t, store, id, kiveileder.MaxEntries/2)
	w := do(g, call{method: "POST", path: "/v1/conversation/messages", body: `{"id":"one-more","question":"Hei"}`,
		header: map[string]string{"Authorization": "Bearer " + id, "Accept-Language": "en"}})
	if e := parse[apiError](t, w.Body).Error; w.Code != http.StatusConflict || e.Code != "conflict" || !strings.Contains(e.Message, "Start a new one") {
		t.Errorf("status %d, %+v", w.Code, e)
	}
	c := dial(t, listen(t, g))
	c.back(id, "epoch", kiveileder.MaxEntries)
	c.hears(fmt.Sprintf("opened b: %d, missed 0", kiveileder.MaxEntries))
	c.ask(id, "one-more", "Hei")
	c.hears("error one-more: conflict")
	c.ask(id, "q1", "Spørsmål 1") // what was said before is answered as before
	c.hears(`message q1: 1 "Spørsmål 1"`, "answer q1: 2 to 1 answered")
}
