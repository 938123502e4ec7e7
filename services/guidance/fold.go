package guidance

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"kiveileder"
	"kiveileder/services/rules"
)

// A Case is what its log says. Read it only: parts may be shared.
type Case struct {
	Seq         int64          `json:"seq"`             // of the newest event
	AskerSeq    int64          `json:"-"`               // of the newest that an asker may know of
	Round       int64          `json:"round,omitempty"` // Seq of the asker's last reply, or of what took the case up again: what was signed before does not hold
	State       State          `json:"state"`
	Opened      time.Time      `json:"opened"`
	Changed     time.Time      `json:"changed"`
	Asker       string         `json:"-"` // who may speak for the asker
	Received    ReceivedData   `json:"received"`
	Title       string         `json:"title"`
	Topics      []string       `json:"topics,omitempty"`
	Agencies    []string       `json:"agencies,omitempty"` // that are on the case
	Holder      *Actor         `json:"holder,omitempty"`   // who claimed it last; whether that still holds says the lease
	Facts       map[string]any `json:"facts,omitempty"`    // the newest word on each
	Drafts      []Version      `json:"drafts,omitempty"`
	SignOffs    []SignOff      `json:"sign_offs,omitempty"` // all that were given, also on texts that are gone
	Bypass      *Bypass        `json:"bypass,omitempty"`    // on the text that it was for
	Tasks       []Task         `json:"tasks,omitempty"`
	Added       []Remark       `json:"added,omitempty"` // by the asker, unasked
	Notes       []Remark       `json:"notes,omitempty"` // internal
	Informed    []Notice       `json:"informed,omitempty"`
	Silence     *Silence       `json:"silence,omitempty"` // while it waits for the asker
	Closing     *Closing       `json:"closing,omitempty"` // when it was last closed for want of a reply
	Answers     []Answer       `json:"answers,omitempty"`
	Publication *Publication   `json:"publication,omitempty"`
	Referral    string         `json:"referral,omitempty"` // to whom
	Referred    string         `json:"referred,omitempty"` // why
	Again       []Remark       `json:"again,omitempty"`    // what the asker wrote when they reopened it
	Spans       []Span         `json:"spans,omitempty"`    // where it stood, and when
	Extensions  []Extension    `json:"extensions,omitempty"`
	Undelivered []string       `json:"undelivered,omitempty"` // mails that did not arrive
	Anonymised  bool           `json:"anonymised,omitempty"`
}

// A Task is a question to the asker.
type Task struct {
	ID      int64          `json:"id"` // Seq of the question
	At      time.Time      `json:"at"`
	Agency  string         `json:"agency,omitempty"`
	Text    string         `json:"text"`
	Fact    string         `json:"fact,omitempty"`
	Replied time.Time      `json:"replied,omitzero"`
	Reply   string         `json:"reply,omitempty"`
	Facts   map[string]any `json:"facts,omitempty"`
}

// Open reports whether nobody has replied.
func (t Task) Open() bool { return t.Replied.IsZero() }

// A Remark is a text by somebody.
type Remark struct {
	Seq    int64     `json:"seq"`
	At     time.Time `json:"at"`
	By     Actor     `json:"by"`
	Agency string    `json:"agency,omitempty"` // of a note: who sees it
	All    bool      `json:"all,omitempty"`    // of a note: everybody on the case sees it
	Text   string    `json:"text"`
}

// A Notice is a preliminary reply.
type Notice struct {
	Seq    int64     `json:"seq"`
	At     time.Time `json:"at"`
	Agency string    `json:"agency,omitempty"`
	InformedData
}

// A Silence is what the asker of a case that waits has not broken yet.
type Silence struct {
	Since    time.Time   `json:"since"`              // the last question, or the asker's last word
	Reminded []time.Time `json:"reminded,omitempty"` // when the asker was reminded since
	Told     time.Time   `json:"told,omitzero"`      // when the lawyers were told, after the last reminder
}

// Last gives when the asker last heard of it.
func (s Silence) Last() time.Time {
	if n := len(s.Reminded); n > 0 {
		return s.Reminded[n-1]
	}
	return s.Since
}

// A Closing is the end of a case whose asker did not reply.
type Closing struct {
	Seq int64     `json:"seq"`
	At  time.Time `json:"at"`
	ClosedData
}

