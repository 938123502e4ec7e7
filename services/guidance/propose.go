package guidance

import (
	"cmp"
	"slices"
	"strings"

	"kiveileder"
	"kiveileder/services/rules"
)

// A Proposal says who might answer a case, and what it is about.
type Proposal struct {
	Agencies []string // keys; of those behind ki.veiledning, the likeliest first
	Topics   []string // folders of rules
	Unclear  []string // outcomes that the sources do not settle
}

// Propose reads it from what the rules said of a project, and from the
// agencies that the bank of questions names as those who would know (keys,
// short names, today's or former names). What is unclear counts most: that is
// what people shall settle. With nothing to go by it is the first agency of
// agencies.yaml that is behind ki.veiledning. Each agency on a case must sign,
// so it is only those that are named for the weightiest reason there is, and of
// those that are named in passing the first; lawyers invite others.
func Propose(set *rules.Set, findings []kiveileder.Finding, would []string) (p Proposal) {
	const unclear, asked, other = 100, 10, 1
	weight := map[string]int{}
	outcomes := map[string]bool{}
	for _, f := range findings {
		o, ok := set.Outcome(f.Outcome)
		if !ok {
			continue
		}
		points := other
		if f.Kind == rules.Unclear {
			points = unclear
			p.Unclear = append(p.Unclear, f.Outcome)
		}
		outcomes[f.Outcome] = true
		for _, a := range o.Authority {
			weight[a] += points
		}
	}
	for i, name := range would {
		if a, ok := agencyNamed(set, name); ok {
			weight[a.Key] += asked + len(would) - i // named in the order that is natural to ask them
		}
	}
	for _, a := range set.Agencies { // a stable sort keeps their order
		if a.InService && (weight[a.Key] > 0) {
			p.Agencies = append(p.Agencies, a.Key)
		}
	}
	slices.SortStableFunc(p.Agencies, func(a, b string) int { return cmp.Compare(weight[b], weight[a]) })
	if len(p.Agencies) > 0 {
		switch most := weight[p.Agencies[0]]; {
		case most >= unclear:
			p.Agencies = slices.DeleteFunc(p.Agencies, func(a string) bool { return weight[a] < unclear })
		case most >= asked:
			p.Agencies = slices.DeleteFunc(p.Agencies, func(a string) bool { return weight[a] < asked })
		default:
			p.Agencies = p.Agencies[:1]
		}
	}
	if i := slices.IndexFunc(set.Agencies, func(a rules.Agency) bool { return a.InService }); len(p.Agencies) == 0 && i >= 0 {
		p.Agencies = []string{set.Agencies[i].Key}
	}
	for _, m := range set.Modules {
		speaks := func(r rules.Rule) bool {
			return slices.ContainsFunc(r.Outcomes, func(o string) bool { return outcomes[o] })
		}
		if slices.ContainsFunc(m.Rules, speaks) {
			p.Topics = append(p.Topics, m.Name)
		}
	}
	return p
}

// agencyNamed finds an agency by any of its names.
func agencyNamed(set *rules.Set, name string) (rules.Agency, bool) {
	for _, a := range set.Agencies {
		names := []string{a.Key, a.Short}
		for _, n := range a.Name {
			names = append(names, n)
		}
		for _, f := range a.Former {
			names = append(names, f.Name)
		}
		if slices.ContainsFunc(names, func(n string) bool { return n != "" && strings.EqualFold(n, name) }) {
			return a, true
		}
	}
	return rules.Agency{}, false
}

// InService gives the agencies that may be on a case: for Config.Known.
func InService(set *rules.Set) func(agency string) bool {
	return func(key string) bool {
		a, ok := set.Agency(key)
		return ok && a.InService
	}
}
