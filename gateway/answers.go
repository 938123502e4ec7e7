package gateway

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"

	"kiveileder"
	"kiveileder/gateway/wire"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/mail"
	"kiveileder/services/guidance/register"
	"kiveileder/web"
)

// Answers are what the agencies have answered and published. A queue.Calls has
// them.
type Answers interface {
	// Answers gives those that words find, all when there are none.
	Answers(ctx context.Context, words string) ([]register.Entry, error)
	// Answer gives one, also when it is withdrawn. Error: CodeNotFound.
	Answer(ctx context.Context, number string) (register.Entry, error)
}

// Inbound takes what comes by mail. A queue.Calls does.
type Inbound interface {
	// Inbound takes a mail that a mail server hands over, signed. Error:
	// CodeInvalid for one that is not taken.
	Inbound(ctx context.Context, signature string, raw []byte) error
}

// found gives the published answers that a request asks for. It has answered
// when ok is false.
func (g *Gateway) found(w http.ResponseWriter, r *http.Request) (words string, list []register.Entry, ok bool) {
	var err error
	words, err = g.words(r)
	if err == nil {
		list, err = g.Answers.Answers(r.Context(), words)
	}
	if err != nil {
		g.fail(w, r, err)
		return "", nil, false
	}
	return words, list, true
}

// listAnswers answers GET /v1/answers?q=….
func (g *Gateway) listAnswers(w http.ResponseWriter, r *http.Request) {
	_, list, ok := g.found(w, r)
	if !ok {
		return
	}
	if list == nil {
		list = []register.Entry{}
	}
	g.reply(w, http.StatusOK, map[string]any{"answers": list})
}

// oneAnswer answers GET /v1/answers/{number}.
func (g *Gateway) oneAnswer(w http.ResponseWriter, r *http.Request) {
	e, err := g.publishedAnswer(r)
	if err != nil {
		g.fail(w, r, g.aboutCase(err, LanguageOf(r)))
		return
	}
	g.reply(w, http.StatusOK, e)
}

// publishedAnswer gives the answer of a request. Error: CodeNotFound.
func (g *Gateway) publishedAnswer(r *http.Request) (register.Entry, error) {
	number := r.PathValue("number")
	if !wire.GoodID(number) {
		return register.Entry{}, guidance.ErrNoCase
	}
	return g.Answers.Answer(r.Context(), number)
}

// answersFeed answers GET /svar/feed.atom.
func (g *Gateway) answersFeed(w http.ResponseWriter, r *http.Request) {
	list, err := g.Answers.Answers(r.Context(), "")
	if err != nil {
		g.fail(w, r, err)
		return
	}
	b, err := register.Feed(register.Site{Origin: g.baseURL(r), Began: g.began, Name: g.agencyNames(kiveileder.Bokmal)}, list)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/atom+xml; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	_, _ = w.Write(b) // the client went away; nobody is left to tell
}

// agencyNames gives the names of agencies, the key of one that the rules do not
// know.
func (g *Gateway) agencyNames(l kiveileder.Language) func(key string) string {
	return func(key string) string {
		if g.RuleSet != nil {
			if set := g.RuleSet(); set != nil {
				if a, ok := set.Agency(key); ok {
					return a.Name.Get(l)
				}
			}
		}
		return key
	}
}

// answersPage answers GET /svar?q=…&lang=nb|nn|en.
func (g *Gateway) answersPage(w http.ResponseWriter, r *http.Request) {
	lang, ok := g.pageLanguage(w, r)
	if !ok {
		return
	}
	words, list, ok := g.found(w, r)
	if !ok {
		return
	}
	g.page(w, r, http.StatusOK, func(out io.Writer) error {
		return web.Answers(out, web.AnswersData{Lang: lang, Words: words, Entries: list, Name: g.agencyNames(lang)})
	})
}

// answerPage answers GET /svar/{number}?lang=nb|nn|en.
func (g *Gateway) answerPage(w http.ResponseWriter, r *http.Request) {
	lang, ok := g.pageLanguage(w, r)
	if !ok {
		return
	}
	e, err := g.publishedAnswer(r)
	switch {
	case kiveileder.ErrorCode(err) == kiveileder.CodeNotFound:
		g.nothing(w, r)
	case err != nil:
		g.fail(w, r, err)
	default:
		g.page(w, r, http.StatusOK, func(out io.Writer) error {
			return web.Answer(out, web.AnswerData{Lang: lang, Entry: e, Name: g.agencyNames(lang), Title: func(id string) string {
				src, _ := g.Library.Source(id)
				return src.Title
			}})
		})
	}
}

// pageLanguage gives the language of a page that is rendered in each: the one
// that the address names, else what the client prefers. It has answered when ok
// is false.
func (g *Gateway) pageLanguage(w http.ResponseWriter, r *http.Request) (lang kiveileder.Language, ok bool) {
	lang = cmp.Or(kiveileder.Language(r.URL.Query().Get("lang")), LanguageOf(r))
	if !slices.Contains(kiveileder.Languages, lang) {
		g.nothing(w, r)
		return "", false
	}
	w.Header().Set("Content-Language", string(lang))
	w.Header().Add("Vary", "Accept-Language")
	return lang, true
}

// inbound answers POST /v1/mail/inbound: a mail, raw, with a signature.
func (g *Gateway) inbound(w http.ResponseWriter, r *http.Request) {
	signature := r.Header.Get(mail.HookHeader)
	if signature == "" { // nobody who may sends one: ten megabytes of it are not read
		g.failAs(w, r, http.StatusUnauthorized, kiveileder.Errorf(kiveileder.CodeInvalid, mail.HookHeader))
		return
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mail.MaxMail))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		g.failAs(w, r, http.StatusRequestEntityTooLarge, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_case_size", LanguageOf(r))))
		return
	case err != nil:
		g.fail(w, r, &kiveileder.Error{Code: kiveileder.CodeInvalid, Message: g.Texts.Get("error_case_size", LanguageOf(r)), Err: err})
		return
	}
	if err := g.Inbound.Inbound(r.Context(), signature, raw); err != nil {
		g.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
