package guidance

import (
	"slices"
	"time"

	"kiveileder"
)

// sees reports whether somebody may look into a case: who works for an agency
// that is on it, on one that has none yet any of them, and administrators.
func sees(c Case, a Actor) bool {
	switch a.Role {
	case Lawyer, Lead, Analyst:
		return a.Agency != "" && (len(c.Agencies) == 0 || slices.Contains(c.Agencies, a.Agency))
	case Admin, System:
		return true
	}
	return false
}

// worksOn reports whether somebody's agency is on the case to answer it.
func worksOn(c Case, a Actor) bool {
	return (a.Role == Lawyer || a.Role == Lead) && a.Agency != "" && slices.Contains(c.Agencies, a.Agency)
}

// ForAgency gives what somebody at an agency may see of a case: all but the
// other agencies' own notes, in the case and in the log, and the key of the
// asker's conversation. Error: ErrNoCase for those whom it is no business of.
func ForAgency(s Snapshot, a Actor) (Snapshot, error) {
	if !sees(s.Case, a) {
		return Snapshot{}, ErrNoCase
	}
	mine := func(agency string, all bool) bool {
		return (a.Role == Lawyer || a.Role == Lead) && (all || agency == a.Agency)
	}
	s.Case.Notes = slices.DeleteFunc(slices.Clone(s.Case.Notes), func(n Remark) bool { return !mine(n.Agency, n.All) })
	s.Case.Received.Asker = ""
	s.Case.Added, s.Case.Again = keylessAll(s.Case.Added), keylessAll(s.Case.Again)
	s.Log = slices.Clone(s.Log)
	for i, e := range s.Log { // that there was one may be seen: the numbers have no gaps
		s.Log[i] = forDesk(e)
		switch d := e.Data.(type) {
		case NotedData:
			if !mine(d.Agency, d.All) {
				s.Log[i].Data = NotedData{Agency: d.Agency}
			}
		case AssessedData:
			if !mine("", true) {
				s.Log[i].Data = AssessedData{Title: d.Title, Topics: d.Topics}
			}
		}
	}
	return s, nil
}

// forDesk gives an event without the key by which somebody speaks for the asker.
func forDesk(e Event) Event {
	e.Actor = keyless(e.Actor)
	if d, ok := e.Data.(ReceivedData); ok {
		d.Asker = ""
		e.Data = d
	}
	return e
}

func keylessAll(remarks []Remark) []Remark {
	remarks = slices.Clone(remarks)
	for i, r := range remarks {
		remarks[i].By = keyless(r.By)
	}
	return remarks
}

func keyless(a Actor) Actor {
	if a.Role == Asker {
		a.ID = ""
	}
	return a
}

// An AskerView is what the asker sees. Every field is filled by name from what
// an asker may see; there is no way from a note to it.
type AskerView struct {
	Number   string    `json:"number"`
	Seq      int64     `json:"seq"`
	State    State     `json:"state"` // drafting and sign-off are assessment to an asker
	Opened   time.Time `json:"opened"`
	Question string    `json:"question"`
	Project  string    `json:"project,omitempty"`

	Language    kiveileder.Language `json:"language,omitempty"` // of the question
	Agencies    []string            `json:"agencies,omitempty"`
	Tasks       []AskerTask         `json:"tasks,omitempty"`
	Added       []AskerText         `json:"added,omitempty"`
	Informed    []AskerNotice       `json:"informed,omitempty"` // preliminary replies
	Answers     []AskerAnswer       `json:"answers,omitempty"`
	Again       []AskerText         `json:"again,omitempty"` // what they wrote when they reopened it
	Referral    string              `json:"referral,omitempty"`
	Referred    string              `json:"referred,omitempty"` // why
	Reminded    []time.Time         `json:"reminded,omitempty"` // when, since they were last asked or last wrote
	Closed      *AskerClosing       `json:"closed,omitempty"`   // that it is, for want of a reply
	Published   bool                `json:"published,omitempty"`
	Undelivered bool                `json:"undelivered,omitempty"`
}

// An AskerTask is a question to the asker.
type AskerTask struct {
	ID      int64          `json:"id"`
	At      time.Time      `json:"at"`
	Agency  string         `json:"agency,omitempty"`
	Text    string         `json:"text"`
	Fact    string         `json:"fact,omitempty"`
	Replied time.Time      `json:"replied,omitzero"`
	Reply   string         `json:"reply,omitempty"`
	Facts   map[string]any `json:"facts,omitempty"`
}

