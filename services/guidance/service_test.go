package guidance_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/guidancetest"
	"kiveileder/services/rules"
)

var person, anne, bodil, cato, dina = guidancetest.Person, guidancetest.Anne, guidancetest.Bodil, guidancetest.Cato, guidancetest.Dina

// A desk is a service with one case, that people work on.
type desk struct {
	*guidance.Service
	t    *testing.T
	now  time.Time
	snap guidance.Snapshot
	n    []int64 // what News was told
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	seal, err := guidance.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, now: time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC)}
	d.Service = guidance.New(guidance.Config{
		Store: guidance.NewMemory(), Seal: seal, Now: func() time.Time { return d.now },
		Known:    func(a string) bool { return a == "hdir" || a == "dmp" },
		Verbatim: func(q rules.Quote) bool { return q.Text == "ordrett" },
		News:     func(_ string, c guidance.Case) { d.n = append(d.n, c.Seq) },
	})
	d.snap, err = d.Open(t.Context(), "c1", person, guidance.ReceivedData{
		Title: "REK", Question: "Må vi søke REK? Jeg er Kari, tlf. 99 88 77 66.", Agencies: []string{"hdir"}, Publish: true, Facts: map[string]any{"purpose": "care"},
	}, guidance.Contact{Name: "Kari", Email: "kari@example.no"})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// tries gives a command of somebody who has seen all.
func (d *desk) tries(a guidance.Actor, kind guidance.Kind, data any) error {
	d.t.Helper()
	snap, _, err := d.Do(context.Background(), "c1", guidance.Command{Actor: a, Kind: kind, Data: data, Seen: d.snap.Case.Seq})
	if err == nil {
		d.snap = snap
	}
	return err
}

func (d *desk) does(a guidance.Actor, kind guidance.Kind, data any) {
	d.t.Helper()
	if err := d.tries(a, kind, data); err != nil {
		d.t.Fatalf("%s as %s: %v", kind, a.ID, err)
	}
}

// refused checks which guard is against it.
func (d *desk) refused(guard string, a guidance.Actor, kind guidance.Kind, data any) {
	d.t.Helper()
	err := d.tries(a, kind, data)
	var r *guidance.Refused
	if !errors.As(err, &r) || r.Guard != guard {
		d.t.Errorf("%s as %s in %s: %v, want guard %s", kind, a.ID, d.snap.Case.State, err, guard)
	}
}

func (d *desk) stands(s guidance.State) {
	d.t.Helper()
	if d.snap.Case.State != s {
		d.t.Fatalf("the case is %s, want %s", d.snap.Case.State, s)
	}
}

func draft(base int, text string) guidance.DraftSavedData {
	return guidance.DraftSavedData{Base: base, Draft: guidance.Draft{Sections: []guidance.Section{{Question: "Må vi søke?", Text: text}}}}
}

func (d *desk) hash() string { return d.snap.Case.Draft().Hash }

// signoff brings a case of two agencies to sign-off.
func signoff(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	d.does(anne, guidance.Claimed, nil)
	d.does(anne, guidance.Assessed, nil)
	d.does(anne, guidance.Invited, guidance.InvitedData{Agency: "dmp", Reason: "Det er medisinsk utstyr."})
	d.does(anne, guidance.DraftSaved, draft(0, "Ja."))
	d.does(anne, guidance.Submitted, guidance.SubmittedData{Hash: d.hash()})
	d.stands(guidance.AtSignOff)
	return d
}

func (d *desk) signs(a guidance.Actor, v guidance.Verdict) {
	d.t.Helper()
	d.does(a, guidance.Signed, guidance.SignedData{Hash: d.hash(), Verdict: v, Reason: "Fordi."})
}

