package login

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"kiveileder"
)

// logout ends the session here, and gives the browser the way to the
// provider's own logout: POST /logout.
func (l *Login) logout(w http.ResponseWriter, r *http.Request) {
	s, _ := SessionOf(r.Context())
	if _, err := l.end(r.Context(), "logout", Match{Key: s.Key}); err != nil {
		l.refuse(w, r, "logout", s.Provider, err)
		return
	}
	l.forget(w)
	to := l.farewell(r, s)
	if strings.Contains(r.Header.Get("Accept"), "json") { // a script can't follow to another site
		reply(w, http.StatusOK, map[string]string{"to": to})
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// forget takes the browser's cookies of a session.
func (l *Login) forget(w http.ResponseWriter) {
	l.setCookie(w, sessionCookie, "", -1, true, http.SameSiteLaxMode)
	l.setCookie(w, csrfCookie, "", -1, false, http.SameSiteStrictMode)
	w.Header().Set("Clear-Site-Data", `"cache"`)
}

// farewell gives the provider's logout, or our front page when it has none or
// is away.
func (l *Login) farewell(r *http.Request, s Session) string {
	home := l.cfg.Origin + "/"
	c := l.clients[s.Provider]
	if c == nil {
		return home
	}
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	k, err := c.meet(ctx)
	if err != nil || k.EndSession == "" {
		return home
	}
	u, err := url.Parse(k.EndSession)
	if err != nil {
		return home
	}
	q := u.Query()
	q.Set("client_id", c.ClientID)
	q.Set("post_logout_redirect_uri", home)
	if hint := unseal(l.sessionID(r), s.Sealed); hint != "" {
		q.Set("id_token_hint", hint)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// maxLogoutToken is the most that a provider's logout call may hold.
const maxLogoutToken = 32 << 10

// backChannel takes a provider's word that somebody has logged out (OpenID
// Connect Back-Channel Logout 1.0).
func (l *Login) backChannel(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	c := l.clients[r.PathValue("provider")]
	if c == nil {
		http.Error(w, `{"error":"invalid_request"}`, http.StatusNotFound)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxLogoutToken)
	ended, err := l.backChannelEnds(r, c)
	switch {
	case err == nil:
		l.ended(r.Context(), "provider", ended)
		w.WriteHeader(http.StatusOK)
		return
	case !isRefusal(err): // the store; the provider may send it again
		err = refusalAs(http.StatusServiceUnavailable, "store_away", "")
	}
	var e *refused
	errors.As(err, &e)
	l.cfg.Log.Warn("backchannel logout refused", zap.String("provider", c.Provider.Provider), zap.String("reason", e.reason))
	reply(w, e.status, map[string]string{"error": "invalid_request"})
}

func (l *Login) backChannelEnds(r *http.Request, c *client) ([]Session, error) {
	no := func(reason string) error { return refusalAs(http.StatusBadRequest, reason, "") }
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/x-www-form-urlencoded" {
		return nil, no("content_type")
	}
	if err := r.ParseForm(); err != nil || len(r.PostForm["logout_token"]) != 1 {
		return nil, no("form")
	}
	raw := r.PostForm.Get("logout_token")
	if typ := typOf(raw); !slices.ContainsFunc(c.Typs, func(t string) bool { return strings.EqualFold(t, typ) }) {
		return nil, no("typ")
	}
	k, err := c.meet(r.Context())
	if err != nil {
		return nil, err
	}
	token, err := k.verifier.VerifyLogout(r.Context(), raw) // signature, iss, aud, exp, jti, sub or sid, events, no nonce
	if err != nil {
		return nil, no("token")
	}
	var said struct {
		Events map[string]json.RawMessage `json:"events"`
	}
	if err := token.Claims(&said); err != nil || !isObject(said.Events["http://schemas.openid.net/event/backchannel-logout"]) {
		return nil, no("events")
	}
	now := l.cfg.Now()
	switch {
	case !c.allFor(token.Audience):
		return nil, no("audience")
	case token.IssuedAt.After(now.Add(skew)), token.IssuedAt.Before(now.Add(-freshTime)):
		return nil, no("issued_at")
	case token.Expiry.After(now.Add(24 * time.Hour)): // its jti would have to be kept too long
		return nil, no("expiry")
	}
	m := Match{Provider: c.Provider.Provider}
	if token.Subject != "" {
		m.Subject = c.hash("subject", token.Subject)
	}
	if token.SessionID != "" {
		m.SID = c.hash("sid", token.SessionID)
	}
	ended, err := l.cfg.Store.EndOnce(r.Context(), digest("jti", c.Issuer, token.TokenID), token.Expiry.Add(2*skew), m)
	if kiveileder.ErrorCode(err) == kiveileder.CodeConflict {
		return nil, no("replay")
	}
	return ended, err
}

func isObject(b json.RawMessage) bool {
	var o map[string]json.RawMessage
	return json.Unmarshal(b, &o) == nil && o != nil
}

func isRefusal(err error) bool {
	var e *refused
	return errors.As(err, &e)
}
