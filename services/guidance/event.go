package guidance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"kiveileder"
	"kiveileder/services/rules"
)

// An Event is one decision in the log of a case. Seq counts from 1 without
// gaps. Data is the type that belongs to the kind, as a value; events compare
// and encode alike whether they were just made or read back.
type Event struct {
	Seq   int64     `json:"seq"`
	ID    string    `json:"id"` // of the command: the same command twice is one event
	At    time.Time `json:"at"`
	Actor Actor     `json:"actor"`
	Kind  Kind      `json:"kind"`
	Data  any       `json:"data"`
}

// The data of each kind.
type (
	// ReceivedData is the hand-over. The transcript and all texts are masked.
	ReceivedData struct {
		Asker      string                `json:"asker,omitempty"` // the conversation's key; who may speak for the asker
		Language   kiveileder.Language   `json:"language,omitempty"`
		Title      string                `json:"title,omitempty"`
		Question   string                `json:"question"`
		Project    string                `json:"project,omitempty"`
		Agency     string                `json:"agency,omitempty"` // that the asker thinks of
		Publish    bool                  `json:"publish,omitempty"`
		HasContact bool                  `json:"has_contact,omitempty"`
		NoMail     bool                  `json:"no_mail,omitempty"` // the contact has no e-mail address
		Transcript []Line                `json:"transcript,omitempty"`
		Facts      map[string]any        `json:"facts,omitempty"`
		Findings   []kiveileder.Finding  `json:"findings,omitempty"`
		Unclear    []string              `json:"unclear,omitempty"` // outcomes
		Passages   []kiveileder.Citation `json:"passages,omitempty"`
		Agencies   []string              `json:"agencies,omitempty"` // proposed: they are on the case from the start
		Topics     []string              `json:"topics,omitempty"`
		Versions   kiveileder.Versions   `json:"versions,omitzero"`
	}
	// A Line is one message of a conversation.
	Line struct {
		At        time.Time `json:"at,omitzero"`
		Automated bool      `json:"automated,omitempty"`
		Text      string    `json:"text"`
	}
	ClaimedData struct {
		Was string `json:"was,omitempty"` // ID of a holder whose lease had run out
	}
	ReleasedData struct {
		Reason string `json:"reason,omitempty"`
	}
	TakenOverData struct {
		From   string `json:"from"` // ID of the holder until now
		Reason string `json:"reason"`
	}
	AssessedData struct {
		Text   string   `json:"text,omitempty"` // internal
		Title  string   `json:"title,omitempty"`
		Topics []string `json:"topics,omitempty"`
	}
	InvitedData struct {
		Agency string `json:"agency"`
		Reason string `json:"reason"`
	}
	UninvitedData struct {
		Agency string `json:"agency"`
		Reason string `json:"reason"`
	}
	// NotedData is internal. Only the agency sees it, unless it is for all on the case.
	NotedData struct {
		Agency string `json:"agency"`
		All    bool   `json:"all,omitempty"`
		Text   string `json:"text"`
	}
	DraftSavedData struct {
		Base  int    `json:"base"` // the version it changes; 0 for the first
		Draft Draft  `json:"draft"`
		Hash  string `json:"hash,omitempty"` // set by the service
	}
	SubmittedData struct {
		Hash string `json:"hash"`
	}
	SignedData struct {
		Agency  string  `json:"agency"`
		Hash    string  `json:"hash"` // of the very text that was read
		Verdict Verdict `json:"verdict"`
		Reason  string  `json:"reason,omitempty"`
	}
	BypassedData struct {
		Hash     string   `json:"hash"`
		Agencies []string `json:"agencies"` // that have not signed; set by the service
		Reason   string   `json:"reason"`
	}
	AskedData struct {
		Text string `json:"text"`
		Fact string `json:"fact,omitempty"` // the fact that the reply settles
	}
	RepliedData struct {
		Task  int64          `json:"task"` // Seq of the question
		Text  string         `json:"text,omitempty"`
		Facts map[string]any `json:"facts,omitempty"`
	}
	AddedData struct {
		Text string `json:"text"`
	}
	InformedData struct {
		Text  string    `json:"text"`
		Until time.Time `json:"until,omitzero"` // when the answer is expected now
	}
	// RemindedData says which silence the reminder is about, so that one that
	// comes too late for it is refused.
	RemindedData struct {
		Since  time.Time `json:"since,omitzero"`
		Number int       `json:"number,omitempty"` // 1 for the first since then
	}
	// UnansweredData says how long the asker has been silent.
	UnansweredData struct {
		Since time.Time `json:"since,omitzero"`
	}
	// ClosedData ends a case whose asker did not reply.
	ClosedData struct {
		Reason string    `json:"reason,omitempty"` // told to the asker
		Until  time.Time `json:"until,omitzero"`   // until then a reply takes the case up again; set by the service
	}
	SentData struct {
		Hash string `json:"hash"`
	}
	DeliveredData struct {
		Mail    string `json:"mail,omitempty"`
		Channel string `json:"channel"` // mail, conversation
	}
	UndeliveredData struct {
		Mail   string `json:"mail"`
		Reason string `json:"reason"`
	}
	// DismissedData puts a mail aside that was given up: nobody gets it.
	DismissedData struct {
		Mail   string `json:"mail"`
		Reason string `json:"reason,omitempty"`
	}
	// PublishedData is what a person has made safe to show to everybody.
	PublishedData struct {
		Title      string              `json:"title"`
		Question   string              `json:"question"`
		Answer     string              `json:"answer,omitempty"`   // in short; before the sections, or all there is
		Sections   []Section           `json:"sections,omitempty"` // by question, as in a Draft
		Quotes     []rules.Quote       `json:"quotes,omitempty"`   // word for word; checked
		References []string            `json:"references,omitempty"`
		Topics     []string            `json:"topics,omitempty"`
		Language   kiveileder.Language `json:"language,omitempty"`    // of the texts; bokmål when empty
		ValidUntil string              `json:"valid_until,omitempty"` // ISO date, the last day

		// Asked are questions in other words that it answers too, by their
		// language. They are searched, not shown as what somebody has asked.
		Asked map[kiveileder.Language][]string `json:"asked,omitempty"`

		Agencies []string `json:"agencies,omitempty"` // that stand behind the answer; set by the service
		Leans    []Lean   `json:"leans,omitempty"`    // what it rests on; set by the service
	}
	// A Lean is a thing that an answer rests on, as it was when a person last
	// looked: a passage that is quoted, or a rule. Another Hash later says that
	// somebody should look again.
	Lean struct {
		Source  string `json:"source,omitempty"`
		Passage string `json:"passage,omitempty"`
		Rule    string `json:"rule,omitempty"`
		Hash    string `json:"hash,omitempty"` // of the quote or of the rule; empty when it was gone already
		Old     bool   `json:"old,omitempty"`  // the source was known to be superseded
	}
	ReviewBeganData struct {
		Reason string     `json:"reason,omitempty"`
		Texts  rules.Text `json:"texts,omitempty"` // the reason in every language, where the service gives it
	}
	// ReviewEndedData says that the answer holds as it is published.
	ReviewEndedData struct {
		Reason     string `json:"reason,omitempty"`
		ValidUntil string `json:"valid_until,omitempty"` // a new last day; empty: that of the publication stays
		Leans      []Lean `json:"leans,omitempty"`       // as they are now; set by the service
	}
	UnpublishedData struct {
		Reason string `json:"reason,omitempty"`
	}
	ReferredData struct {
		To     string `json:"to"`
		Reason string `json:"reason"` // told to the asker
	}
	WithdrawnData struct {
		Reason string `json:"reason,omitempty"`
	}
	ReopenedData struct {
		Reason string `json:"reason,omitempty"`
	}
	ExtendedData struct {
		Target string    `json:"target"`
		Until  time.Time `json:"until"`
		Reason string    `json:"reason"`
	}
	AnonymisedData struct {
		Reason string     `json:"reason,omitempty"`
		Texts  rules.Text `json:"texts,omitempty"` // the reason in every language, where the service gives it
	}
)

