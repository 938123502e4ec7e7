package gateway

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"kiveileder"
	"kiveileder/gateway/login"
	"kiveileder/gateway/wire"
	"kiveileder/services/guidance"
	"kiveileder/services/queue"
	"kiveileder/web"
)

// A Desk is what people at the agencies answer cases at. A queue.Calls is one.
// Whether somebody may is asked here; the desk takes the actor's word for it.
type Desk interface {
	// Desk gives what the pages need besides cases.
	Desk(ctx context.Context) (queue.Desk, error)
	// List gives cases that somebody may see.
	List(ctx context.Context, who guidance.Actor, q queue.DeskQuery) (queue.DeskPage, error)
	// Find gives the cases whose asker left an e-mail address. Error:
	// CodeInvalid for what is no address.
	Find(ctx context.Context, who guidance.Actor, email string) (queue.Found, error)
	// About says whose business a case is. Error: CodeNotFound.
	About(ctx context.Context, id string) (queue.About, error)
	// Case gives a case; seen notes that this person has seen it so far.
	Case(ctx context.Context, who guidance.Actor, id string, seen bool) (queue.DeskCase, error)
	// Earlier gives what a case leaves out: the newest events before one.
	Earlier(ctx context.Context, who guidance.Actor, id string, before int64) (queue.DeskPast, error)
	// Do carries out a command of Command.Actor.
	Do(ctx context.Context, id string, c guidance.Command) (queue.DeskResult, error)
	// Beat holds a case for another while.
	Beat(ctx context.Context, who guidance.Actor, id string) (queue.BeatResult, error)
	// Contact gives who asked. Error: CodeNotFound.
	Contact(ctx context.Context, who guidance.Actor, id string) (guidance.Contact, error)
	// Similar gives earlier cases and answers that are near.
	Similar(ctx context.Context, who guidance.Actor, id string) (queue.Similar, error)
	// Proposal gives a publication to begin with. Error: CodeConflict.
	Proposal(ctx context.Context, who guidance.Actor, id string) (queue.Proposal, error)
	// Export gives a case as pdf, html, json or noark.
	Export(ctx context.Context, who guidance.Actor, id, format string, l kiveileder.Language) (queue.File, error)
	// Reassign puts these agencies on a case, and takes the others off.
	Reassign(ctx context.Context, who guidance.Actor, id string, agencies []string, reason string) (queue.DeskResult, error)
	// Anonymise takes away what is known of who asked, and all texts.
	Anonymise(ctx context.Context, who guidance.Actor, id, reason string) error
	// Kept and Keep hold what is a person's own; null takes it away.
	Kept(ctx context.Context, person, prefix string) (map[string]json.RawMessage, error)
	Keep(ctx context.Context, person, key string, value json.RawMessage) error
	// DeadMails gives mails that were given up, and Again sends one again.
	DeadMails(ctx context.Context) ([]guidance.Mail, error)
	Again(ctx context.Context, mail string) error
}

// Most bytes of what is sent to the desk: of a command (with its envelope), of
// what a person keeps, of a short form.
const (
	maxCommand = guidance.MaxData + 64<<10
	maxKept    = guidance.MaxKeptValue
	maxForm    = 64 << 10
)

// deskRoutes mounts routes for those who may use them, as permissions.yaml
// says; one that does not stand there stops the program.
type deskRoutes struct {
	g   *Gateway
	mux *http.ServeMux
}

// Handle mounts a route. Who comes without a session is counted like a client
// that opens a socket, and who has one as a person: a whole agency may be one
// client.
func (d deskRoutes) Handle(pattern string, h http.HandlerFunc) {
	g := d.g
	each := func(w http.ResponseWriter, r *http.Request) {
		p, _ := login.PersonOf(r.Context())
		if err := g.take(r.Context(), g.lightLimits, "person "+p.ID, LanguageOf(r)); err != nil {
			g.fail(w, r, err)
			return
		}
		h(w, r)
	}
	var locate login.Locate
	if aboutOne(g.Login.Table(), pattern) {
		locate = g.locate
	}
	d.mux.Handle(pattern, g.limit(g.openLimits, g.Login.Protect(pattern, locate, http.HandlerFunc(each)).ServeHTTP))
}

// aboutOne reports whether the permission that a route needs is one on a case.
func aboutOne(t *login.Table, pattern string) bool {
	return slices.ContainsFunc(t.Routes, func(r login.Route) bool {
		return r.Route == pattern && slices.ContainsFunc(t.Permissions, func(p login.Permission) bool {
			return p.Permission == r.Permission && p.On == "one"
		})
	})
}