func TestTwoAgenciesAnswerAsOne(t *testing.T) {
	d := signoff(t)
	if d.snap.Number != "KI-2027-0001" { // it is the new year in Norway
		t.Errorf("number %s", d.snap.Number)
	}
	d.signs(anne, guidance.Approve)
	d.refused("all_signed", anne, guidance.Sent, guidance.SentData{Hash: d.hash()})
	d.signs(bodil, guidance.Return)
	d.stands(guidance.Drafting)
	d.does(bodil, guidance.DraftSaved, draft(1, "Ja, og CE-merking."))
	if len(d.snap.Case.Signed()) != 0 {
		t.Errorf("after a change of the text these hold: %v", d.snap.Case.Signed())
	}
	d.does(anne, guidance.Submitted, guidance.SubmittedData{Hash: d.hash()})
	old := d.snap.Case.Drafts[0].Hash
	d.refused("exact_text", bodil, guidance.Signed, guidance.SignedData{Hash: old, Verdict: guidance.Approve})
	d.refused("own_agency", bodil, guidance.Signed, guidance.SignedData{Agency: "hdir", Hash: d.hash(), Verdict: guidance.Approve})
	d.refused("verdict", bodil, guidance.Signed, guidance.SignedData{Hash: d.hash(), Verdict: guidance.Reserve})
	d.signs(bodil, guidance.Reserve)
	d.signs(cato, guidance.Approve) // the lead signs for hdir
	d.refused("holder", bodil, guidance.Sent, guidance.SentData{Hash: d.hash()})
	d.does(anne, guidance.Sent, guidance.SentData{Hash: d.hash()})
	d.stands(guidance.Answered)
	want := []string{"hdir", "dmp"}
	if got := d.snap.Case.Answers[0]; !slices.Equal(got.Agencies, want) || got.Draft.Sections[0].Text != "Ja, og CE-merking." || got.Bypassed != nil {
		t.Errorf("answer %+v", got)
	}
	mails, err := d.Store.Mails(t.Context(), "c1")
	if err != nil || len(mails) != 2 || mails[0].Kind != guidance.MailReceipt || mails[1].ID != guidance.MailID("c1", d.snap.Case.Seq, guidance.MailAnswer) {
		t.Errorf("mails %+v, %v", mails, err)
	}
	for i, seq := range d.n {
		if seq != int64(i)+1 {
			t.Errorf("news: %v", d.n)
		}
	}
}

// Sign-offs on a text hold again when the text is that very one again, and
// only those.
func TestChangedTextVoidsSignOffs(t *testing.T) {
	d := signoff(t)
	d.signs(anne, guidance.Approve)
	d.does(bodil, guidance.DraftSaved, draft(1, "Ja. ")) // one space
	d.stands(guidance.Drafting)
	if got := d.snap.Case.Unsigned(); !slices.Equal(got, []string{"hdir", "dmp"}) {
		t.Errorf("unsigned: %v", got)
	}
}

func TestBypass(t *testing.T) {
	d := signoff(t)
	d.signs(anne, guidance.Approve)
	d.refused("role", anne, guidance.Bypassed, guidance.BypassedData{Hash: d.hash(), Reason: "Haster."})
	d.refused("reason", cato, guidance.Bypassed, guidance.BypassedData{Hash: d.hash(), Reason: "  "})
	d.refused("exact_text", cato, guidance.Bypassed, guidance.BypassedData{Hash: "x", Reason: "Haster."})
	other := guidance.Actor{ID: "eva", Role: guidance.Lead, Agency: "datatilsynet"}
	d.refused("on_case_or_admin", other, guidance.Bypassed, guidance.BypassedData{Hash: d.hash(), Reason: "Haster."})
	d.does(cato, guidance.Bypassed, guidance.BypassedData{Hash: d.hash(), Reason: "DMP er enig på telefon.", Agencies: []string{"forged"}})
	if got := d.snap.Case.Bypass.Agencies; !slices.Equal(got, []string{"dmp"}) {
		t.Errorf("bypassed: %v", got)
	}
	d.does(anne, guidance.Sent, guidance.SentData{Hash: d.hash()})
	if got := d.snap.Case.Answers[0]; !slices.Equal(got.Agencies, []string{"hdir"}) || !slices.Equal(got.Bypassed, []string{"dmp"}) {
		t.Errorf("answer %+v", got)
	}
}

