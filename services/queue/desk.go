package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/timing"
	"kiveileder/services/rules"
)

// Desk implements Calls.
func (q *Queue) Desk(context.Context) (Desk, error) {
	d := Desk{Agencies: q.agencies(), Targets: timing.Targets(), Modules: modules, Limits: Limits{Text: guidance.MaxText, Short: guidance.MaxShort}}
	if set := q.Rules(); set != nil {
		for _, f := range set.Facts {
			x := Fact{Key: f.Key, Name: f.Label, Question: f.Ask, NeverAsked: f.NeverAsked, Values: map[string]rules.Text{}}
			for _, v := range f.Values {
				x.Values[v.Key] = v.Label
			}
			for _, r := range f.Replies {
				if key := fmt.Sprint(r.Value); x.Values[key] == nil {
					x.Values[key] = r.Label
				}
			}
			d.Facts = append(d.Facts, x)
		}
	}
	return d, nil
}

// About implements Calls.
func (q *Queue) About(ctx context.Context, id string) (About, error) {
	snap, err := q.Cases.Load(ctx, id)
	if err != nil {
		return About{}, err
	}
	return About{Number: snap.Number, Agencies: snap.Case.Agencies, Members: members(snap)}, nil
}

// members gives those at the desk who have claimed a case, written on it or
// signed it.
func members(snap guidance.Snapshot) (ids []string) {
	for _, e := range snap.Log {
		desk := e.Actor.Role == guidance.Lawyer || e.Actor.Role == guidance.Lead
		works := e.Kind == guidance.Claimed || e.Kind == guidance.TakenOver || e.Kind == guidance.DraftSaved || e.Kind == guidance.Signed
		if desk && works && !slices.Contains(ids, e.Actor.ID) {
			ids = append(ids, e.Actor.ID)
		}
	}
	return ids
}

// Case implements Calls.
func (q *Queue) Case(ctx context.Context, who guidance.Actor, id string, seen bool) (DeskCase, error) {
	snap, err := q.Cases.Load(ctx, id)
	if err != nil {
		return DeskCase{}, err
	}
	c, err := q.desk(ctx, who, snap)
	if err == nil && seen && c.Seen < snap.Case.Seq {
		if err := q.see(ctx, who, id, snap.Case.Seq); err != nil { // it stays unread: no reason not to show it
			q.Log.Warn("what a person has read not kept", zap.String("case", id), zap.Error(err))
		}
	}
	return c, err
}

// desk gives a case as somebody sees it.
func (q *Queue) desk(ctx context.Context, who guidance.Actor, snap guidance.Snapshot) (DeskCase, error) {
	now := q.now()
	may := q.Cases.May(snap, who, now)
	snap, err := guidance.ForAgency(snap, who)
	if err != nil {
		return DeskCase{}, err
	}
	c := DeskCase{
		ID: snap.ID, Number: snap.Number, Case: snap.Case, Lease: snap.Lease, Held: snap.Lease.Holds(now), Hash: snap.Case.Draft().Hash,
		Signed: snap.Case.Signed(), Targets: timing.Status(snap, now), Due: timing.Due(snap.Case), Log: snap.Log, May: may,
		Told: told(snap, who, now),
	}
	if snap.Case.State == guidance.AtSignOff {
		c.Unsigned = snap.Case.Unsigned()
	}
	past := piece(snap, snap.Case.Seq+1)
	c.Log, c.Drafts, c.Earlier = past.Log, past.Drafts, past.Earlier
	if n := len(snap.Case.Drafts); n > 0 && len(c.Drafts) == 0 {
		c.Drafts = snap.Case.Drafts[n-1:] // the one that holds, however old
	}
	if standing, _, _ := snap.Case.Standing(); standing != guidance.Unpublic {
		c.Address = address(snap.Number)
	}
	if c.Mails, err = q.Cases.Store.Mails(ctx, snap.ID); err != nil {
		return c, err
	}
	c.Seen, err = q.seen(ctx, who, snap.ID)
	return c, err
}

// told gives what somebody should think of in a case now: what is told to
// everybody, and to them.
func told(snap guidance.Snapshot, who guidance.Actor, now time.Time) []timing.Reminder {
	return slices.DeleteFunc(timing.Reminders(snap, now), func(r timing.Reminder) bool { return r.To != "" && r.To != who.ID })
}

// mostPast is how many events are shown at once, with the drafts that they
// saved: a case may have thousands of both, and each draft is a whole text.
const mostPast = 200

// piece gives the newest events from before one of a case.
func piece(snap guidance.Snapshot, before int64) DeskPast {
	to := min(max(before-1, 0), int64(len(snap.Log)))
	from := max(to-mostPast, 0)
	out := DeskPast{Log: append([]guidance.Event{}, snap.Log[from:to]...), Drafts: []guidance.Version{}, Earlier: from}
	for i, e := range out.Log {
		if d, ok := e.Data.(guidance.DraftSavedData); ok {
			d.Draft = guidance.Draft{} // it stands in its version
			out.Log[i].Data = d
		}
	}
	for _, v := range snap.Case.Drafts {
		if from < v.Seq && v.Seq <= to {
			out.Drafts = append(out.Drafts, v)
		}
	}
	return out
}

