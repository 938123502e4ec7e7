package guidance

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"kiveileder"
	"kiveileder/internal/oslo"
	"kiveileder/services/privacy"
	"kiveileder/services/rules"
)

// A Refused says that somebody may not do something, and names the guard that
// is against it: "role" for what the role may never do.
type Refused struct {
	Guard string
	Text  rules.Text // for the user, in every language
	err   *kiveileder.Error
}

func (r *Refused) Error() string { return "guard " + r.Guard + ": " + r.err.Error() }

func (r *Refused) Unwrap() error { return r.err }

// Forbidden reports whether it is a matter of rights, not of how things stand.
func (r *Refused) Forbidden() bool {
	return slices.Contains([]string{"role", "on_case", "on_case_or_admin", "on_case_or_service", "own_agency"}, r.Guard)
}

func refuse(guard string) error {
	text := TheFlow.Guards[guard]
	code := kiveileder.CodeConflict
	switch guard {
	case "own_case": // that there is one is nobody else's business
		return ErrNoCase
	case "reason", "says_something", "says_where", "target", "verdict", "known_agency", "verbatim", "has_draft", "safe_text", "last_day":
		code = kiveileder.CodeInvalid
	}
	return &Refused{Guard: guard, Text: text, err: &kiveileder.Error{Code: code, Message: text[kiveileder.Bokmal], Texts: text}}
}

// A gate is what a guard looks at: the case as it stands, and what somebody
// wants to do.
type gate struct {
	*Case
	actor    Actor
	data     any
	lease    Lease
	now      time.Time
	known    func(agency string) bool
	verbatim func(rules.Quote) bool
}

// guards say whether something may be done; their words stand in
// transitions.yaml.
var guards = map[string]func(g *gate) bool{
	"holder":             func(g *gate) bool { return g.Holder != nil && g.Holder.ID == g.actor.ID },
	"not_held":           func(g *gate) bool { return !g.heldByOther() },
	"held_by_other":      func(g *gate) bool { return g.heldByOther() },
	"on_case":            func(g *gate) bool { return g.onCase() },
	"on_case_or_admin":   func(g *gate) bool { return g.onCase() || g.actor.Role == Admin },
	"on_case_or_service": func(g *gate) bool { return g.onCase() || g.actor.Role == System || g.actor.Role == Analyst },
	"own_case":           func(g *gate) bool { return g.Asker != "" && g.Asker == g.actor.ID },
	"own_agency":         func(g *gate) bool { return agencyOf(g.data) != "" && agencyOf(g.data) == g.actor.Agency },
	"holder_stays":       func(g *gate) bool { return g.Holder == nil || agencyOf(g.data) != g.Holder.Agency },
	"may_uninvite":       func(g *gate) bool { return g.mayUninvite(agencyOf(g.data)) },
	"known_agency":       func(g *gate) bool { return g.known(agencyOf(g.data)) },
	"not_invited":        func(g *gate) bool { return !slices.Contains(g.Agencies, agencyOf(g.data)) },
	"is_invited":         func(g *gate) bool { return slices.Contains(g.Agencies, agencyOf(g.data)) },
	"reason":             func(g *gate) bool { return isReason(reasonOf(g.data)) },
	"says_something":     func(g *gate) bool { return saysSomething(g.data) },
	"says_where":         func(g *gate) bool { d, _ := g.data.(ReferredData); return isShort(d.To) },
	"target":             func(g *gate) bool { d, _ := g.data.(ExtendedData); return isShort(d.Target) && d.Until.After(g.now) },
	"current_draft":      func(g *gate) bool { d, _ := g.data.(DraftSavedData); return d.Base == len(g.Drafts) },
	"has_draft":          func(g *gate) bool { return !g.Draft().Draft.Empty() },
	"exact_text":         func(g *gate) bool { return len(g.Drafts) > 0 && hashOf(g.data) == g.Draft().Hash },
	"verbatim": func(g *gate) bool {
		quotes := g.Draft().Draft.Quotes
		if d, ok := g.data.(PublishedData); ok {
			quotes = d.Quotes
		}
		return !slices.ContainsFunc(quotes, func(q rules.Quote) bool { return !g.verbatim(q) })
	},
	"verdict":      func(g *gate) bool { return isVerdict(g.data) },
	"all_signed":   func(g *gate) bool { return len(g.Agencies) > 0 && (len(g.Unsigned()) == 0 || g.bypassed()) },
	"open_task":    func(g *gate) bool { return g.openTask() },
	"still_silent": func(g *gate) bool { return g.stillSilent() },
	"new_day": func(g *gate) bool {
		return g.Silence != nil && dayOf(g.now) > dayOf(g.Silence.Last())
	},
	"silent":       func(g *gate) bool { return g.Silence != nil && !g.Silence.Told.IsZero() },
	"in_time":      func(g *gate) bool { return g.Closing != nil && g.Closing.InTime(g.now) },
	"may_publish":  func(g *gate) bool { return g.Received.Publish },
	"safe_text":    func(g *gate) bool { return g.safeText() },
	"last_day":     func(g *gate) bool { return g.lastDay() },
	"is_published": func(g *gate) bool { return g.isPublic() },
	"under_review": func(g *gate) bool { s, _, _ := g.Standing(); return s == UnderReview },
}

