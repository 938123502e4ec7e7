package rules

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawFacts draws facts as projects have them: mostly a purpose, and a third
// of everything else.
func drawFacts(t *rapid.T, s *Set) map[string]any {
	facts := map[string]any{}
	for _, f := range s.Facts {
		share := 3
		if f.Key == "purpose" || f.Key == "data_sources" || f.Key == "consent" {
			share = 7
		}
		if rapid.IntRange(0, 9).Draw(t, f.Key+"?") >= share {
			continue
		}
		facts[f.Key] = drawValue(t, f)
	}
	return facts
}

func drawValue(t *rapid.T, f Fact) any {
	if f.Type == YesNo {
		return rapid.Bool().Draw(t, f.Key)
	}
	pick := func() string { return f.Values[rapid.IntRange(0, len(f.Values)-1).Draw(t, f.Key)].Key }
	if f.Type == One {
		return pick()
	}
	list := []string{pick()}
	if rapid.IntRange(0, 2).Draw(t, f.Key+" two") == 0 {
		list = append(list, pick())
	}
	return list
}

func mustEvaluate(t testing.TB, s *Set, facts map[string]any) Result {
	t.Helper()
	r, err := s.Evaluate(facts, time.Time{})
	if err != nil {
		t.Fatalf("%v: %v", facts, err)
	}
	return r
}

// Whatever the facts, the result hangs together.
func TestResultHangsTogether(t *testing.T) {
	s := builtin(t)
	rapid.Check(t, func(rt *rapid.T) {
		facts := drawFacts(rt, s)
		r := mustEvaluate(t, s, facts)
		unclear := slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Kind == Unclear })
		if r.Escalate != unclear || r.Escalate != slices.Contains(r.Outcomes, "unclear_seek_guidance") {
			rt.Fatalf("%v: escalate %v with %v", facts, r.Escalate, r.Outcomes)
		}
		for i, f := range r.Findings {
			o, _ := s.Outcome(f.Outcome)
			if len(f.Rules) == 0 || len(f.Quotes) == 0 || f.Kind != o.Kind {
				rt.Fatalf("%v: %+v rests on nothing", facts, f)
			}
			if i > 0 {
				before, _ := s.Outcome(r.Findings[i-1].Outcome)
				if before.Step > o.Step {
					rt.Fatalf("%v: %s comes before %s", facts, before.Key, o.Key)
				}
			}
		}
		for _, p := range r.Purposes {
			for _, f := range p.Findings {
				if !slices.Contains(r.Outcomes, f.Outcome) && !beaten(s, f.Outcome, r.Outcomes) {
					rt.Fatalf("%v: %s holds for %s and not over all", facts, f.Outcome, p.Purpose)
				}
			}
			if lack := without(p.Missing, r.Missing); len(lack) > 0 {
				rt.Fatalf("%v: %v is asked for %s and not over all", facts, lack, p.Purpose)
			}
		}
	})
}

func beaten(s *Set, outcome string, by []string) bool {
	return slices.ContainsFunc(s.Shared.Beats, func(b Beat) bool {
		return b.Outcome == outcome && slices.ContainsFunc(b.By, func(o string) bool { return slices.Contains(by, o) })
	})
}

// The order of values in a list does not matter, nor does one given twice.
func TestOrderDoesNotMatter(t *testing.T) {
	s := builtin(t)
	rapid.Check(t, func(rt *rapid.T) {
		facts := drawFacts(rt, s)
		turned := map[string]any{}
		for k, v := range facts {
			if list, ok := v.([]string); ok {
				back := slices.Clone(list)
				slices.Reverse(back)
				var anys []any
				for _, e := range append(back, list[0]) {
					anys = append(anys, e)
				}
				turned[k] = anys
				continue
			}
			turned[k] = v
		}
		if diff := cmp.Diff(mustEvaluate(t, s, facts), mustEvaluate(t, s, turned)); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// values gives what a question for a fact may be answered with.
func values(s *Set, key string) []any {
	f, _ := s.Fact(key)
	return f.others(nil)
}

// What is asked for matters: two answers to it lead to different outcomes for
// some purpose, if need be together with answers to two other questions.
func TestAsksOnlyWhatMatters(t *testing.T) {
	s := builtin(t)
	rapid.Check(t, func(rt *rapid.T) {
		facts := drawFacts(rt, s)
		r := mustEvaluate(t, s, facts)
		for _, ask := range r.Missing {
			if _, given := facts[ask]; given || cannotMatter(ask, facts) {
				continue // a contradiction asks again
			}
			if !matters(t, s, facts, ask, 3) {
				rt.Fatalf("%v: asks for %s, which changes nothing", facts, ask)
			}
		}
	})
}

// cannotMatter lists where the vocabulary itself asks what changes nothing.
// The tables are followed there, since they say what is asked.
func cannotMatter(ask string, facts map[string]any) bool {
	no := func(keys ...string) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return facts[k] == false })
	}
	switch ask {
	case "consent": // Q12 with Q15: a condition that is not met requires consent either way
		return no("qr_consent_harms_representativity", "qr_right_to_object", "qr_dpo_consulted", "qr_controller_eligible")
	case "intended_use_matches": // D19 with D16 and D17: without a lawful route nothing is permitted
		return facts["market_route"] == "none" || (facts["market_route"] == "in_house" && facts["commercial_exploitation"] == true)
	}
	return false
}

