package guidance

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// data gives the data of a command as it comes back from a store, checked.
func (s *Service) data(c Command) (any, error) {
	raw, isJSON := c.Data.(json.RawMessage)
	switch {
	case dataTypes[c.Kind] == nil:
		return Decode(c.Kind, nil) // says so
	case !isJSON && c.Data != nil && typeOf(c.Data) != dataTypes[c.Kind]:
		return nil, fmt.Errorf("guidance: %s with data of type %T", c.Kind, c.Data)
	case len(raw) > MaxData:
		return nil, errTooLong
	case !isJSON && c.Data != nil:
		if err := checkData(c.Data); err != nil { // before JSON makes something else of what is no text
			return nil, err
		}
		var err error
		if raw, err = json.Marshal(masked(c.Data)); err != nil {
			return nil, err
		}
	}
	data, err := Decode(c.Kind, raw)
	if err != nil {
		return nil, err
	}
	if err := checkData(data); err != nil {
		return nil, err
	}
	return masked(data), nil
}

// moved refuses what was begun before something came that matters to it.
func (s *Service) moved(snap Snapshot, c Command) error {
	if slices.Contains(TheFlow.Quiet, c.Kind) || c.Actor.Role == System || c.Kind == Added || c.Kind == Received {
		return nil
	}
	var came []Event
	for _, e := range snap.Log[min(max(c.Seen, 0), int64(len(snap.Log))):] {
		if slices.Contains(TheFlow.Quiet, e.Kind) || slices.Contains(TheFlow.Alongside, c.Kind) && approves(e) {
			continue
		}
		if c.Actor.Role == Asker {
			var seen bool
			if e, seen = forAsker(e); !seen {
				continue
			}
		}
		came = append(came, forDesk(e))
	}
	if c.Actor.Role == Asker && snap.Case.Asker != c.Actor.ID || c.Actor.Role != Asker && !sees(snap.Case, c.Actor) {
		return nil // a guard refuses it, and says nothing of what came
	}
	if len(came) == 0 {
		return nil
	}
	return &Conflict{came}
}

// approves reports whether an event is an agency's approval of a text as it
// stands. Approvals of one text do not stand in each other's way; a reservation
// is for the other agencies to read first.
func approves(e Event) bool {
	d, ok := e.Data.(SignedData)
	return ok && d.Verdict == Approve
}

// guard asks all that may be against it.
func (s *Service) guard(snap Snapshot, c Command, data any, now time.Time) error {
	switch {
	case snap.Case.Anonymised && !slices.Contains(TheFlow.Anyway, c.Kind):
		return refuse("gone")
	case full(snap.Case, c.Kind):
		return ErrFull
	}
	t, why := TheFlow.allowed(&snap.Case, c.Kind, c.Actor.Role)
	if why != "" {
		return refuse(why)
	}
	g := &gate{Case: &snap.Case, actor: c.Actor, data: data, lease: snap.Lease, now: now, known: s.Known, verbatim: s.Verbatim}
	for _, name := range t.Guards {
		switch {
		case guards[name](g):
		case name == "not_held":
			return &Held{snap.Lease}
		default:
			return refuse(name)
		}
	}
	return nil
}

// claim gives what an event does to the lease.
func (s *Service) claim(e Event, now time.Time) *Claim {
	switch e.Kind {
	case Claimed:
		return &Claim{Holder: e.Actor, Now: now, Until: now.Add(s.Lease)}
	case TakenOver:
		return &Claim{Holder: e.Actor, Now: now, Until: now.Add(s.Lease), Force: true}
	case Released:
		return &Claim{Holder: e.Actor, Now: now}
	}
	return nil
}
