package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/gateway/wire"
)

func TestHello(t *testing.T) {
	g, _ := open(t, gateway.Config{RatePerMinute: 60}, nil)
	c := dial(t, listen(t, g))
	if c.conn.Subprotocol() != "kiveileder.v1" || c.hello.Protocol != "kiveileder.v1" {
		t.Errorf("subprotocol %q, hello says %q", c.conn.Subprotocol(), c.hello.Protocol)
	}
	if c.hello.Session == "" || c.hello.Time.IsZero() || c.hello.Versions != versions {
		t.Errorf("hello %+v", c.hello)
	}
	want := wire.Limits{
		FrameBytes: 65536, QuestionChars: 4000, PerMinute: 60, Conversations: 8, Messages: 1000, InFlight: 8, Recovery: 200,
		IdleSeconds: 7200, TotalSeconds: 43200, PingSeconds: 25, RetentionDays: 30,
	}
	if diff := cmp.Diff(want, c.hello.Limits); diff != "" {
		t.Errorf("limits (-want +got):\n%s", diff)
	}
}

// A message is acknowledged, worked on, answered; the next one goes on.
func TestChat(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	c := dial(t, listen(t, g))
	id := c.open("")
	c.ask(id, "a", "Må vi søke REK?")
	got := c.hears(asked("a", "Må vi søke REK?", 1)...)
	for _, f := range got {
		if f.Conversation != id {
			t.Errorf("%v is of conversation %q, want %q", f, f.Conversation, id)
		}
	}
	if a := got[2].Answer; a.Lead != "Spurt: Må vi søke REK?" || a.Conversation != id || got[2].At.IsZero() || got[0].At.IsZero() {
		t.Errorf("answer %+v", got[2])
	}
	if got[0].Masked == nil {
		t.Error("masked is null: want a list")
	}
	c.ask(id, "b", "Og hvis vi har samtykke?")
	c.hears(asked("b", "Og hvis vi har samtykke?", 3)...)
	c.hearsNothing()
}

// What the dialogue gets of a message on a socket.
func TestChatPassesTheTurnOn(t *testing.T) {
	var got kiveileder.Turn
	g, _ := open(t, gateway.Config{}, with(func(ctx context.Context, turn kiveileder.Turn) (kiveileder.Answer, error) {
		got = turn
		return echo(ctx, turn)
	}))
	c := dial(t, listen(t, g), "Accept-Language", "en-GB")
	id := c.open("")
	c.ask(id, "a", "Hei, fødselsnummeret er 01019012480")
	c.until(wire.TypeAnswer)
	c.say(`{"type":"ask","id":"b","question":"Og nå?","facts":{"purpose":"statistics"},"conversation":"` + id + `","language":"nn"}`)
	c.until(wire.TypeAnswer)
	want := kiveileder.Turn{
		Question: "Og nå?", History: []string{"Hei, fødselsnummeret er [fødselsnummer]"},
		Facts: map[string]any{"purpose": "statistics"}, Language: kiveileder.Nynorsk,
	}
	sameTurn(t, want, got)
}

