package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/zap/zaptest/observer"

	"kiveileder"
	"kiveileder/gateway"
)

// talkative fails in every way, without a word of what was asked.
func talkative(ctx context.Context, turn kiveileder.Turn) (kiveileder.Answer, error) {
	switch {
	case strings.Contains(turn.Question, "feil"):
		return kiveileder.Answer{}, errors.New("embedder is away")
	case strings.Contains(turn.Question, "borte"):
		return kiveileder.Answer{}, kiveileder.Errorf(kiveileder.CodeUnavailable, "embedder is away")
	case strings.Contains(turn.Question, "panikk"):
		panic("slice bounds out of range")
	case strings.Contains(turn.Question, "tom"):
		return kiveileder.Answer{}, kiveileder.Errorf(kiveileder.CodeInvalid, "Meldingen er tom.")
	}
	return echo(ctx, turn)
}

// What people ask is in no log line, whichever way it comes and whatever
// becomes of it. The marker word stands in every place that a person fills.
func TestLogsHoldNoQuestion(t *testing.T) {
	const marker = "Tyttebærsyltetøy"
	g, logs := open(t, gateway.Config{}, with(talkative))
	bodies := []string{
		`{"question":"` + marker + `","history":["` + marker + `"],"conversation":"` + marker + `"}`,
		`{"question":"` + marker + ` feil"}`,
		`{"question":"` + marker + ` borte"}`,
		`{"question":"` + marker + ` panikk"}`,
		`{"question":"` + marker + ` tom"}`,
		`{"question":"` + marker,
		`{"question":{"` + marker + `":1}}`,
		`{"question":"` + marker + `","language":"` + marker + `"}`,
		`{"question":"Hei","facts":{"` + marker + `":"` + marker + `"}}`,
		marker + "\xff",
	}
	id := newID(t, 0)
	for i, b := range bodies {
		post(g, b)
		post(g, b, "X-Request-Id", marker, "Accept-Language", marker)
		named := strings.Replace(b, `{`, fmt.Sprintf(`{"id":"m%d",`, i), 1)
		do(g, call{method: "POST", path: "/v1/conversation/messages", body: named, header: bearer(id)})
		do(g, call{method: "POST", path: "/v1/conversation/messages", body: named, header: bearer(marker)})
	}
	for _, path := range []string{
		"/v1/search?q=", "/v1/search?k=x&q=", "/v1/search?k=", "/?q=", "/kilder?", "/livez?", "/nowhere?q=", "/v1/ask?question=", "/v1/chat?q=",
		"/v1/conversation?after=", "/v1/conversation/export?format=", "/v1/conversation/events?epoch=",
	} {
		do(g, call{path: path + marker, header: bearer(id)})
		do(g, call{method: "POST", path: path + marker, body: marker, header: bearer(id)})
	}
	s := listen(t, g)
	for _, b := range bodies[:len(bodies)-1] {
		c := dial(t, s)
		c.say(strings.Replace(b, `{"question"`, `{"type":"ask","id":"1","question"`, 1))
		c.until("error", "answer")
		c.say(`{"type":"`+marker+`","id":"1"}`, `{"type":"open","id":"1","conversation":"`+marker+`"}`)
		c.until("error", "answer")
		c.hangUp()
	}
	settled(t, g)
	silent(t, logs, marker, "%C3%A6rsyltet", "rsyltet")
}

// A conversation's id opens it, and an address is a person's: neither is in a
// log line, nor what the conversation is stored under.
func TestLogsHoldNoKey(t *testing.T) {
	g, logs := open(t, gateway.Config{TrustProxy: true}, with(talkative))
	s := listen(t, g)
	id := newID(t, 0)
	const address = "203.0.113.77"
	from := []string{"X-Forwarded-For", address}
	c, events := dial(t, s, from...), stream(t, s, id, from...)
	c.open(id)
	for i, q := range []string{"Hei", "feil", "borte", "panikk", "tom"} {
		c.ask(id, fmt.Sprint("s", i), q)
		c.until("error", "answer")
		body := fmt.Sprintf(`{"id":"p%d","question":%q,"conversation":%q}`, i, q, id)
		for _, path := range []string{"/v1/conversation/messages", "/v1/ask"} {
			s.send(t, http.MethodPost, path, id, body, from...).Body.Close()
		}
	}
	for _, path := range []string{"/v1/conversation", "/v1/conversation?after=x", "/v1/conversation/export", "/v1/conversation/export?format=x"} {
		s.send(t, http.MethodGet, path, id, "", from...).Body.Close()
	}
	c.say(`{"type":"leave","id":"l","conversation":"`+id+`"}`, `{"type":"open","id":"o","conversation":"`+id+`x"}`, `{"type":"`+id+`","id":"o"}`)
	c.until("error")
	s.send(t, http.MethodDelete, "/v1/conversation", id, "", from...).Body.Close()
	c.ask(id, "last", "Hei")
	c.until("error")
	c.hangUp()
	events.hangUp()
	settled(t, g)
	silent(t, logs, id, keyOf(t, id), address, "127.0.0.1")
}

// silent checks that no log line of any level holds any of the words.
func silent(t *testing.T, logs *observer.ObservedLogs, words ...string) {
	t.Helper()
	if logs.Len() < 10 {
		t.Fatalf("only %d log lines: the test does not test", logs.Len())
	}
	for _, l := range logs.All() {
		line := fmt.Sprintf("%s %s %v %s", l.LoggerName, l.Message, l.ContextMap(), l.Stack)
		for _, w := range words {
			if strings.Contains(line, w) {
				t.Errorf("%q is in a log line: %s", w, line)
			}
		}
	}
}
