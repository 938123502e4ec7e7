// Package guidance is the ki.veiledning queue: what the machine does not
// settle goes to people, who answer as one.
//
// A case is an append-only log of decisions. Its state is folded from the log
// (Fold) and nothing else is the truth. What may happen when, by whom, stands
// in transitions.yaml. A command (Service.Do) says what its sender had seen;
// when the case has moved in a way that matters, it is refused and shows what
// came.
//
// Contact details never stand in the log: they are kept apart, encrypted, and
// can be deleted alone. Internal notes reach the asker on no path, because the
// asker's view (ForAsker) is made from a list of what may be shown.
package guidance

import (
	"time"

	"kiveileder"
)

// A Role is what somebody may do.
type Role string

const (
	Asker   Role = "asker"
	Lawyer  Role = "lawyer"
	Lead    Role = "lead" // of an agency
	Analyst Role = "analyst"
	Admin   Role = "admin"
	System  Role = "system" // the service itself: mails, reviews, deadlines
)

// Roles are all of them.
var Roles = []Role{Asker, Lawyer, Lead, Analyst, Admin, System}

// An Actor is who did something. An asker's ID is the key of the conversation
// and the name is empty: who asks never stands in the log.
type Actor struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Role   Role   `json:"role"`
	Agency string `json:"agency,omitempty"` // a key of agencies.yaml
}

// A Kind is a kind of decision.
type Kind string

const (
	Received    Kind = "received"
	Claimed     Kind = "claimed"
	Released    Kind = "released"
	TakenOver   Kind = "taken_over"
	Assessed    Kind = "assessed"
	Invited     Kind = "invited"
	Uninvited   Kind = "uninvited"
	Noted       Kind = "noted"
	DraftSaved  Kind = "draft_saved"
	Submitted   Kind = "submitted"
	Signed      Kind = "signed"
	Bypassed    Kind = "bypassed"
	Asked       Kind = "asked"
	Replied     Kind = "replied"
	Added       Kind = "added"
	Informed    Kind = "informed"   // a preliminary reply: why it takes time, and until when
	Reminded    Kind = "reminded"   // the asker, of what is asked
	Unanswered  Kind = "unanswered" // the lawyers are told that the asker does not reply
	Closed      Kind = "closed"     // for want of a reply
	Sent        Kind = "sent"
	Delivered   Kind = "delivered"
	Undelivered Kind = "undelivered"
	Dismissed   Kind = "dismissed" // a mail that was given up
	Published   Kind = "published"
	ReviewBegan Kind = "review_began"
	ReviewEnded Kind = "review_ended"
	Unpublished Kind = "unpublished"
	Referred    Kind = "referred"
	Withdrawn   Kind = "withdrawn"
	Reopened    Kind = "reopened"
	Extended    Kind = "extended"
	Anonymised  Kind = "anonymised"
)

// A State is where a case stands.
type State string

const (
	None         State = "" // before it was received
	IsReceived   State = "received"
	Assessment   State = "assessment"
	Drafting     State = "drafting"
	Waiting      State = "waiting" // for the asker
	AtSignOff    State = "signoff"
	Answered     State = "answered"
	IsPublished  State = "published"
	IsReferred   State = "referred"
	IsWithdrawn  State = "withdrawn"
	IsReopened   State = "reopened"
	IsClosed     State = "closed" // for want of a reply
	sameState    State = "same"   // in transitions.yaml
	beforeStates State = "none"   // in transitions.yaml
)

// States are those that a case may be in.
var States = []State{IsReceived, Assessment, Drafting, Waiting, AtSignOff, Answered, IsPublished, IsReferred, IsWithdrawn, IsReopened, IsClosed}

// Limits of what a log takes. Whatever is longer is refused, not cut.
const (
	MaxText   = 100_000   // characters in one text
	MaxReason = 4_000     // characters of a reason
	MaxShort  = 500       // characters of a title, a key, a name, a topic
	MaxData   = 1_000_000 // bytes of one event, as JSON
	MaxEvents = 5_000     // of a case; what brings it to its end is always taken
	MaxAdded  = 200       // what an asker adds to one case unasked
)

// Errors of a store and of the service.
var (
	ErrNoCase  = say.Error(kiveileder.CodeNotFound, "no_case")
	ErrNoOne   = say.Error(kiveileder.CodeNotFound, "no_contact")
	ErrLost    = say.Error(kiveileder.CodeConflict, "mail_lost")
	ErrMoved   = say.Error(kiveileder.CodeConflict, "moved")
	ErrHeld    = say.Error(kiveileder.CodeConflict, "held")
	ErrFull    = say.Error(kiveileder.CodeConflict, "full")
	ErrReused  = say.Error(kiveileder.CodeConflict, "reused")
	errTooBusy = say.Error(kiveileder.CodeUnavailable, "busy")
)

// micro is the precision that stores keep.
func micro(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}
