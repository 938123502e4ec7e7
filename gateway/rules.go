package gateway

import (
	"context"
	"net/http"
	"time"

	"kiveileder"
	"kiveileder/services/dialogue"
)

// Rules judge facts for other systems.
type Rules interface {
	// Evaluate judges facts by the rules in force on a day, the zero time for
	// today's. Errors: CodeInvalid names the fact; CodeNotFound: no rules here.
	Evaluate(ctx context.Context, facts map[string]any, asOf time.Time, l kiveileder.Language) (dialogue.Evaluation, error)
}

// evaluate answers POST /v1/rules/evaluate.
func (g *Gateway) evaluate(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Facts    map[string]any      `json:"facts"`
		AsOf     string              `json:"as_of"`
		Language kiveileder.Language `json:"language"`
	}
	if err := g.decode(w, r, &q); err != nil {
		g.fail(w, r, err)
		return
	}
	lang := LanguageOf(r)
	if q.Language != "" {
		lang = q.Language
	}
	var asOf time.Time
	if q.AsOf != "" {
		var err error
		if asOf, err = time.Parse(time.DateOnly, q.AsOf); err != nil {
			g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "as_of: 2024-02-14"))
			return
		}
	}
	e, err := g.Rules.Evaluate(r.Context(), q.Facts, asOf, lang)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	g.reply(w, http.StatusOK, e)
}
