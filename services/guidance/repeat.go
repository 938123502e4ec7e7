package guidance

import (
	"bytes"
	"encoding/json"
	"time"
)

// repeats refuses a command whose ID made an event before, unless it is the
// same command: of the same kind, with the same data. What the service put into
// the event does not count, nor does what was taken away since. The service's
// own commands are named by what they tell of: of these the first word counts,
// whatever a later one says. Error: ErrReused.
func (s *Service) repeats(snap Snapshot, e Event, c Command) error {
	switch {
	case c.Kind != e.Kind:
		return ErrReused
	case c.Actor.Role == System:
		return nil
	}
	data, err := s.data(c)
	if err != nil {
		return err
	}
	sent, made := chosen(complete(Snapshot{}, c.Actor, data, time.Time{})), chosen(e.Data)
	if d, ok := sent.(PublishedData); ok && len(d.Topics) == 0 { // then they are the case's
		d = made.(PublishedData)
		d.Topics = nil
		made = d
	}
	if snap.Case.Anonymised {
		sent, made = bare(e, sent), bare(e, made)
	}
	a, err := json.Marshal(sent)
	if err != nil {
		return err
	}
	b, err := json.Marshal(made)
	if err != nil {
		return err
	}
	if !bytes.Equal(a, b) {
		return ErrReused
	}
	return nil
}

// OpenedBy reports whether a hand-over is the one that the case was opened with:
// what its asker wrote and chose is the same, as it is kept. Of a case whose
// texts are gone nobody can tell any more.
func (c *Case) OpenedBy(d ReceivedData) bool {
	was, now := c.Received, masked(d).(ReceivedData)
	return c.Anonymised ||
		was.Question == now.Question && was.Project == now.Project && was.Agency == now.Agency && was.Publish == now.Publish
}

// chosen gives data without what the case, the lease and Config.Fill have put
// in.
func chosen(data any) any {
	switch d := data.(type) {
	case ClaimedData:
		return ClaimedData{}
	case TakenOverData:
		d.From = ""
		return d
	case RemindedData:
		return RemindedData{}
	case BypassedData:
		d.Agencies = nil
		return d
	case ClosedData:
		d.Until = time.Time{}
		return d
	case PublishedData:
		d.Agencies, d.Leans = nil, nil
		return d
	case ReviewEndedData:
		d.Leans = nil
		return d
	}
	return data
}

// bare gives data as they stand in the log of a case that is anonymised.
func bare(e Event, data any) any {
	e.Data = data
	if left := redact([]Event{e}); len(left) > 0 {
		return left[0].Data
	}
	return data
}
