package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"kiveileder"
	"kiveileder/gateway"
)

// A frame is what the service sends over a socket.
type frame struct {
	Type, ID, Stage string
	Answer          *kiveileder.Answer
	Code, Message   string
}

// listen serves a gateway on a port of its own.
func listen(t testing.TB, g *gateway.Gateway) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(g)
	t.Cleanup(s.Close)
	return s
}

// dial opens a socket; header fields come in pairs.
func dial(t testing.TB, s *httptest.Server, header ...string) *websocket.Conn {
	t.Helper()
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	d := websocket.Dialer{Subprotocols: []string{gateway.Subprotocol}, HandshakeTimeout: 5 * time.Second}
	conn, resp, err := d.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/v1/chat", h)
	if err != nil {
		t.Fatalf("dial: %v, %v", err, resp)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	return conn
}

func say(t testing.TB, c *websocket.Conn, text string) {
	t.Helper()
	if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func hear(t testing.TB, c *websocket.Conn) frame {
	t.Helper()
	var f frame
	if err := c.ReadJSON(&f); err != nil {
		t.Fatal(err)
	}
	return f
}

// closed reads to the end and gives the code that the socket was closed with.
func closed(t testing.TB, c *websocket.Conn) int {
	t.Helper()
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			var e *websocket.CloseError
			if !errors.As(err, &e) {
				t.Fatalf("closed without a code: %v", err)
			}
			return e.Code
		}
	}
}

func TestChat(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	c := dial(t, listen(t, g))
	if c.Subprotocol() != "kiveileder.v1" {
		t.Errorf("subprotocol %q", c.Subprotocol())
	}
	for id, q := range map[string]string{"1": "Må vi søke REK?", "to": "Og hvis vi har samtykke?", "": "Uten nummer?"} {
		say(t, c, `{"type":"ask","id":"`+id+`","question":"`+q+`"}`)
		if diff := cmp.Diff(frame{Type: "progress", ID: id, Stage: "searching"}, hear(t, c)); diff != "" {
			t.Errorf("first frame (-want +got):\n%s", diff)
		}
		f := hear(t, c)
		if f.Type != "answer" || f.ID != id || f.Answer == nil || f.Answer.Lead != "Spurt: "+q || f.Answer.Conversation == "" {
			t.Fatalf("second frame %+v", f)
		}
	}
}

func TestChatPassesTheTurnOn(t *testing.T) {
	var got kiveileder.Turn
	g, _ := open(t, gateway.Config{}, with(func(ctx context.Context, turn kiveileder.Turn) (kiveileder.Answer, error) {
		got = turn
		return echo(ctx, turn)
	}))
	c := dial(t, listen(t, g), "Accept-Language", "en-GB")
	say(t, c, `{"type":"ask","id":"1","question":"Hei","history":["Ja"],"facts":{"purpose":"statistics"},"conversation":"c-7","language":"nn"}`)
	hear(t, c)
	if a := hear(t, c).Answer; a == nil || a.Conversation != "c-7" {
		t.Errorf("answer %+v", a)
	}
	want := kiveileder.Turn{
		Question: "Hei", History: []string{"Ja"}, Facts: map[string]any{"purpose": "statistics"},
		Conversation: "c-7", Language: kiveileder.Nynorsk, Prefers: kiveileder.English,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("turn (-want +got):\n%s", diff)
	}
}

// A frame that cannot be answered gets an error, and the socket lives on.
func TestChatErrors(t *testing.T) {
	for _, c := range []struct{ name, frame, id, code, says string }{
		{"no JSON", `Hei`, "", "invalid", "not valid JSON"},
		{"a list", `[]`, "", "invalid", "not valid JSON"},
		{"no type", `{"id":"1","question":"Hei"}`, "", "invalid", "not valid JSON"},
		{"unknown type", `{"type":"tell","id":"1"}`, "", "invalid", "not valid JSON"},
		{"question is a number", `{"type":"ask","id":"1","question":1}`, "", "invalid", "not valid JSON"},
		{"long id", `{"type":"ask","id":"` + strings.Repeat("1", 65) + `","question":"Hei"}`, "", "invalid", "not valid JSON"},
		{"empty question", `{"type":"ask","id":"1","question":" "}`, "1", "invalid", "The message is empty"},
		{"unknown language", `{"type":"ask","id":"1","question":"Hei","language":"fr"}`, "1", "invalid", "Unknown language"},
		{"the dialogue fails", `{"type":"ask","id":"1","question":"feil"}`, "1", "internal", "Something went wrong"},
		{"the dialogue panics", `{"type":"ask","id":"1","question":"panikk"}`, "1", "internal", "Something went wrong"},
	} {
		t.Run(c.name, func(t *testing.T) {
			real := checking(t)
			g, _ := open(t, gateway.Config{}, with(func(ctx context.Context, turn kiveileder.Turn) (kiveileder.Answer, error) {
				switch turn.Question {
				case "feil":
					return kiveileder.Answer{}, errors.New("dial tcp 10.0.0.7: refused")
				case "panikk":
					panic("at 10.0.0.7")
				case "Hei", "":
					if turn.Language == "" {
						return echo(ctx, turn)
					}
				}
				return real.Turn(ctx, turn)
			}))
			conn := dial(t, listen(t, g), "Accept-Language", "en")
			say(t, conn, c.frame)
			f := hear(t, conn)
			if f.Type == "progress" {
				f = hear(t, conn)
			}
			if f.Type != "error" || f.ID != c.id || f.Code != c.code || !strings.Contains(f.Message, c.says) || strings.Contains(f.Message, "10.0.0.7") {
				t.Errorf("frame %+v, want error %s %q", f, c.code, c.says)
			}
			say(t, conn, `{"type":"ask","id":"2","question":"Hei"}`)
			hear(t, conn)
			if f := hear(t, conn); f.Type != "answer" {
				t.Errorf("after the error: %+v", f)
			}
		})
	}
}