// A bypass is for one text and for those who had not signed it.
func TestBypassDoesNotLast(t *testing.T) {
	d := signoff(t)
	d.does(dina, guidance.Bypassed, guidance.BypassedData{Hash: d.hash(), Reason: "Haster."})
	d.does(anne, guidance.DraftSaved, draft(1, "Nei."))
	d.does(anne, guidance.Submitted, guidance.SubmittedData{Hash: d.hash()})
	d.refused("all_signed", anne, guidance.Sent, guidance.SentData{Hash: d.hash()})
}

func TestClaims(t *testing.T) {
	d := newDesk(t)
	d.refused("holder", anne, guidance.Assessed, nil)
	d.does(anne, guidance.Claimed, nil)
	d.does(anne, guidance.Invited, guidance.InvitedData{Agency: "dmp", Reason: "Utstyr."})
	var held *guidance.Held
	if err := d.tries(bodil, guidance.Claimed, nil); !errors.As(err, &held) || held.Lease.Holder.Name != "Anne" || kiveileder.ErrorCode(err) != kiveileder.CodeConflict {
		t.Errorf("the loser hears %v", err)
	}
	d.refused("reason", bodil, guidance.TakenOver, nil)
	d.refused("held_by_other", anne, guidance.TakenOver, guidance.TakenOverData{Reason: "x"})
	d.does(bodil, guidance.TakenOver, guidance.TakenOverData{Reason: "Anne er syk.", From: "forged"})
	if e := d.snap.Log[len(d.snap.Log)-1]; e.Data.(guidance.TakenOverData).From != "anne" {
		t.Errorf("logged: %+v", e)
	}
	d.refused("holder", anne, guidance.Assessed, nil)
	if _, err := d.Beat(t.Context(), "c1", anne); !errors.As(err, &held) || held.Lease.Holder.ID != "bodil" {
		t.Errorf("heartbeat of the one who lost it: %v", err)
	}
	d.now = d.now.Add(time.Minute)
	if l, err := d.Beat(t.Context(), "c1", bodil); err != nil || !l.Until.Equal(d.now.Add(2*time.Minute)) {
		t.Errorf("heartbeat: %v, %v", l, err)
	}
	d.now = d.now.Add(2 * time.Minute) // no heartbeat
	d.does(anne, guidance.Claimed, nil)
	if e := d.snap.Log[len(d.snap.Log)-1]; e.Data.(guidance.ClaimedData).Was != "bodil" {
		t.Errorf("logged: %+v", e)
	}
	d.does(anne, guidance.Released, nil)
	d.does(bodil, guidance.Claimed, nil)
	eva := guidance.Actor{ID: "eva", Role: guidance.Lawyer, Agency: "datatilsynet"}
	d.refused("on_case", eva, guidance.TakenOver, guidance.TakenOverData{Reason: "x"})
	d.refused("role", dina, guidance.Claimed, nil)
}

// What was begun before something came is refused, and shows it; what changes
// nothing does not stand in the way.
func TestConflicts(t *testing.T) {
	d := signoff(t)
	seen := d.snap.Case.Seq
	d.does(bodil, guidance.Noted, guidance.NotedData{Text: "Sjekk § 9."})
	command := guidance.Command{ID: "s1", Actor: bodil, Kind: guidance.Signed, Seen: seen, Data: guidance.SignedData{Hash: d.hash(), Verdict: guidance.Approve}}
	snap, first, err := d.Do(t.Context(), "c1", command)
	if err != nil {
		t.Fatalf("a note stood in the way: %v", err)
	}
	again, second, err := d.Do(t.Context(), "c1", command)
	if err != nil || !cmp.Equal(first, second) || again.Case.Seq != snap.Case.Seq {
		t.Errorf("the same command again: %v, %v", second, err)
	}
	d.snap = snap
	d.does(person, guidance.Added, guidance.AddedData{Text: "Vi bruker også bilder."})
	command.ID, command.Actor, command.Seen = "s2", anne, snap.Case.Seq
	_, _, err = d.Do(t.Context(), "c1", command)
	var conflict *guidance.Conflict
	if !errors.As(err, &conflict) || len(conflict.Events) != 1 || conflict.Events[0].Kind != guidance.Added || kiveileder.ErrorCode(err) != kiveileder.CodeConflict {
		t.Errorf("what the asker added was not shown: %v", err)
	}
	// one who is not on the case hears nothing of it
	command.Actor, command.Seen = guidance.Actor{ID: "eva", Role: guidance.Lawyer, Agency: "other"}, 0
	if _, _, err := d.Do(t.Context(), "c1", command); errors.As(err, &conflict) {
		t.Errorf("a stranger is shown %v", err)
	}
}

