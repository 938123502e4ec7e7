package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"kiveileder"
	"kiveileder/gateway"
)

// What people ask is in no log line, whichever way it comes and whatever
// becomes of it. The marker word stands in every place that a person fills.
func TestLogsHoldNoQuestion(t *testing.T) {
	const marker = "Tyttebærsyltetøy"
	g, logs := open(t, gateway.Config{}, with(func(ctx context.Context, turn kiveileder.Turn) (kiveileder.Answer, error) {
		switch {
		case strings.Contains(turn.Question, "feil"):
			return kiveileder.Answer{}, errors.New("embedder is away")
		case strings.Contains(turn.Question, "panikk"):
			panic("slice bounds out of range")
		case strings.Contains(turn.Question, "tom"):
			return kiveileder.Answer{}, kiveileder.Errorf(kiveileder.CodeInvalid, "Meldingen er tom.")
		}
		return echo(ctx, turn)
	}))
	bodies := []string{
		`{"question":"` + marker + `","history":["` + marker + `"],"conversation":"` + marker + `"}`,
		`{"question":"` + marker + ` feil"}`,
		`{"question":"` + marker + ` panikk"}`,
		`{"question":"` + marker + ` tom"}`,
		`{"question":"` + marker,
		`{"question":{"` + marker + `":1}}`,
		`{"question":"` + marker + `","language":"` + marker + `"}`,
		marker + "\xff",
	}
	for _, b := range bodies {
		post(g, b)
		post(g, b, "X-Request-Id", marker, "Accept-Language", marker)
	}
	for _, path := range []string{"/v1/search?q=", "/v1/search?k=x&q=", "/v1/search?k=", "/?q=", "/kilder?", "/livez?", "/nowhere?q=", "/v1/ask?question=", "/v1/chat?q="} {
		do(g, call{path: path + marker})
		do(g, call{method: "POST", path: path + marker, body: marker})
	}
	s := listen(t, g)
	for _, b := range bodies[:7] {
		c := dial(t, s)
		say(t, c, strings.Replace(b, `{"question"`, `{"type":"ask","id":"1","question"`, 1))
		if hear(t, c).Type == "progress" {
			hear(t, c)
		}
		c.Close()
	}
	s.Close() // waits until all is said
	if logs.Len() < 20 {
		t.Fatalf("only %d log lines: the test does not test", logs.Len())
	}
	for _, l := range logs.All() {
		line := fmt.Sprintf("%s %s %v", l.LoggerName, l.Message, l.ContextMap())
		for _, part := range []string{marker, "%C3%A6rsyltet", "rsyltet"} {
			if strings.Contains(line, part) {
				t.Errorf("a log line holds what was asked: %s", line)
			}
		}
	}
}
