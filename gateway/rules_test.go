package gateway_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/services/dialogue"
)

// fakeRules tell what they were asked.
type fakeRules func(facts map[string]any, asOf time.Time, l kiveileder.Language) (dialogue.Evaluation, error)

func (f fakeRules) Evaluate(_ context.Context, facts map[string]any, asOf time.Time, l kiveileder.Language) (dialogue.Evaluation, error) {
	return f(facts, asOf, l)
}

func TestEvaluate(t *testing.T) {
	for _, c := range []struct {
		name, body string
		err        error
		status     int
		asOf, lang string // that the rules are asked with
		says       string
	}{
		{"today", `{"facts":{"purpose":"statistics"}}`, nil, 200, "0001-01-01", "nn", `"outcomes":["purpose=statistics"]`},
		{"on a day, in a language", `{"facts":{"purpose":"statistics"},"as_of":"2024-02-14","language":"en"}`, nil, 200, "2024-02-14", "en", `"outcomes"`},
		{"no date", `{"facts":{},"as_of":"14.02.2024"}`, nil, 400, "", "", "as_of: 2024-02-14"},
		{"no JSON", `{`, nil, 400, "", "", "ikkje gyldig JSON"},
		{"an unknown fact", `{"facts":{"purpose":"statistics"}}`, kiveileder.Errorf(kiveileder.CodeInvalid, "purpose: ukjend"), 400, "0001-01-01", "nn", "purpose: ukjend"},
		{"no rules here", `{"facts":{"purpose":"statistics"}}`, kiveileder.Errorf(kiveileder.CodeNotFound, "Sida finst ikkje."), 404, "0001-01-01", "nn", "not_found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var asked string
			g, _ := open(t, gateway.Config{}, func(d *gateway.Deps) {
				d.Rules = fakeRules(func(facts map[string]any, asOf time.Time, l kiveileder.Language) (dialogue.Evaluation, error) {
					asked = asOf.Format(time.DateOnly) + " " + string(l)
					purpose, _ := facts["purpose"].(string)
					return dialogue.Evaluation{Outcomes: []string{"purpose=" + purpose}}, c.err
				})
			})
			w := do(g, call{method: http.MethodPost, path: "/v1/rules/evaluate", body: c.body, header: map[string]string{"Accept-Language": "nn"}})
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("status %d: %s", w.Code, w.Body)
			}
			if want := strings.TrimSpace(c.asOf + " " + c.lang); asked != want {
				t.Errorf("asked %q, want %q", asked, want)
			}
		})
	}
}
