package gateway

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"

	"kiveileder"
	"kiveileder/gateway/wire"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/mail"
	"kiveileder/services/guidance/register"
	"kiveileder/services/queue"
	"kiveileder/web"
)

// Answers are what the agencies have answered and published. A queue.Calls has
// them.
type Answers interface {
	// Answers gives those that are wanted, a part of them.
	Answers(ctx context.Context, w queue.AnswersQuery) (queue.AnswersPage, error)
	// Answer gives one, also when it is withdrawn. Error: CodeNotFound.
	Answer(ctx context.Context, number string) (register.Entry, error)
}

// Inbound takes what comes by mail. A queue.Calls does.
type Inbound interface {
	// Inbound takes a mail that a mail server hands over, signed. Error:
	// CodeInvalid for one that is not taken.
	Inbound(ctx context.Context, signature string, raw []byte) error
}

// How many published answers a page has: of the register, of its feed, and as
// JSON, where who asks may choose.
const answersOnPage, answersInFeed, answersInList, maxAnswersInList = 20, 50, 100, 200

// found gives the published answers that a request asks for, and of which page
// of so many: each has an address, "side" of them, the first one none. It has
// answered when ok is false.
func (g *Gateway) found(w http.ResponseWriter, r *http.Request, q queue.AnswersQuery, param string) (list []register.Entry, at web.Pages, ok bool) {
	at.Page = 1
	if s := r.URL.Query().Get(param); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 1_000_000 || strconv.Itoa(n) != s {
			g.nothing(w, r)
			return nil, at, false
		}
		at.Page = n
	}
	q.From = (at.Page - 1) * q.Most
	found, err := g.Answers.Answers(r.Context(), q)
	if err != nil {
		g.fail(w, r, err)
		return nil, at, false
	}
	at.Total, at.Of = found.Total, max((found.Total+q.Most-1)/q.Most, 1)
	if at.Page > at.Of { // no page ever was there, or no more
		g.nothing(w, r)
		return nil, at, false
	}
	return found.Answers, at, true
}

// listAnswers answers GET /v1/answers?q=…&page=…&limit=….
func (g *Gateway) listAnswers(w http.ResponseWriter, r *http.Request) {
	q := queue.AnswersQuery{Most: answersInList}
	var err error
	if q.Words, err = g.words(r); err != nil {
		g.fail(w, r, err)
		return
	}
	if s := r.URL.Query().Get("limit"); s != "" {
		if q.Most, err = strconv.Atoi(s); err != nil || q.Most < 1 || q.Most > maxAnswersInList {
			g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "limit: 1–%d", maxAnswersInList))
			return
		}
	}
	list, at, ok := g.found(w, r, q, "page")
	if !ok {
		return
	}
	if list == nil {
		list = []register.Entry{}
	}
	out := map[string]any{"answers": list, "total": at.Total, "page": at.Page}
	if at.Page < at.Of {
		out["next"] = at.Page + 1
	}
	g.reply(w, http.StatusOK, out)
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

// answersFeed answers GET /svar/feed.atom?side=….
func (g *Gateway) answersFeed(w http.ResponseWriter, r *http.Request) {
	list, at, ok := g.found(w, r, queue.AnswersQuery{Changed: true, Most: answersInFeed}, "side")
	if !ok {
		return
	}
	b, err := register.Feed(register.Site{
		Origin: g.baseURL(r), Began: g.began, Name: g.agencyNames(kiveileder.Bokmal), Page: at.Page, Pages: at.Of,
	}, list)
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

// answersPage answers GET /svar?q=…&side=…&lang=nb|nn|en.
func (g *Gateway) answersPage(w http.ResponseWriter, r *http.Request) {
	lang, ok := g.pageLanguage(w, r)
	if !ok {
		return
	}
	words, err := g.words(r)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	list, at, ok := g.found(w, r, queue.AnswersQuery{Words: words, Most: answersOnPage}, "side")
	if !ok {
		return
	}
	g.page(w, r, http.StatusOK, func(out io.Writer) error {
		return web.Answers(out, web.AnswersData{Lang: lang, Words: words, Entries: list, Pages: at, Name: g.agencyNames(lang)})
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

// mailsAtOnce is how many mails are taken in at the same time, of up to ten
// megabytes each.
const mailsAtOnce = 8

// inbound answers POST /v1/mail/inbound: a mail, raw, with a signature. 400, 413
// and 429 are for one that is not to be sent again.
func (g *Gateway) inbound(w http.ResponseWriter, r *http.Request) {
	signature := r.Header.Get(mail.HookHeader)
	if signature == "" { // nobody who may sends one: ten megabytes of it are not read
		g.failAs(w, r, http.StatusUnauthorized, kiveileder.Errorf(kiveileder.CodeInvalid, mail.HookHeader))
		return
	}
	select { // what is signed is known when all of it is read
	case g.mails <- struct{}{}:
		defer func() { <-g.mails }()
	default:
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeUnavailable, "as many mails at once as there may be"))
		return
	}
	raw, err := readUpTo(w, r, mail.MaxMail)
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		g.failAs(w, r, http.StatusRequestEntityTooLarge, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_case_size", LanguageOf(r))))
		return
	case err != nil:
		g.fail(w, r, &kiveileder.Error{Code: kiveileder.CodeInvalid, Message: g.Texts.Get("error_case_size", LanguageOf(r)), Err: err})
		return
	}
	switch err := g.Inbound.Inbound(r.Context(), signature, raw); {
	case kiveileder.ErrorCode(err) == kiveileder.CodeConflict: // its case takes no more: as wrong the next time
		g.failAs(w, r, http.StatusBadRequest, err)
	case err != nil:
		g.fail(w, r, err)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}