// outcomesBy gives the outcomes over all and for each purpose.
func outcomesBy(r Result) []string {
	out := slices.Clone(r.Outcomes)
	for _, p := range r.Purposes {
		for _, f := range p.Findings {
			out = append(out, p.Purpose+" "+f.Outcome)
		}
	}
	return out
}

func matters(t testing.TB, s *Set, facts map[string]any, ask string, depth int) bool {
	var first *Result
	var open []string
	for _, v := range values(s, ask) {
		with := maps.Clone(facts)
		with[ask] = v
		r := mustEvaluate(t, s, with)
		if first == nil {
			first = &r
		}
		if !slices.Equal(outcomesBy(*first), outcomesBy(r)) {
			return true
		}
		for _, m := range r.Missing {
			open = addNew(open, m)
		}
	}
	if depth == 1 {
		return false
	}
	for _, m := range open {
		if _, given := facts[m]; given || m == ask {
			continue
		}
		for _, v := range values(s, m) {
			with := maps.Clone(facts)
			with[m] = v
			if matters(t, s, with, ask, depth-1) {
				return true
			}
		}
	}
	return false
}

// An answer to what is asked only adds, unless it contradicts what was known.
// What it may take back is listed here; everything else that was said before
// the answer holds after it. With an answer to purpose another project is
// judged, so nothing is promised there.
func TestAnswersOnlyAdd(t *testing.T) {
	s := builtin(t)
	rapid.Check(t, func(rt *rapid.T) {
		facts := drawFacts(rt, s)
		before := mustEvaluate(t, s, facts)
		for _, ask := range before.Missing {
			if _, given := facts[ask]; given || ask == "purpose" {
				continue
			}
			for _, v := range values(s, ask) {
				with := maps.Clone(facts)
				with[ask] = v
				after := mustEvaluate(t, s, with)
				if slices.Contains(after.Outcomes, "facts_conflict") {
					continue
				}
				for _, o := range without(before.Outcomes, after.Outcomes) {
					if !slices.Contains(takenBack[ask], o) && !beaten(s, o, after.Outcomes) {
						rt.Fatalf("%v: %s = %v takes back %s", facts, ask, v, o)
					}
				}
			}
		}
	})
}

// takenBack lists, by the fact that is answered, what was said before and may
// not hold after. Only confidentiality_exception is meant to go; the rest is
// where the tables conclude before they ask.
var takenBack = map[string][]string{
	"cross_institution": {"confidentiality_exception"},
	"registry_scope":    {"confidentiality_exception"},
	"consent": {"confidentiality_exception",
		"consider_planning_management", "consider_quality_improvement", // T10, T11: unless consent yes
		"section_29_required", "hdir_dispensation"}, // C2 takes missing consent as none
	"data_sources": {"confidentiality_exception",
		"internal_qa_section_26", "minimise_identifiers", "management_decision", // Q1 takes a missing source as the record
		"no_dispensation_needed", "consent_possible_basis", "rek_dispensation_innovation"}, // R5, R6, S1, Q5 as record or register
	"manufacturer_intended_medical_purpose": {"usually_medical_device", // D6: then it is known
		"incident_report_melde", "incident_report_encouraged", // I1, I2: report while it is not known
		"device_route_required", "procurement_duty_section_7", "use_per_instructions_section_10", // D17, D21 name no medical purpose
		"conformity_self_assessment", "notified_body"}, // D13, likewise
}