// locate says whose business the case of a request is.
func (g *Gateway) locate(r *http.Request) (login.Resource, error) {
	id := r.PathValue("case")
	if !guidance.ValidID(id) {
		return login.Resource{}, guidance.ErrNoCase
	}
	a, err := g.Desk.About(r.Context(), id)
	return resource(a), err
}

func resource(a queue.About) login.Resource {
	return login.Resource{Members: a.Members, Agencies: a.Agencies}
}

// acting gives somebody as an actor on the case of a request, for what needs
// no command.
func (g *Gateway) acting(r *http.Request) guidance.Actor {
	p, _ := login.PersonOf(r.Context())
	return actor(p, "", nil)
}

// deskPage answers GET /desk and GET /desk/{case}: the browser reads from the
// address which case is meant.
func (g *Gateway) deskPage(w http.ResponseWriter, r *http.Request) {
	s, _ := login.SessionOf(r.Context())
	g.privatePage(w, r, http.StatusOK, func(out io.Writer) error {
		return web.Desk(out, web.DeskData{
			Person: s.Person.ID, Name: s.Person.Name, Agency: s.Person.Agency, Demo: s.Provider == "", Roles: roles(s.Person), May: g.Login.Table().Of(s.Person),
		})
	})
}

func roles(p login.Person) (names []string) {
	for _, r := range p.Roles {
		names = append(names, string(r))
	}
	return names
}

// A deskInfo is what the desk's pages need, with the names of documents.
type deskInfo struct {
	queue.Desk
	Sources map[string]sourceName `json:"sources"` // by their ids
}

type sourceName struct {
	Title     string `json:"title"`
	Publisher string `json:"publisher,omitempty"`
	Date      string `json:"date,omitempty"`
}

// deskHome answers GET /v1/desk.
func (g *Gateway) deskHome(w http.ResponseWriter, r *http.Request) {
	d, err := g.Desk.Desk(r.Context())
	home := deskInfo{Desk: d, Sources: map[string]sourceName{}}
	for _, s := range g.Library.Sources() {
		home.Sources[s.ID] = sourceName{s.Title, strings.Join(s.Publisher, ", "), s.Date()}
	}
	g.give(w, r, home, err)
}

// give answers with what was found, or why nothing was.
func (g *Gateway) give(w http.ResponseWriter, r *http.Request, v any, err error) {
	if err != nil {
		g.fail(w, r, g.aboutCase(err, LanguageOf(r)))
		return
	}
	g.reply(w, http.StatusOK, v)
}

// deskList answers GET /v1/cases.
func (g *Gateway) deskList(w http.ResponseWriter, r *http.Request) {
	q, bad := deskQuery(r.URL.Query())
	if bad != "" {
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", bad))
		return
	}
	page, err := g.Desk.List(r.Context(), g.acting(r), q)
	if page.Cases == nil {
		page.Cases = []queue.DeskRow{}
	}
	g.give(w, r, page, err)
}

// deskQuery reads what is asked for, or says what is wrong with it.
func deskQuery(v url.Values) (q queue.DeskQuery, bad string) {
	q = queue.DeskQuery{Agency: v.Get("agency"), Holder: v.Get("holder"), Text: strings.TrimSpace(v.Get("q")), After: v.Get("after")}
	for _, s := range v["state"] {
		if !slices.Contains(guidance.States, guidance.State(s)) {
			return q, "state: " + listed(guidance.States)
		}
		q.States = append(q.States, guidance.State(s))
	}
	for name, flag := range map[string]*bool{"late": &q.Late, "unread": &q.Unread, "review": &q.Review, "sign": &q.Sign} {
		switch v.Get(name) {
		case "", "0":
		case "1":
			*flag = true
		default:
			return q, name + ": 0, 1"
		}
	}
	for name, s := range map[string]string{"agency": q.Agency, "holder": q.Holder, "q": q.Text, "after": q.After} {
		if !utf8.ValidString(s) || utf8.RuneCountInString(s) > guidance.MaxShort || strings.ContainsRune(s, 0) {
			return q, name + ": 0–" + strconv.Itoa(guidance.MaxShort)
		}
	}
	if s := v.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 200 {
			return q, "limit: 1–200"
		}
		q.Limit = n
	}
	return q, ""
}

func listed[T ~string](all []T) string {
	var names []string
	for _, s := range all {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// deskCase answers GET /v1/cases/{case}?seen=1, and with before=… a piece of its
// past.
func (g *Gateway) deskCase(w http.ResponseWriter, r *http.Request) {
	if s := r.URL.Query().Get("before"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 1 {
			g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "before: 1–"))
			return
		}
		past, err := g.Desk.Earlier(r.Context(), g.acting(r), r.PathValue("case"), n)
		g.give(w, r, past, err)
		return
	}
	c, err := g.Desk.Case(r.Context(), g.acting(r), r.PathValue("case"), r.URL.Query().Get("seen") == "1")
	g.give(w, r, c, err)
}