// Earlier implements Calls.
func (q *Queue) Earlier(ctx context.Context, who guidance.Actor, id string, before int64) (DeskPast, error) {
	snap, err := q.Cases.Load(ctx, id)
	if err != nil {
		return DeskPast{}, err
	}
	if snap, err = guidance.ForAgency(snap, who); err != nil {
		return DeskPast{}, err
	}
	return piece(snap, before), nil
}

func (q *Queue) seen(ctx context.Context, who guidance.Actor, id string) (int64, error) {
	kept, err := q.Cases.Store.Kept(ctx, who.ID, guidance.SeenKey(id))
	if err != nil {
		return 0, err
	}
	n, _ := strconv.ParseInt(string(kept[guidance.SeenKey(id)]), 10, 64) // nothing kept is nothing seen
	return n, nil
}

func (q *Queue) see(ctx context.Context, who guidance.Actor, id string, seq int64) error {
	return q.Cases.Store.Keep(ctx, who.ID, guidance.SeenKey(id), strconv.AppendInt(nil, seq, 10))
}

// Do implements Calls.
func (q *Queue) Do(ctx context.Context, id string, c guidance.Command) (DeskResult, error) {
	snap, e, err := q.Cases.Do(ctx, id, c)
	refused, err := refusal(err)
	if err != nil {
		return DeskResult{}, err
	}
	out := DeskResult{Refused: refused}
	if refused != nil {
		if snap, err = q.Cases.Load(ctx, id); err != nil {
			return out, err
		}
	} else {
		out.Event = &e
		q.after(ctx, c.Actor, snap, e)
	}
	out.Case, err = q.desk(ctx, c.Actor, snap)
	switch {
	case !errors.Is(err, guidance.ErrNoCase):
		return out, err
	case refused != nil: // no business of theirs: not even that it is there
		return DeskResult{}, err
	}
	out.Case = left(snap)
	return out, nil
}

// left gives a case as those see it who have just taken their own agency off.
func left(snap guidance.Snapshot) DeskCase {
	c := guidance.Case{Seq: snap.Case.Seq, State: snap.Case.State, Opened: snap.Case.Opened, Changed: snap.Case.Changed, Agencies: snap.Case.Agencies}
	return DeskCase{ID: snap.ID, Number: snap.Number, Case: c, Log: []guidance.Event{}, May: []guidance.Kind{}}
}

// after does what follows on a command. What it does is done again later if it
// fails: it does not undo the command.
func (q *Queue) after(ctx context.Context, who guidance.Actor, snap guidance.Snapshot, e guidance.Event) {
	if seen, err := q.seen(ctx, who, snap.ID); err == nil && seen >= e.Seq-1 { // one's own is no news
		_ = q.see(ctx, who, snap.ID, e.Seq)
	}
	switch e.Kind {
	case guidance.Published, guidance.ReviewBegan, guidance.ReviewEnded, guidance.Unpublished, guidance.Sent:
		q.Wake()
	case guidance.Anonymised:
		if err := q.forgetLetters(snap.ID); err != nil { // they go when they are old
			q.Log.Error("kept letters of an anonymised case not deleted", zap.String("case", snap.ID), zap.Error(err))
		}
	}
}

// Beat implements Calls.
func (q *Queue) Beat(ctx context.Context, who guidance.Actor, id string) (BeatResult, error) {
	l, err := q.Cases.Beat(ctx, id, who)
	refused, err := refusal(err)
	return BeatResult{Lease: l, Refused: refused}, err
}

// Contact implements Calls.
func (q *Queue) Contact(ctx context.Context, who guidance.Actor, id string) (guidance.Contact, error) {
	return q.Cases.Contact(ctx, id, who)
}

// Reassign implements Calls. New agencies come on before others leave, so that
// there is always one, and the person's own leaves last: then they may no more.
func (q *Queue) Reassign(ctx context.Context, who guidance.Actor, id string, agencies []string, reason string) (DeskResult, error) {
	snap, err := q.Cases.Load(ctx, id)
	if err != nil {
		return DeskResult{}, err
	}
	before := slices.DeleteFunc(slices.Clone(snap.Case.Agencies), func(a string) bool { return a == who.Agency })
	if len(before) < len(snap.Case.Agencies) {
		before = append(before, who.Agency)
	}
	if len(agencies) == 0 {
		return DeskResult{}, errAgency
	}
	isKnown := func(a string) bool { return slices.Contains(before, a) || q.Cases.Known(a) }
	if i := slices.IndexFunc(agencies, func(a string) bool { return !isKnown(a) }); i >= 0 {
		agencies = agencies[i:] // to be refused before anything is done
	}
	out := DeskResult{}
	step := func(kind guidance.Kind, data any) (done bool, err error) {
		out, err = q.Do(ctx, id, guidance.Command{Actor: who, Kind: kind, Data: data, Seen: snap.Case.Seq})
		if err != nil || out.Refused != nil {
			return false, err
		}
		snap, err = q.Cases.Load(ctx, id)
		return err == nil, err
	}
	for i, a := range agencies {
		if slices.Contains(before, a) || slices.Contains(agencies[:i], a) {
			continue
		}
		if done, err := step(guidance.Invited, guidance.InvitedData{Agency: a, Reason: reason}); !done {
			return out, err
		}
	}
	for _, a := range before {
		if slices.Contains(agencies, a) {
			continue
		}
		if done, err := step(guidance.Uninvited, guidance.UninvitedData{Agency: a, Reason: reason}); !done {
			return out, err
		}
	}
	if out.Event == nil { // nothing to change
		out.Case, err = q.desk(ctx, who, snap)
	}
	return out, err
}

