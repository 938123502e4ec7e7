package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/timing"
)

// maxOpen is how many cases one conversation may have that are not at an end.
const maxOpen = 10

var (
	errNoQuestion = say.Error(kiveileder.CodeInvalid, "no_question")
	errLong       = say.Error(kiveileder.CodeInvalid, "long", maxAsked)
	errAgency     = say.Error(kiveileder.CodeInvalid, "agency")
	errMany       = say.Error(kiveileder.CodeConflict, "many", maxOpen)
	errContact    = say.Error(kiveileder.CodeInvalid, "no_contacts")
	errHandOverID = say.Error(kiveileder.CodeInvalid, "hand_over_id")
)

// Form implements Calls.
func (q *Queue) Form(ctx context.Context, key string, l kiveileder.Language) (Form, error) {
	f := Form{Agencies: q.agencies(), Contact: q.Contacts, Mail: q.Mails, Limits: limits(), Near: []Near{}}
	t, err := q.read(ctx, key)
	if err != nil {
		return f, err
	}
	f.Question, f.Project = t.question(), t.project(l)
	if set := q.Rules(); set != nil {
		p := guidance.Propose(set, t.findings(), t.would())
		f.Topics = p.Topics
		if len(p.Agencies) > 0 {
			f.Agency = p.Agencies[0]
		}
	}
	opened := q.now()
	f.Expected = timing.Expected(guidance.Case{State: guidance.IsReceived, Opened: opened, Agencies: single(f.Agency), Spans: []guidance.Span{{State: guidance.IsReceived, From: opened}}}, opened)
	if f.Question != "" {
		f.Near = q.near(ctx, f.Question)
	}
	return f, nil
}

func single(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// HandOver implements Calls.
func (q *Queue) HandOver(ctx context.Context, key string, h HandOver) (AskerCase, error) {
	if err := q.check(&h); err != nil {
		return AskerCase{}, err
	}
	id := caseID(key, h.ID)
	switch snap, err := q.Cases.Load(ctx, id); {
	case err == nil && !snap.Case.OpenedBy(guidance.ReceivedData{Question: h.Question, Project: h.Project, Agency: h.Agency, Publish: h.Publish}):
		return AskerCase{}, guidance.ErrReused
	case err == nil:
		q.Cases.News(id, snap.Case) // who made it may have died before it told anybody
		return q.asker(ctx, key, snap)
	case !errors.Is(err, guidance.ErrNoCase):
		return AskerCase{}, err
	}
	rows, err := q.Cases.Store.List(ctx, guidance.Filter{Asker: key, States: guidance.TheFlow.Open, Limit: maxOpen})
	if err != nil {
		return AskerCase{}, err
	}
	if len(rows) >= maxOpen {
		return AskerCase{}, errMany
	}
	d, err := q.received(ctx, key, h)
	if err != nil {
		return AskerCase{}, err
	}
	if h.Contact != (guidance.Contact{}) {
		h.Contact.Conversation = h.Conversation
	}
	snap, err := q.Cases.Open(ctx, id, guidance.Actor{ID: key, Role: guidance.Asker}, d, h.Contact)
	if err != nil {
		return AskerCase{}, err
	}
	return q.asker(ctx, key, snap)
}

func (q *Queue) check(h *HandOver) error {
	h.Question, h.Project = strings.TrimSpace(h.Question), strings.TrimSpace(h.Project)
	known := h.Agency == "" || slices.ContainsFunc(q.agencies(), func(a Agency) bool { return a.Key == h.Agency })
	switch {
	case h.ID == "" || len(h.ID) > 64:
		return errHandOverID
	case h.Question == "":
		return errNoQuestion
	case utf8.RuneCountInString(h.Question) > maxAsked || utf8.RuneCountInString(h.Project) > maxAsked:
		return errLong
	case !known:
		return errAgency
	case !q.Contacts && h.Contact.Public() != (guidance.Contact{}):
		return errContact
	}
	return nil
}

// Mine implements Calls.
func (q *Queue) Mine(ctx context.Context, key string) ([]AskerCase, error) {
	out := []AskerCase{}
	if key == "" { // no filter would be everybody's
		return out, nil
	}
	rows, err := q.Cases.Store.List(ctx, guidance.Filter{Asker: key, Limit: everything})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b guidance.Row) int {
		return cmp.Or(b.Opened.Compare(a.Opened), cmp.Compare(b.Number, a.Number))
	})
	for _, r := range rows {
		snap, err := q.Cases.Load(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		c, err := q.asker(ctx, key, snap)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// Tell implements Calls.
func (q *Queue) Tell(ctx context.Context, key, id string, c guidance.Command) (AskerResult, error) {
	c.Actor = guidance.Actor{ID: key, Role: guidance.Asker}
	before, err := q.Cases.Load(ctx, id)
	if err != nil {
		return AskerResult{}, err
	}
	if key == "" || before.Case.Asker != key {
		return AskerResult{}, guidance.ErrNoCase
	}
	if err := checkSaid(c); err != nil {
		return AskerResult{}, err
	}
	snap, _, err := q.Cases.Do(ctx, id, c)
	refused, err := refusal(err)
	if err != nil {
		return AskerResult{}, err
	}
	if refused != nil { // what there is now, which may be why
		if snap, err = q.Cases.Load(ctx, id); err != nil {
			return AskerResult{}, err
		}
	}
	view, err := q.asker(ctx, key, snap)
	return AskerResult{Case: view, Refused: refused}, err
}

// checkSaid refuses more in a command than a person will read.
func checkSaid(c guidance.Command) error {
	b, err := json.Marshal(c.Data)
	if err != nil {
		return say.Because(err, kiveileder.CodeInvalid, "data")
	}
	data, err := guidance.Decode(c.Kind, b)
	if err != nil {
		return err
	}
	text, facts := "", []byte(nil)
	switch d := data.(type) {
	case guidance.AddedData:
		text = d.Text
	case guidance.RepliedData:
		text = d.Text
		facts, err = json.Marshal(d.Facts)
	case guidance.WithdrawnData:
		text = d.Reason
	case guidance.ReopenedData:
		text = d.Reason
	}
	if utf8.RuneCountInString(text) > maxAsked || len(facts) > maxAsked {
		return errLong
	}
	return err
}

// asker gives a case as its asker sees it.
func (q *Queue) asker(ctx context.Context, key string, snap guidance.Snapshot) (AskerCase, error) {
	now := q.now()
	c := AskerCase{ID: snap.ID, AskerView: guidance.ForAsker(snap.Number, snap.Case), HasMail: snap.Case.Received.HasContact && !snap.Case.Received.NoMail}
	c.Answers, c.Tasks = q.answersOf(c.AskerView.Answers), q.tasksOf(c.AskerView.Tasks, c.Language)
	c.AskerView.Answers, c.AskerView.Tasks = nil, nil // they stand above
	c.Names = q.names(c.Agencies)
	c.Expected = timing.Expected(snap.Case, now)
	c.May = q.Cases.May(snap, guidance.Actor{ID: key, Role: guidance.Asker}, now)
	if c.Published {
		c.Address = address(snap.Number)
	}
	if !c.HasMail {
		return c, nil
	}
	mails, err := q.Cases.Store.Mails(ctx, snap.ID)
	// said before the first letter is kept, too: a receipt must not promise mails
	c.NotSent = !q.Mails || slices.ContainsFunc(mails, func(m guidance.Mail) bool { return m.Status == guidance.MailKept })
	return c, err
}