// deskContact answers GET /v1/cases/{case}/contact: who asked, but never the
// conversation's id, which is its key.
func (g *Gateway) deskContact(w http.ResponseWriter, r *http.Request) {
	c, err := g.Desk.Contact(r.Context(), g.acting(r), r.PathValue("case"))
	if kiveileder.ErrorCode(err) == kiveileder.CodeNotFound {
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeNotFound, "%s", g.Texts.Get("error_case_nobody", LanguageOf(r))))
		return
	}
	g.give(w, r, guidance.Contact{Name: c.Name, Email: c.Email, Phone: c.Phone}, err)
}

// deskSimilar answers GET /v1/cases/{case}/similar.
func (g *Gateway) deskSimilar(w http.ResponseWriter, r *http.Request) {
	s, err := g.Desk.Similar(r.Context(), g.acting(r), r.PathValue("case"))
	g.give(w, r, s, err)
}

// deskProposal answers GET /v1/cases/{case}/publication.
func (g *Gateway) deskProposal(w http.ResponseWriter, r *http.Request) {
	p, err := g.Desk.Proposal(r.Context(), g.acting(r), r.PathValue("case"))
	g.give(w, r, p, err)
}

// deskExport answers GET /v1/cases/{case}/export?format=….
func (g *Gateway) deskExport(w http.ResponseWriter, r *http.Request) {
	format := r.URL.Query().Get("format")
	if !slices.Contains([]string{"pdf", "html", "json", "noark"}, format) {
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "format: pdf, html, json, noark"))
		return
	}
	f, err := g.Desk.Export(r.Context(), g.acting(r), r.PathValue("case"), format, LanguageOf(r))
	if err != nil {
		g.fail(w, r, g.aboutCase(err, LanguageOf(r)))
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.Type)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'") // whatever somebody wrote, it runs nothing here
	h.Set("Content-Length", strconv.Itoa(len(f.Content)))
	_, _ = w.Write(f.Content) // the client went away; nobody is left to tell
}

// A deadMail is a mail that was given up, with the number of its case.
type deadMail struct {
	guidance.Mail
	Number string `json:"number"`
}

// deadMails answers GET /v1/mails/dead.
func (g *Gateway) deadMails(w http.ResponseWriter, r *http.Request) {
	mails, err := g.Desk.DeadMails(r.Context())
	out, numbers := []deadMail{}, map[string]string{}
	for _, m := range mails {
		if _, known := numbers[m.Case]; !known && err == nil {
			var about queue.About
			about, err = g.Desk.About(r.Context(), m.Case)
			numbers[m.Case] = about.Number
		}
		out = append(out, deadMail{m, numbers[m.Case]})
	}
	g.give(w, r, map[string]any{"mails": out}, err)
}

// mailAgain answers POST /v1/mails/{mail}/again.
func (g *Gateway) mailAgain(w http.ResponseWriter, r *http.Request) {
	mail := r.PathValue("mail")
	if !wire.GoodID(mail) {
		g.nothing(w, r)
		return
	}
	if err := g.Desk.Again(r.Context(), mail); err != nil {
		g.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// dismissMail answers POST /v1/cases/{case}/mails/{mail}/dismiss: a command of
// the case, for who does not read it.
func (g *Gateway) dismissMail(w http.ResponseWriter, r *http.Request) {
	var q struct {
		ID     string `json:"id"`
		Reason string `json:"reason"`
	}
	if err := g.decodeUpTo(w, r, &q, maxForm, "error_case_size"); err != nil {
		g.fail(w, r, err)
		return
	}
	mail := r.PathValue("mail")
	switch {
	case !wire.GoodID(mail):
		g.nothing(w, r)
		return
	case !wire.GoodID(q.ID):
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_json", LanguageOf(r))))
		return
	}
	p, _ := login.PersonOf(r.Context())
	res, err := g.Desk.Do(r.Context(), r.PathValue("case"), guidance.Command{
		ID: q.ID, Actor: actor(p, guidance.Dismissed, nil), Kind: guidance.Dismissed, Data: guidance.DismissedData{Mail: mail, Reason: q.Reason},
	})
	switch {
	case err != nil:
		g.fail(w, r, g.aboutCase(err, LanguageOf(r)))
	case res.Refused != nil:
		res.Refused.Events = nil
		g.refused(w, r, res.Refused, nil)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}
