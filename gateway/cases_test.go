package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

// Where nobody takes cases there is nothing of them: no route, no limit in the
// greeting, and a frame says so.
func TestNoCases(t *testing.T) {
	g, _ := open(t, gateway.Config{}, nil)
	for _, c := range []call{
		{path: "/v1/conversation/case-form"}, {path: "/v1/conversation/cases"}, {method: "POST", path: "/v1/conversation/cases", body: "{}"},
		{method: "POST", path: "/v1/conversation/cases/x/commands", body: "{}"}, {path: "/svar"}, {path: "/svar/feed.atom"}, {path: "/v1/answers"},
		{method: "POST", path: "/v1/mail/inbound"}, {path: "/desk"}, {path: "/v1/desk"}, {path: "/v1/cases"}, {path: "/v1/me"}, {path: "/login"},
	} {
		if w := do(g, c); w.Code != http.StatusNotFound {
			t.Errorf("%s %s: status %d, want 404", c.method, c.path, w.Code)
		}
	}
	c := dial(t, listen(t, g))
	if c.hello.Limits.CaseChars != 0 {
		t.Errorf("the greeting offers cases: %+v", c.hello.Limits)
	}
	id := c.open("")
	c.say(`{"type":"hand_over","id":"h","conversation":"` + id + `","question":"Hva gjør vi?"}`)
	c.hears("error h: not_found")
}

// A conversation is handed over and followed by plain HTTP.
func TestCasesOverHTTP(t *testing.T) {
	cases := &fakeCases{}
	g, _ := open(t, gateway.Config{}, withCases(cases))
	s := listen(t, g)
	id := newID(t, 0)
	status, form := get[queue.Form](t, s, "GET", "/v1/conversation/case-form", id, "", "Accept-Language", "nn")
	if status != http.StatusOK || form.Limits.Text != 8000 || form.Question == "" || form.Topics[0] != "nn" {
		t.Errorf("form %d, %+v", status, form)
	}
	if status, list := get[map[string][]queue.AskerCase](t, s, "GET", "/v1/conversation/cases", id, ""); status != http.StatusOK || list["cases"] == nil || len(list["cases"]) != 0 {
		t.Errorf("no cases: %d, %v", status, list)
	}
	body := `{"id":"h1","question":"Kan vi <script>?","project":"P","agency":"hdir","contact":{"name":"Kari","email":"k@example.no","conversation":"x"},"publish":true}`
	status, c := get[queue.AskerCase](t, s, "POST", "/v1/conversation/cases", id, body, "Accept-Language", "en")
	if status != http.StatusCreated || c.Number != "KI-2026-0001" || c.Question != "Kan vi <script>?" {
		t.Errorf("handed over: %d, %+v", status, c)
	}
	want := queue.HandOver{
		ID: "h1", Question: "Kan vi <script>?", Project: "P", Agency: "hdir", Contact: guidance.Contact{Name: "Kari", Email: "k@example.no"},
		Publish: true, Language: kiveileder.English, Conversation: id,
	}
	if diff := cmp.Diff([]any{want}, cases.got); diff != "" {
		t.Errorf("passed on (-want +got):\n%s", diff)
	}
	if status, again := get[queue.AskerCase](t, s, "POST", "/v1/conversation/cases", id, body); status != http.StatusCreated || again.ID != c.ID {
		t.Errorf("sent twice: %d, %+v", status, again)
	}
	path := "/v1/conversation/cases/" + c.ID + "/commands"
	if status, after := get[queue.AskerCase](t, s, "POST", path, id, `{"id":"a1","kind":"added","data":{"text":"Mer"},"seen":1}`); status != http.StatusOK || after.Seq != 2 {
		t.Errorf("added: %d, %+v", status, after)
	}
	type refused struct {
		Error   struct{ Code, Message, Request string }
		Refused queue.Refusal
		Case    queue.AskerCase
	}
	status, r := get[refused](t, s, "POST", path, id, `{"id":"a2","kind":"withdrawn","seen":1}`)
	if status != http.StatusConflict || r.Error.Code != "conflict" || r.Error.Message == "" || r.Error.Request == "" || r.Refused.Guard != "moved" || r.Case.Seq != 2 {
		t.Errorf("the case had moved: %d, %+v", status, r)
	}
	if status, same := get[queue.AskerCase](t, s, "POST", path, id, `{"id":"a1","kind":"added","data":{"text":"Mer"},"seen":1}`); status != http.StatusOK || same.Seq != 2 {
		t.Errorf("the same command again: %d, %+v", status, same)
	}
	status, r = get[refused](t, s, "POST", path, id, `{"id":"a1","kind":"withdrawn","seen":2}`, "Accept-Language", "en")
	if status != http.StatusConflict || r.Error.Code != "conflict" || !strings.Contains(r.Error.Message, "used for something else") || r.Refused.Guard != "reused" || r.Case.Seq != 2 {
		t.Errorf("another command with its id: %d, %+v", status, r)
	}
	status, r = get[refused](t, s, "POST", path, id, `{"id":"a3","kind":"reopened","seen":2}`, "Accept-Language", "en")
	if status != http.StatusForbidden || r.Error.Message != "This cannot be done as the case stands now." {
		t.Errorf("forbidden: %d, %+v", status, r)
	}
	if status, _ := get[apiError](t, s, "POST", path, newID(t, 0), `{"id":"a4","kind":"added","seen":2}`); status != http.StatusNotFound {
		t.Errorf("another conversation's case: status %d", status)
	}
}

