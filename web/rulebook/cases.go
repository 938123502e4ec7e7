package rulebook

import (
	"fmt"
	"runtime"
	"sync"
	"time"

	"kiveileder/services/rules"
)

// A Maker gives the books of one rule set. It is safe for concurrent use.
type Maker struct {
	set     *rules.Set
	library Library
	ran     map[string][]ran // by module
	held    map[string][]ran // by rule, the cases in which it holds
}

// ran is a case with what came of it.
type ran struct {
	rules.Case
	module   string
	number   int // in its module, from 1
	outcomes []string
	missing  []string
	fired    []string // ids of rules
}

// id is the case's place on the page.
func (r ran) id() string { return fmt.Sprintf("eksempel-%s-%d", r.module, r.number) }

// Open runs the cases of a rule set. Cases that the rules refuse are left out;
// the lint tells of them.
func Open(set *rules.Set, l Library) *Maker {
	m := &Maker{set: set, library: l, ran: map[string][]ran{}, held: map[string][]ran{}}
	var all []*ran
	for _, mod := range set.Modules {
		for i, c := range mod.Cases {
			all = append(all, &ran{Case: c, module: mod.Name, number: i + 1})
		}
	}
	work := make(chan *ran)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 8) {
		wg.Go(func() {
			for r := range work {
				r.run(set)
			}
		})
	}
	for _, r := range all {
		work <- r
	}
	close(work)
	wg.Wait()
	for _, r := range all {
		if r.outcomes == nil {
			continue
		}
		m.ran[r.module] = append(m.ran[r.module], *r)
		for _, id := range r.fired {
			m.held[id] = append(m.held[id], *r)
		}
	}
	return m
}

func (r *ran) run(set *rules.Set) {
	var asOf time.Time
	if r.AsOf != "" {
		var err error
		if asOf, err = time.Parse(time.DateOnly, r.AsOf); err != nil {
			return
		}
	}
	e, trace, err := set.Trace(r.Facts, asOf)
	if err != nil {
		return
	}
	r.outcomes, r.missing = e.Outcomes, e.Missing
	seen := map[string]bool{}
	for _, s := range trace {
		if s.State == rules.Fired && !seen[s.Rule] { // a rule holds once for each purpose
			seen[s.Rule] = true
			r.fired = append(r.fired, s.Rule)
		}
	}
}
