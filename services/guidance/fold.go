package guidance

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// A Case is what its log says. Read it only: parts may be shared.
type Case struct {
	Seq         int64          `json:"seq"` // of the newest event
	AskerSeq    int64          `json:"-"`   // of the newest that an asker may know of
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
const newAnswer = "Saken har fått et nytt svar etter at dette ble publisert."

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
		return UnderReview, newAnswer, c.Answers[n-1].At
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
// case, on the very text that is the draft now. One that sent it back is not
// among them.
func (c *Case) Signed() (out []SignOff) {
	hash := c.Draft().Hash
	for _, agency := range c.Agencies {
		var last SignOff
		for _, s := range c.SignOffs {
			if s.Agency == agency && s.Hash == hash {
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
func Fold(events []Event) (Case, error) {
	var c Case
	for _, e := range events {
		if err := c.apply(e); err != nil {
			return c, fmt.Errorf("event %d (%s): %w", e.Seq, e.Kind, err)
		}
	}
	return c, nil
}

// apply takes one event in, or leaves the case as it was.
func (c *Case) apply(e Event) error {
	if e.Seq != c.Seq+1 {
		return fmt.Errorf("it follows on %d", c.Seq)
	}
	if e.At.IsZero() {
		return errors.New("it has no time")
	}
	n := c.clone()
	if err := n.take(e); err != nil {
		return err
	}
	state, ok := TheFlow.next(&n, e)
	if !ok {
		return fmt.Errorf("it cannot happen in state %q", c.State)
	}
	n.Seq, n.Changed = e.Seq, e.At
	if slices.Contains(toldToAsker, e.Kind) || askerState(state) != askerState(c.State) || !slices.Equal(n.Agencies, c.Agencies) {
		n.AskerSeq = e.Seq
	}
	if state != n.State {
		if k := len(n.Spans); k > 0 {
			n.Spans[k-1].To = e.At
		}
		n.Spans = append(n.Spans, Span{State: state, From: e.At})
	}
	n.State = state
	*c = n
	return nil
}

// clone shares no list or map that apply changes in place. Lists that only
// grow may share their room: of two cases only the newer one grows on.
func (c *Case) clone() Case {
	n := *c
	n.Facts, n.Tasks, n.Spans, n.Agencies = maps.Clone(c.Facts), slices.Clone(c.Tasks), slices.Clone(c.Spans), slices.Clone(c.Agencies)
	return n
}
