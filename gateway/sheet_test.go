package gateway_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/services/conversation"
)

// found answers with a finding whatever is asked of REK.
func found(ctx context.Context, t kiveileder.Turn) (kiveileder.Answer, error) {
	a, err := echo(ctx, t)
	if strings.Contains(t.Question, "REK") {
		a.Findings = []kiveileder.Finding{{Outcome: "rek", Kind: "required", Text: "Dere må søke REK.", Rule: "R1", Citations: []int{}, Quotes: a.Citations}}
		a.Citations[0].URL = "/kilder/formal-2024#helseforskning-gdnq"
	}
	return a, err
}

func TestSheet(t *testing.T) {
	g, _ := open(t, gateway.Config{}, with(found))
	id := newID(t, 0)
	get := func(query string) (int, http.Header, string) {
		w := do(g, call{path: "/v1/conversation/sheet" + query, header: bearer(id)})
		return w.Code, w.Header(), w.Body.String()
	}
	say := func(name, question string) {
		t.Helper()
		w := do(g, call{method: "POST", path: "/v1/conversation/messages", header: bearer(id), body: `{"id":"` + name + `","question":"` + question + `"}`})
		if w.Code != http.StatusOK {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
	}
	say("a", "Hva er KI?")
	if code, _, body := get(""); code != http.StatusNotFound || !strings.Contains(body, "not_found") {
		t.Errorf("without findings: %d %s", code, body)
	}
	say("b", "Må vi søke REK? Ring 99 88 77 66.")
	say("c", "Takk")
	for _, c := range []struct{ query, name, contentType string }{
		{"", "resultatark.md", "text/markdown; charset=utf-8"},
		{"?format=md", "resultatark.md", "text/markdown; charset=utf-8"},
		{"?format=json", "resultatark.json", "application/json; charset=utf-8"},
	} {
		code, h, body := get(c.query)
		if code != 200 || h.Get("Content-Type") != c.contentType || h.Get("Content-Disposition") != `attachment; filename="`+c.name+`"` || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%q: %d %v", c.query, code, h)
		}
		for _, want := range []string{"Må vi søke REK?", "Dere må søke REK.", "http://example.com/kilder/formal-2024#helseforskning-gdnq"} {
			if !strings.Contains(body, want) {
				t.Errorf("%q lacks %q:\n%s", c.query, want, body)
			}
		}
		for _, secret := range []string{id, keyOf(t, id), "88 77", "Takk"} {
			if strings.Contains(body, secret) {
				t.Errorf("%q holds %q", c.query, secret)
			}
		}
	}
	var s conversation.Sheet
	_, _, body := get("?format=json")
	if err := json.Unmarshal([]byte(body), &s); err != nil || len(s.Path) != 1 || s.Path[0].Number != 1 || len(s.Quotes) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	if code, h, _ := get("?format=pdf"); code != http.StatusBadRequest || h.Get("Content-Disposition") != "" {
		t.Errorf("pdf: %d %v", code, h)
	}
	if w := do(g, call{path: "/v1/conversation/sheet"}); w.Code != http.StatusUnauthorized {
		t.Errorf("without a key: %d", w.Code)
	}
}
