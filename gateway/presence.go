package gateway

import (
	"cmp"
	"maps"
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

// A room is who is at one case, and through which gateway: somebody may have it
// open in several windows.
type room map[seat]presence

type seat struct{ person, gate string }

// A presence is what somebody does with a case.
type presence struct {
	name, agency string
	doing        string
	turn         int64     // of the gateway that said it
	at           time.Time // when it was last said
}

// here reports whether it still counts.
func (p presence) here(now time.Time) bool { return p.doing != "" && now.Sub(p.at) < presenceTime }

// put notes what somebody does, and reports whether it is new. What a gateway
// said before its last word is passed over.
func (r room) put(e *kiveileder.DeskEvent, now time.Time) bool {
	at := seat{e.Person, e.Gate}
	if e.Turn < r[at].turn {
		return false
	}
	was := r.doing(e.Person, now)
	r[at] = presence{e.Name, e.Agency, e.Doing, e.Turn, now} // who has left stays until the sweep: their earlier words may come yet
	return r.doing(e.Person, now) != was
}

// doing gives what somebody does, through whichever gateway: to write is more
// than to look.
func (r room) doing(person string, now time.Time) (doing string) {
	for at, p := range r {
		if at.person == person && p.here(now) {
			doing = max(doing, p.doing)
		}
	}
	return doing
}

// sweep takes away those who have left, and reports whether some did without a
// word.
func (r room) sweep(now time.Time) (left bool) {
	for at, p := range r {
		if !p.here(now) {
			delete(r, at)
			left = left || p.doing != ""
		}
	}
	return left
}

// people gives those who are there but one, by name.
func (r room) people(but string, now time.Time) []wire.DeskPerson {
	there := map[string]wire.DeskPerson{}
	for at, p := range r {
		if at.person != but && p.here(now) && p.doing > there[at.person].Doing {
			there[at.person] = wire.DeskPerson{ID: at.person, Name: p.name, Agency: p.agency, Doing: p.doing}
		}
	}
	out := slices.AppendSeq([]wire.DeskPerson{}, maps.Values(there))
	slices.SortFunc(out, func(a, b wire.DeskPerson) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out
}
