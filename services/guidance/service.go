package guidance

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"slices"
	"strings"
	"time"

	"kiveileder"
	"kiveileder/services/rules"
)

// Config is what a service needs.
type Config struct {
	Store Store
	Seal  *Sealer // nil: contacts are refused

	// Known reports whether an agency may be invited; nil: any short key.
	Known func(agency string) bool

	// Verbatim reports whether a quote stands in its source word for word; nil:
	// none does, and a draft with quotes is not signed off.
	Verbatim func(rules.Quote) bool

	// Due gives when a case is due, zero when nothing is; nil: never. It must
	// rest on the case alone: it is kept in the list.
	Due func(Case) time.Time

	// Fill puts into the data of a command what the service knows better than
	// its sender, such as what a publication leans on, or refuses it; nil: nothing.
	// What it gives must be of the same type, and rest on the case, the data and
	// the time alone.
	Fill func(c Case, data any, at time.Time) (any, error)

	// News is told after something was stored, with the case as it is then, and
	// again when the same command comes again; nil: nobody. It must not block.
	News func(caseID string, c Case)

	Now   func() time.Time // nil: time.Now
	Lease time.Duration    // of a claim without a heartbeat; default two minutes
}

// A Service takes commands. It is safe for concurrent use, and several may run
// over one store.
type Service struct {
	Config
	shelf *shelf
}