// InTime reports whether a word of the asker still takes the case up again.
func (c Closing) InTime(at time.Time) bool { return c.Until.IsZero() || at.Before(c.Until) }

// An Answer is a text that was sent.
type Answer struct {
	Seq      int64     `json:"seq"`
	At       time.Time `json:"at"`
	Hash     string    `json:"hash"`
	Draft    Draft     `json:"draft"`
	Agencies []string  `json:"agencies"`           // that stand behind it
	Bypassed []string  `json:"bypassed,omitempty"` // that had not signed
}

// A Publication is what everybody may read, also when it is withdrawn: then
// they read that. A newer one of the same case stands in its place.
type Publication struct {
	PublishedData
	Seq       int64       `json:"seq"`
	At        time.Time   `json:"at"`
	Earlier   []time.Time `json:"earlier,omitempty"`   // when those that it replaced were published, the oldest first
	Confirmed time.Time   `json:"confirmed,omitzero"`  // when a review last ended
	Review    string      `json:"review,omitempty"`    // why it is looked at again; "" when it is not
	Reasons   rules.Text  `json:"reasons,omitempty"`   // Review in every language, where the service gave it
	Withdrawn string      `json:"withdrawn,omitempty"` // why it was withdrawn; "" when it was not
	Since     time.Time   `json:"since,omitzero"`      // of the review or the withdrawal
}

// A Standing says how a publication stands.
type Standing string

const (
	Unpublic    Standing = ""          // there is none
	Valid       Standing = "valid"     // it answers
	UnderReview Standing = "review"    // somebody looks at it again
	Retracted   Standing = "withdrawn" // it stays readable as that
)

// newAnswer is why a publication is looked at again that is older than the
// case's answer.
var newAnswer rules.Text = say.Words("new_answer")

// Reasons gives the why of Standing in every language, nil where a person wrote
// it in one.
func (c *Case) Reasons() rules.Text {
	switch s, why, _ := c.Standing(); {
	case s != UnderReview:
		return nil
	case c.Publication.Review == "" && why == newAnswer[kiveileder.Bokmal]:
		return newAnswer
	}
	return c.Publication.Reasons
}

// Standing gives how the publication of a case stands, why, and since when. An
// answer that was sent after it puts it under review by itself. Whether its
// last day is over is not in it: that depends on the day.
func (c *Case) Standing() (s Standing, why string, since time.Time) {
	p := c.Publication
	switch {
	case p == nil:
		return Unpublic, "", time.Time{}
	case p.Withdrawn != "":
		return Retracted, p.Withdrawn, p.Since
	case p.Review != "":
		return UnderReview, p.Review, p.Since
	}
	if n := len(c.Answers); n > 0 && c.Answers[n-1].Seq > p.Seq && c.Answers[n-1].At.After(p.Confirmed) {
		return UnderReview, newAnswer[kiveileder.Bokmal], c.Answers[n-1].At
	}
	return Valid, "", later(p.At, p.Confirmed)
}

// isPublic reports whether everybody may read the publication as an answer.
func (c *Case) isPublic() bool {
	s, _, _ := c.Standing()
	return s == Valid || s == UnderReview
}

// A Span is a time in one state. To is zero while it lasts.
type Span struct {
	State State     `json:"state"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to,omitzero"`
}

// An Extension exempts from a target.
type Extension struct {
	ExtendedData
	At time.Time `json:"at"`
	By Actor     `json:"by"`
}

// Draft gives the newest version, the zero one when there is none.
func (c *Case) Draft() Version {
	if len(c.Drafts) == 0 {
		return Version{}
	}
	return c.Drafts[len(c.Drafts)-1]
}

// Signed gives the sign-offs that hold: the last word of each agency on the
// case, on the very text that is the draft now, since the asker last replied
// and the case was last taken up again. One that sent it back is not among
// them.
func (c *Case) Signed() (out []SignOff) {
	hash := c.Draft().Hash
	for _, agency := range c.Agencies {
		var last SignOff
		for _, s := range c.SignOffs {
			if s.Agency == agency && s.Hash == hash && s.Seq > c.Round {
				last = s
			}
		}
		if last.Verdict == Approve || last.Verdict == Reserve {
			out = append(out, last)
		}
	}
	return out
}

