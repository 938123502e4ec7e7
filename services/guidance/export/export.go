// Package export makes of a case what goes to the archive and to people: HTML,
// JSON, PDF, and the package for an archive, by package arkiv.
//
// What goes out is chosen by name, kind by kind: the hand-over, what passed
// between the agencies and the asker, the answers, and what was published. An
// answer has a sheet with it that says who signed the text off, with
// reservations as they were recorded; it is marked as internal and screened by
// itself. Notes, assessments, drafts that were not sent, texts that were sent
// back and why, exemptions and claims go nowhere; of those who had the case
// only the last is named.
//
// The same snapshot gives the same bytes: no time stands in them but the
// case's own.
package export

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"kiveileder"
	"kiveileder/internal/oslo"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/arkiv"
)

// Options say what the log does not. All may be empty.
type Options struct {
	Language kiveileder.Language // of headings and labels, not of what people wrote; bokmål when empty

	// Agency names an agency and gives its organisation number, if known.
	Agency func(key string) (name, organisation string)

	// Contact is the asker's. nil: the asker stands there without a name.
	Contact *guidance.Contact

	// Source says in words where a quote of an answer stands. nil: by its ids.
	Source func(source, passage string) string

	// Fact puts a fact and its value into words.
	Fact func(key string, value any, lang kiveileder.Language) (name, words string)
}

// The sheet of sign-offs is a document of the agencies' own preparation. Both
// words are the archive's, and an agency should confirm them.
var internalSheet = arkiv.Screening{Restriction: "UO", Legal: "offentleglova § 14"}

// Case makes a case for the archive of a snapshot as [guidance.ForAgency]
// gives it to the one who asks. The caller decides whether that person may see
// the contact.
func Case(s guidance.Snapshot, o Options) (arkiv.Case, error) {
	b := &builder{s: s, o: o, lang: cmp.Or(o.Language, kiveileder.Bokmal)}
	if own := s.Case.Received.Language; own != b.lang {
		b.own = own
	}
	b.c = arkiv.Case{
		Number: s.Number, Title: b.title(), Language: b.lang, Opened: s.Case.Opened, OpenedBy: b.label("system"), Unit: b.label("service"),
	}
	for _, t := range s.Case.Topics {
		b.c.Keywords = append(b.c.Keywords, visible(t))
	}
	if len(s.Case.Agencies) > 0 {
		b.c.Unit, _ = b.agency(s.Case.Agencies[0])
	}
	for _, e := range s.Log {
		b.take(e)
	}
	b.c.Responsible = cmp.Or(b.person, b.c.Unit)
	if h := s.Case.Holder; h != nil {
		b.c.Responsible = b.name(*h)
	}
	if n := len(b.c.Entries); n > 0 {
		b.c.Changed = b.c.Entries[n-1].At
	}
	if b.err != nil {
		return arkiv.Case{}, fmt.Errorf("export of case %s: %w", s.Number, b.err)
	}
	return b.c, nil
}

// A builder goes through a log once.
type builder struct {
	s       guidance.Snapshot
	o       Options
	c       arkiv.Case
	lang    kiveileder.Language
	own     kiveileder.Language // what asker and lawyers wrote in, when it is another
	on      []string            // agencies on the case at this point of the log
	person  string              // who did something at the desk last
	closing *guidance.Closing   // while the case is closed for want of a reply
	err     error
}