// What cannot be handed over, and what cannot be done, in the asker's words.
func TestCasesRefused(t *testing.T) {
	g, _ := open(t, gateway.Config{}, withCases(&fakeCases{}))
	s := listen(t, g)
	id := newID(t, 0)
	for _, c := range []struct{ name, path, body, says string }{
		{"no JSON", "", `{`, "not valid JSON"},
		{"no id", "", `{"question":"Hei"}`, "not valid JSON"},
		{"an id with a blank", "", `{"id":"a b","question":"Hei"}`, "not valid JSON"},
		{"no question", "", `{"id":"a","question":" \n"}`, "Write what you would like"},
		{"a long question", "", `{"id":"a","question":"` + strings.Repeat("å", 8001) + `"}`, "at most 8000"},
		{"a long project", "", `{"id":"a","question":"Hei","project":"` + strings.Repeat("å", 8001) + `"}`, "at most 8000"},
		{"a long name", "", `{"id":"a","question":"Hei","contact":{"name":"` + strings.Repeat("a", 501) + `"}}`, "too long"},
		{"an unknown language", "", `{"id":"a","question":"Hei","language":"fr"}`, "language"},
		{"an unknown agency", "", `{"id":"a","question":"Hei","agency":"ukjent"}`, "Velg en etat"},
		{"ten megabytes", "", `{"id":"a","question":"` + strings.Repeat("a", 10<<20) + `"}`, "at most"},
		{"not UTF-8", "", "{\"id\":\"a\",\"question\":\"\xff\"}", "readable text"},
		{"an unknown kind", "/x/commands", `{"id":"a","kind":"deleted"}`, "cannot be done"},
		{"a lawyer's kind", "/x/commands", `{"id":"a","kind":"sent"}`, "cannot be done"},
		{"seen before all", "/x/commands", `{"id":"a","kind":"added","seen":-1}`, "not valid JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, e := get[apiError](t, s, "POST", "/v1/conversation/cases"+c.path, id, c.body, "Accept-Language", "en")
			if status != http.StatusBadRequest || e.Error.Code != "invalid" || !strings.Contains(e.Error.Message, c.says) {
				t.Errorf("status %d, %+v; want %q", status, e, c.says)
			}
		})
	}
	last := "x"
	if strings.HasSuffix(id, last) {
		last = "y"
	}
	for _, forged := range []string{"", "x", strings.Repeat("A", 32), id[:31] + last} {
		h := map[string]string{}
		if forged != "" {
			h["Authorization"] = "Bearer " + forged
		}
		for _, c := range []call{{path: "/v1/conversation/cases", header: h}, {path: "/v1/conversation/case-form", header: h}, {method: "POST", path: "/v1/conversation/cases", body: "{}", header: h}} {
			if w := do(g, c); w.Code != http.StatusUnauthorized && w.Code != http.StatusNotFound {
				t.Errorf("%s %s as %q: status %d", c.method, c.path, forged, w.Code)
			}
		}
	}
}

// A conversation that is older than its entries live is there while it has
// cases.
func TestOldConversationWithCases(t *testing.T) {
	cases := &fakeCases{}
	g, _ := open(t, gateway.Config{}, withCases(cases))
	s := listen(t, g)
	old := newID(t, 40)
	if status, _ := get[apiError](t, s, "GET", "/v1/conversation/cases", old, ""); status != http.StatusNotFound {
		t.Errorf("without cases: status %d, want 404", status)
	}
	if _, err := cases.HandOver(t.Context(), keyOf(t, old), queue.HandOver{ID: "h", Question: "Hva nå?"}); err != nil {
		t.Fatal(err)
	}
	if status, list := get[map[string][]queue.AskerCase](t, s, "GET", "/v1/conversation/cases", old, ""); status != http.StatusOK || len(list["cases"]) != 1 {
		t.Errorf("with a case: status %d, %v", status, list)
	}
	c := dial(t, s)
	c.open(old)
	if f := c.next(); f.Type != "case" || f.Case == nil || f.Case.ID != "case-h" {
		t.Errorf("heard %+v", f)
	}
}
