package login

import (
	"bytes"
	"context"
	"crypto/rand"
	"time"

	"kiveileder"
	"kiveileder/internal/rpc"
)

// Calls may be made again when their answer was lost, by internal/rpc at
// another replica, or by a store whose connection broke. Get, List, Everyone and Touch
// stand that by themselves. The others give something once: who is asked again
// must not say "not the first" of a token that the same caller has just used,
// nor forget the sessions that the caller has just ended, whose sockets nobody
// would close then. So each call has a name, made where it begins and sent
// along, and a store that lasts keeps it with what the call did:
//
//   - Add of a session that is there with the same content is no error, and
//     does not bring it back when it has ended since.
//   - Once says that it was the first again.
//   - End and EndOnce end nothing more, and give what they ended.
//   - Expire gives what it ended, and what is past its limits since.
//
// That holds for RepeatTime. An error of CodeUnavailable still says nothing of
// what happened: all tries may have been lost on their way back.
//
// Memory lives in one process and does not know of names: behind Handle it is
// for tests alone.

// RepeatTime is how long a store knows a call by its name at least, and how
// long it keeps what has ended for that.
const RepeatTime = 2 * time.Minute

type callKey struct{}

// WithCall gives a context for one call of a Store that has a name already.
func WithCall(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, callKey{}, name)
}

// CallOf gives the name of a call, a new one for a call that begins here.
func CallOf(ctx context.Context) string {
	if name, ok := ctx.Value(callKey{}).(string); ok && name != "" {
		return name
	}
	return rand.Text()
}

// Again says whether a session is the same as another that was added, whatever
// use was made of it since.
func (s Session) Again(added Session) bool {
	return s.Key == added.Key && s.Name == added.Name && s.Person.ID == added.Person.ID &&
		s.Provider == added.Provider && s.Subject == added.Subject && s.SID == added.SID && bytes.Equal(s.Sealed, added.Sealed) &&
		s.Began.Truncate(time.Microsecond).Equal(added.Began.Truncate(time.Microsecond))
}

// The calls, by name.
const (
	callAdd     = "session-add"
	callGet     = "session-get"
	callTouch   = "session-touch"
	callList    = "session-list"
	callAll     = "session-all"
	callEnd     = "session-end"
	callEndOnce = "session-end-once"
	callOnce    = "session-once"
	callExpire  = "session-expire"
)

// A farCall is what a call says; each uses what it needs.
type farCall struct {
	Call     string        `json:"call,omitempty"` // its name
	Session  *farSession   `json:"session,omitempty"`
	Key      string        `json:"key,omitempty"`
	Person   string        `json:"person,omitempty"`
	Token    string        `json:"token,omitempty"`
	Time     time.Time     `json:"time,omitzero"`
	Match    farMatch      `json:"match,omitzero"`
	Idle     time.Duration `json:"idle,omitempty"`
	Absolute time.Duration `json:"absolute,omitempty"`
}

type farSession struct {
	Key      string    `json:"key"`
	Name     string    `json:"name"`
	Person   Person    `json:"person"`
	Provider string    `json:"provider,omitempty"`
	Subject  string    `json:"subject,omitempty"`
	SID      string    `json:"sid,omitempty"`
	Device   string    `json:"device,omitempty"`
	Sealed   []byte    `json:"sealed,omitempty"`
	Began    time.Time `json:"began"`
	Used     time.Time `json:"used"`
}

type farMatch struct {
	Key      string `json:"key,omitempty"`
	Person   string `json:"person,omitempty"`
	Name     string `json:"name,omitempty"`
	Not      string `json:"not,omitempty"`
	Provider string `json:"provider,omitempty"`
	Subject  string `json:"subject,omitempty"`
	SID      string `json:"sid,omitempty"`
}

type nothing struct{}

// Handle lets a server answer for a store.
func Handle(s *rpc.Server, st Store) {
	rpc.Handle(s, callAdd, func(ctx context.Context, in farCall) (nothing, error) {
		if in.Session == nil {
			return nothing{}, kiveileder.Errorf(kiveileder.CodeInvalid, "no session")
		}
		return nothing{}, st.Add(WithCall(ctx, in.Call), Session(*in.Session))
	})
	rpc.Handle(s, callGet, func(ctx context.Context, in farCall) (farSession, error) {
		one, err := st.Get(ctx, in.Key)
		return farSession(one), err
	})
	rpc.Handle(s, callTouch, func(ctx context.Context, in farCall) (nothing, error) {
		return nothing{}, st.Touch(ctx, in.Key, in.Time)
	})
	rpc.Handle(s, callOnce, func(ctx context.Context, in farCall) (bool, error) {
		return st.Once(WithCall(ctx, in.Call), in.Token, in.Time)
	})
	for name, do := range map[string]func(ctx context.Context, in farCall) ([]Session, error){
		callList: func(ctx context.Context, in farCall) ([]Session, error) { return st.List(ctx, in.Person) },
		callAll:  func(ctx context.Context, _ farCall) ([]Session, error) { return st.Everyone(ctx) },
		callEnd:  func(ctx context.Context, in farCall) ([]Session, error) { return st.End(ctx, Match(in.Match)) },
		callEndOnce: func(ctx context.Context, in farCall) ([]Session, error) {
			return st.EndOnce(ctx, in.Token, in.Time, Match(in.Match))
		},
		callExpire: func(ctx context.Context, in farCall) ([]Session, error) {
			return st.Expire(ctx, Limits{in.Idle, in.Absolute}, in.Time)
		},
	} {
		rpc.Handle(s, name, func(ctx context.Context, in farCall) ([]farSession, error) {
			all, err := do(WithCall(ctx, in.Call), in)
			var out []farSession
			for _, one := range all {
				out = append(out, farSession(one))
			}
			return out, err
		})
	}
}

