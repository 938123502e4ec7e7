package gateway

import (
	"net/http"

	"kiveileder"
	"kiveileder/services/conversation"
)

// sheet answers GET /v1/conversation/sheet?format=md|json: the newest findings
// of a conversation, to be passed on. It does not hold the conversation's id.
func (g *Gateway) sheet(w http.ResponseWriter, r *http.Request) {
	s, ok := g.whole(w, r)
	if !ok {
		return
	}
	sheet, ok := conversation.NewSheet(s, g.baseURL(r), g.factName)
	if !ok {
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeNotFound, "%s", g.Texts.Get("error_not_found", LanguageOf(r))))
		return
	}
	g.attach(w, r, "resultatark", sheet, sheet.Markdown)
}

// factName gives a fact's name, empty when the rules do not know it.
func (g *Gateway) factName(fact string, l kiveileder.Language) string {
	if g.RuleSet == nil {
		return ""
	}
	set := g.RuleSet()
	if set == nil {
		return ""
	}
	f, ok := set.Fact(fact)
	if !ok {
		return ""
	}
	return f.Label.Get(l)
}
