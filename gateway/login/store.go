package login

import (
	"context"
	"time"

	"kiveileder"
)

// A Session is somebody's time with the service in one browser.
type Session struct {
	Key      string // a hash of the id, which the browser alone has
	Name     string // what its owner knows it by in a list; opens nothing
	Person   Person
	Provider string // "" for a demo user
	Subject  string // a hash of whom the provider knows
	SID      string // a hash of the provider's own session, "" when it did not tell
	Device   string // roughly what it runs on: "Firefox, Windows"
	Sealed   []byte // the ID token, for the provider's logout; the id opens it
	Began    time.Time
	Used     time.Time
}

// Limits are how long a session lasts: unused, and at all.
type Limits struct{ Idle, Absolute time.Duration }

// DefaultLimits end a session after half an hour unused, and after a working day.
var DefaultLimits = Limits{30 * time.Minute, 10 * time.Hour}

// Over says whether a session is past its limits.
func (l Limits) Over(s Session, now time.Time) bool {
	return !now.Before(s.Used.Add(l.Idle)) || !now.Before(s.Began.Add(l.Absolute))
}

// A Match says which sessions are meant: those that fit all that is given. One
// that says nothing fits nothing.
type Match struct {
	Key      string
	Person   string // its ID
	Name     string
	Not      string // a key that does not fit; says nothing alone
	Provider string // says nothing alone
	Subject  string
	SID      string // a session whose own is not known fits by Subject
}

// Fits says whether a session is meant.
func (m Match) Fits(s Session) bool {
	if m.Key == "" && m.Person == "" && m.Subject == "" && m.SID == "" {
		return false
	}
	same := func(want, have string) bool { return want == "" || want == have }
	return same(m.Key, s.Key) && same(m.Person, s.Person.ID) && same(m.Name, s.Name) && (m.Not == "" || m.Not != s.Key) &&
		same(m.Provider, s.Provider) && same(m.Subject, s.Subject) &&
		(same(m.SID, s.SID) || s.SID == "" && m.Subject != "")
}

// A Store keeps sessions. Times are kept to the microsecond at least, and a
// Session comes back as it was given. The suite in logintest says all that is
// promised.
type Store interface {
	// Add keeps a new session. Error: CodeConflict when its key is there.
	Add(ctx context.Context, s Session) error

	// Get gives a session, also one that is past its limits. Error: CodeNotFound.
	Get(ctx context.Context, key string) (Session, error)

	// Touch says that a session was used. An earlier time than the one that is
	// kept changes nothing. Error: CodeNotFound; an ended session stays ended.
	Touch(ctx context.Context, key string, used time.Time) error

	// List gives a person's sessions, the newest first.
	List(ctx context.Context, person string) ([]Session, error)

	// Everyone gives the sessions of all people, the newest first.
	Everyone(ctx context.Context) ([]Session, error)

	// End takes the sessions away that fit, and gives them back.
	End(ctx context.Context, m Match) ([]Session, error)

	// EndOnce ends what fits if the token has not been used: both happen or
	// neither. Error: CodeConflict when it has.
	EndOnce(ctx context.Context, token string, until time.Time, m Match) ([]Session, error)

	// Once uses a token, and says whether it was the first to. Of all that
	// try at once one is the first. The token is known until then.
	Once(ctx context.Context, token string, until time.Time) (first bool, err error)

	// Expire drops sessions past their limits, which it gives back, and
	// tokens whose time is over.
	Expire(ctx context.Context, l Limits, now time.Time) ([]Session, error)
}

// What stores say.
var (
	ErrNoSession = said.Error(kiveileder.CodeNotFound, "not_signed_in")
	ErrUsed      = said.Error(kiveileder.CodeConflict, "login_used")
)