// Two agencies may approve one text at the same time. What the one has a
// reservation about, the other is shown first.
func TestSignAlongside(t *testing.T) {
	approve, reserve := guidance.SignedData{Verdict: guidance.Approve}, guidance.SignedData{Verdict: guidance.Reserve, Reason: "Gjelder ikke utstyr."}
	for _, c := range []struct {
		name         string
		first, after guidance.SignedData
		refused      bool
	}{
		{"both approve", approve, approve, false},
		{"the second has a reservation", approve, reserve, false},
		{"the first has a reservation", reserve, approve, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := signoff(t)
			seen := d.snap.Case.Seq
			c.first.Hash, c.after.Hash = d.hash(), d.hash()
			d.does(anne, guidance.Signed, c.first)
			_, _, err := d.Do(t.Context(), "c1", guidance.Command{ID: "s2", Actor: bodil, Kind: guidance.Signed, Seen: seen, Data: c.after})
			var conflict *guidance.Conflict
			if errors.As(err, &conflict) != c.refused || !c.refused && err != nil {
				t.Fatalf("the second: %v", err)
			}
			if c.refused && (len(conflict.Events) != 1 || conflict.Events[0].Kind != guidance.Signed) {
				t.Errorf("shown %v", conflict.Events)
			}
		})
	}
}

func TestTasksComeBackAsFacts(t *testing.T) {
	d := newDesk(t)
	d.does(anne, guidance.Claimed, nil)
	d.does(anne, guidance.Assessed, nil)
	d.does(anne, guidance.Asked, guidance.AskedData{Text: "Har dere samtykke?", Fact: "consent"})
	first := d.snap.Case.Seq
	d.does(anne, guidance.Asked, guidance.AskedData{Text: "Fra alle?"})
	second := d.snap.Case.Seq
	d.stands(guidance.Waiting)
	d.now = d.now.Add(time.Hour)
	d.does(person, guidance.Replied, guidance.RepliedData{Task: first, Text: "Ja, ring 99 88 77 66.", Facts: map[string]any{"consent": "yes"}})
	d.stands(guidance.Waiting)
	d.refused("open_task", person, guidance.Replied, guidance.RepliedData{Task: first, Text: "Nei."})
	if err := d.tries(guidance.Actor{ID: "somebody", Role: guidance.Asker}, guidance.Replied, guidance.RepliedData{Task: second, Text: "Nei."}); !errors.Is(err, guidance.ErrNoCase) {
		t.Errorf("somebody else replied: %v", err)
	}
	d.does(person, guidance.Replied, guidance.RepliedData{Task: second, Text: "Nei."})
	d.stands(guidance.Assessment)
	if d.snap.Case.Facts["consent"] != "yes" || d.snap.Case.Facts["purpose"] != "care" || strings.Contains(d.snap.Case.Tasks[0].Reply, "99 88") {
		t.Errorf("facts %v, reply %q", d.snap.Case.Facts, d.snap.Case.Tasks[0].Reply)
	}
	var waited time.Duration
	for _, s := range d.snap.Case.Spans {
		if s.State == guidance.Waiting {
			waited += s.To.Sub(s.From)
		}
	}
	if waited != time.Hour {
		t.Errorf("waited %v", waited)
	}
}

