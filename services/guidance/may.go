package guidance

import (
	"slices"
	"time"
)

// formGuards look at what somebody fills in, so before that they are not
// against anything.
var formGuards = []string{
	"reason", "says_something", "says_where", "target", "verdict", "known_agency", "exact_text", "current_draft", "own_agency",
	"is_invited", "not_invited", "holder_stays", "may_uninvite", "safe_text", "last_day", "still_silent",
}

// May gives what somebody could do with a case now, in the order of
// transitions.yaml. It is for pages to show what there is to do and allows
// nothing: what is filled in may still be refused.
func (s *Service) May(snap Snapshot, a Actor, at time.Time) (kinds []Kind) {
	for _, t := range TheFlow.Transitions {
		if t.Kind == Received || slices.Contains(kinds, t.Kind) || snap.Case.Anonymised && !slices.Contains(TheFlow.Anyway, t.Kind) || full(snap.Case, t.Kind) {
			continue
		}
		t, why := TheFlow.allowed(&snap.Case, t.Kind, a.Role)
		if why != "" {
			continue
		}
		g := &gate{Case: &snap.Case, actor: a, lease: snap.Lease, now: at, known: s.Known, verbatim: s.Verbatim}
		against := func(name string) bool {
			switch {
			case name == "verbatim" && t.Kind != Submitted: // of what is filled in; or a source that changed, which the refusal says
				return false
			case name == "open_task":
				return !slices.ContainsFunc(snap.Case.Tasks, Task.Open)
			case slices.Contains(formGuards, name):
				return false
			}
			return !guards[name](g)
		}
		if !slices.ContainsFunc(t.Guards, against) {
			kinds = append(kinds, t.Kind)
		}
	}
	return kinds
}