var errTextsStay = say.Error(kiveileder.CodeConflict, "texts_stay")

// Anonymise implements Calls. Of a case that is not at an end the contact is
// deleted, and the error says that the texts stay.
func (q *Queue) Anonymise(ctx context.Context, who guidance.Actor, id, reason string) error {
	return q.anonymise(ctx, who, id, rules.Text{kiveileder.Bokmal: reason})
}

// anonymise takes a reason of a person, in bokmål alone, or one of the service
// in every language.
func (q *Queue) anonymise(ctx context.Context, who guidance.Actor, id string, texts rules.Text) error {
	reason := texts[kiveileder.Bokmal]
	snap, err := q.Cases.Load(ctx, id)
	if err != nil {
		return err
	}
	forgets := who.Role == guidance.Admin || who.Role == guidance.System // the others are refused below
	if forgets && strings.TrimSpace(reason) == "" {
		return &kiveileder.Error{Code: kiveileder.CodeInvalid, Message: guidance.TheFlow.Guards["reason"].Get(kiveileder.Bokmal), Texts: guidance.TheFlow.Guards["reason"]}
	}
	if forgets {
		if err := q.Forget(ctx, id); err != nil {
			return err
		}
	}
	if snap.Case.Anonymised {
		return nil
	}
	_, _, err = q.Cases.Do(ctx, id, guidance.Command{Actor: who, Kind: guidance.Anonymised, Data: guidance.AnonymisedData{Reason: reason, Texts: texts}, Seen: snap.Case.Seq})
	if r, isOurs := as(err).(*guidance.Refused); isOurs { // it has words for people
		if forgets && r.Guard == "state" {
			return errTextsStay
		}
		return &kiveileder.Error{Code: kiveileder.ErrorCode(err), Message: r.Text.Get(kiveileder.Bokmal), Texts: r.Text, Err: err}
	}
	return err
}

// Forget deletes at once how the asker of a case is reached, and the mails to
// them that were kept. Texts stay.
func (q *Queue) Forget(ctx context.Context, id string) error {
	if err := q.Cases.Store.DeleteContact(ctx, id); err != nil {
		return err
	}
	return q.forgetLetters(id)
}

func (q *Queue) forgetLetters(id string) error {
	if q.Letters == nil {
		return nil
	}
	return q.Letters.Forget(id)
}

// mayKeep are the keys that a person's own things may have.
var mayKeep = regexp.MustCompile(`^(draft|view|note):[^\x00-\x1f]+$`)

var errKey = say.Error(kiveileder.CodeInvalid, "key")

// Kept implements Calls.
func (q *Queue) Kept(ctx context.Context, person, prefix string) (map[string]json.RawMessage, error) {
	kept, err := q.Cases.Store.Kept(ctx, person, prefix)
	if err != nil {
		return nil, err
	}
	out := map[string]json.RawMessage{}
	for k, v := range kept {
		if mayKeep.MatchString(k) {
			out[k] = v
		}
	}
	return out, nil
}

// Keep implements Calls.
func (q *Queue) Keep(ctx context.Context, person, key string, value json.RawMessage) error {
	switch {
	case person == "" || !mayKeep.MatchString(key):
		return errKey
	case len(value) == 0 || string(value) == "null":
		value = nil
	case !json.Valid(value):
		return errKey
	}
	return q.Cases.Store.Keep(ctx, person, key, value)
}

// DeadMails implements Calls.
func (q *Queue) DeadMails(ctx context.Context) ([]guidance.Mail, error) {
	const most = 200
	return q.Cases.Store.DeadMails(ctx, most)
}

// Again implements Calls.
func (q *Queue) Again(ctx context.Context, mail string) error {
	return q.Cases.Store.Revive(ctx, mail, q.now())
}

var errNoInbound = say.Error(kiveileder.CodeNotFound, "no_inbound")

// Inbound implements Calls.
func (q *Queue) Inbound(ctx context.Context, signature string, raw []byte) error {
	if q.Config.Inbound == nil {
		return errNoInbound
	}
	return q.Config.Inbound.Receive(ctx, signature, raw)
}

// as gives the error of the cases that a chain holds, nil for another.
func as(err error) error {
	var refused *guidance.Refused
	var held *guidance.Held
	var conflict *guidance.Conflict
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &held):
		return held
	case errors.As(err, &conflict):
		return conflict
	}
	return nil
}