// An asker who replies to one question while another was asked is shown that,
// and nothing that is internal.
func TestAskerConflict(t *testing.T) {
	d := newDesk(t)
	d.does(anne, guidance.Claimed, nil)
	d.does(anne, guidance.Assessed, guidance.AssessedData{Text: "INTERNAL"})
	d.does(anne, guidance.Asked, guidance.AskedData{Text: "Har dere samtykke?"})
	seen := d.snap.Case.Seq
	d.does(anne, guidance.DraftSaved, draft(0, "INTERNAL"))
	d.does(anne, guidance.Asked, guidance.AskedData{Text: "Fra alle?"})
	_, _, err := d.Do(t.Context(), "c1", guidance.Command{Actor: person, Kind: guidance.Replied, Seen: seen, Data: guidance.RepliedData{Task: seen, Text: "Ja."}})
	var c *guidance.Conflict
	if !errors.As(err, &c) || len(c.Events) != 1 || c.Events[0].Actor.Name != "" {
		t.Fatalf("got %v", err)
	}
	if b, _ := json.Marshal(c); strings.Contains(string(b), "INTERNAL") || strings.Contains(string(b), "Anne") {
		t.Errorf("the asker is shown %s", b)
	}
}

func TestQuotesAreVerbatim(t *testing.T) {
	d := newDesk(t)
	d.does(anne, guidance.Claimed, nil)
	d.does(anne, guidance.Assessed, nil)
	d.does(anne, guidance.DraftSaved, draft(0, "  "))
	d.refused("has_draft", anne, guidance.Submitted, guidance.SubmittedData{Hash: d.hash()})
	text := draft(1, "Se sitatet.")
	text.Draft.Quotes = []rules.Quote{{Source: "s", Passage: "p", Text: "omtrent"}}
	d.does(anne, guidance.DraftSaved, text)
	d.refused("verbatim", anne, guidance.Submitted, guidance.SubmittedData{Hash: d.hash()})
	text.Base, text.Draft.Quotes[0].Text = 2, "ordrett"
	d.does(anne, guidance.DraftSaved, text)
	d.refused("current_draft", anne, guidance.DraftSaved, draft(2, "sein"))
	d.does(anne, guidance.Submitted, guidance.SubmittedData{Hash: d.hash()})
	for _, a := range d.snap.Case.Agencies {
		d.signs(map[string]guidance.Actor{anne.Agency: anne, bodil.Agency: bodil}[a], guidance.Approve)
	}
	d.Verbatim = func(q rules.Quote) bool { return q.Text == "ordrett, i ny utgave" } // the source has changed
	if may := d.May(d.snap, anne, d.Now()); !slices.Contains(may, guidance.Sent) {
		t.Errorf("whoever wants to send would not hear why not: %v", may)
	}
	d.refused("verbatim", anne, guidance.Sent, guidance.SentData{Hash: d.hash()})
	text.Base, text.Draft.Quotes[0].Text = 3, "ordrett, i ny utgave"
	d.does(anne, guidance.DraftSaved, text)
	d.does(anne, guidance.Submitted, guidance.SubmittedData{Hash: d.hash()})
}