// New gives a service.
func New(c Config) *Service {
	if c.Known == nil {
		c.Known = isShort
	}
	if c.Verbatim == nil {
		c.Verbatim = func(rules.Quote) bool { return false }
	}
	if c.Due == nil {
		c.Due = func(Case) time.Time { return time.Time{} }
	}
	if c.Fill == nil {
		c.Fill = func(_ Case, data any, _ time.Time) (any, error) { return data, nil }
	}
	if c.News == nil {
		c.News = func(string, Case) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Lease <= 0 {
		c.Lease = 2 * time.Minute
	}
	return &Service{c, newShelf()}
}

// A Command is what somebody wants to do.
type Command struct {
	ID    string // chosen by the sender: the same command again changes nothing; "" for one that is never repeated
	Actor Actor  // as the login says, never the sender
	Kind  Kind
	Data  any   // of the kind's type, or its JSON as json.RawMessage; nil for none
	Seen  int64 // Seq that the sender had seen
}

// A Snapshot is a case at a moment.
type Snapshot struct {
	ID     string
	Number string
	Case   Case
	Log    []Event
	Lease  Lease
}

// A Conflict says that the case moved since the sender looked, and how. An
// asker gets what askers may see.
type Conflict struct{ Events []Event }

func (c *Conflict) Error() string {
	kinds := make([]string, 0, len(c.Events))
	for _, e := range c.Events {
		kinds = append(kinds, string(e.Kind))
	}
	return "the case has moved: " + strings.Join(kinds, ", ")
}

func (c *Conflict) Unwrap() error { return ErrMoved }

// Held says who has a case that somebody else wanted.
type Held struct{ Lease Lease }

func (h *Held) Error() string { return "held by another: " + ErrHeld.Error() }

func (h *Held) Unwrap() error { return ErrHeld }

// Open makes a case with the given id (letters, digits, "-", "_"), or gives
// the one that has it: a hand-over that is sent twice is one case. The contact
// may be empty. Errors: ErrReused when the id opened a case with other words,
// ErrMoved when it is somebody else's.
func (s *Service) Open(ctx context.Context, id string, actor Actor, d ReceivedData, contact Contact) (Snapshot, error) {
	if !isID(id) {
		return Snapshot{}, say.Error(kiveileder.CodeInvalid, "case_id")
	}
	has, err := contact.check()
	if err != nil {
		return Snapshot{}, err
	}
	var sealed []byte
	d.NoMail = has && contact.Email == ""
	if d.HasContact = has; has {
		if s.Seal == nil {
			return Snapshot{}, say.Error(kiveileder.CodeInvalid, "no_contacts_taken")
		}
		if sealed, err = s.Seal.Seal(id, contact); err != nil {
			return Snapshot{}, err
		}
	}
	old, err := s.Load(ctx, id)
	if err == nil {
		return s.same(old, actor, d)
	}
	if !errors.Is(err, ErrNoCase) {
		return Snapshot{}, err
	}
	snap, _, err := s.try(ctx, Snapshot{ID: id}, Command{ID: "open", Actor: actor, Kind: Received, Data: d}, sealed)
	if errors.Is(err, ErrMoved) { // somebody was first with the id, or we were and did not hear of it
		if old, err = s.Load(ctx, id); err == nil {
			return s.same(old, actor, d)
		}
	}
	if err != nil {
		return Snapshot{}, err
	}
	s.News(id, snap.Case)
	return s.Load(ctx, snap.ID) // with its number
}

// same gives a case that was opened before to the one who did, and tells of it
// again.
func (s *Service) same(old Snapshot, actor Actor, d ReceivedData) (Snapshot, error) {
	if old.Log[0].Actor.ID != actor.ID {
		return Snapshot{}, ErrMoved
	}
	if !old.Case.OpenedBy(d) {
		return Snapshot{}, ErrReused
	}
	s.tellAgain(old, 0)
	return old, nil
}

// Do carries out a command and gives the case afterwards with the event that
// it made.
//
// Errors: *Refused when a guard is against it, *Held when it wanted a case that
// somebody else has, *Conflict when the case has moved, ErrReused when the
// sender's ID stands for another command, ErrLost when a mail is to be
// dismissed that was not given up, ErrNoCase; all of them with a code. Nothing
// has changed then.
func (s *Service) Do(ctx context.Context, id string, c Command) (Snapshot, Event, error) {
	if c.ID == "" {
		c.ID = rand.Text() // a store that did not hear itself may see the command twice
	}
	if err := checkText(c.ID+c.Actor.ID+c.Actor.Name+c.Actor.Agency, MaxShort); err != nil {
		return Snapshot{}, Event{}, err
	}
	if c.Kind == Received || c.Actor.ID == "" {
		return Snapshot{}, Event{}, refuse("role") // Open does that
	}
	const tries = 400
	for try := range tries {
		snap, err := s.Load(ctx, id)
		if err != nil {
			return Snapshot{}, Event{}, err
		}
		if i := slices.IndexFunc(snap.Log, func(e Event) bool { return e.ID == c.ID && e.Actor.ID == c.Actor.ID }); i >= 0 {
			if err := s.repeats(snap, snap.Log[i], c); err != nil {
				return Snapshot{}, Event{}, err
			}
			s.tellAgain(snap, i)
			return snap, snap.Log[i], nil
		}
		next, e, err := s.try(ctx, snap, c, nil)
		switch {
		case err == nil:
			s.News(id, next.Case)
			return next, e, nil
		case !overtaken(err):
			return Snapshot{}, Event{}, err
		}
		select { // somebody was faster: look again whether it still may be
		case <-ctx.Done():
			return Snapshot{}, Event{}, ctx.Err()
		case <-time.After(mrand.N(time.Duration(min(try+1, 20)) * time.Millisecond)):
		}
	}
	return Snapshot{}, Event{}, errTooBusy
}

// tellAgain tells of an event of a log as when it was new: who stored it may
// have died before it told anybody.
func (s *Service) tellAgain(snap Snapshot, i int) {
	if c, err := Fold(snap.Log[:i+1]); err == nil { // the whole could be folded
		s.News(snap.ID, c)
	}
}

// overtaken reports whether the store refused a batch because somebody was
// faster, not the service because of what it saw.
func overtaken(err error) bool {
	var conflict *Conflict
	var held *Held
	return (errors.Is(err, ErrMoved) || errors.Is(err, ErrHeld)) && !errors.As(err, &conflict) && !errors.As(err, &held)
}

// try carries out a command on a case as it was loaded. The error is overtaken
// when the store has another one by now.
func (s *Service) try(ctx context.Context, snap Snapshot, c Command, sealed []byte) (Snapshot, Event, error) {
	now := micro(s.Now())
	data, err := s.data(c)
	if err != nil {
		return snap, Event{}, err
	}
	if err := s.moved(snap, c); err != nil {
		return snap, Event{}, err
	}
	if data, err = s.Fill(snap.Case, complete(snap, c.Actor, data, now), now); err != nil {
		return snap, Event{}, err
	}
	if err := s.guard(snap, c, data, now); err != nil {
		return snap, Event{}, err
	}
	// a clock that went back must not turn the log round
	e := Event{Seq: snap.Case.Seq + 1, ID: c.ID, At: later(now, snap.Case.Changed), Actor: logged(c.Actor), Kind: c.Kind, Data: data}
	next := snap.Case
	if err := next.apply(e); err != nil {
		return snap, Event{}, fmt.Errorf("case %s: %w", snap.ID, err)
	}
	b := Batch{
		Case: snap.ID, Expect: snap.Case.Seq, Year: year(e.At), Events: []Event{e}, Row: s.row(snap, next),
		Claim: s.claim(e, now), Mails: mails(snap.ID, next, e, now), Sealed: sealed,
	}
	if d, ok := e.Data.(DismissedData); ok {
		if b.Drop = d.Mail; b.Drop == "" {
			return snap, Event{}, ErrLost
		}
	}
	if e.Kind == Anonymised {
		b.Forget, b.Redact = true, redact(snap.Log)
		b.Row.Title, b.Row.Topics = "", nil
	}
	if err := ctx.Err(); err != nil {
		return snap, Event{}, err
	}
	ctx = context.WithoutCancel(ctx) // who asked may go away: what is begun is told to all others
	if err := s.Store.Append(ctx, b); err != nil {
		return snap, Event{}, err
	}
	snap.Case, snap.Log = next, append(slices.Clip(snap.Log), e)
	if b.Claim != nil {
		snap.Lease, _ = b.Claim.Take(snap.Lease) // the store has done it
	}
	if e.Kind == Anonymised { // what was redacted is not given out either
		snap, err = s.Load(ctx, snap.ID)
	}
	return snap, e, err
}

// Beat is the heartbeat of the one who holds a case: it is held for another
// while. *Held when somebody else has it by now, *Refused when the actor never
// claimed it.
func (s *Service) Beat(ctx context.Context, id string, actor Actor) (Lease, error) {
	snap, err := s.Load(ctx, id)
	if err != nil {
		return Lease{}, err
	}
	now := micro(s.Now())
	switch {
	case snap.Case.Holder != nil && snap.Case.Holder.ID == actor.ID:
	case snap.Lease.Holds(now) && snap.Lease.Holder.ID != actor.ID && sees(snap.Case, actor):
		return Lease{}, &Held{snap.Lease}
	default:
		return Lease{}, refuse("holder")
	}
	l, err := s.Store.Lease(ctx, id, actor, now, now.Add(s.Lease))
	switch {
	case err != nil:
		return Lease{}, err
	case l.Holder.ID != actor.ID:
		return Lease{}, &Held{l}
	}
	if snap, err = s.Load(ctx, id); err != nil {
		return Lease{}, err
	}
	if h := snap.Case.Holder; h == nil || h.ID != actor.ID { // it was given up meanwhile, and must not be held again
		_, err = s.Store.Lease(ctx, id, actor, now, now)
		return Lease{}, cmp.Or(err, refuse("holder"))
	}
	return l, nil
}

// Contact opens the contact for somebody who works on the case, or for the
// service itself, which sends the mails and alone gets the conversation's id.
func (s *Service) Contact(ctx context.Context, id string, actor Actor) (Contact, error) {
	snap, err := s.Load(ctx, id)
	switch {
	case err != nil:
		return Contact{}, err
	case actor.Role != System && !worksOn(snap.Case, actor):
		return Contact{}, ErrNoCase
	case s.Seal == nil:
		return Contact{}, ErrNoOne
	}
	sealed, err := s.Store.Contact(ctx, id)
	if err != nil {
		return Contact{}, err
	}
	c, err := s.Seal.Open(id, sealed)
	if actor.Role != System {
		c = c.Public()
	}
	return c, err
}
