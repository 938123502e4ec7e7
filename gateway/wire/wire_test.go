package wire_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kiveileder"
	"kiveileder/gateway/wire"
)

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name, frame string
		want        wire.Request
	}{
		{"open", `{"type":"open","id":"a"}`, wire.Request{Type: "open", ID: "a"}},
		{"open with a position", `{"type":"open","id":"a","conversation":"k","position":{"epoch":"e","offset":3}}`,
			wire.Request{Type: "open", ID: "a", Conversation: "k", Position: &wire.Position{Epoch: "e", Offset: 3}}},
		{"ask", `{"type":"ask","id":"A-z_0.9","conversation":"k","question":"Må vi?","facts":{"a":[1,null]},"language":"nn"}`,
			wire.Request{Type: "ask", ID: "A-z_0.9", Conversation: "k", Question: "Må vi?", Facts: map[string]any{"a": []any{1.0, nil}}, Language: "nn"}},
		{"leave", `{"type":"leave","id":"a","conversation":"k"}`, wire.Request{Type: "leave", ID: "a", Conversation: "k"}},
		{"ping", ` {"id":"a" , "type":"ping"} ` + "\n", wire.Request{Type: "ping", ID: "a"}},
		{"hand_over", `{"type":"hand_over","id":"a","conversation":"k","question":"Må vi?","contact":{"email":"k@example.no"},"publish":true}`,
			wire.Request{Type: "hand_over", ID: "a", Conversation: "k", HandOver: &wire.HandOver{
				Type: "hand_over", ID: "a", Conversation: "k", Question: "Må vi?", Contact: &wire.Contact{Email: "k@example.no"}, Publish: true,
			}}},
		{"case_command", `{"type":"case_command","id":"a","conversation":"k","case":"c","kind":"added","data":{"text":"Ja"},"seen":3}`,
			wire.Request{Type: "case_command", ID: "a", Conversation: "k", Command: &wire.CaseCommand{
				Type: "case_command", ID: "a", Conversation: "k", Case: "c", Kind: "added", Data: []byte(`{"text":"Ja"}`), Seen: 3,
			}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := wire.Decode([]byte(c.frame))
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestDecodeBroken(t *testing.T) {
	for _, c := range []struct{ name, frame, id, says string }{
		{"nothing", "", "", "no JSON"},
		{"cut", `{"type":"ping","id":"a"`, "", "no JSON"},
		{"two values", `{"type":"ping","id":"a"}{"type":"ping","id":"b"}`, "", "no JSON"},
		{"a number", "1", "", "no JSON"},
		{"null", "null", "", "id: "},
		{"no id", `{"type":"ping"}`, "", "id: "},
		{"id is a number", `{"type":"ping","id":1}`, "", "no JSON"},
		{"id with a line break", `{"type":"ping","id":"a\n"}`, "", "id: "},
		{"id of 65", `{"type":"ping","id":"` + strings.Repeat("a", 65) + `"}`, "", "id: "},
		{"a service's frame", `{"type":"hello","id":"a"}`, "a", `unknown type "hello"`},
		{"a field of another type", `{"type":"open","id":"a","question":"Hei"}`, "a", `unknown field "question"`},
		{"a field of nobody", `{"type":"ask","id":"a","question":"Hei","history":[]}`, "a", `unknown field "history"`},
		{"position without conversation", `{"type":"open","id":"a","position":{"epoch":"e","offset":0}}`, "a", "position: "},
		{"position before all", `{"type":"open","id":"a","conversation":"k","position":{"epoch":"e","offset":-1}}`, "a", "position: "},
		{"a hand-over of no conversation", `{"type":"hand_over","id":"a","question":"Hei"}`, "a", "conversation: "},
		{"a hand-over with somebody's key", `{"type":"hand_over","id":"a","conversation":"k","question":"Hei","contact":{"conversation":"x"}}`, "a", `unknown field "conversation"`},
		{"a command to no case", `{"type":"case_command","id":"a","conversation":"k","kind":"added"}`, "a", "case: "},
		{"a command of no conversation", `{"type":"case_command","id":"a","case":"c","kind":"added"}`, "a", "conversation: "},
		{"a command that has seen less than nothing", `{"type":"case_command","id":"a","conversation":"k","case":"c","seen":-1}`, "a", "seen"},
		{"half a position", `{"type":"open","id":"a","conversation":"k","position":{"offset":1.5}}`, "a", "offset"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := wire.Decode([]byte(c.frame))
			var b *wire.Broken
			if !errors.As(err, &b) || b.ID != c.id || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, id %+v; want %q of frame %q", err, b, c.says, c.id)
			}
		})
	}
}

// What is accepted is the same frame when it is written again.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"type":"open","id":"a","conversation":"k","position":{"epoch":"e","offset":3}}`,
		`{"type":"ask","id":"a","question":"Må vi \u0000?","facts":{"a":[1,null,{"b":"c"}]},"language":"nn"}`,
		`{"type":"leave","id":"a","conversation":"k"}`, `{"type":"ping","id":"a"}`,
		`{"type":"hand_over","id":"a","conversation":"k","question":"Må vi?","contact":{"name":"K"},"publish":true}`,
		`{"type":"case_command","id":"a","conversation":"k","case":"c","kind":"replied","data":{ "task" : 3, "text":"<\u2028>"},"seen":3}`,
		`{"TYPE":"ping","Id":"a","id":"b"}`, `{}`, `[]`, "\xff", `{"type":"ask","id":"a","facts":{"":1e308}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := wire.Decode(b)
		if err != nil {
			var broken *wire.Broken
			if !errors.As(err, &broken) || broken.ID != "" && !wire.GoodID(broken.ID) {
				t.Errorf("%q: error %#v", b, err)
			}
			return
		}
		if !wire.GoodID(r.ID) {
			t.Errorf("%q: id %q", b, r.ID)
		}
		again, err := wire.Encode(written(t, r))
		if err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		got, err := wire.Decode(again)
		if diff := cmp.Diff(r, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("%q, written again %q: %v\n%s", b, again, err, diff)
		}
	})
}

// written gives the frame that a request was.
func written(t *testing.T, r wire.Request) any {
	switch r.Type {
	case wire.TypeOpen:
		return wire.Open{Type: r.Type, ID: r.ID, Conversation: r.Conversation, Position: r.Position}
	case wire.TypeAsk:
		return wire.Ask{Type: r.Type, ID: r.ID, Conversation: r.Conversation, Question: r.Question, Facts: r.Facts, Language: r.Language}
	case wire.TypeLeave:
		return wire.Leave{Type: r.Type, ID: r.ID, Conversation: r.Conversation}
	case wire.TypePing:
		return wire.Ping{Type: r.Type, ID: r.ID}
	case wire.TypeHandOver:
		return r.HandOver
	case wire.TypeCaseCommand:
		return r.Command
	}
	t.Fatalf("a frame of type %q", r.Type)
	return nil
}

func TestEntryFrame(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	answer := &kiveileder.Answer{Status: kiveileder.Answered, Lead: "<REK>"}
	for _, c := range []struct {
		name  string
		entry kiveileder.Entry
		want  string
	}{
		{"a message", kiveileder.Entry{Offset: 1, ID: "a", At: at, Text: "Må & <vi>?", History: []string{"not told"}, Language: "nb"},
			`{"type":"message","conversation":"k","offset":1,"id":"a","at":"2026-11-22T10:00:00Z","text":"Må & <vi>?","masked":[]}`},
		{"a message with facts", kiveileder.Entry{Offset: 1, ID: "a", At: at, Text: "Hei", Masked: []string{"email"}, Facts: map[string]any{"purpose": nil}},
			`{"type":"message","conversation":"k","offset":1,"id":"a","at":"2026-11-22T10:00:00Z","text":"Hei","masked":["email"],"facts":{"purpose":null}}`},
	} {
		b, err := wire.Encode(wire.EntryFrame("k", c.entry))
		if string(b) != c.want || err != nil {
			t.Errorf("%s: %v\n got %s\nwant %s", c.name, err, b, c.want)
		}
	}
	b, err := wire.Encode(wire.EntryFrame("k", kiveileder.Entry{Offset: 2, ID: "a", At: at, ReplyTo: 1, Thread: 1, Answer: answer}))
	if err != nil {
		t.Fatal(err)
	}
	var got wire.Answer
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if got.Type != "answer" || got.Offset != 2 || got.ReplyTo != 1 || got.ID != "a" || got.Answer.Conversation != "k" || !strings.Contains(string(b), "<REK>") {
		t.Errorf("answer %s", b)
	}
	if answer.Conversation != "" {
		t.Error("the entry was changed: it is shared with others")
	}
}

func TestCloseCodes(t *testing.T) {
	for _, c := range []struct {
		code wire.CloseCode
		name string
		back bool
	}{
		{1001, "restart", true}, {4000, "restart", true}, {4001, "slow", true}, {4002, "silent", true}, {4003, "total", true},
		{4004, "flood", true}, {4005, "idle", true}, {4500, "version", false}, {4501, "broken", false}, {4999, "closed", false},
		{1002, "closed", false}, {1003, "binary", false}, {1006, "closed", true}, {1007, "not utf-8", false}, {1009, "too big", false}, {1011, "internal", true},
	} {
		if c.code.String() != c.name || c.code.Reconnect() != c.back {
			t.Errorf("%d: %s, reconnect %v; want %s, %v", c.code, c.code, c.code.Reconnect(), c.name, c.back)
		}
	}
}