// A frame that cannot be answered gets an error, and the socket lives on.
func TestChatErrors(t *testing.T) {
	const unknown = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, c := range []struct{ name, frame, want, says string }{
		{"no JSON", `Hei`, "error : invalid", "not understand"},
		{"a list", `[]`, "error : invalid", "not understand"},
		{"nothing", ``, "error : invalid", "not understand"},
		{"no type", `{"id":"1","question":"Hei"}`, "error 1: invalid", `unknown type ""`},
		{"unknown type", `{"type":"tell","id":"1"}`, "error 1: invalid", `unknown type "tell"`},
		{"unknown field", `{"type":"ask","id":"1","question":"Hei","history":["Ja"]}`, "error 1: invalid", `unknown field "history"`},
		{"a field of another type", `{"type":"ping","id":"1","question":"Hei"}`, "error 1: invalid", `unknown field "question"`},
		{"question is a number", `{"type":"ask","id":"1","question":1}`, "error 1: invalid", "question"},
		{"two values", `{"type":"ping","id":"1"} {}`, "error : invalid", "JSON"},
		{"no id", `{"type":"ping"}`, "error : invalid", "id: 1 to 64"},
		{"long id", `{"type":"ping","id":"` + strings.Repeat("1", 65) + `"}`, "error : invalid", "id: 1 to 64"},
		{"id with a blank", `{"type":"ping","id":"a b"}`, "error : invalid", "id: 1 to 64"},
		{"a position of no conversation", `{"type":"open","id":"1","position":{"epoch":"e","offset":1}}`, "error 1: invalid", "position"},
		{"a position before the first", `{"type":"open","id":"1","conversation":"x","position":{"epoch":"e","offset":-1}}`, "error 1: invalid", "position"},
		{"a conversation that is not ours", `{"type":"open","id":"1","conversation":"` + unknown + `"}`, "error 1: not_found", "no longer here"},
		{"asked in a conversation that is not ours", `{"type":"ask","id":"1","conversation":"` + unknown + `","question":"Hei"}`, "error 1: not_found", "no longer here"},
		{"empty question", `{"type":"ask","id":"1","conversation":"ID","question":" "}`, "error 1: invalid", "The message is empty"},
		{"unknown language", `{"type":"ask","id":"1","conversation":"ID","question":"Hei","language":"fr"}`, "error 1: invalid", "Unknown language"},
		{"4001 characters", `{"type":"ask","id":"1","conversation":"ID","question":"` + strings.Repeat("å", 4001) + `"}`, "error 1: invalid", "at most 4000"},
		{"the dialogue fails", `{"type":"ask","id":"1","conversation":"ID","question":"feil"}`, "error 1: internal", "Something went wrong"},
		{"the dialogue panics", `{"type":"ask","id":"1","conversation":"ID","question":"panikk"}`, "error 1: internal", "Something went wrong"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, _ := open(t, gateway.Config{}, with(failing))
			conn := dial(t, listen(t, g), "Accept-Language", "en")
			id := conn.open("")
			conn.say(strings.ReplaceAll(c.frame, "ID", id))
			f := conn.until(wire.TypeError)
			last := f[len(f)-1]
			if last.String() != c.want || !strings.Contains(last.Message, c.says) || strings.Contains(last.Message, "10.0.0.7") {
				t.Errorf("frame %+v, want %s %q", last, c.want, c.says)
			}
			conn.ask(conn.open(""), "2", "Hei")
			conn.until(wire.TypeAnswer)
		})
	}
}

// failing fails and panics when it is asked to.
func failing(ctx context.Context, turn kiveileder.Turn) (kiveileder.Answer, error) {
	switch {
	case strings.HasSuffix(turn.Question, "feil"):
		return kiveileder.Answer{}, errors.New("dial tcp 10.0.0.7: refused")
	case strings.HasSuffix(turn.Question, "panikk"):
		panic("at 10.0.0.7")
	}
	return echo(ctx, turn)
}

// What breaks the protocol ends the connection, with a code that says why.
func TestChatCloses(t *testing.T) {
	text := func(s string, times int) (out []string) {
		for range times {
			out = append(out, s)
		}
		return out
	}
	for _, c := range []struct {
		name   string
		kind   int
		frames []string
		code   int
	}{
		{"binary", websocket.BinaryMessage, text(`{"type":"ping","id":"1"}`, 1), 1003},
		{"broken UTF-8", websocket.TextMessage, text("{\"type\":\"ask\",\"question\":\"s\xf8k\"}", 1), 1007},
		{"65 KB", websocket.TextMessage, text(`{"type":"ask","question":"`+strings.Repeat("a", 65<<10)+`"}`, 1), 1009},
		{"the fifth that cannot be read", websocket.TextMessage, text(`Hei`, 5), 4501},
		{"a flood", websocket.TextMessage, text(`{"type":"ping","id":"1"}`, 150), 4004},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, _ := open(t, gateway.Config{RatePerMinute: 60}, nil)
			conn := dial(t, listen(t, g))
			for _, f := range c.frames {
				if err := conn.conn.WriteMessage(c.kind, []byte(f)); err != nil {
					break // it is closed already
				}
			}
			conn.closedWith(c.code)
		})
	}
}

// Four frames that cannot be read are forgiven.
func TestChatForgives(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	c := dial(t, listen(t, g))
	c.say("{", "}", "1", "null")
	c.hears("error : invalid", "error : invalid", "error : invalid", "error : invalid")
	c.hearsNothing()
}