func TestPublishing(t *testing.T) {
	d := signoff(t)
	d.signs(anne, guidance.Approve)
	d.signs(bodil, guidance.Approve)
	d.refused("state", anne, guidance.Published, guidance.PublishedData{Title: "T", Question: "Q", Answer: "A"})
	d.does(anne, guidance.Sent, guidance.SentData{Hash: d.hash()})
	d.refused("says_something", anne, guidance.Published, guidance.PublishedData{Title: "T"})
	d.does(anne, guidance.Published, guidance.PublishedData{Title: "T", Question: "Q", Answer: "A"})
	service := guidance.Actor{ID: "sources", Role: guidance.System}
	d.refused("under_review", anne, guidance.ReviewEnded, guidance.ReviewEndedData{Reason: "x"})
	d.does(service, guidance.ReviewBegan, guidance.ReviewBeganData{Reason: "Kilden er endret."})
	rows, err := d.Store.List(t.Context(), guidance.Filter{Limit: 1})
	if err != nil || !rows[0].Review {
		t.Errorf("rows %+v, %v", rows, err)
	}
	d.does(person, guidance.Reopened, guidance.ReopenedData{Reason: "Noe er nytt."})
	d.does(anne, guidance.ReviewEnded, guidance.ReviewEndedData{Reason: "Fortsatt rett."})
	d.does(anne, guidance.Unpublished, guidance.UnpublishedData{Reason: "Utdatert."})
	d.stands(guidance.IsReopened)
}

// answered brings a case of two agencies to its answer.
func answered(t *testing.T) *desk {
	t.Helper()
	d := signoff(t)
	d.signs(anne, guidance.Approve)
	d.signs(bodil, guidance.Approve)
	d.does(anne, guidance.Sent, guidance.SentData{Hash: d.hash()})
	return d
}

// stood checks how the publication stands, in the case and in the list.
func (d *desk) stood(want guidance.Standing, why string) {
	d.t.Helper()
	s, reason, since := d.snap.Case.Standing()
	if s != want || reason != why || since.IsZero() != (want == guidance.Unpublic) {
		d.t.Errorf("it stands as %q, %q since %v; want %q, %q", s, reason, since, want, why)
	}
	rows, err := d.Store.List(d.t.Context(), guidance.Filter{Limit: 1})
	if err != nil || rows[0].Review != (want == guidance.UnderReview) || rows[0].Published != string(want) {
		d.t.Errorf("rows %+v, %v; want %q", rows, err, want)
	}
	shown := want == guidance.Valid || want == guidance.UnderReview
	if v := guidance.ForAsker("KI", d.snap.Case); v.Published != shown {
		d.t.Errorf("the asker is told %v of a publication that stands as %q", v.Published, want)
	}
}

// The life of a publication: valid, looked at again, withdrawn and still there,
// replaced.
func TestPublicationStands(t *testing.T) {
	d := answered(t)
	d.stood(guidance.Unpublic, "")
	p := guidance.PublishedData{
		Title: "T", Question: "Q", Answer: "A", Agencies: []string{"not on it"}, ValidUntil: "2027-01-01",
		Asked: map[kiveileder.Language][]string{kiveileder.Nynorsk: {"Kva?"}},
	}
	d.does(anne, guidance.Published, p)
	d.stood(guidance.Valid, "")
	if got := d.snap.Case.Publication; !slices.Equal(got.Agencies, []string{"hdir", "dmp"}) || len(got.Earlier) > 0 {
		t.Errorf("published %+v", got)
	}
	service := guidance.Actor{ID: "sources", Role: guidance.System}
	d.does(service, guidance.ReviewBegan, guidance.ReviewBeganData{Reason: "Kilden er endret."})
	d.stood(guidance.UnderReview, "Kilden er endret.")
	leans := []guidance.Lean{{Rule: "R1", Hash: "x"}}
	d.does(anne, guidance.ReviewEnded, guidance.ReviewEndedData{Reason: "Gjelder.", Leans: leans})
	d.stood(guidance.Valid, "")
	if got := d.snap.Case.Publication; !slices.Equal(got.Leans, leans) || got.ValidUntil != "2027-01-01" {
		t.Errorf("after the review %+v", got)
	}
	d.does(anne, guidance.Unpublished, guidance.UnpublishedData{Reason: "Utdatert."})
	d.stood(guidance.Retracted, "Utdatert.")
	if got := d.snap.Case.Publication; got == nil || got.Title != "T" {
		t.Errorf("withdrawn it is %+v", got)
	}
	d.refused("is_published", anne, guidance.Unpublished, guidance.UnpublishedData{Reason: "Igjen."})
	d.refused("is_published", service, guidance.ReviewBegan, guidance.ReviewBeganData{Reason: "x"})
	p.Title = "T2"
	d.does(anne, guidance.Published, p)
	d.stood(guidance.Valid, "")
	if got := d.snap.Case.Publication; got.Title != "T2" || len(got.Earlier) != 1 {
		t.Errorf("published again it is %+v", got)
	}
	// a new answer of the same case makes people look at what is published
	d.does(anne, guidance.Reopened, guidance.ReopenedData{Reason: "Loven er ny."})
	d.does(anne, guidance.DraftSaved, draft(1, "Nei."))
	d.does(anne, guidance.Submitted, guidance.SubmittedData{Hash: d.hash()})
	d.signs(anne, guidance.Approve)
	d.signs(bodil, guidance.Approve)
	d.stood(guidance.Valid, "")
	d.now = d.now.Add(time.Hour)
	d.does(anne, guidance.Sent, guidance.SentData{Hash: d.hash()})
	d.stood(guidance.UnderReview, "Saken har fått et nytt svar etter at dette ble publisert.")
	d.now = d.now.Add(time.Hour)
	d.does(anne, guidance.ReviewEnded, guidance.ReviewEndedData{Reason: "Samme svar.", ValidUntil: "2027-02-01"})
	d.stood(guidance.Valid, "")
	d.does(dina, guidance.Anonymised, guidance.AnonymisedData{Reason: "Bedt om."})
	d.stood(guidance.Valid, "")
	if got := d.snap.Case.Publication; got.Title != "T2" || got.Answer != "A" {
		t.Errorf("of an anonymised case %+v is left", got)
	}
}

