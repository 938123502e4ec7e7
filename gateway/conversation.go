package gateway

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"kiveileder"
	"kiveileder/gateway/wire"
	"kiveileder/services/conversation"
)

// pageSize is how many entries GET /v1/conversation gives when nobody says.
const pageSize, maxPage = 200, 1000

// A page is what GET /v1/conversation gives.
type page struct {
	Conversation string `json:"conversation"`
	Epoch        string `json:"epoch"`
	Offset       int64  `json:"offset"` // the newest there is
	Entries      []any  `json:"entries"`
	More         bool   `json:"more"`
}

// bearer gives the conversation that a request is about: its id, which is its
// key, and what it is stored under. It has answered when ok is false.
func (g *Gateway) bearer(w http.ResponseWriter, r *http.Request) (id, key string, ok bool) {
	scheme, id, found := strings.Cut(r.Header.Get("Authorization"), " ")
	id = strings.TrimSpace(id)
	if !found || !strings.EqualFold(scheme, "Bearer") || id == "" {
		w.Header().Set("WWW-Authenticate", "Bearer")
		g.failAs(w, r, http.StatusUnauthorized, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_bearer", LanguageOf(r))))
		return "", "", false
	}
	key, err := g.keyOf(r.Context(), id, LanguageOf(r))
	if err != nil {
		g.fail(w, r, err)
		return "", "", false
	}
	return id, key, true
}

// newConversation answers POST /v1/conversation. Nothing is stored before the
// first message.
func (g *Gateway) newConversation(w http.ResponseWriter, r *http.Request) {
	id := g.Keys.New(time.Now())
	key, err := g.keyOf(r.Context(), id, LanguageOf(r))
	if err != nil {
		g.fail(w, r, err)
		return
	}
	s, err := g.Conversations.Read(r.Context(), key, 0, 0)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	g.reply(w, http.StatusCreated, map[string]any{"conversation": id, "epoch": s.Epoch, "offset": s.Top})
}

// readConversation answers GET /v1/conversation?after=0&limit=200.
func (g *Gateway) readConversation(w http.ResponseWriter, r *http.Request) {
	id, key, ok := g.bearer(w, r)
	if !ok {
		return
	}
	after, err1 := number(r, "after", 0)
	limit, err2 := number(r, "limit", pageSize)
	if err1 != nil || err2 != nil || after < 0 || limit < 1 || limit > maxPage {
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "after: 0–, limit: 1–%d", maxPage))
		return
	}
	s, err := g.Conversations.Read(r.Context(), key, after, int(limit))
	if err != nil {
		g.fail(w, r, g.aboutConversation(err, LanguageOf(r)))
		return
	}
	p := page{Conversation: id, Epoch: s.Epoch, Offset: s.Top, Entries: []any{}, More: s.More}
	for _, e := range s.Entries {
		p.Entries = append(p.Entries, wire.EntryFrame(id, e))
	}
	g.reply(w, http.StatusOK, p)
}

// number reads a whole number from the query.
func number(r *http.Request, name string, otherwise int64) (int64, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return otherwise, nil
	}
	return strconv.ParseInt(s, 10, 64)
}

// deleteConversation answers DELETE /v1/conversation.
func (g *Gateway) deleteConversation(w http.ResponseWriter, r *http.Request) {
	_, key, ok := g.bearer(w, r)
	if !ok {
		return
	}
	if err := g.Conversations.Delete(r.Context(), key); err != nil {
		g.fail(w, r, err)
		return
	}
	g.hub.publish(kiveileder.Event{Key: key, Gone: true})
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}

// exportConversation answers GET /v1/conversation/export?format=md|json.
func (g *Gateway) exportConversation(w http.ResponseWriter, r *http.Request) {
	s, ok := g.whole(w, r)
	if !ok {
		return
	}
	p := page{Epoch: s.Epoch, Offset: s.Top, Entries: []any{}}
	for _, e := range s.Entries { // without the id: a file is passed on, the key is not
		p.Entries = append(p.Entries, wire.EntryFrame("", e))
	}
	g.attach(w, r, "ki-veileder", p, func() string { return conversation.Markdown(s, g.Texts, LanguageOf(r), g.baseURL(r)) })
}

// whole gives all of the conversation that a request is about, for a file in
// one of the forms that there are. It has answered when ok is false.
func (g *Gateway) whole(w http.ResponseWriter, r *http.Request) (s kiveileder.Stream, ok bool) {
	_, key, ok := g.bearer(w, r)
	if !ok {
		return s, false
	}
	if f := r.URL.Query().Get("format"); f != "" && f != "md" && f != "json" {
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "format: md, json"))
		return s, false
	}
	s, err := g.Conversations.Read(r.Context(), key, 0, kiveileder.MaxEntries*2)
	if err != nil {
		g.fail(w, r, g.aboutConversation(err, LanguageOf(r)))
		return s, false
	}
	return s, true
}

// attach sends a file in the form that was asked for: JSON, or else Markdown.
func (g *Gateway) attach(w http.ResponseWriter, r *http.Request, name string, v any, markdown func() string) {
	h := w.Header()
	if r.URL.Query().Get("format") == "json" {
		h.Set("Content-Disposition", `attachment; filename="`+name+`.json"`)
		g.reply(w, http.StatusOK, v)
		return
	}
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", `attachment; filename="`+name+`.md"`)
	h.Set("Content-Type", "text/markdown; charset=utf-8")
	_, _ = w.Write([]byte(markdown())) // the client went away; nobody is left to tell
}

// baseURL is where this service is, as the client sees it, for links in a file
// that leaves it.
func (g *Gateway) baseURL(r *http.Request) string {
	if g.cfg.Origin != "" {
		return strings.TrimSuffix(g.cfg.Origin, "/")
	}
	scheme := "http"
	if r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// postMessage answers POST /v1/conversation/messages: a message of a client
// that has no socket.
func (g *Gateway) postMessage(w http.ResponseWriter, r *http.Request) {
	id, key, ok := g.bearer(w, r)
	if !ok {
		return
	}
	var q struct {
		ID       string              `json:"id"`
		Question string              `json:"question"`
		Facts    map[string]any      `json:"facts"`
		Language kiveileder.Language `json:"language"`
	}
	if err := g.decode(w, r, &q); err != nil {
		g.fail(w, r, err)
		return
	}
	lang := LanguageOf(r)
	if !wire.GoodID(q.ID) {
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_json", lang)))
		return
	}
	m, e, err := g.turn(r, key, kiveileder.Post{ID: q.ID, Question: q.Question, Facts: q.Facts, Language: q.Language, Prefers: lang})
	if err != nil {
		g.fail(w, r, g.aboutConversation(err, lang))
		return
	}
	g.reply(w, http.StatusOK, map[string]any{"message": wire.EntryFrame(id, m), "answer": wire.EntryFrame(id, e)})
}
