package rules

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func could(t testing.TB, s *Set, facts map[string]any, only ...string) []string {
	t.Helper()
	fs, err := s.Could(facts, only...)
	if err != nil {
		t.Fatalf("%v: %v", facts, err)
	}
	var keys []string
	for _, f := range fs {
		keys = append(keys, f.Outcome)
	}
	return keys
}

// Who decides on a dispensation is known as far as the facts go.
func TestCould(t *testing.T) {
	s := builtin(t)
	dispensations := []string{"rek_dispensation", "helsedataservice_dispensation", "hdir_dispensation", "internal_qa_section_26"}
	for _, c := range []struct {
		name  string
		facts map[string]any
		want  []string
	}{
		{"nothing is known", nil, dispensations},
		{"records for health research", map[string]any{"purpose": []string{"health_research"}, "data_sources": []string{"patient_record"}}, []string{"rek_dispensation"}},
		{"registers for health research", map[string]any{"purpose": []string{"health_research"}, "data_sources": []string{"health_registry"}}, []string{"rek_dispensation", "helsedataservice_dispensation"}},
		{"records for statistics", map[string]any{"purpose": []string{"statistics"}, "data_sources": []string{"patient_record"}}, []string{"hdir_dispensation"}},
		{"records for quality improvement", map[string]any{"purpose": []string{"quality_improvement"}, "data_sources": []string{"patient_record"}}, []string{"hdir_dispensation", "internal_qa_section_26"}},
		{"records, for what is not known", map[string]any{"data_sources": []string{"patient_record"}}, []string{"rek_dispensation", "hdir_dispensation", "internal_qa_section_26"}},
		{"decision support beside research", map[string]any{"purpose": []string{"health_research", "clinical_decision_support"}, "data_sources": []string{"patient_record"}, "consent": "no"}, []string{"rek_dispensation", "hdir_dispensation"}},
		{"decision support", map[string]any{"purpose": []string{"clinical_decision_support"}}, []string{"hdir_dispensation"}},
		{"consent from all", map[string]any{"purpose": []string{"health_research"}, "consent": "yes"}, nil},
		{"anonymous data", map[string]any{"purpose": []string{"health_research"}, "data_identifiability": "anonymous"}, nil},
	} {
		got := could(t, s, c.facts, dispensations...)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	if _, err := s.Could(map[string]any{"colour": "red"}); err == nil {
		t.Error("an unknown fact is taken")
	}
}

// What follows could follow, and so could whatever power follows when one of
// the questions is answered.
func TestCouldForetells(t *testing.T) {
	s := builtin(t)
	powers := map[string]bool{}
	for _, a := range s.Agencies {
		for _, p := range a.Decides {
			powers[p.Outcome] = true
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		facts := drawFacts(rt, s)
		r, before := mustEvaluate(t, s, facts), could(t, s, facts)
		for _, o := range r.Outcomes {
			if o != s.Shared.Marker.Outcome && !slices.Contains(before, o) {
				rt.Fatalf("%v: %s follows, and could not", facts, o)
			}
		}
		if len(r.Missing) == 0 || facts[r.Missing[0]] != nil {
			return // what is given and asked for contradicts something
		}
		f, _ := s.Fact(r.Missing[0])
		with := maps.Clone(facts)
		with[f.Key] = rapid.SampledFrom(f.Replies).Draw(rt, "reply").Value
		for _, o := range mustEvaluate(t, s, with).Outcomes {
			if powers[o] && !slices.Contains(before, o) {
				rt.Fatalf("%v, then %s=%v: %s follows, and could not before", facts, f.Key, with[f.Key], o)
			}
		}
	})
}

func BenchmarkCould(b *testing.B) {
	s := builtin(b)
	for b.Loop() {
		if _, err := s.Could(nil, "rek_dispensation", "helsedataservice_dispensation", "hdir_dispensation", "internal_qa_section_26"); err != nil {
			b.Fatal(err)
		}
	}
}