// onCase: on a case that has no agency yet, anybody's.
func (g *gate) onCase() bool {
	return g.actor.Agency != "" && (len(g.Agencies) == 0 || slices.Contains(g.Agencies, g.actor.Agency))
}

// mayUninvite: who does not agree is not taken off the case by the one who
// wants to send the answer; that would be a bypass.
func (g *gate) mayUninvite(agency string) bool {
	said := slices.ContainsFunc(g.SignOffs, func(s SignOff) bool { return s.Agency == agency })
	switch {
	case g.actor.Role == Lead || g.actor.Role == Admin || g.actor.Agency == agency:
		return true
	case said:
		return false
	}
	return g.Holder != nil && g.Holder.ID == g.actor.ID
}

func (g *gate) heldByOther() bool {
	return g.lease.Holds(g.now) && g.lease.Holder.ID != g.actor.ID
}

// stillSilent: what was found out about a silence does not count when the asker
// has written since, or somebody else was faster.
func (g *gate) stillSilent() bool {
	s := g.Silence
	if s == nil || !s.Told.IsZero() {
		return false
	}
	switch d := g.data.(type) {
	case RemindedData:
		return d.Since.Equal(s.Since) && d.Number == len(s.Reminded)+1
	case UnansweredData:
		return d.Since.Equal(s.Since)
	}
	return false
}

// dayOf gives the date in Norway.
func dayOf(t time.Time) string { return t.In(oslo.Zone).Format(time.DateOnly) }

func (g *gate) openTask() bool {
	d, _ := g.data.(RepliedData)
	return slices.ContainsFunc(g.Tasks, func(t Task) bool { return t.ID == d.Task && t.Open() })
}

// lastDay: a publication may have none, and otherwise one that is not over. A
// review does not end on one that is.
func (g *gate) lastDay() bool {
	day := ""
	switch d := g.data.(type) {
	case PublishedData:
		day = d.ValidUntil
	case ReviewEndedData:
		if day = d.ValidUntil; day == "" && g.Publication != nil {
			day = g.Publication.ValidUntil
		}
	}
	_, err := time.Parse(time.DateOnly, day)
	return day == "" || err == nil && day >= dayOf(g.now)
}

func isReason(s string) bool {
	return strings.TrimSpace(s) != "" && checkText(s, MaxReason) == nil
}

func isShort(s string) bool {
	return strings.TrimSpace(s) != "" && checkText(s, MaxShort) == nil
}

func isVerdict(data any) bool {
	d, _ := data.(SignedData)
	return d.Verdict == Approve || (d.Verdict == Reserve || d.Verdict == Return) && isReason(d.Reason)
}

