package guidance_test

import (
	"slices"
	"testing"

	"kiveileder/services/guidance"
)

// What May does not offer is refused, whatever is filled in.
func TestMay(t *testing.T) {
	d := signoff(t)
	filled := map[guidance.Kind]any{
		guidance.Noted:      guidance.NotedData{Text: "Husk dette."},
		guidance.DraftSaved: draft(1, "Nei."),
		guidance.Signed:     guidance.SignedData{Hash: d.hash(), Verdict: guidance.Return, Reason: "Fordi."},
		guidance.Asked:      guidance.AskedData{Text: "Hva?"},
		guidance.Added:      guidance.AddedData{Text: "Mer."},
		guidance.Sent:       guidance.SentData{Hash: d.hash()},
		guidance.Referred:   guidance.ReferredData{To: "REK", Reason: "Fordi."},
		guidance.Reopened:   guidance.ReopenedData{Reason: "Fordi."},
		guidance.Replied:    guidance.RepliedData{Task: 1, Text: "Ja."},
		guidance.Bypassed:   guidance.BypassedData{Hash: d.hash(), Reason: "Fordi."},
		guidance.TakenOver:  guidance.TakenOverData{Reason: "Fordi."},
		guidance.Claimed:    guidance.ClaimedData{},
		guidance.Released:   guidance.ReleasedData{},
		guidance.Withdrawn:  guidance.WithdrawnData{},
		guidance.Assessed:   guidance.AssessedData{},
	}
	for _, a := range []guidance.Actor{person, {ID: "another", Role: guidance.Asker}, anne, bodil, cato, dina} {
		snap := d.snap
		may := d.May(snap, a, d.now)
		for kind, data := range filled {
			if slices.Contains(may, kind) {
				continue
			}
			if err := d.tries(a, kind, data); err == nil {
				t.Fatalf("%s may %v, but %s was done", a.ID, may, kind)
			}
		}
	}
	for _, c := range []struct {
		who  guidance.Actor
		kind guidance.Kind
		want bool
	}{
		{person, guidance.Added, true}, {person, guidance.Withdrawn, true}, {person, guidance.Replied, false}, {person, guidance.Noted, false},
		{guidance.Actor{ID: "another", Role: guidance.Asker}, guidance.Added, false},
		{anne, guidance.Signed, true}, {anne, guidance.Sent, false}, {anne, guidance.TakenOver, false},
		{bodil, guidance.Signed, true}, {bodil, guidance.Claimed, false}, {bodil, guidance.TakenOver, true},
	} {
		if got := slices.Contains(d.May(d.snap, c.who, d.now), c.kind); got != c.want {
			t.Errorf("%s may %s: %v, want %v", c.who.ID, c.kind, got, c.want)
		}
	}
}
