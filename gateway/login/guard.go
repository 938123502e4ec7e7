package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"go.uber.org/zap"
)

// A Locate gives what a request is about. It is asked after the person is
// known to have the permission on something. A thing that is not there is
// CodeNotFound.
type Locate func(r *http.Request) (Resource, error)

type sessionKey struct{}

// SessionOf gives the session of a request that was let in.
func SessionOf(ctx context.Context) (Session, bool) {
	s, ok := ctx.Value(sessionKey{}).(Session)
	return s, ok
}

// PersonOf gives who asks.
func PersonOf(ctx context.Context) (Person, bool) {
	s, ok := SessionOf(ctx)
	return s.Person, ok
}

// Table gives what is allowed, for what is decided beside a route: a list, one
// note among others.
func (l *Login) Table() *Table { return l.table }

// Protect lets through who may use a route, by its pattern in the table. It
// panics when the pattern is not there: a route that nobody thought about is
// not served.
func (l *Login) Protect(pattern string, locate Locate, next http.Handler) http.Handler {
	for _, r := range l.table.Routes {
		if r.Route == pattern {
			return l.Require(r.Permission, locate)(next)
		}
	}
	panic("login: no permission for route " + pattern)
}

// Require lets through who has a permission: a session that lives, a request
// of our own page when it changes something, a role that has the permission,
// and the thing that it is about within reach. What is out of reach is not
// found, as if it were not there. A permission on one thing needs locate, one
// on nothing must not have it; anything else is a mistake in the wiring, and
// panics there.
func (l *Login) Require(permission string, locate Locate) func(http.Handler) http.Handler {
	p, ok := l.table.permission(permission)
	if !ok || (p.On == "one") != (locate != nil) {
		panic("login: permission " + permission + " is not there, or about something else")
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s, err := l.admit(r, permission, locate)
			if err != nil {
				l.turnAway(w, r, permission, err)
				return
			}
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Add("Vary", "Cookie")
			l.renewCSRF(w, r)
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), sessionKey{}, s)))
		})
	}
}

func (l *Login) admit(r *http.Request, permission string, locate Locate) (Session, error) {
	s, err := l.Session(r)
	switch {
	case err != nil && missing(err):
		return Session{}, refusalAs(http.StatusUnauthorized, "nobody", "not_signed_in")
	case err != nil:
		return Session{}, err
	case !l.ours(r):
		return Session{}, refusal("csrf", "not_ours")
	case !l.table.Has(s.Person, permission):
		return Session{}, refusal("role", "not_allowed")
	case locate == nil:
		return s, nil
	}
	on, err := locate(r)
	switch {
	case err != nil && missing(err):
		return Session{}, refusalAs(http.StatusNotFound, "not_there", "not_found")
	case err != nil:
		return Session{}, err
	case !l.table.May(s.Person, permission, on):
		return Session{}, refusalAs(http.StatusNotFound, "reach", "not_found")
	}
	return s, nil
}

// turnAway refuses; who is not signed in and opens a page is sent to sign in.
func (l *Login) turnAway(w http.ResponseWriter, r *http.Request, permission string, err error) {
	var e *refused
	page := r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html")
	if page && errors.As(err, &e) && e.status == http.StatusUnauthorized {
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, "/login?to="+url.QueryEscape(l.ownPath(r.URL.RequestURI())), http.StatusSeeOther)
		return
	}
	about := []zap.Field{zap.String("permission", permission)}
	if s, err := l.Session(r); err == nil {
		about = append(about, zap.String("session", s.Name))
	}
	l.refuse(w, r, "refused", "", err, about...)
}