func reasonOf(data any) string {
	switch d := data.(type) {
	case TakenOverData:
		return d.Reason
	case InvitedData:
		return d.Reason
	case UninvitedData:
		return d.Reason
	case BypassedData:
		return d.Reason
	case ReviewBeganData:
		return d.Reason
	case ReviewEndedData:
		return d.Reason
	case UnpublishedData:
		return d.Reason
	case ReferredData:
		return d.Reason
	case ReopenedData:
		return d.Reason
	case ExtendedData:
		return d.Reason
	case AnonymisedData:
		return d.Reason
	case DismissedData:
		return d.Reason
	}
	return ""
}

func agencyOf(data any) string {
	switch d := data.(type) {
	case InvitedData:
		return d.Agency
	case UninvitedData:
		return d.Agency
	case NotedData:
		return d.Agency
	case SignedData:
		return d.Agency
	}
	return ""
}

func hashOf(data any) string {
	switch d := data.(type) {
	case SubmittedData:
		return d.Hash
	case SignedData:
		return d.Hash
	case BypassedData:
		return d.Hash
	case SentData:
		return d.Hash
	}
	return ""
}

func saysSomething(data any) bool {
	text := ""
	switch d := data.(type) {
	case ReceivedData:
		text = d.Question
	case NotedData:
		text = d.Text
	case AskedData:
		text = d.Text
	case AddedData:
		text = d.Text
	case InformedData:
		text = d.Text
	case RepliedData:
		return strings.TrimSpace(d.Text) != "" || len(d.Facts) > 0
	case PublishedData:
		said := strings.TrimSpace(d.Answer) != "" || !Draft{Sections: d.Sections}.Empty()
		return isShort(d.Title) && strings.TrimSpace(d.Question) != "" && said
	}
	return strings.TrimSpace(text) != ""
}

// Texts gives every text of a publication that a person has written, with the
// name of its field: title, question, answer, sections[0].question,
// sections[0].text, references[0], topics[0], asked.nb[0]. Quotes are not
// among them: they are public.
func (d PublishedData) Texts() iter.Seq2[string, string] {
	return func(yield func(field, text string) bool) {
		more := true
		say := func(field, text string) {
			if more && text != "" {
				more = yield(field, text)
			}
		}
		say("title", d.Title)
		say("question", d.Question)
		say("answer", d.Answer)
		for i, s := range d.Sections {
			say(fmt.Sprintf("sections[%d].question", i), s.Question)
			say(fmt.Sprintf("sections[%d].text", i), s.Text)
		}
		for i, r := range d.References {
			say(fmt.Sprintf("references[%d]", i), r)
		}
		for i, t := range d.Topics {
			say(fmt.Sprintf("topics[%d]", i), t)
		}
		for _, l := range kiveileder.Languages {
			for i, q := range d.Asked[l] {
				say(fmt.Sprintf("asked.%s[%d]", l, i), q)
			}
		}
	}
}

// strict are the kinds of personal data that never stand in a publication. Of
// names and addresses a person judges: many that look like one are none.
var strict = []privacy.Kind{
	privacy.BirthNumber, privacy.DNumber, privacy.HelpNumber, privacy.SyntheticNumber,
	privacy.Phone, privacy.Email, privacy.Account, privacy.JournalNumber,
}

// safeText: why an answer is withdrawn, or looked at again, stands in the
// register as the answer does. What the service writes itself names nobody.
func (g *gate) safeText() bool {
	switch d := g.data.(type) {
	case PublishedData:
		return len(d.Unsafe()) == 0
	case ReviewBeganData:
		return g.actor.Role == System || !unsafe(d.Reason)
	case UnpublishedData:
		return !unsafe(d.Reason)
	}
	return true
}

func unsafe(text string) bool {
	return slices.ContainsFunc(privacy.Mask(text).Kinds, func(k privacy.Kind) bool { return slices.Contains(strict, k) })
}

// Unsafe gives the fields of a publication that hold personal data of which
// there is no doubt: numbers of people, telephones, addresses of mail.
func (d PublishedData) Unsafe() (fields []string) {
	for field, text := range d.Texts() {
		if unsafe(text) {
			fields = append(fields, field)
		}
	}
	return fields
}