// take adds what an event means for the archive. What is not named here stays
// in.
func (b *builder) take(e guidance.Event) {
	if r := e.Actor.Role; r == guidance.Lawyer || r == guidance.Lead {
		b.person = b.name(e.Actor)
	}
	switch d := e.Data.(type) {
	case guidance.ReceivedData:
		b.on = slices.Clone(d.Agencies)
		b.in(e, "inquiry", b.on, b.received(d)...)
	case guidance.ClaimedData, guidance.TakenOverData:
		b.join(e.Actor.Agency)
	case guidance.InvitedData:
		b.join(d.Agency)
	case guidance.UninvitedData:
		b.on = slices.DeleteFunc(b.on, func(a string) bool { return a == d.Agency })
	case guidance.AskedData:
		b.out(e, "question", b.asker(arkiv.Receiver), []string{e.Actor.Agency}, b.document("question", "sporsmal", b.said(d.Text), b.fact(d.Fact)))
	case guidance.RepliedData:
		b.again(e)
		b.in(e, "reply", b.on, b.document("reply", "svar", b.said(d.Text), b.facts(d.Facts)))
	case guidance.AddedData:
		b.again(e)
		b.in(e, "addition", b.on, b.document("addition", "tilfoyelse", b.said(d.Text)))
	case guidance.InformedData:
		b.out(e, "notice", b.asker(arkiv.Receiver), []string{e.Actor.Agency}, b.document("notice", "forelopig-svar", b.said(d.Text)))
	case guidance.RemindedData:
		b.out(e, "reminder", b.asker(arkiv.Receiver), []string{e.Actor.Agency}, b.document("reminder", "paminnelse", b.open(e)...))
	case guidance.ClosedData:
		b.out(e, "closing", b.asker(arkiv.Receiver), []string{e.Actor.Agency},
			b.document("closing", "avsluttet", append(b.open(e), b.said(d.Reason), b.maybe("until", day(d.Until)))...))
		b.close(e)
		b.closing = &guidance.Closing{ClosedData: d}
	case guidance.SentData:
		b.answered(e)
		b.close(e)
	case guidance.ReferredData:
		b.out(e, "referral", b.asker(arkiv.Receiver), []string{e.Actor.Agency}, b.document("referral", "henvisning", b.item("referred_to", d.To), b.said(d.Reason)))
		b.close(e)
	case guidance.WithdrawnData:
		b.in(e, "withdrawal", b.on, b.document("withdrawal", "trukket", b.maybe("reason", d.Reason)))
		b.close(e)
	case guidance.ReopenedData:
		b.c.Closed, b.c.ClosedBy, b.closing = time.Time{}, "", nil
		if e.Actor.Role == guidance.Asker { // a lawyer's reason is internal
			b.in(e, "reopening", b.on, b.document("reopening", "gjenopptatt", b.said(d.Reason)))
		}
	case guidance.PublishedData:
		b.out(e, "publication", b.everybody(), oneOf(d.Agencies, e.Actor.Agency), b.document("publication", "publisert", b.published(d)))
	case guidance.UnpublishedData:
		b.out(e, "unpublication", b.everybody(), []string{e.Actor.Agency}, b.document("unpublication", "trukket-tilbake", b.maybe("reason", d.Reason)))
	}
}

// received gives the documents of the hand-over.
func (b *builder) received(d guidance.ReceivedData) []arkiv.Document {
	publish := "no"
	if d.Publish {
		publish = "yes"
	}
	docs := []arkiv.Document{b.document("inquiry", "henvendelse", b.heading("asked"), b.said(d.Question), b.maybe("project", d.Project),
		b.maybe("thinks_of", d.Agency), b.item("may_publish", b.label(publish)))}
	if len(d.Transcript) > 0 {
		docs = append(docs, b.document("conversation", "samtale", b.transcript(d.Transcript)))
	}
	if len(d.Facts) > 0 {
		docs = append(docs, b.document("facts", "opplysninger", b.facts(d.Facts)))
	}
	if len(d.Findings)+len(d.Unclear)+len(d.Passages) > 0 {
		docs = append(docs, b.document("findings", "vurdering", b.findings(d)))
	}
	return docs
}

// answered adds the answer with its sheet of sign-offs.
func (b *builder) answered(e guidance.Event) {
	i := slices.IndexFunc(b.s.Case.Answers, func(a guidance.Answer) bool { return a.Seq == e.Seq })
	if i < 0 {
		b.err = fmt.Errorf("event %d: no such answer in the case", e.Seq)
		return
	}
	a := b.s.Case.Answers[i]
	sheet := b.document("signoff", "paategning", b.sheet(a))
	sheet.Screening = new(internalSheet)
	b.out(e, "answer", b.asker(arkiv.Receiver), oneOf(a.Agencies, e.Actor.Agency), b.document("answer", "svar", b.answer(a)), sheet)
}

func (b *builder) close(e guidance.Event) {
	b.c.Closed, b.c.ClosedBy = e.At, b.by(e.Actor)
}

// again: a word of the asker may take up a case that was closed for want of it.
func (b *builder) again(e guidance.Event) {
	if b.closing != nil && b.closing.InTime(e.At) {
		b.c.Closed, b.c.ClosedBy, b.closing = time.Time{}, "", nil
	}
}

