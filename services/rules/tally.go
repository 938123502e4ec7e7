package rules

import "slices"

// tally collects what rules give.
type tally struct {
	hits map[int]*hit // by outcome
	ask  map[int]bool // by fact
}

type hit struct {
	rules    []string
	purposes []string
	quotes   []quoteRef
	firm     bool // a rule that is no inference gave it
}

func newTally() *tally { return &tally{map[int]*hit{}, map[int]bool{}} }

func (t *tally) take(r *Rule, purpose string) {
	for _, o := range r.outcomes {
		h := t.hits[o]
		if h == nil {
			h = &hit{}
			t.hits[o] = h
		}
		h.rules = append(h.rules, r.ID)
		h.firm = h.firm || !r.Inferred
		if purpose != "" {
			h.purposes = addNew(h.purposes, purpose)
		}
		for _, q := range r.quotes[o] {
			h.quotes = addNew(h.quotes, q)
		}
	}
	for _, f := range r.ask {
		t.ask[f] = true
	}
}

func (t *tally) add(o *tally) {
	for i, h := range o.hits {
		mine := t.hits[i]
		if mine == nil {
			mine = &hit{}
			t.hits[i] = mine
		}
		for _, r := range h.rules {
			mine.rules = addNew(mine.rules, r)
		}
		for _, p := range h.purposes {
			mine.purposes = addNew(mine.purposes, p)
		}
		for _, q := range h.quotes {
			mine.quotes = addNew(mine.quotes, q)
		}
		mine.firm = mine.firm || h.firm
	}
	for f := range o.ask {
		t.ask[f] = true
	}
}

func addNew[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}

// settle takes out what gives way and adds the marker.
func (s *Set) settle(t *tally) {
	for lost, by := range s.beatenBy {
		if slices.ContainsFunc(by, func(o int) bool { return t.hits[o] != nil }) {
			delete(t.hits, lost)
		}
	}
	if s.marker < 0 || t.hits[s.marker] != nil {
		return
	}
	mark := &hit{firm: true, quotes: slices.Clone(s.markCites)}
	for o, h := range t.hits {
		if s.Outcomes[o].Kind != Unclear {
			continue
		}
		for _, r := range h.rules {
			mark.rules = addNew(mark.rules, r)
		}
		for _, p := range h.purposes {
			mark.purposes = addNew(mark.purposes, p)
		}
	}
	if len(mark.rules) > 0 {
		slices.Sort(mark.rules)
		slices.Sort(mark.purposes)
		t.hits[s.marker] = mark
	}
}

func (s *Set) findings(t *tally) []Finding {
	order := make([]int, 0, len(t.hits))
	for o := range t.hits {
		order = append(order, o)
	}
	slices.SortFunc(order, func(a, b int) int { return s.pathRank[a] - s.pathRank[b] })
	out := make([]Finding, len(order))
	for i, o := range order {
		h, oc := t.hits[o], &s.Outcomes[o]
		slices.SortStableFunc(h.quotes, func(a, b quoteRef) int { // its own first, in their order
			switch {
			case a.outcome == o && b.outcome == o:
				return a.quote - b.quote
			case a.outcome == o:
				return -1
			case b.outcome == o:
				return 1
			}
			return 0
		})
		f := Finding{Outcome: oc.Key, Kind: oc.Kind, Rules: h.rules, Purposes: h.purposes, Quotes: make([]Quote, len(h.quotes)), Inferred: !h.firm}
		for j, q := range h.quotes {
			f.Quotes[j] = s.Outcomes[q.outcome].Quotes[q.quote]
		}
		out[i] = f
	}
	return out
}

func (s *Set) missing(t *tally) []string {
	facts := make([]int, 0, len(t.ask))
	for f := range t.ask {
		facts = append(facts, f)
	}
	slices.SortFunc(facts, func(a, b int) int { return s.askRank[a] - s.askRank[b] })
	out := make([]string, len(facts))
	for i, f := range facts {
		out[i] = s.Facts[f].Key
	}
	return out
}