// What breaks the protocol ends the connection, with a code that says why.
func TestChatCloses(t *testing.T) {
	for _, c := range []struct {
		name string
		kind int
		data string
		code int
	}{
		{"binary frame", websocket.BinaryMessage, `{"type":"ask","id":"1","question":"Hei"}`, 1007},
		{"broken UTF-8", websocket.TextMessage, "{\"type\":\"ask\",\"question\":\"s\xf8k\"}", 1007},
		{"65 KB", websocket.TextMessage, `{"type":"ask","question":"` + strings.Repeat("a", 65<<10) + `"}`, 1009},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, _ := open(t, gateway.Config{}, nil)
			conn := dial(t, listen(t, g))
			if err := conn.WriteMessage(c.kind, []byte(c.data)); err != nil {
				t.Fatal(err)
			}
			if code := closed(t, conn); code != c.code {
				t.Errorf("closed with %d, want %d", code, c.code)
			}
		})
	}
}

func TestChatOrigin(t *testing.T) {
	g, _ := open(t, gateway.Config{AllowedOrigins: []string{"https://www.helsedirektoratet.no"}}, nil)
	s := listen(t, g)
	for _, c := range []struct {
		origin string
		status int
	}{
		{"", 101}, // a program
		{s.URL, 101},
		{"https://www.helsedirektoratet.no", 101},
		{"https://helsedirektoratet.no", 403},
		{"http://www.helsedirektoratet.no", 403},
		{"https://www.helsedirektoratet.no.example.com", 403},
		{"https://example.com", 403},
		{"null", 403},
		{"::", 403},
	} {
		h := http.Header{}
		if c.origin != "" {
			h.Set("Origin", c.origin)
		}
		conn, resp, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/v1/chat", h)
		if err == nil {
			conn.Close()
		}
		if resp == nil || resp.StatusCode != c.status {
			t.Errorf("origin %q: %v, %v; want %d", c.origin, resp, err, c.status)
		}
	}
}

func TestChatWithoutHandshake(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	if w := do(g, call{path: "/v1/chat"}); w.Code != http.StatusBadRequest {
		t.Errorf("status %d", w.Code)
	}
}

func TestChatRateLimit(t *testing.T) {
	g, _ := open(t, gateway.Config{RatePerMinute: 3}, nil)
	c := dial(t, listen(t, g))
	for i, want := range [][]string{{"progress", "answer"}, {"error"}} {
		say(t, c, `{"type":"ask","id":"1","question":"Hei"}`)
		var got []string
		for range want {
			f := hear(t, c)
			got = append(got, f.Type)
			if f.Type == "error" && (f.Code != "rate_limited" || f.ID != "1") {
				t.Errorf("frame %+v", f)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("question %d: frames %v, want %v", i+1, got, want)
		}
	}
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
	say(t, slow, `{"type":"ask","id":"s","question":"langsom"}`)
	hear(t, slow)
	for range 3 {
		say(t, fast, `{"type":"ask","id":"r","question":"rask"}`)
		hear(t, fast)
		if f := hear(t, fast); f.ID != "r" || f.Answer == nil || f.Answer.Lead != "Spurt: rask" {
			t.Errorf("frame %+v", f)
		}
	}
	fast.Close() // one that goes takes nobody along
	close(release)
	if f := hear(t, slow); f.ID != "s" || f.Answer == nil || f.Answer.Lead != "Spurt: langsom" {
		t.Errorf("frame %+v", f)
	}
}

func TestDrain(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	s := listen(t, g)
	a, b := dial(t, s), dial(t, s)
	for _, c := range []*websocket.Conn{a, b} { // both are surely registered
		say(t, c, `{"type":"ask","id":"1","question":"Hei"}`)
		hear(t, c)
		hear(t, c)
	}
	g.Drain()
	for _, c := range []*websocket.Conn{a, b, dial(t, s)} {
		if code := closed(t, c); code != websocket.CloseGoingAway {
			t.Errorf("closed with %d, want 1001", code)
		}
	}
	for range 100 { // the figures go back to none
		if strings.Contains(do(g, call{path: "/metrics"}).Body.String(), "kiveileder_sockets 0") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("sockets are still counted")
}