// An AskerText is what the asker wrote.
type AskerText struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// An AskerNotice is a preliminary reply.
type AskerNotice struct {
	At     time.Time `json:"at"`
	Agency string    `json:"agency,omitempty"`
	Text   string    `json:"text"`
	Until  time.Time `json:"until,omitzero"`
}

// An AskerClosing says that a case was closed for want of a reply.
type AskerClosing struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"`
	Until  time.Time `json:"until,omitzero"` // until then a reply takes it up again
}

// An AskerAnswer is what the agencies wrote.
type AskerAnswer struct {
	Seq      int64     `json:"seq"`
	At       time.Time `json:"at"`
	Draft    Draft     `json:"answer"`
	Agencies []string  `json:"agencies"`
}

// toldToAsker are the kinds that change what the asker sees. That something else
// happened, and when, is nobody's business outside the agencies.
var toldToAsker = []Kind{
	Received, Invited, Uninvited, Asked, Replied, Added, Informed, Reminded, Closed, Sent, Delivered, Undelivered, Published, ReviewBegan, ReviewEnded, Unpublished,
	Referred, Withdrawn, Reopened, Extended, Anonymised,
}

// ForAsker gives what the asker sees of a case.
func ForAsker(number string, c Case) AskerView {
	v := AskerView{
		Number: number, Seq: c.AskerSeq, State: askerState(c.State), Opened: c.Opened, Question: c.Received.Question, Project: c.Received.Project,
		Agencies: c.Agencies, Language: c.Received.Language, Referral: c.Referral, Referred: c.Referred, Published: c.isPublic(), Undelivered: len(c.Undelivered) > 0,
	}
	if c.Silence != nil {
		v.Reminded = c.Silence.Reminded
	}
	if x := c.Closing; x != nil && c.State == IsClosed {
		v.Closed = &AskerClosing{At: x.At, Reason: x.Reason, Until: x.Until}
	}
	for _, t := range c.Tasks {
		//lint:ignore S1016 what the asker sees is allowed field by field
		v.Tasks = append(v.Tasks, AskerTask{ID: t.ID, At: t.At, Agency: t.Agency, Text: t.Text, Fact: t.Fact, Replied: t.Replied, Reply: t.Reply, Facts: t.Facts})
	}
	for _, r := range c.Added {
		v.Added = append(v.Added, AskerText{At: r.At, Text: r.Text})
	}
	for _, r := range c.Again {
		v.Again = append(v.Again, AskerText{At: r.At, Text: r.Text})
	}
	for _, n := range c.Informed {
		v.Informed = append(v.Informed, AskerNotice{At: n.At, Agency: n.Agency, Text: n.Text, Until: n.Until})
	}
	for _, a := range c.Answers {
		v.Answers = append(v.Answers, AskerAnswer{Seq: a.Seq, At: a.At, Draft: a.Draft, Agencies: a.Agencies})
	}
	return v
}

func askerState(s State) State {
	if s == Drafting || s == AtSignOff {
		return Assessment
	}
	return s
}

// forAsker gives an event as an asker may see it, false for one that is none
// of an asker's business: kinds and fields by name, and of people the agency.
func forAsker(e Event) (Event, bool) {
	var data any
	switch d := e.Data.(type) {
	case AskedData:
		data = AskedData{Text: d.Text, Fact: d.Fact}
	case RepliedData:
		data = RepliedData{Task: d.Task, Text: d.Text, Facts: d.Facts}
	case InformedData:
		data = InformedData{Text: d.Text, Until: d.Until}
	case SentData:
		data = SentData{Hash: d.Hash}
	case ReferredData:
		data = ReferredData{To: d.To, Reason: d.Reason}
	case ClosedData:
		data = ClosedData{Reason: d.Reason, Until: d.Until}
	case WithdrawnData:
		data = WithdrawnData{Reason: d.Reason}
	case ReopenedData:
		data = ReopenedData{} // a lawyer's reason is internal
	default:
		return Event{}, false
	}
	return Event{Seq: e.Seq, At: e.At, Actor: Actor{Role: e.Actor.Role, Agency: e.Actor.Agency}, Kind: e.Kind, Data: data}, true
}