func TestChatSubprotocol(t *testing.T) {
	for _, c := range []struct {
		name, offered, spoken string
		code                  int // that it is closed with; 0 when it lives
	}{
		{"ours", "kiveileder.v1", "kiveileder.v1", 0},
		{"ours among others", "kiveileder.v9, kiveileder.v1", "kiveileder.v1", 0},
		{"others only", "kiveileder.v9, mqtt", "", 4500},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, _ := open(t, gateway.Config{}, nil)
			conn := dial(t, listen(t, g), "Sec-WebSocket-Protocol", c.offered)
			if got := conn.conn.Subprotocol(); got != c.spoken {
				t.Errorf("subprotocol %q, want %q", got, c.spoken)
			}
			if c.code != 0 {
				conn.closedWith(c.code)
				return
			}
			conn.hearsNothing()
		})
	}
	t.Run("none", func(t *testing.T) {
		g, _ := open(t, gateway.Config{}, nil)
		s := listen(t, g)
		conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.url, "http")+"/v1/chat", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var f frame
		if err := conn.ReadJSON(&f); err != nil || f.Type != wire.TypeHello || conn.Subprotocol() != "" {
			t.Errorf("%v, frame %+v, subprotocol %q", err, f, conn.Subprotocol())
		}
	})
}

func TestChatOrigin(t *testing.T) {
	g, _ := open(t, gateway.Config{AllowedOrigins: []string{"https://www.helsedirektoratet.no"}}, nil)
	s := listen(t, g)
	for _, c := range []struct {
		origin, mode string // mode is Sec-Fetch-Mode, which browsers send
		status       int
	}{
		{"", "", 101}, // a program
		{"", "websocket", 403},
		{s.url, "websocket", 101},
		{"https://www.helsedirektoratet.no", "websocket", 101},
		{"https://helsedirektoratet.no", "websocket", 403},
		{"http://www.helsedirektoratet.no", "", 403},
		{"https://www.helsedirektoratet.no.example.com", "", 403},
		{"https://example.com", "", 403},
		{"null", "", 403},
		{"::", "", 403},
	} {
		h := []string{"Accept-Language", "en"}
		if c.origin != "" {
			h = append(h, "Origin", c.origin)
		}
		if c.mode != "" {
			h = append(h, "Sec-Fetch-Mode", c.mode)
		}
		conn, resp, err := s.upgrade(h...)
		if err == nil {
			conn.Close()
		}
		if resp == nil || resp.StatusCode != c.status {
			t.Errorf("origin %q: %v, %v; want %d", c.origin, resp, err, c.status)
			continue
		}
		if c.status != http.StatusForbidden {
			continue
		}
		b := make([]byte, 1024)
		n, _ := resp.Body.Read(b)
		if body := string(b[:n]); !strings.Contains(body, `"code":"invalid"`) || !strings.Contains(body, "may not use this service") {
			t.Errorf("origin %q: body %s", c.origin, body)
		}
	}
}

func TestChatWithoutHandshake(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	w := do(g, call{path: "/v1/chat"})
	if w.Code != http.StatusUpgradeRequired || w.Header().Get("Upgrade") != "websocket" || !strings.Contains(w.Body.String(), `"code":"invalid"`) {
		t.Errorf("status %d, header %v: %s", w.Code, w.Header(), w.Body)
	}
}

func TestChatRateLimit(t *testing.T) {
	g, _ := open(t, gateway.Config{RatePerMinute: 3}, nil)
	c := dial(t, listen(t, g))
	id := c.open("")
	c.ask(id, "a", "Hei")
	c.hears(asked("a", "Hei", 1)...)
	c.ask(id, "b", "Hei igjen")
	if f := c.hears("error b: rate_limited")[0]; f.RetryAfter < 19 || f.RetryAfter > 20 || f.Conversation != id {
		t.Errorf("frame %+v: want to wait for the third of a minute", f)
	}
	c.hearsNothing() // and the socket lives
}

// Two clients ask at once; neither waits for the other nor hears its answer.
func TestChatTwoClients(t *testing.T) {
	release := make(chan struct{})
	g, _ := open(t, gateway.Config{}, with(func(ctx context.Context, turn kiveileder.Turn) (kiveileder.Answer, error) {
		if turn.Question == "langsom" {
			<-release
		}
		return echo(ctx, turn)
	}))
	s := listen(t, g)
	slow, fast := dial(t, s), dial(t, s)
	slowly, fastly := slow.open(""), fast.open("")
	slow.ask(slowly, "s", "langsom")
	slow.hears(`message s: 1 "langsom"`, "progress s: searching")
	fast.ask(fastly, "r", "rask")
	fast.hears(asked("r", "rask", 1)...)
	fast.conn.Close() // one that goes takes nobody along
	close(release)
	slow.hears("answer s: 2 to 1 answered")
}