// What must not be published is refused whole, whatever field it stands in.
func TestPublishingIsGuarded(t *testing.T) {
	d := answered(t)
	fine := guidance.PublishedData{Title: "T", Question: "Q", Sections: []guidance.Section{{Question: "Hva?", Text: "A"}}}
	for name, c := range map[string]struct {
		guard  string
		change func(*guidance.PublishedData)
	}{
		"no answer":                {"says_something", func(p *guidance.PublishedData) { p.Sections[0].Text = " " }},
		"an identity number":       {"safe_text", func(p *guidance.PublishedData) { p.Title = "Om 13097248022" }},
		"an address of mail":       {"safe_text", func(p *guidance.PublishedData) { p.Question = "Skriv til kari.nordmann@example.no" }},
		"a telephone in a section": {"safe_text", func(p *guidance.PublishedData) { p.Sections[0].Text = "Ring tlf. 99 88 77 66." }},
		"a telephone in other words": {"safe_text", func(p *guidance.PublishedData) {
			p.Asked = map[kiveileder.Language][]string{"en": {"Call +47 99 88 77 66?"}}
		}},
		"a quote that is none":        {"verbatim", func(p *guidance.PublishedData) { p.Quotes = []rules.Quote{{Text: "omtrent"}} }},
		"a day that is none":          {"last_day", func(p *guidance.PublishedData) { p.ValidUntil = "2027-02-30" }},
		"a day that is over, in Oslo": {"last_day", func(p *guidance.PublishedData) { p.ValidUntil = "2026-12-31" }},
	} {
		p := fine
		p.Sections = slices.Clone(fine.Sections)
		c.change(&p)
		t.Run(name, func(t *testing.T) {
			d.t = t
			d.refused(c.guard, anne, guidance.Published, p)
		})
	}
	fine.Quotes, fine.ValidUntil = []rules.Quote{{Text: "ordrett"}}, "2027-01-01"
	d.t = t
	d.does(anne, guidance.Published, fine)
	d.now = d.now.AddDate(0, 0, 2)
	d.does(anne, guidance.ReviewBegan, guidance.ReviewBeganData{Reason: "Dagen er over."})
	d.refused("last_day", anne, guidance.ReviewEnded, guidance.ReviewEndedData{Reason: "Gjelder."})
	d.does(anne, guidance.ReviewEnded, guidance.ReviewEndedData{Reason: "Gjelder.", ValidUntil: "2028-01-01"})
}

