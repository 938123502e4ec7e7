package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kiveileder"
	"kiveileder/internal/app"
)

// One process over its folder and three over Postgres and Redis give the same
// hits with the same scores, the same answers and the same judgements, for
// every question of the development sets.
func TestRolesAnswerAlike(t *testing.T) {
	if testing.Short() {
		t.Skip("starts four processes")
	}
	w := startWorld(t, 1)
	one, three := startRole(t, app.Everything).url(), w.gateways[0].url()
	sets := []string{"dev-000-003-004", "dev-001-002", "dev-routing", "dev-rules"}
	most := 6 // of each set
	if os.Getenv("KIVEILEDER_REQUIRE") != "" {
		most = 1000
	}
	asked := 0
	for _, name := range sets {
		for i, c := range cases(t, name) {
			if i >= most {
				break
			}
			text := c.Q + c.Text
			asked++
			q := "/v1/search?k=10&q=" + url.QueryEscape(text)
			alike(t, name+" "+c.ID+" hits", fetch(t, one+q, ""), fetch(t, three+q, ""))
			body := string(asJSON(t, map[string]any{"question": text, "history": c.History}))
			var a, b kiveileder.Answer
			read(t, fetch(t, one+"/v1/ask", body), &a)
			read(t, fetch(t, three+"/v1/ask", body), &b)
			if d := cmp.Diff(a, b, cmpopts.IgnoreFields(kiveileder.Answer{}, "Conversation")); d != "" {
				t.Errorf("%s %s: answer (-one +three):\n%s", name, c.ID, d)
			}
			if len(c.Facts) > 0 {
				facts := string(asJSON(t, map[string]any{"facts": c.Facts}))
				alike(t, name+" "+c.ID+" judgement", fetch(t, one+"/v1/rules/evaluate", facts), fetch(t, three+"/v1/rules/evaluate", facts))
			}
		}
	}
	t.Logf("%d questions", asked)
	for _, page := range []string{"/", "/kilder", "/kilder/formal-2024", "/regler?lang=nn", "/openapi.json"} {
		alike(t, page, fetch(t, one+page, ""), fetch(t, three+page, ""))
	}
}

func alike(t *testing.T, what string, one, three []byte) {
	t.Helper()
	if d := cmp.Diff(string(one), string(three)); d != "" {
		t.Errorf("%s (-one +three):\n%s", what, d)
	}
}

// fetch gets an address, or posts a body to it.
func fetch(t *testing.T, to, body string) []byte {
	t.Helper()
	get := func() (*http.Response, error) { return http.Get(to) }
	if body != "" {
		get = func() (*http.Response, error) { return http.Post(to, "application/json", strings.NewReader(body)) }
	}
	resp, err := get()
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %.300s %v", to, resp.Status, b, err)
	}
	return b
}

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func read(t *testing.T, b []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}