// Unsigned gives the agencies on the case that have not signed the draft.
func (c *Case) Unsigned() (out []string) {
	signed := c.Signed()
	for _, a := range c.Agencies {
		if !slices.ContainsFunc(signed, func(s SignOff) bool { return s.Agency == a }) {
			out = append(out, a)
		}
	}
	return out
}

// bypassed reports whether the missing sign-offs are done without, on the very
// text and for the very agencies.
func (c *Case) bypassed() bool {
	if c.Bypass == nil || c.Bypass.Hash != c.Draft().Hash {
		return false
	}
	return !slices.ContainsFunc(c.Unsigned(), func(a string) bool { return !slices.Contains(c.Bypass.Agencies, a) })
}

// Fold makes a case of its log. The error says which event does not belong
// there; the case is then as it was before that one.
func Fold(events []Event) (Case, error) { return Case{}.fold(events) }

// fold gives the case as it is after more events. The one that it goes on from
// stays as it was.
func (c Case) fold(events []Event) (Case, error) {
	n := c.clone() // once: with a copy for each event a long log would cost its length twice over
	for i, e := range events {
		if err := n.advance(e); err != nil {
			if n, err := c.fold(events[:i]); err == nil { // advance may have left half of it
				c = n
			}
			return c, fmt.Errorf("event %d (%s): %w", e.Seq, e.Kind, err)
		}
	}
	return n, nil
}

// apply takes one event in, or leaves the case as it was.
func (c *Case) apply(e Event) error {
	n := c.clone()
	if err := n.advance(e); err != nil {
		return err
	}
	*c = n
	return nil
}

// advance takes one event into a case that shares no list or map that is
// changed in place. After an error it is good for nothing.
func (c *Case) advance(e Event) error {
	if e.Seq != c.Seq+1 {
		return fmt.Errorf("it follows on %d", c.Seq)
	}
	if e.At.IsZero() {
		return errors.New("it has no time")
	}
	before, agencies := c.State, slices.Clone(c.Agencies)
	if err := c.take(e); err != nil {
		return err
	}
	state, ok := TheFlow.next(c, e)
	if !ok {
		return fmt.Errorf("it cannot happen in state %q", before)
	}
	c.Seq, c.Changed = e.Seq, e.At
	if slices.Contains(toldToAsker, e.Kind) || askerState(state) != askerState(before) || !slices.Equal(c.Agencies, agencies) {
		c.AskerSeq = e.Seq
	}
	if e.Kind == Replied || slices.Contains(TheFlow.Ends, before) && !slices.Contains(TheFlow.Ends, state) {
		c.Round, c.Bypass = e.Seq, nil
	}
	if state != c.State {
		if k := len(c.Spans); k > 0 {
			c.Spans[k-1].To = e.At
		}
		c.Spans = append(c.Spans, Span{State: state, From: e.At})
	}
	switch {
	case state != Waiting:
		c.Silence = nil
	case c.Silence == nil || e.Kind == Asked || e.Kind == Replied || e.Kind == Added:
		c.Silence = &Silence{Since: e.At}
	}
	c.State = state
	return nil
}

// clone shares no list or map that apply changes in place. Lists that only
// grow may share their room: of two cases only the newer one grows on.
func (c *Case) clone() Case {
	n := *c
	n.Facts, n.Tasks, n.Spans, n.Agencies = maps.Clone(c.Facts), slices.Clone(c.Tasks), slices.Clone(c.Spans), slices.Clone(c.Agencies)
	return n
}

// clipped gives the case with no room in any list that only grows: who takes an
// event into it makes room of their own, so that it can be handed to many.
func (c Case) clipped() Case {
	c.Topics, c.Drafts, c.SignOffs, c.Tasks = slices.Clip(c.Topics), slices.Clip(c.Drafts), slices.Clip(c.SignOffs), slices.Clip(c.Tasks)
	c.Added, c.Notes, c.Informed, c.Answers = slices.Clip(c.Added), slices.Clip(c.Notes), slices.Clip(c.Informed), slices.Clip(c.Answers)
	c.Again, c.Spans, c.Extensions, c.Undelivered = slices.Clip(c.Again), slices.Clip(c.Spans), slices.Clip(c.Extensions), slices.Clip(c.Undelivered)
	return c
}
