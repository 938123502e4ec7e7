package guidance

import (
	"regexp"
	"slices"
	"strconv"
	"time"

	"kiveileder/internal/oslo"
	"kiveileder/services/privacy"
)

// ValidID reports whether a case may have the id: 1 to 64 letters, digits, "-"
// and "_".
func ValidID(id string) bool { return isID(id) }

var isID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`).MatchString

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// year is the one that a case opened at t counts in.
func year(t time.Time) int { return t.In(oslo.Zone).Year() }

// logged gives who stands in the log: of an asker no name.
func logged(a Actor) Actor {
	if a.Role == Asker {
		return Actor{ID: a.ID, Role: Asker}
	}
	return a
}

// masked takes personal data out of what an asker has written.
func masked(data any) any {
	text := func(s string) string { return privacy.Mask(s).Text }
	switch d := data.(type) {
	case ReceivedData:
		d.Title, d.Question, d.Project, d.Agency, d.Facts = text(d.Title), text(d.Question), text(d.Project), text(d.Agency), maskFacts(d.Facts)
		d.Transcript = slices.Clone(d.Transcript)
		for i := range d.Transcript {
			d.Transcript[i].Text = text(d.Transcript[i].Text)
		}
		return d
	case RepliedData:
		d.Text, d.Facts = text(d.Text), maskFacts(d.Facts)
		return d
	case AddedData:
		d.Text = text(d.Text)
		return d
	case WithdrawnData:
		d.Reason = text(d.Reason)
		return d
	case ReopenedData:
		d.Reason = text(d.Reason)
		return d
	}
	return data
}

// maskFacts gives a copy with every text in it masked, names as well: a client
// may send any.
func maskFacts(facts map[string]any) map[string]any {
	if facts == nil {
		return nil
	}
	out := make(map[string]any, len(facts))
	for k, v := range facts {
		out[privacy.Mask(k).Text] = maskValue(v)
	}
	return out
}

func maskValue(v any) any {
	switch v := v.(type) {
	case string:
		return privacy.Mask(v).Text
	case float64: // a number may be a person's
		if s := strconv.FormatFloat(v, 'f', -1, 64); privacy.Mask(s).Text != s {
			return privacy.Mask(s).Text
		}
	case []string:
		out := slices.Clone(v)
		for i := range out {
			out[i] = privacy.Mask(out[i]).Text
		}
		return out
	case []any:
		out := slices.Clone(v)
		for i := range out {
			out[i] = maskValue(out[i])
		}
		return out
	case map[string]any:
		return maskFacts(v)
	}
	return v
}

// complete puts in what the sender may not choose.
func complete(snap Snapshot, a Actor, data any, now time.Time) any {
	switch d := data.(type) {
	case ReceivedData:
		if a.Role == Asker {
			d.Asker = a.ID
		}
		return d
	case ClaimedData:
		d.Was = ""
		if h := snap.Case.Holder; h != nil && h.ID != a.ID {
			d.Was = h.ID
		}
		return d
	case TakenOverData:
		d.From = snap.Lease.Holder.ID
		return d
	case NotedData:
		if d.Agency == "" {
			d.Agency = a.Agency
		}
		return d
	case SignedData:
		if d.Agency == "" {
			d.Agency = a.Agency
		}
		return d
	case DraftSavedData:
		d.Hash = d.Draft.Hash()
		return d
	case PublishedData:
		if n := len(snap.Case.Answers); n > 0 {
			d.Agencies = snap.Case.Answers[n-1].Agencies
		}
		if len(d.Topics) == 0 {
			d.Topics = snap.Case.Topics
		}
		return d
	case RemindedData: // who works on the case reminds of what stands now
		if s := snap.Case.Silence; s != nil && a.Role != System {
			d.Since, d.Number = s.Since, len(s.Reminded)+1
		}
		d.Since = micro(d.Since)
		return d
	case UnansweredData:
		d.Since = micro(d.Since)
		return d
	case ClosedData:
		d.Until = time.Time{} // Config.Fill may set it
		return d
	case AnonymisedData:
		if a.Role != System {
			d.Texts = nil
		}
		return d
	case ReviewBeganData:
		if a.Role != System {
			d.Texts = nil
		}
		return d
	case BypassedData:
		d.Agencies = snap.Case.Unsigned()
		return d
	case ExtendedData:
		d.Until = micro(d.Until)
		return d
	case InformedData:
		d.Until = micro(d.Until)
		return d
	}
	return data
}

// full reports whether a case takes no more of what anybody can make much of.
func full(c Case, k Kind) bool {
	switch k {
	case Added:
		return len(c.Added) >= MaxAdded
	case Noted, DraftSaved, Asked, Reminded, Informed, Claimed, Assessed:
		return c.Seq >= MaxEvents
	}
	return false
}

// row folds a case into its summary.
func (s *Service) row(snap Snapshot, c Case) Row {
	r := Row{
		ID: snap.ID, Seq: c.Seq, State: c.State, Title: c.Title, Topics: c.Topics, Agencies: c.Agencies,
		Holder: c.Holder, Asker: c.Asker, Opened: c.Opened, Changed: c.Changed, Due: micro(s.Due(c)),
	}
	standing, _, _ := c.Standing()
	r.Published, r.Review = string(standing), standing == UnderReview
	if c.State == AtSignOff {
		r.Unsigned = c.Unsigned()
	}
	return r
}

// mails gives what the asker is told of an event. Without a contact there is
// nobody to tell. They are due now, also where the log is ahead of the clock.
func mails(id string, c Case, e Event, now time.Time) []Mail {
	kind := map[Kind]MailKind{Received: MailReceipt, Asked: MailQuestion, Informed: MailNotice, Sent: MailAnswer, Referred: MailReferral, Reminded: MailReminder, Closed: MailClosing}[e.Kind]
	if kind == "" || !c.Received.HasContact {
		return nil
	}
	return []Mail{{ID: MailID(id, e.Seq, kind), Case: id, Seq: e.Seq, Kind: kind, At: e.At, Status: MailQueued, Next: now}}
}

// redact gives the events whose texts are taken away, with nothing left of
// them but what happened when. What was published stays: a person has made it
// safe to show.
func redact(log []Event) (out []Event) {
	for _, e := range log {
		switch d := e.Data.(type) {
		case ReceivedData:
			e.Data = ReceivedData{Asker: d.Asker, Language: d.Language, Publish: d.Publish, Agencies: d.Agencies, Versions: d.Versions}
		case AssessedData:
			e.Data = AssessedData{}
		case NotedData:
			e.Data = NotedData{Agency: d.Agency, All: d.All}
		case DraftSavedData:
			e.Data = DraftSavedData{Base: d.Base, Hash: d.Hash}
		case SignedData:
			d.Reason = ""
			e.Data = d
		case AskedData:
			e.Data = AskedData{Fact: d.Fact}
		case RepliedData:
			e.Data = RepliedData{Task: d.Task}
		case AddedData:
			e.Data = AddedData{}
		case InformedData:
			e.Data = InformedData{Until: d.Until}
		case WithdrawnData:
			e.Data = WithdrawnData{}
		case ClosedData:
			e.Data = ClosedData{Until: d.Until}
		case ReopenedData:
			e.Data = ReopenedData{}
		case ReferredData:
			e.Data = ReferredData{To: d.To}
		case ReleasedData:
			e.Data = ReleasedData{}
		case TakenOverData:
			e.Data = TakenOverData{From: d.From}
		case InvitedData:
			e.Data = InvitedData{Agency: d.Agency}
		case UninvitedData:
			e.Data = UninvitedData{Agency: d.Agency}
		case ReviewEndedData: // unlike those of its beginning, its reason is read by nobody else
			d.Reason = ""
			e.Data = d
		case BypassedData:
			e.Data = BypassedData{Hash: d.Hash, Agencies: d.Agencies}
		case ExtendedData:
			e.Data = ExtendedData{Target: d.Target, Until: d.Until}
		case DismissedData:
			e.Data = DismissedData{Mail: d.Mail}
		default:
			continue
		}
		out = append(out, e)
	}
	return out
}
