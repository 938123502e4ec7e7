package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"kiveileder"
	"kiveileder/gateway/wire"
	"kiveileder/internal/rpc"
	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

// Cases are what askers hand over to the lawyers. A queue.Calls does it.
type Cases interface {
	// Form gives what a hand-over of a conversation begins with.
	Form(ctx context.Context, key string, l kiveileder.Language) (queue.Form, error)
	// HandOver makes a case, or gives the one that the same hand-over made.
	// Errors of code CodeInvalid are for the asker.
	HandOver(ctx context.Context, key string, h queue.HandOver) (queue.AskerCase, error)
	// Mine gives the cases of a conversation, the newest first.
	Mine(ctx context.Context, key string) ([]queue.AskerCase, error)
	// Tell carries out an asker's command. Error: CodeNotFound for a case that
	// is another conversation's.
	Tell(ctx context.Context, key, id string, c guidance.Command) (queue.AskerResult, error)
}

// caseChars is the most characters of one text to the lawyers. Two of them
// have room in a frame.
const caseChars = 8_000

// askerKinds are what an asker can do with a case.
var askerKinds = []guidance.Kind{guidance.Added, guidance.Replied, guidance.Withdrawn, guidance.Reopened}

// caseForm answers GET /v1/conversation/case-form.
func (g *Gateway) caseForm(w http.ResponseWriter, r *http.Request) {
	_, key, ok := g.bearer(w, r)
	if !ok {
		return
	}
	f, err := g.Cases.Form(r.Context(), key, LanguageOf(r))
	if err != nil {
		g.fail(w, r, err)
		return
	}
	f.Limits.Text = min(f.Limits.Text, caseChars)
	g.reply(w, http.StatusOK, f)
}

// listCases answers GET /v1/conversation/cases.
func (g *Gateway) listCases(w http.ResponseWriter, r *http.Request) {
	_, key, ok := g.bearer(w, r)
	if !ok {
		return
	}
	cases, err := g.Cases.Mine(r.Context(), key)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	if cases == nil {
		cases = []queue.AskerCase{}
	}
	g.reply(w, http.StatusOK, map[string]any{"cases": cases})
}

// postCase answers POST /v1/conversation/cases.
func (g *Gateway) postCase(w http.ResponseWriter, r *http.Request) {
	id, key, ok := g.bearer(w, r)
	if !ok {
		return
	}
	var h queue.HandOver
	if err := g.decode(w, r, &h); err != nil {
		g.fail(w, r, err)
		return
	}
	c, err := g.handOver(r.Context(), g.client(r), id, key, h, LanguageOf(r))
	if err != nil {
		g.fail(w, r, err)
		return
	}
	g.tellCases(key, []queue.AskerCase{c})
	g.reply(w, http.StatusCreated, c)
}

// handOver checks a hand-over and makes it. People read each: a client may make
// fewer of them than it may ask questions. lang is what the asker would like to
// be spoken to in.
func (g *Gateway) handOver(ctx context.Context, client, id, key string, h queue.HandOver, lang kiveileder.Language) (queue.AskerCase, error) {
	if h.Language == "" {
		h.Language = lang
	}
	long := func(s string, most int) bool { return utf8.RuneCountInString(s) > most }
	text := ""
	switch {
	case !wire.GoodID(h.ID):
		text = g.Texts.Get("error_json", lang)
	case !slices.Contains(kiveileder.Languages, h.Language):
		text = g.Texts.Get("error_language", lang)
	case strings.TrimSpace(h.Question) == "":
		text = g.Texts.Get("error_case_empty", lang)
	case long(h.Question, caseChars), long(h.Project, caseChars):
		text = g.Texts.Get("error_case_long", lang, caseChars)
	case long(h.Contact.Name, guidance.MaxShort), long(h.Contact.Email, guidance.MaxShort), long(h.Contact.Phone, guidance.MaxShort):
		text = g.Texts.Get("error_case_contact", lang)
	}
	if text != "" {
		return queue.AskerCase{}, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", text)
	}
	if err := g.take(ctx, g.caseLimits, client, lang); err != nil {
		return queue.AskerCase{}, err
	}
	h.Conversation, h.Contact.Conversation = id, ""
	return g.Cases.HandOver(ctx, key, h)
}

// A command is what somebody wants to do with a case, as it is sent.
type command struct {
	ID   string          `json:"id"`
	Kind guidance.Kind   `json:"kind"`
	Data json.RawMessage `json:"data"`
	Seen int64           `json:"seen"`
}

// of gives the command of somebody.
func (c command) of(a guidance.Actor) guidance.Command {
	out := guidance.Command{ID: c.ID, Actor: a, Kind: c.Kind, Seen: c.Seen}
	if len(c.Data) > 0 && string(c.Data) != "null" {
		out.Data = c.Data
	}
	return out
}

// postCaseCommand answers POST /v1/conversation/cases/{case}/commands.
func (g *Gateway) postCaseCommand(w http.ResponseWriter, r *http.Request) {
	_, key, ok := g.bearer(w, r)
	if !ok {
		return
	}
	var c command
	if err := g.decode(w, r, &c); err != nil {
		g.fail(w, r, err)
		return
	}
	res, err := g.tell(r.Context(), key, r.PathValue("case"), c, LanguageOf(r))
	if err != nil {
		g.fail(w, r, err)
		return
	}
	g.tellCases(key, []queue.AskerCase{res.Case})
	if res.Refused != nil {
		g.refused(w, r, res.Refused, res.Case)
		return
	}
	g.reply(w, http.StatusOK, res.Case)
}

// tell carries out an asker's command.
func (g *Gateway) tell(ctx context.Context, key, id string, c command, lang kiveileder.Language) (queue.AskerResult, error) {
	switch {
	case !wire.GoodID(c.ID) || c.Seen < 0:
		return queue.AskerResult{}, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_json", lang))
	case !guidance.ValidID(id):
		return queue.AskerResult{}, g.aboutCase(guidance.ErrNoCase, lang)
	case !slices.Contains(askerKinds, c.Kind):
		return queue.AskerResult{}, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_case_kind", lang))
	}
	res, err := g.Cases.Tell(ctx, key, id, c.of(guidance.Actor{ID: key, Role: guidance.Asker}))
	return res, g.aboutCase(err, lang)
}

// aboutCase puts it into the user's words that a case is not there.
func (g *Gateway) aboutCase(err error, lang kiveileder.Language) error {
	if kiveileder.ErrorCode(err) == kiveileder.CodeNotFound {
		return kiveileder.Errorf(kiveileder.CodeNotFound, "%s", g.Texts.Get("error_case_none", lang))
	}
	return err
}

// A refusedBody is what is answered to a command that was not carried out.
type refusedBody struct {
	errorBody
	Refused *queue.Refusal `json:"refused"`
	Case    any            `json:"case,omitempty"` // as it stands now
}

// refused answers that a command was not carried out, and why.
func (g *Gateway) refused(w http.ResponseWriter, r *http.Request, f *queue.Refusal, now any) {
	status := rpc.Status(f.Code)
	if f.Forbidden {
		status = http.StatusForbidden
	}
	b := refusedBody{Refused: f, Case: now}
	b.Error.Code, b.Error.Message, b.Error.Request = f.Code, g.whyRefused(f, LanguageOf(r)), requestID(r.Context())
	g.reply(w, status, b)
}

func (g *Gateway) whyRefused(f *queue.Refusal, lang kiveileder.Language) string {
	if text := f.Text.Get(lang); text != "" {
		return text
	}
	return g.Texts.Get("error_case_refused", lang)
}
