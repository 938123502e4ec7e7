package guidance

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// take puts what an event says into the case, all but the state.
func (c *Case) take(e Event) error {
	switch d := e.Data.(type) {
	case ReceivedData:
		c.receive(e, d)
	case ClaimedData:
		c.hold(e.Actor)
	case TakenOverData:
		c.hold(e.Actor)
	case ReleasedData:
		c.Holder = nil
	case AssessedData:
		if d.Title != "" {
			c.Title = d.Title
		}
		if len(d.Topics) > 0 {
			c.Topics = d.Topics
		}
		if d.Text != "" {
			c.Notes = append(c.Notes, Remark{Seq: e.Seq, At: e.At, By: e.Actor, Agency: e.Actor.Agency, All: true, Text: d.Text})
		}
	case InvitedData:
		c.join(d.Agency)
	case UninvitedData:
		c.Agencies = slices.DeleteFunc(c.Agencies, func(a string) bool { return a == d.Agency })
	case NotedData:
		c.Notes = append(c.Notes, Remark{Seq: e.Seq, At: e.At, By: e.Actor, Agency: d.Agency, All: d.All, Text: d.Text})
	case DraftSavedData:
		c.save(e, d)
	case ReopenedData:
		if e.Actor.Role == Asker && d.Reason != "" { // a lawyer's reason is internal
			c.Again = append(c.Again, Remark{Seq: e.Seq, At: e.At, By: e.Actor, Text: d.Reason})
		}
	case SubmittedData, WithdrawnData:
		// where the case stands says it all
	case DismissedData: // the mail says it; that it did not arrive stays true
	case DeliveredData: // in the end, perhaps
		if d.Mail != "" {
			c.Undelivered = slices.DeleteFunc(slices.Clone(c.Undelivered), func(m string) bool { return m == d.Mail })
		}
	case SignedData:
		c.SignOffs = append(c.SignOffs, SignOff{Seq: e.Seq, At: e.At, By: e.Actor, Agency: d.Agency, Hash: d.Hash, Verdict: d.Verdict, Reason: d.Reason})
	case BypassedData:
		c.Bypass = &Bypass{Seq: e.Seq, At: e.At, By: e.Actor, Hash: d.Hash, Agencies: d.Agencies, Reason: d.Reason}
	case AskedData:
		c.Tasks = append(c.Tasks, Task{ID: e.Seq, At: e.At, Agency: e.Actor.Agency, Text: d.Text, Fact: d.Fact})
	case RepliedData:
		return c.reply(e, d)
	case AddedData:
		c.Added = append(c.Added, Remark{Seq: e.Seq, At: e.At, By: e.Actor, Text: d.Text})
	case InformedData:
		c.Informed = append(c.Informed, Notice{Seq: e.Seq, At: e.At, Agency: e.Actor.Agency, InformedData: d})
	case RemindedData:
		return c.hush(func(s *Silence) { s.Reminded, s.Told = append(slices.Clip(s.Reminded), e.At), time.Time{} })
	case UnansweredData:
		return c.hush(func(s *Silence) { s.Told = e.At })
	case ClosedData:
		c.Closing = &Closing{Seq: e.Seq, At: e.At, ClosedData: d}
	case SentData:
		return c.send(e, d)
	case UndeliveredData:
		c.Undelivered = append(c.Undelivered, d.Mail)
	case PublishedData:
		c.publish(e, d)
	case ReviewBeganData:
		return c.republish(func(p *Publication) { p.Review, p.Reasons, p.Since = d.Reason, d.Texts, e.At })
	case ReviewEndedData:
		return c.republish(func(p *Publication) {
			p.Review, p.Reasons, p.Since, p.Confirmed = "", nil, time.Time{}, e.At
			p.ValidUntil = cmp.Or(d.ValidUntil, p.ValidUntil)
			if len(d.Leans) > 0 {
				p.Leans = d.Leans
			}
		})
	case UnpublishedData:
		return c.republish(func(p *Publication) {
			p.Review, p.Reasons, p.Withdrawn, p.Since = "", nil, cmp.Or(d.Reason, "–"), e.At
		})
	case ReferredData:
		c.Referral, c.Referred = d.To, d.Reason
	case ExtendedData:
		c.Extensions = append(c.Extensions, Extension{ExtendedData: d, At: e.At, By: e.Actor})
	case AnonymisedData:
		c.Anonymised = true
	default:
		return fmt.Errorf("its data is a %T", e.Data)
	}
	if dataTypes[e.Kind] != typeOf(e.Data) {
		return fmt.Errorf("its data is a %T", e.Data)
	}
	return nil
}

func (c *Case) receive(e Event, d ReceivedData) {
	c.Received, c.Opened, c.Title = d, e.At, d.Title
	c.Agencies, c.Topics, c.Facts = slices.Clone(d.Agencies), d.Topics, maps.Clone(d.Facts)
	c.Asker = d.Asker
	if c.Asker == "" && e.Actor.Role == Asker {
		c.Asker = e.Actor.ID
	}
}

func (c *Case) hold(a Actor) {
	c.Holder = &a
	c.join(a.Agency)
}

func (c *Case) join(agency string) {
	if agency != "" && !slices.Contains(c.Agencies, agency) {
		c.Agencies = append(c.Agencies, agency)
	}
}

func (c *Case) save(e Event, d DraftSavedData) {
	hash := d.Hash // of a text that was taken away the name is left
	if hash == "" {
		hash = d.Draft.Hash()
	}
	c.Drafts = append(c.Drafts, Version{Number: len(c.Drafts) + 1, Seq: e.Seq, At: e.At, By: e.Actor, Hash: hash, Draft: d.Draft})
}

func (c *Case) reply(e Event, d RepliedData) error {
	i := slices.IndexFunc(c.Tasks, func(t Task) bool { return t.ID == d.Task && t.Open() })
	if i < 0 {
		return fmt.Errorf("no open question %d", d.Task)
	}
	c.Tasks[i].Replied, c.Tasks[i].Reply, c.Tasks[i].Facts = e.At, d.Text, d.Facts
	if c.Facts == nil && len(d.Facts) > 0 {
		c.Facts = map[string]any{}
	}
	maps.Copy(c.Facts, d.Facts)
	return nil
}

// hush changes the silence, which others may share.
func (c *Case) hush(change func(*Silence)) error {
	if c.Silence == nil {
		return errors.New("nobody is asked")
	}
	s := *c.Silence
	change(&s)
	c.Silence = &s
	return nil
}

func (c *Case) send(e Event, d SentData) error {
	v := c.Draft()
	if len(c.Drafts) == 0 || v.Hash != d.Hash {
		return errors.New("it is not the draft that was sent")
	}
	a := Answer{Seq: e.Seq, At: e.At, Hash: d.Hash, Draft: v.Draft, Bypassed: c.Unsigned()}
	for _, s := range c.Signed() {
		a.Agencies = append(a.Agencies, s.Agency)
	}
	c.Answers = append(c.Answers, a)
	return nil
}

// publish puts a publication in the place of the one before it.
func (c *Case) publish(e Event, d PublishedData) {
	p := &Publication{PublishedData: d, Seq: e.Seq, At: e.At}
	if old := c.Publication; old != nil {
		p.Earlier = append(slices.Clip(old.Earlier), old.At)
	}
	c.Publication = p
}

// republish changes a publication that others may share.
func (c *Case) republish(change func(*Publication)) error {
	if c.Publication == nil || c.Publication.Withdrawn != "" {
		return errors.New("nothing is published")
	}
	p := *c.Publication
	change(&p)
	c.Publication = &p
	return nil
}
