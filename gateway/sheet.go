package gateway

import (
	"net/http"

	"kiveileder"
	"kiveileder/services/conversation"
)

// sheet answers GET /v1/conversation/sheet?format=md|json: the newest findings
// of a conversation, to be passed on. It does not hold the conversation's id.
func (g *Gateway) sheet(w http.ResponseWriter, r *http.Request) {
	_, key, ok := g.bearer(w, r)
	if !ok {
		return
	}
	format := r.URL.Query().Get("format")
	if format != "" && format != "md" && format != "json" {
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "format: md, json"))
		return
	}
	s, err := g.Conversations.Read(r.Context(), key, 0, kiveileder.MaxEntries*2)
	if err != nil {
		g.fail(w, r, g.aboutConversation(err, languageOf(r)))
		return
	}
	sheet, ok := conversation.NewSheet(s, baseURL(r), g.factName)
	if !ok {
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeNotFound, "%s", g.Texts.Get("error_not_found", languageOf(r))))
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if format == "json" {
		h.Set("Content-Disposition", `attachment; filename="resultatark.json"`)
		g.reply(w, http.StatusOK, sheet)
		return
	}
	h.Set("Content-Disposition", `attachment; filename="resultatark.md"`)
	h.Set("Content-Type", "text/markdown; charset=utf-8")
	_, _ = w.Write([]byte(sheet.Markdown())) // the client went away; nobody is left to tell
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
