package guidancetest

import (
	"errors"
	"testing"
	"time"

	"kiveileder"
	"kiveileder/services/guidance"
)

// An ID that stands for a command of somebody is refused for another one of
// theirs, and nothing changes; the command itself still gets its first result,
// whoever has done something since, and also when its words are gone.
func testReused(t *testing.T, open Opener) {
	s, _ := open(t)
	seal, err := guidance.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	service := guidance.New(guidance.Config{Store: s, Seal: seal, Lease: time.Hour, Fill: func(_ guidance.Case, data any, at time.Time) (any, error) {
		switch d := data.(type) {
		case guidance.PublishedData:
			d.Leans = []guidance.Lean{{Rule: "r", Hash: "h"}}
			return d, nil
		case guidance.ReviewEndedData:
			d.Leans = []guidance.Lean{{Rule: "r", Hash: "i"}}
			return d, nil
		}
		return data, nil
	}})
	d := guidance.ReceivedData{Question: "Må vi søke?", Publish: true, Agencies: []string{"hdir"}, Topics: []string{"rek"}}
	if _, err := service.Open(t.Context(), "c1", Person, d, guidance.Contact{Email: "kari@example.no"}); err != nil {
		t.Fatal(err)
	}
	draft := guidance.Draft{Sections: []guidance.Section{{Text: "Ja."}}}
	hash := draft.Hash()
	public := guidance.PublishedData{Title: "Søke", Question: "Må vi søke?", Answer: "Ja.", Asked: map[kiveileder.Language][]string{"nb": {"Skal vi søke?"}}}
	until := time.Now().AddDate(0, 1, 0).In(time.FixedZone("", 3600))
	// each command, and data that make it another one; nil for those that have none to choose
	steps := []struct {
		actor guidance.Actor
		kind  guidance.Kind
		data  any
		other any
	}{
		{Anne, guidance.Claimed, nil, nil},
		{Cato, guidance.TakenOver, guidance.TakenOverData{Reason: "Ferie."}, guidance.TakenOverData{Reason: "Sykdom."}},
		{Anne, guidance.TakenOver, rawJSON([]byte(`{"reason": "Tilbake."}`)), rawJSON([]byte(`{"reason": "Her."}`))},
		{Anne, guidance.Assessed, guidance.AssessedData{Text: "Enkelt."}, guidance.AssessedData{Text: "Enkelt.", Title: "Søke"}},
		{Anne, guidance.Noted, guidance.NotedData{Text: "Internt."}, guidance.NotedData{Text: "Internt.", All: true}},
		{Anne, guidance.Extended, guidance.ExtendedData{Target: "answer", Until: until, Reason: "Ferie."}, guidance.ExtendedData{Target: "answer", Until: until.Add(time.Hour), Reason: "Ferie."}},
		{Anne, guidance.Informed, guidance.InformedData{Text: "Det tar tid.", Until: until}, guidance.InformedData{Text: "Det tar tid."}},
		{Anne, guidance.Asked, guidance.AskedData{Text: "Hvor mange?", Fact: "n"}, guidance.AskedData{Text: "Hvor mange?"}},
		{Person, guidance.Replied, rawJSON([]byte(`{"task": 9, "text": "Ring kari.nordmann@example.no", "facts": {"n": 4, "x": ["a", true]}}`)), rawJSON([]byte(`{"task": 9, "text": "Ring kari.nordmann@example.no", "facts": {"n": 5, "x": ["a", true]}}`))},
		{Person, guidance.Added, guidance.AddedData{Text: "Ring 22 22 22 22."}, guidance.AddedData{Text: "Ring oss."}},
		{Anne, guidance.DraftSaved, guidance.DraftSavedData{Draft: draft}, guidance.DraftSavedData{Draft: guidance.Draft{Sections: []guidance.Section{{Text: "Nei."}}}}},
		{Anne, guidance.Submitted, guidance.SubmittedData{Hash: hash}, guidance.SubmittedData{Hash: "another"}},
		{Cato, guidance.Bypassed, guidance.BypassedData{Hash: hash, Reason: "Haster."}, guidance.BypassedData{Hash: hash, Reason: "Glemt."}},
		{Anne, guidance.Signed, guidance.SignedData{Hash: hash, Verdict: guidance.Approve}, guidance.SignedData{Hash: hash, Verdict: guidance.Return, Reason: "Nei."}},
		{Anne, guidance.Sent, guidance.SentData{Hash: hash}, guidance.SentData{Hash: "another"}},
		{Anne, guidance.Published, public, guidance.PublishedData{Title: "Søke", Question: "Må vi søke?", Answer: "Nei."}},
		{Anne, guidance.ReviewBegan, guidance.ReviewBeganData{Reason: "Ny lov."}, guidance.ReviewBeganData{Reason: "Ny sak."}},
		{Anne, guidance.ReviewEnded, guidance.ReviewEndedData{Reason: "Holder."}, guidance.ReviewEndedData{Reason: "Holder fortsatt."}},
		{Person, guidance.Reopened, guidance.ReopenedData{Reason: "Uklart."}, guidance.ReopenedData{Reason: "Nytt."}},
		{Person, guidance.Withdrawn, guidance.WithdrawnData{Reason: "Trengs ikke."}, guidance.WithdrawnData{}},
		{Dina, guidance.Anonymised, guidance.AnonymisedData{Reason: "Bedt om det."}, guidance.AnonymisedData{Reason: "Gammel."}},
	}
	var done []guidance.Command
	var first []guidance.Event
	reused := func(what string, c guidance.Command) {
		t.Helper()
		before := load(t, s, "c1")
		_, _, err := service.Do(t.Context(), "c1", c)
		if !errors.Is(err, guidance.ErrReused) || kiveileder.ErrorCode(err) != kiveileder.CodeConflict {
			t.Errorf("%s: %v", what, err)
		}
		same(t, what, before, load(t, s, "c1"))
	}
	for i, x := range steps {
		snap, err := service.Load(t.Context(), "c1")
		is(t, "Load", nil, err)
		c := guidance.Command{ID: "id" + string(rune('A'+i)), Actor: x.actor, Kind: x.kind, Data: x.data, Seen: snap.Case.Seq}
		_, e, err := service.Do(t.Context(), "c1", c)
		if err != nil {
			t.Fatalf("%s: %v", x.kind, err)
		}
		done, first = append(done, c), append(first, e)
		if x.other != nil {
			other := c
			other.Data = x.other
			reused(string(x.kind)+" with other data", other)
		}
		other := c
		other.Kind, other.Data, other.Seen = guidance.Added, guidance.AddedData{Text: "Noe annet."}, e.Seq
		if x.kind == guidance.Added {
			other.Kind, other.Data = guidance.Withdrawn, nil
		}
		reused(string(x.kind)+" as another kind", other)
	}
	for i, c := range done { // what was said is gone by now
		snap, e, err := service.Do(t.Context(), "c1", c)
		if err != nil || e.Seq != first[i].Seq || e.ID != c.ID || int(snap.Case.Seq) != len(steps)+1 {
			t.Errorf("%s again: event %d %q, case at %d, %v", c.Kind, e.Seq, e.ID, snap.Case.Seq, err)
		}
	}
	// another's command may have the same id
	c := guidance.Command{ID: done[0].ID, Actor: guidance.Actor{ID: "review", Role: guidance.System}, Kind: guidance.ReviewBegan, Data: guidance.ReviewBeganData{Reason: "Ny lov."}, Seen: 1}
	_, e, err := service.Do(t.Context(), "c1", c)
	is(t, "another's", nil, err)
	// the service's own are named by what they tell of: the first word counts
	c.Data = guidance.ReviewBeganData{Reason: "Enda en ny lov."}
	_, again, err := service.Do(t.Context(), "c1", c)
	is(t, "the service's own, in other words", nil, err)
	same(t, "the first word", e, again)
	c.Kind, c.Data = guidance.Delivered, nil
	reused("the service's own as another kind", c)
}

