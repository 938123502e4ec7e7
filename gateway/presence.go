package gateway

import (
	"cmp"
	"slices"
	"time"

	"kiveileder"
	"kiveileder/gateway/wire"
)

// Of presence: after how long without a word somebody has left, and how often
// other gateways are told that nothing has changed.
const (
	presenceTime = 40 * time.Second
	presenceBeat = 15 * time.Second
)

// A room is who is at one case, by their IDs.
type room map[string]presence

// A presence is what somebody does with a case.
type presence struct {
	name, agency string
	doing        string
	at           time.Time // when it was last said
}

// here reports whether it still counts.
func (p presence) here(now time.Time) bool { return p.doing != "" && now.Sub(p.at) < presenceTime }

// put notes what somebody does, and reports whether it is new.
func (r room) put(e *kiveileder.DeskEvent, now time.Time) bool {
	was := r[e.Person]
	is := presence{e.Name, e.Agency, e.Doing, now}
	if e.Doing == "" {
		delete(r, e.Person)
	} else {
		r[e.Person] = is
	}
	return was.here(now) != is.here(now) || is.here(now) && was.doing != is.doing
}

// sweep takes away those who have left without a word, and reports whether
// there were any.
func (r room) sweep(now time.Time) (left bool) {
	for id, p := range r {
		if !p.here(now) {
			delete(r, id)
			left = true
		}
	}
	return left
}

// people gives those who are there but one, by name.
func (r room) people(but string, now time.Time) []wire.DeskPerson {
	out := []wire.DeskPerson{}
	for id, p := range r {
		if id != but && p.here(now) {
			out = append(out, wire.DeskPerson{ID: id, Name: p.name, Agency: p.agency, Doing: p.doing})
		}
	}
	slices.SortFunc(out, func(a, b wire.DeskPerson) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out
}
