package login

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"kiveileder"
)

const (
	sessionCookie = "ki-session"
	csrfCookie    = "ki-csrf" // pages read it and send it back as a header
	idBytes       = 32
	// touchTime is how much later a use must be to be written down: a session
	// may end that much before its idle limit.
	touchTime = 30 * time.Second
)

// prefix makes the browser hold that a cookie is this host's alone, was sent
// over TLS, and can't be planted by a neighbour.
func (l *Login) prefix() string {
	if l.insecure {
		return ""
	}
	return "__Host-"
}

func (l *Login) setCookie(w http.ResponseWriter, name, value string, keep time.Duration, hidden bool, site http.SameSite) {
	c := &http.Cookie{
		Name: l.prefix() + name, Value: value, Path: "/",
		Secure: !l.insecure, HttpOnly: hidden, SameSite: site, MaxAge: int(keep / time.Second),
	}
	if keep < 0 {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// cookies gives the values of a cookie; there may be several.
func (l *Login) cookies(r *http.Request, name string) []string {
	var values []string
	for _, c := range r.CookiesNamed(l.prefix() + name) {
		values = append(values, c.Value)
	}
	return values
}

// sessionID gives the id that the browser holds, "" for none. With two of them
// one is planted, and nobody is believed.
func (l *Login) sessionID(r *http.Request) string {
	v := l.cookies(r, sessionCookie)
	if len(v) != 1 || len(v[0]) != b64.EncodedLen(idBytes) {
		return ""
	}
	return v[0]
}

func keyOf(id string) string { return digest("session", id) }

// open makes a session for who has proved who they are. Its id is always new,
// and a session that the browser had before ends.
func (l *Login) open(w http.ResponseWriter, r *http.Request, p proof, c *client) (Session, error) {
	b := make([]byte, idBytes)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	id, now := b64.EncodeToString(b), l.cfg.Now().UTC().Truncate(time.Microsecond)
	s := Session{
		Key: keyOf(id), Name: rand.Text()[:16], Person: p.person, Subject: p.subject, SID: p.sid,
		Device: device(r.UserAgent()), Began: now, Used: now,
	}
	if c != nil {
		s.Provider = c.Provider.Provider
		if c.Hint {
			s.Sealed = seal(id, p.raw)
		}
	}
	if old := l.sessionID(r); old != "" {
		if _, err := l.end(r.Context(), "replaced", Match{Key: keyOf(old)}); err != nil {
			return Session{}, err
		}
	}
	if err := l.cfg.Store.Add(r.Context(), s); err != nil {
		return Session{}, err
	}
	l.setCookie(w, sessionCookie, id, l.cfg.Limits.Absolute, true, http.SameSiteLaxMode)
	l.setCookie(w, csrfCookie, csrfToken(id), l.cfg.Limits.Absolute, false, http.SameSiteStrictMode)
	return s, nil
}

// end takes sessions away and tells of them.
func (l *Login) end(ctx context.Context, why string, m Match) ([]Session, error) {
	ended, err := l.cfg.Store.End(ctx, m)
	if err != nil {
		return nil, err
	}
	l.ended(ctx, why, ended)
	return ended, nil
}

func (l *Login) ended(ctx context.Context, why string, all []Session) {
	for _, s := range all {
		l.cfg.Log.Info("session ended", zap.String("session", s.Name), zap.String("why", why))
	}
	if len(all) > 0 && l.cfg.OnEnd != nil {
		l.cfg.OnEnd(context.WithoutCancel(ctx), all) // who logs out and goes away is logged out
	}
}

// Session gives the session that a request belongs to, and notes that it was
// used. Error: CodeNotFound when there is none, or it is past its limits.
func (l *Login) Session(r *http.Request) (Session, error) {
	id := l.sessionID(r)
	if id == "" {
		return Session{}, ErrNoSession
	}
	return l.use(r.Context(), keyOf(id))
}

// Use says that a session was used, as by a message over its socket. Error:
// CodeNotFound when it has ended or is past its limits.
func (l *Login) Use(ctx context.Context, key string) error {
	_, err := l.use(ctx, key)
	return err
}

func (l *Login) use(ctx context.Context, key string) (Session, error) {
	s, err := l.cfg.Store.Get(ctx, key)
	if err != nil {
		return Session{}, err
	}
	now := l.cfg.Now().UTC().Truncate(time.Microsecond)
	if l.cfg.Limits.Over(s, now) {
		if _, err := l.end(ctx, "limit", Match{Key: key}); err != nil {
			return Session{}, err
		}
		return Session{}, ErrNoSession
	}
	if now.Sub(s.Used) < touchTime {
		return s, nil
	}
	if err := l.cfg.Store.Touch(ctx, key, now); err != nil {
		return Session{}, err
	}
	s.Used = now
	return s, nil
}

// Expire ends what is past its limits. It is called now and then, by any
// replica.
func (l *Login) Expire(ctx context.Context) (int, error) {
	all, err := l.cfg.Store.Expire(ctx, l.cfg.Limits, l.cfg.Now())
	if err != nil {
		return 0, err
	}
	l.ended(ctx, "limit", all)
	return len(all), nil
}

// EndPerson ends all sessions of a person, as when access is taken away.
func (l *Login) EndPerson(ctx context.Context, id string) (int, error) {
	all, err := l.end(ctx, "administrator", Match{Person: id})
	return len(all), err
}

// seal hides a text under the session's id, which the store does not have.
func seal(id, text string) []byte {
	a := sealer(id)
	nonce := make([]byte, a.NonceSize())
	_, _ = rand.Read(nonce)
	return a.Seal(nonce, nonce, []byte(text), nil)
}

// unseal gives "" for what the id does not open.
func unseal(id string, b []byte) string {
	a := sealer(id)
	if len(b) < a.NonceSize() {
		return ""
	}
	text, err := a.Open(nil, b[:a.NonceSize()], b[a.NonceSize():], nil)
	if err != nil {
		return ""
	}
	return string(text)
}

func sealer(id string) cipher.AEAD {
	h := hmac.New(sha256.New, []byte(id))
	h.Write([]byte("seal"))
	block, err := aes.NewCipher(h.Sum(nil))
	if err != nil {
		panic(err) // unreachable: 32 bytes are a key
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // unreachable
	}
	return a
}

// device says roughly what a browser is, for somebody to know it again: never
// more than two words of ours.
func device(agent string) string {
	pick := func(pairs ...string) string {
		for i := 0; i < len(pairs); i += 2 {
			if strings.Contains(agent, pairs[i]) {
				return pairs[i+1]
			}
		}
		return ""
	}
	parts := []string{
		pick("Edg/", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "Chrome/", "Chrome", "Safari/", "Safari"),
		pick("Windows", "Windows", "iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "Mac OS X", "macOS", "Linux", "Linux"),
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// missing says whether an error means that nobody is signed in.
func missing(err error) bool { return kiveileder.ErrorCode(err) == kiveileder.CodeNotFound }
