package guidancetest

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"kiveileder/services/guidance"
	"kiveileder/services/rules"
)

// data gives what belongs to the kind; with a hash it is what fits.
func (m *model) data(t *rapid.T, c guidance.Command, hash string, version int, task int64) any {
	text, reason, who := texts.Draw(t, "text"), texts.Draw(t, "reason"), agency.Draw(t, "agency")
	if hash == "" {
		hash = hashes.Draw(t, "hash")
	} else {
		reason = "Fordi."
	}
	switch c.Kind {
	case guidance.Received:
		return guidance.ReceivedData{Question: text}
	case guidance.TakenOver:
		return guidance.TakenOverData{Reason: reason}
	case guidance.Assessed:
		return guidance.AssessedData{Title: text, Text: text}
	case guidance.Invited:
		return guidance.InvitedData{Agency: who, Reason: reason}
	case guidance.Uninvited:
		return guidance.UninvitedData{Agency: who, Reason: reason}
	case guidance.Noted:
		return guidance.NotedData{Text: text, All: rapid.Bool().Draw(t, "all")}
	case guidance.DraftSaved:
		d := guidance.Draft{Sections: []guidance.Section{{Text: fmt.Sprint("Svar ", m.n)}}}
		if text == "feil" {
			d.Quotes = []rules.Quote{{Text: text}}
		}
		return guidance.DraftSavedData{Base: version, Draft: d}
	case guidance.Submitted:
		return guidance.SubmittedData{Hash: hash}
	case guidance.Signed:
		return guidance.SignedData{Hash: hash, Verdict: rapid.SampledFrom([]guidance.Verdict{guidance.Approve, guidance.Approve, guidance.Reserve, guidance.Return, ""}).Draw(t, "verdict"), Reason: reason}
	case guidance.Bypassed:
		return guidance.BypassedData{Hash: hash, Reason: reason}
	case guidance.Asked:
		return guidance.AskedData{Text: text, Fact: "consent"}
	case guidance.Replied:
		return guidance.RepliedData{Task: task, Text: text, Facts: map[string]any{"consent": rapid.SampledFrom([]any{true, "yes", []string{"a", "b"}}).Draw(t, "value")}}
	case guidance.Added:
		return guidance.AddedData{Text: text}
	case guidance.Informed:
		return guidance.InformedData{Text: text, Until: m.now.Add(time.Hour)}
	case guidance.Reminded:
		return guidance.RemindedData{Since: m.now, Number: 1}
	case guidance.Unanswered:
		return guidance.UnansweredData{Since: m.now}
	case guidance.Closed:
		return guidance.ClosedData{Reason: reason, Until: m.now}
	case guidance.Sent:
		return guidance.SentData{Hash: hash}
	case guidance.Published:
		return guidance.PublishedData{Title: "Tittel", Question: "Spørsmål", Answer: text}
	case guidance.ReviewBegan:
		return guidance.ReviewBeganData{Reason: reason}
	case guidance.ReviewEnded:
		return guidance.ReviewEndedData{Reason: reason}
	case guidance.Unpublished:
		return guidance.UnpublishedData{Reason: reason}
	case guidance.Referred:
		return guidance.ReferredData{To: text, Reason: reason}
	case guidance.Reopened:
		return guidance.ReopenedData{Reason: reason}
	case guidance.Extended:
		return guidance.ExtendedData{Target: "answer", Until: m.now.Add(time.Hour), Reason: reason}
	case guidance.Anonymised:
		return guidance.AnonymisedData{Reason: reason}
	}
	return nil
}

// holds checks what every log promises, whatever was done.
func (m *model) holds(t *rapid.T, s guidance.Snapshot, mails []guidance.Mail) {
	sent, closed, signed := 0, 0, map[string]map[string]bool{}
	done := map[string]bool{}
	for i, e := range s.Log {
		switch d := e.Data.(type) {
		case guidance.SignedData:
			if signed[d.Hash] == nil {
				signed[d.Hash] = map[string]bool{}
			}
			signed[d.Hash][d.Agency] = d.Verdict != guidance.Return
		case guidance.BypassedData:
			for _, a := range d.Agencies {
				if signed[d.Hash] == nil {
					signed[d.Hash] = map[string]bool{}
				}
				signed[d.Hash][a] = true
			}
		case guidance.ClosedData:
			closed++
			if before, err := guidance.Fold(s.Log[:i]); err != nil || before.Silence == nil || before.Silence.Told.IsZero() {
				t.Fatalf("event %d closed a case whose lawyers were not told that nobody replies, %v", e.Seq, err)
			}
		case guidance.SentData:
			sent++
			before, err := guidance.Fold(s.Log[:i])
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range before.Agencies {
				if !s.Case.Anonymised && !signed[d.Hash][a] {
					t.Fatalf("event %d was sent without the word of %s", e.Seq, a)
				}
			}
		}
		if done[e.ID+"\n"+e.Actor.ID] || e.Actor.Role == guidance.Asker && e.Actor.Name != "" || i > 0 && e.At.Before(s.Log[i-1].At) {
			t.Fatalf("event %d: %+v", e.Seq, e)
		}
		done[e.ID+"\n"+e.Actor.ID] = true
	}
	answers, closings := 0, 0
	for _, x := range mails {
		if x.Kind == guidance.MailAnswer {
			answers++
		}
		if x.Kind == guidance.MailClosing {
			closings++
		}
	}
	if want := map[bool]int{true: sent}[s.Case.Received.HasContact]; answers != want && !s.Case.Anonymised {
		t.Fatalf("%d mails for %d answers", answers, want)
	}
	if want := map[bool]int{true: closed}[s.Case.Received.HasContact]; closings != want && !s.Case.Anonymised {
		t.Fatalf("%d mails for %d closings", closings, want)
	}
}