// A Verdict is what an agency says of a text.
type Verdict string

const (
	Approve Verdict = "approve"
	Reserve Verdict = "reserve" // approve, with a recorded reservation
	Return  Verdict = "return"
)

// dataTypes has the type of each kind's data.
var dataTypes = map[Kind]reflect.Type{
	Received: reflect.TypeFor[ReceivedData](), Claimed: reflect.TypeFor[ClaimedData](), Released: reflect.TypeFor[ReleasedData](),
	TakenOver: reflect.TypeFor[TakenOverData](), Assessed: reflect.TypeFor[AssessedData](), Invited: reflect.TypeFor[InvitedData](),
	Uninvited: reflect.TypeFor[UninvitedData](), Noted: reflect.TypeFor[NotedData](), DraftSaved: reflect.TypeFor[DraftSavedData](),
	Submitted: reflect.TypeFor[SubmittedData](), Signed: reflect.TypeFor[SignedData](), Bypassed: reflect.TypeFor[BypassedData](),
	Asked: reflect.TypeFor[AskedData](), Replied: reflect.TypeFor[RepliedData](), Added: reflect.TypeFor[AddedData](), Informed: reflect.TypeFor[InformedData](),
	Reminded: reflect.TypeFor[RemindedData](), Unanswered: reflect.TypeFor[UnansweredData](), Closed: reflect.TypeFor[ClosedData](),
	Sent: reflect.TypeFor[SentData](), Delivered: reflect.TypeFor[DeliveredData](), Undelivered: reflect.TypeFor[UndeliveredData](),
	Dismissed: reflect.TypeFor[DismissedData](),
	Published: reflect.TypeFor[PublishedData](), ReviewBegan: reflect.TypeFor[ReviewBeganData](), ReviewEnded: reflect.TypeFor[ReviewEndedData](),
	Unpublished: reflect.TypeFor[UnpublishedData](), Referred: reflect.TypeFor[ReferredData](), Withdrawn: reflect.TypeFor[WithdrawnData](),
	Reopened: reflect.TypeFor[ReopenedData](), Extended: reflect.TypeFor[ExtendedData](), Anonymised: reflect.TypeFor[AnonymisedData](),
}

func typeOf(data any) reflect.Type { return reflect.TypeOf(data) }

// Decode reads the data of a kind from JSON. A field that the kind does not
// have is an error of CodeInvalid, and so is a kind that is not there.
func Decode(kind Kind, data []byte) (any, error) {
	t, ok := dataTypes[kind]
	if !ok {
		return nil, say.Error(kiveileder.CodeInvalid, "kind")
	}
	v := reflect.New(t)
	if len(data) == 0 {
		data = []byte("{}")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v.Interface()); err != nil || d.More() {
		return nil, say.Because(err, kiveileder.CodeInvalid, "data")
	}
	return v.Elem().Interface(), nil
}

// UnmarshalJSON reads what json.Marshal wrote.
func (e *Event) UnmarshalJSON(b []byte) error {
	type plain Event
	var raw struct {
		*plain
		Data json.RawMessage `json:"data"`
	}
	raw.plain = (*plain)(e)
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	data, err := Decode(e.Kind, raw.Data)
	if err != nil {
		return fmt.Errorf("event %d, %s: %w", e.Seq, e.Kind, err)
	}
	e.Data, e.At = data, e.At.UTC()
	return nil
}