// A mail that was given up is dismissed with a reason, which stands in the log,
// together or not at all; also when the case's texts are gone.
func testDismissed(t *testing.T, open Opener) {
	s, _ := open(t)
	seal, err := guidance.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	service := guidance.New(guidance.Config{Store: s, Seal: seal, Lease: time.Hour})
	for _, id := range []string{"c1", "c2"} {
		if _, err := service.Open(t.Context(), id, Person, guidance.ReceivedData{Question: "Må vi?", Agencies: []string{"hdir"}}, guidance.Contact{Email: "kari@example.no"}); err != nil {
			t.Fatal(err)
		}
	}
	mail := guidance.MailID("c1", 1, guidance.MailReceipt)
	dismiss := func(id, caseID string, who guidance.Actor, mail, reason string) error {
		_, _, err := service.Do(t.Context(), caseID, guidance.Command{ID: id, Actor: who, Kind: guidance.Dismissed, Data: guidance.DismissedData{Mail: mail, Reason: reason}})
		return err
	}
	refused := func(what, guard string, err error) {
		t.Helper()
		var r *guidance.Refused
		if !errors.As(err, &r) || r.Guard != guard {
			t.Errorf("%s: %v", what, err)
		}
	}
	is(t, "one that waits", guidance.ErrLost, dismiss("1", "c1", Dina, mail, "Ringt."))
	for range 2 {
		m, ok, err := s.Due(t.Context(), time.Now().Add(time.Minute), time.Now().Add(time.Hour))
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		is(t, "dead", nil, s.Dead(t.Context(), m, "550"))
	}
	before := load(t, s, "c1")
	refused("without a reason", "reason", dismiss("2", "c1", Dina, mail, " "))
	refused("by a lead", "role", dismiss("3", "c1", Cato, mail, "Ringt."))
	refused("by the asker", "role", dismiss("4", "c1", Person, mail, "Ringt."))
	is(t, "of another case", guidance.ErrLost, dismiss("5", "c2", Dina, mail, "Ringt."))
	is(t, "none", guidance.ErrLost, dismiss("6", "c1", Dina, "", "Ringt."))
	invalid(t, "what is no text", dismiss("7", "c1", Dina, "a\x00", "Ringt."))
	same(t, "refused", before, load(t, s, "c1"))

	for range 2 { // who did not hear of it sends it again
		is(t, "dismissed", nil, dismiss("8", "c1", Dina, mail, "Ringt."))
	}
	is(t, "dismissed twice", guidance.ErrLost, dismiss("9", "c1", Dina, mail, "Ringt."))
	is(t, "sent after all", guidance.ErrLost, s.Revive(t.Context(), mail, time.Now()))
	log := load(t, s, "c1").Events
	same(t, "the log", guidance.DismissedData{Mail: mail, Reason: "Ringt."}, log[len(log)-1].Data)
	mails, err := s.Mails(t.Context(), "c1")
	if err != nil || len(log) != 2 || len(mails) != 1 || mails[0].Status != guidance.MailDropped {
		t.Errorf("%d events, mails %+v, %v", len(log), mails, err)
	}
	_, _, err = service.Do(t.Context(), "c1", guidance.Command{Actor: Person, Kind: guidance.Withdrawn, Seen: 1}) // nothing that an asker writes on
	is(t, "withdrawn", nil, err)

	_, _, err = service.Do(t.Context(), "c2", guidance.Command{Actor: Person, Kind: guidance.Withdrawn, Seen: 1})
	is(t, "withdrawn", nil, err)
	_, _, err = service.Do(t.Context(), "c2", guidance.Command{Actor: Dina, Kind: guidance.Anonymised, Data: guidance.AnonymisedData{Reason: "Bedt om det."}, Seen: 2})
	is(t, "anonymised", nil, err)
	is(t, "when the texts are gone", nil, dismiss("8", "c2", Dina, guidance.MailID("c2", 1, guidance.MailReceipt), "Adressen er slettet."))
	_, _, err = service.Do(t.Context(), "c1", guidance.Command{Actor: Dina, Kind: guidance.Anonymised, Data: guidance.AnonymisedData{Reason: "Bedt om det."}, Seen: 3})
	is(t, "anonymised", nil, err)
	same(t, "the reason goes with the texts", guidance.DismissedData{Mail: mail}, load(t, s, "c1").Events[1].Data)
}
