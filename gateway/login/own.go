package login

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// me says who is signed in: GET /v1/me. The token for changes stands in its
// own cookie.
func (l *Login) me(w http.ResponseWriter, r *http.Request) {
	s, _ := SessionOf(r.Context())
	reply(w, http.StatusOK, map[string]any{
		"person":      s.Person,
		"permissions": l.table.Of(s.Person),
		"session":     l.shown(s, s.Key),
	})
}

// A shownSession is a session as its owner sees it.
type shownSession struct {
	Name    string    `json:"name"`
	Device  string    `json:"device,omitempty"`
	Began   time.Time `json:"began"`
	Used    time.Time `json:"used"`
	Ends    time.Time `json:"ends"` // at the latest
	Current bool      `json:"current"`
}

func (l *Login) shown(s Session, current string) shownSession {
	return shownSession{s.Name, s.Device, s.Began, s.Used, s.Began.Add(l.cfg.Limits.Absolute), s.Key == current}
}

// sessions lists one's own: GET /v1/me/sessions.
func (l *Login) sessions(w http.ResponseWriter, r *http.Request) {
	s, _ := SessionOf(r.Context())
	all, err := l.cfg.Store.List(r.Context(), s.Person.ID)
	if err != nil {
		l.refuse(w, r, "sessions", s.Provider, err)
		return
	}
	list := []shownSession{}
	for _, one := range all {
		if !l.cfg.Limits.Over(one, l.cfg.Now()) {
			list = append(list, l.shown(one, s.Key))
		}
	}
	reply(w, http.StatusOK, map[string]any{"sessions": list})
}

// revoke ends one of one's own sessions: DELETE /v1/me/sessions/{name}.
func (l *Login) revoke(w http.ResponseWriter, r *http.Request) {
	s, _ := SessionOf(r.Context())
	name := r.PathValue("name")
	all, err := l.end(r.Context(), "revoked", Match{Person: s.Person.ID, Name: name})
	if err == nil && len(all) == 0 {
		err = refusalAs(http.StatusNotFound, "no_session", "not_found")
	}
	if err != nil {
		l.refuse(w, r, "sessions", s.Provider, err)
		return
	}
	if name == s.Name {
		l.forget(w)
	}
	w.WriteHeader(http.StatusNoContent)
}

// A signedIn is somebody at the agencies who is signed in.
type signedIn struct {
	Person
	Sessions int       `json:"sessions"`
	Used     time.Time `json:"used"` // the last time, of any of them
}

// people lists who at the agencies, or of those who run the service, is signed
// in: GET /v1/people. Who only asks is not listed.
func (l *Login) people(w http.ResponseWriter, r *http.Request) {
	s, _ := SessionOf(r.Context())
	all, err := l.cfg.Store.Everyone(r.Context())
	if err != nil {
		l.refuse(w, r, "sessions", s.Provider, err)
		return
	}
	people, now := []signedIn{}, l.cfg.Now()
	for _, one := range all {
		if l.cfg.Limits.Over(one, now) || !l.table.Has(one.Person, "desk") {
			continue
		}
		i := slices.IndexFunc(people, func(p signedIn) bool { return p.ID == one.Person.ID })
		if i < 0 {
			i = len(people)
			people = append(people, signedIn{Person: one.Person}) // as of the newest login
		}
		people[i].Sessions++
		if one.Used.After(people[i].Used) {
			people[i].Used = one.Used
		}
	}
	slices.SortFunc(people, func(a, b signedIn) int {
		return cmp.Or(cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	reply(w, http.StatusOK, map[string]any{"people": people})
}

// endPerson ends all sessions of anybody: DELETE /v1/people/{person}/sessions.
func (l *Login) endPerson(w http.ResponseWriter, r *http.Request) {
	n, err := l.EndPerson(r.Context(), r.PathValue("person"))
	if err != nil {
		l.refuse(w, r, "sessions", "", err)
		return
	}
	reply(w, http.StatusOK, map[string]int{"ended": n})
}

// revokeOthers ends all of one's own sessions but this: DELETE /v1/me/sessions.
func (l *Login) revokeOthers(w http.ResponseWriter, r *http.Request) {
	s, _ := SessionOf(r.Context())
	all, err := l.end(r.Context(), "revoked", Match{Person: s.Person.ID, Not: s.Key})
	if err != nil {
		l.refuse(w, r, "sessions", s.Provider, err)
		return
	}
	reply(w, http.StatusOK, map[string]int{"ended": len(all)})
}
