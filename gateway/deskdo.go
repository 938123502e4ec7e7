package gateway

import (
	"encoding/json"
	"net/http"
	"slices"

	"kiveileder"
	"kiveileder/gateway/login"
	"kiveileder/gateway/wire"
	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

// rank has the roles of the desk, those that may do more first.
var rank = []login.Role{login.Lead, login.Lawyer, login.Analyst, login.Admin}

// actor gives somebody in the role in which the flow lets them do something:
// the first of rank among theirs that may do it on this case. Where none may,
// or nothing is to be done, it is the first they have.
func actor(p login.Person, kind guidance.Kind, may func(login.Person) bool) guidance.Actor {
	as := func(r login.Role) guidance.Actor {
		return guidance.Actor{ID: p.ID, Name: p.Name, Role: guidance.Role(r), Agency: p.Agency}
	}
	var first login.Role
	for _, r := range rank {
		if !p.Is(r) {
			continue
		}
		if first == "" {
			first = r
		}
		one := p
		one.Roles = []login.Role{r}
		if flowLets(guidance.Role(r), kind) && (may == nil || may(one)) {
			return as(r)
		}
	}
	return as(first)
}

// flowLets reports whether a role may ever do something.
func flowLets(r guidance.Role, kind guidance.Kind) bool {
	return kind == "" || slices.ContainsFunc(guidance.TheFlow.Transitions, func(t guidance.Transition) bool {
		return t.Kind == kind && slices.Contains(t.Roles, r)
	})
}

// postDeskCommand answers POST /v1/cases/{case}/commands: it asks for the
// permission of the kind, which reading the case does not give.
func (g *Gateway) postDeskCommand(w http.ResponseWriter, r *http.Request) {
	var c command
	if err := g.decodeUpTo(w, r, &c, maxCommand, "error_case_size"); err != nil {
		g.fail(w, r, err)
		return
	}
	lang := LanguageOf(r)
	permission, ok := g.Login.Table().Command(string(c.Kind))
	switch {
	case !ok:
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_case_kind", lang)))
		return
	case !wire.GoodID(c.ID) || c.Seen < 0:
		g.fail(w, r, kiveileder.Errorf(kiveileder.CodeInvalid, "%s", g.Texts.Get("error_json", lang)))
		return
	}
	on, err := g.locate(r)
	if err != nil {
		g.fail(w, r, g.aboutCase(err, lang))
		return
	}
	p, _ := login.PersonOf(r.Context())
	if c.Kind == guidance.Noted { // a note is its agency's, and no other's; of one that names none, the writer's
		var note struct {
			Agency string `json:"agency"`
		}
		_ = json.Unmarshal(c.Data, &note) // what cannot be read is refused later
		if note.Agency != "" {
			on.Agencies = []string{note.Agency}
		}
	}
	may := func(p login.Person) bool { return g.Login.Table().May(p, permission, on) }
	if !may(p) {
		g.refused(w, r, notAllowed(), nil)
		return
	}
	res, err := g.Desk.Do(r.Context(), r.PathValue("case"), c.of(actor(p, c.Kind, may)))
	switch {
	case err != nil:
		g.fail(w, r, g.aboutCase(err, lang))
	case res.Refused != nil:
		g.refused(w, r, res.Refused, res.Case)
	default:
		g.reply(w, http.StatusOK, res)
	}
}

// notAllowed says that somebody's role may not do something on a case.
func notAllowed() *queue.Refusal {
	return &queue.Refusal{Code: kiveileder.CodeInvalid, Guard: "role", Text: guidance.TheFlow.Guards["role"], Forbidden: true}
}

// postBeat answers POST /v1/cases/{case}/beat.
func (g *Gateway) postBeat(w http.ResponseWriter, r *http.Request) {
	p, _ := login.PersonOf(r.Context())
	b, err := g.Desk.Beat(r.Context(), actor(p, guidance.Claimed, nil), r.PathValue("case"))
	switch {
	case err != nil:
		g.fail(w, r, g.aboutCase(err, LanguageOf(r)))
	case b.Refused != nil:
		b.Refused.Code, b.Refused.Forbidden = kiveileder.CodeConflict, false // whoever lost it, and however
		g.refused(w, r, b.Refused, nil)
	default:
		g.reply(w, http.StatusOK, b)
	}
}

// putAgencies answers PUT /v1/cases/{case}/agencies. Who may do it without
// looking into the case is not shown it.
func (g *Gateway) putAgencies(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Agencies []string `json:"agencies"`
		Reason   string   `json:"reason"`
	}
	if err := g.decodeUpTo(w, r, &q, maxForm, "error_case_size"); err != nil {
		g.fail(w, r, err)
		return
	}
	on, err := g.locate(r)
	if err != nil {
		g.fail(w, r, g.aboutCase(err, LanguageOf(r)))
		return
	}
	p, _ := login.PersonOf(r.Context())
	t := g.Login.Table()
	who := actor(p, "", func(p login.Person) bool { return t.May(p, "case.reassign", on) })
	res, err := g.Desk.Reassign(r.Context(), who, r.PathValue("case"), q.Agencies, q.Reason)
	if err != nil {
		g.fail(w, r, g.aboutCase(err, LanguageOf(r)))
		return
	}
	reads := t.May(p, "case.read", login.Resource{Agencies: res.Case.Agencies})
	switch {
	case res.Refused != nil && reads:
		g.refused(w, r, res.Refused, res.Case)
	case res.Refused != nil:
		res.Refused.Events = nil
		g.refused(w, r, res.Refused, nil)
	case reads:
		g.reply(w, http.StatusOK, res.Case)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// deletePerson answers DELETE /v1/cases/{case}/person.
func (g *Gateway) deletePerson(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Reason string `json:"reason"`
	}
	if err := g.decodeUpTo(w, r, &q, maxForm, "error_case_size"); err != nil {
		g.fail(w, r, err)
		return
	}
	p, _ := login.PersonOf(r.Context())
	if err := g.Desk.Anonymise(r.Context(), actor(p, guidance.Anonymised, nil), r.PathValue("case"), q.Reason); err != nil {
		g.fail(w, r, g.aboutCase(err, LanguageOf(r)))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