// A Far is a Store in another process: a gateway has no database, and asks the
// role that has one. Its errors are those of the near store, ErrNoSession and
// ErrUsed among them; CodeUnavailable when the other process is not reached.
//
// Config.OnEnd and several gateways: OnEnd is given the sessions that ended by
// what this gateway was asked (a logout, a revocation, a provider's call, a
// limit that a request or Expire found), and those alone. Each session that
// ends is given to one gateway, whole, after it has ended for all; the store
// tells no other. Where the session has sockets on other gateways, OnEnd must
// tell those, by Session.Key, which is a hash and opens nothing. A gateway that
// dies between the store and OnEnd, or whose call came back from no try, tells
// nobody: a socket asks now and then, too, and closes itself at CodeNotFound
// (of Login.Use where something came over it; of Store.Get where nothing did,
// which does not prolong the session; at CodeUnavailable it stays).
type Far struct{ rpc *rpc.Client }

// NewFar gives the store that a client reaches.
func NewFar(c *rpc.Client) Store { return &Far{c} }

// Add implements Store.
func (f *Far) Add(ctx context.Context, s Session) error {
	one := farSession(s)
	_, err := far[nothing](ctx, f, callAdd, farCall{Call: CallOf(ctx), Session: &one})
	return err
}

// Get implements Store.
func (f *Far) Get(ctx context.Context, key string) (Session, error) {
	one, err := far[farSession](ctx, f, callGet, farCall{Key: key})
	return Session(one), err
}

// Touch implements Store.
func (f *Far) Touch(ctx context.Context, key string, used time.Time) error {
	_, err := far[nothing](ctx, f, callTouch, farCall{Key: key, Time: used})
	return err
}

// List implements Store.
func (f *Far) List(ctx context.Context, person string) ([]Session, error) {
	return f.all(ctx, callList, farCall{Person: person})
}

// Everyone implements Store.
func (f *Far) Everyone(ctx context.Context) ([]Session, error) {
	return f.all(ctx, callAll, farCall{})
}

// End implements Store.
func (f *Far) End(ctx context.Context, m Match) ([]Session, error) {
	return f.all(ctx, callEnd, farCall{Call: CallOf(ctx), Match: farMatch(m)})
}

// EndOnce implements Store.
func (f *Far) EndOnce(ctx context.Context, token string, until time.Time, m Match) ([]Session, error) {
	return f.all(ctx, callEndOnce, farCall{Call: CallOf(ctx), Token: token, Time: until, Match: farMatch(m)})
}

// Once implements Store.
func (f *Far) Once(ctx context.Context, token string, until time.Time) (bool, error) {
	return far[bool](ctx, f, callOnce, farCall{Call: CallOf(ctx), Token: token, Time: until})
}

// Expire implements Store.
func (f *Far) Expire(ctx context.Context, l Limits, now time.Time) ([]Session, error) {
	return f.all(ctx, callExpire, farCall{Call: CallOf(ctx), Idle: l.Idle, Absolute: l.Absolute, Time: now})
}

// all makes a call that gives sessions. One that ends them goes on when who
// made it goes away: what has ended must be told to the sockets.
func (f *Far) all(ctx context.Context, name string, in farCall) ([]Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if name != callList && name != callAll {
		ctx = context.WithoutCancel(ctx)
	}
	found, err := far[[]farSession](ctx, f, name, in)
	var out []Session
	for _, one := range found {
		out = append(out, Session(one))
	}
	return out, err
}

// far calls, and gives the errors that stores have.
func far[Out any](ctx context.Context, f *Far, name string, in farCall) (out Out, err error) {
	out, err = rpc.Call[farCall, Out](ctx, f.rpc, name, in)
	switch kiveileder.ErrorCode(err) {
	case kiveileder.CodeNotFound:
		return out, ErrNoSession
	case kiveileder.CodeConflict:
		return out, ErrUsed
	}
	return out, err
}