// open gives what the asker had not replied to when an event happened.
func (b *builder) open(e guidance.Event) (parts [][]arkiv.Part) {
	parts = [][]arkiv.Part{b.heading("question")}
	for _, t := range b.s.Case.Tasks {
		if t.ID < e.Seq && (t.Open() || t.Replied.After(e.At)) {
			parts = append(parts, b.said(t.Text))
		}
	}
	return parts
}

// day gives the date of an instant in Norway, "" for none.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(oslo.Zone).Format(time.DateOnly)
}

func (b *builder) join(agency string) {
	if agency != "" && !slices.Contains(b.on, agency) {
		b.on = append(b.on, agency)
	}
}

// in adds an entry from the asker to agencies.
func (b *builder) in(e guidance.Event, key string, to []string, docs ...arkiv.Document) {
	b.entry(e, arkiv.Incoming, key, append([]arkiv.Party{b.asker(arkiv.Sender)}, b.agencies(arkiv.Receiver, to, "")...), docs)
}

// out adds an entry from agencies.
func (b *builder) out(e guidance.Event, key string, to arkiv.Party, from []string, docs ...arkiv.Document) {
	b.entry(e, arkiv.Outgoing, key, append([]arkiv.Party{to}, b.agencies(arkiv.Sender, from, b.name(e.Actor))...), docs)
}

func (b *builder) entry(e guidance.Event, kind arkiv.Kind, key string, parties []arkiv.Party, docs []arkiv.Document) {
	b.c.Entries = append(b.c.Entries, arkiv.Entry{
		ID: fmt.Sprint(e.Seq), Kind: kind, Title: b.label(key), At: e.At, By: b.by(e.Actor), Parties: parties, Documents: docs,
	})
}

func (b *builder) asker(r arkiv.Role) arkiv.Party {
	p := arkiv.Party{Role: r, Name: b.label("asker")}
	if c := b.o.Contact; c != nil {
		p.Name, p.Email = cmp.Or(strings.TrimSpace(visible(c.Name)), p.Name), visible(c.Email)
	}
	return p
}

func (b *builder) everybody() arkiv.Party {
	return arkiv.Party{Role: arkiv.Receiver, Name: b.label("public")}
}

// agencies gives parties, the service itself when there are none. The handler
// is the first one's.
func (b *builder) agencies(r arkiv.Role, keys []string, handler string) (out []arkiv.Party) {
	for i, key := range keys {
		if key == "" {
			continue
		}
		p := arkiv.Party{Role: r, Internal: true}
		if p.Name, p.Organisation = b.agency(key); i == 0 {
			p.Handler = handler
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		out = []arkiv.Party{{Role: r, Internal: true, Name: b.label("service"), Handler: handler}}
	}
	return out
}

func (b *builder) agency(key string) (name, organisation string) {
	if b.o.Agency != nil {
		name, organisation = b.o.Agency(key)
	}
	return cmp.Or(strings.TrimSpace(visible(name)), visible(key)), organisation
}

// by gives who registered something: for an asker the service did.
func (b *builder) by(a guidance.Actor) string {
	if a.Role == guidance.Asker || a.Role == guidance.System {
		return b.label("system")
	}
	return b.name(a)
}

func (b *builder) name(a guidance.Actor) string {
	return cmp.Or(strings.TrimSpace(visible(a.Name)), b.label("staff"))
}

// title gives the case's, or the beginning of the question.
func (b *builder) title() string {
	s := strings.Join(strings.Fields(visible(cmp.Or(b.s.Case.Title, b.s.Case.Received.Question))), " ")
	if r := []rune(s); len(r) > 120 {
		s = strings.TrimSpace(string(r[:119])) + "…"
	}
	return cmp.Or(s, b.label("inquiry"))
}

func (b *builder) label(key string) string { return label(b.lang, key) }

// oneOf gives a list, or the one agency when it is empty.
func oneOf(list []string, or string) []string {
	if len(list) > 0 {
		return list
	}
	return []string{or}
}

// sorted gives the keys of facts in order.
func sorted(facts map[string]any) []string { return slices.Sorted(maps.Keys(facts)) }