func TestAnonymise(t *testing.T) {
	d := signoff(t)
	d.does(anne, guidance.Noted, guidance.NotedData{Text: "SECRET"})
	d.does(person, guidance.Added, guidance.AddedData{Text: "SECRET"})
	d.signs(anne, guidance.Approve)
	d.signs(bodil, guidance.Approve)
	d.does(anne, guidance.Sent, guidance.SentData{Hash: d.hash()})
	hash := d.hash()
	d.refused("role", anne, guidance.Anonymised, guidance.AnonymisedData{Reason: "x"})
	d.does(dina, guidance.Anonymised, guidance.AnonymisedData{Reason: "Den som spurte, ba om det."})
	b, err := json.Marshal([]any{d.snap, d.snap.Case.Asker})
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"SECRET", "REK", "Ja."} {
		if strings.Contains(string(b), word) {
			t.Errorf("%s is still there: %s", word, b)
		}
	}
	if d.hash() != hash || len(d.snap.Case.Signed()) != 2 {
		t.Error("what was signed is not to be seen any more")
	}
	if _, err := d.Contact(t.Context(), "c1", anne); !errors.Is(err, guidance.ErrNoOne) {
		t.Errorf("contact: %v", err)
	}
	rows, err := d.Store.List(t.Context(), guidance.Filter{Limit: 1})
	if err != nil || rows[0].Title != "" {
		t.Errorf("rows %+v, %v", rows, err)
	}
	d.refused("gone", person, guidance.Reopened, guidance.ReopenedData{Reason: "x"})
	d.does(guidance.Actor{ID: "mail", Role: guidance.System}, guidance.Delivered, guidance.DeliveredData{Channel: "mail"})
}

// Who does not agree is not taken off the case by the one who wants to send.
func TestUninvite(t *testing.T) {
	d := signoff(t)
	out := guidance.UninvitedData{Agency: "dmp", Reason: "De er uenige."}
	d.refused("state", anne, guidance.Uninvited, out)
	d.signs(bodil, guidance.Return)
	d.refused("may_uninvite", anne, guidance.Uninvited, out)
	d.refused("holder_stays", bodil, guidance.Uninvited, guidance.UninvitedData{Agency: "hdir", Reason: "x"})
	d.refused("is_invited", anne, guidance.Uninvited, guidance.UninvitedData{Agency: "helsetilsynet", Reason: "x"})
	d.does(cato, guidance.Uninvited, out)
	d.refused("known_agency", anne, guidance.Invited, guidance.InvitedData{Agency: "nasa", Reason: "x"})
	d.does(anne, guidance.Invited, guidance.InvitedData{Agency: "dmp", Reason: "Likevel."})
	d.refused("not_invited", anne, guidance.Invited, guidance.InvitedData{Agency: "dmp", Reason: "x"})
	d.does(bodil, guidance.Uninvited, guidance.UninvitedData{Agency: "dmp", Reason: "Ikke vårt."})
}

// An asker cannot fill a case; and a full one can still be answered.
func TestFull(t *testing.T) {
	d := newDesk(t)
	for range guidance.MaxAdded {
		d.does(person, guidance.Added, guidance.AddedData{Text: "mer"})
	}
	if err := d.tries(person, guidance.Added, guidance.AddedData{Text: "mer"}); !errors.Is(err, guidance.ErrFull) {
		t.Errorf("one more: %v", err)
	}
	d.does(person, guidance.Withdrawn, nil)
	facts := map[string]any{"x": 17055012345.0, "kari@example.no": []any{"kari@example.no"}}
	snap, err := d.Open(t.Context(), "c2", person, guidance.ReceivedData{Question: "?", Facts: facts}, guidance.Contact{})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := json.Marshal(snap); err != nil || strings.Contains(string(b), "kari@") {
		t.Errorf("%v: %s", err, b)
	}
}
