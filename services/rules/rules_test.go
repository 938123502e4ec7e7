package rules

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/corpus"
)

var update = flag.Bool("update", false, "rewrite golden files")

// builtin is the repository's own rule set, read once.
func builtin(t testing.TB) *Set {
	t.Helper()
	s, err := loadBuiltin()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var loadBuiltin = sync.OnceValues(func() (*Set, error) { return Load(os.DirFS("../../corpus/rules")) })

// small is a rule set that fits on a page.
func small(t testing.TB) *Set {
	t.Helper()
	s, err := Load(os.DirFS("testdata/small"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBuiltinLint(t *testing.T) {
	c, err := corpus.Load(os.DirFS("../../corpus"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range Lint(builtin(t), c.Passages) {
		t.Error(p)
	}
}

func TestBuiltinCases(t *testing.T) {
	rep := builtin(t).RunCases()
	for _, p := range append(rep.Failed, rep.Uncovered...) {
		t.Error(p)
	}
	if rep.Cases < 300 {
		t.Errorf("%d cases; they have become fewer", rep.Cases)
	}
}

// No case is written twice, and each has a name of its own.
func TestBuiltinCasesDiffer(t *testing.T) {
	names, facts := map[string]bool{}, map[string]string{}
	for _, m := range builtin(t).Modules {
		for _, c := range m.Cases {
			name := m.Name + ": " + c.Name
			if names[name] {
				t.Errorf("%s: there twice", name)
			}
			names[name] = true
			b, err := json.Marshal(c.Facts)
			if err != nil {
				t.Fatal(err)
			}
			k := m.Name + string(b) + c.AsOf
			if facts[k] != "" {
				t.Errorf("%s: the same facts as %s", name, facts[k])
			}
			facts[k] = c.Name
		}
	}
}

func TestEvaluate(t *testing.T) {
	s := builtin(t)
	r := mustEvaluate(t, s, map[string]any{
		"purpose":      []any{"statistics", "health_research"},
		"data_sources": []any{"health_registry", "patient_record"},
		"consent":      "partial", "registry_scope": "hds",
	})
	if r.Rules != s.Hash() || len(r.Rules) != 16 {
		t.Errorf("rules %q", r.Rules)
	}
	if want := []string{"health_research", "statistics"}; !cmp.Equal(r.Facts["purpose"], any(want)) {
		t.Errorf("purpose %v, want it in the order of facts.yaml", r.Facts["purpose"])
	}
	if r.Ask != "linkage" || !cmp.Equal(r.Missing, []string{"linkage"}) {
		t.Errorf("missing %v, ask %q", r.Missing, r.Ask)
	}
	i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Outcome == "helsedataservice_dispensation" })
	if i < 0 {
		t.Fatalf("outcomes %v", r.Outcomes)
	}
	got := r.Findings[i]
	if diff := cmp.Diff([]string{"R11", "S8"}, got.Rules); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"health_research", "statistics"}, got.Purposes); diff != "" {
		t.Error(diff)
	}
	if len(got.Quotes) == 0 || got.Quotes[0].Passage == "" {
		t.Errorf("quotes %v", got.Quotes)
	}
	if len(r.Purposes) != 2 || r.Purposes[1].Purpose != "statistics" {
		t.Errorf("purposes %v", r.Purposes)
	}
	for _, f := range r.Purposes[1].Findings {
		if f.Outcome == "rek_prior_approval" || f.Outcome == "rek_dispensation" {
			t.Errorf("statistics gives %s", f.Outcome)
		}
	}
}

// A required outcome beats one that says that nothing is needed, over all
// purposes; a purpose alone may still say so.
func TestRequiredBeatsNotRequired(t *testing.T) {
	r := mustEvaluate(t, builtin(t), map[string]any{"purpose": []string{"internal_qa", "statistics"}, "data_sources": []string{"patient_record"}, "consent": "no"})
	if slices.Contains(r.Outcomes, "no_dispensation_needed") || !slices.Contains(r.Outcomes, "hdir_dispensation") {
		t.Errorf("outcomes %v", r.Outcomes)
	}
	alone := r.Purposes[0]
	if alone.Purpose != "internal_qa" || !slices.ContainsFunc(alone.Findings, func(f Finding) bool { return f.Outcome == "no_dispensation_needed" }) {
		t.Errorf("%+v", alone)
	}
}

func TestFactsThatAreNone(t *testing.T) {
	s := builtin(t)
	want := mustEvaluate(t, s, map[string]any{"purpose": []string{"statistics"}})
	for name, facts := range map[string]map[string]any{
		"null":       {"purpose": []string{"statistics"}, "consent": nil},
		"empty list": {"purpose": []string{"statistics"}, "data_sources": []any{}},
	} {
		if diff := cmp.Diff(want, mustEvaluate(t, s, facts)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestInvalidFacts(t *testing.T) {
	s := builtin(t)
	tests := map[string]struct {
		facts map[string]any
		want  string
	}{
		"unknown fact":       {map[string]any{"colour": "red"}, `"colour"`},
		"condition as fact":  {map[string]any{"has_record": true}, `"has_record"`},
		"unknown value":      {map[string]any{"consent": "maybe"}, "consent kan ikke være \"maybe\""},
		"unknown in list":    {map[string]any{"purpose": []any{"statistics", "fun"}}, "purpose kan ikke være \"fun\""},
		"list for one":       {map[string]any{"consent": []any{"yes"}}, "consent"},
		"string for list":    {map[string]any{"purpose": "statistics"}, "purpose"},
		"number in list":     {map[string]any{"purpose": []any{1.0}}, "purpose"},
		"string for bool":    {map[string]any{"linkage": "yes"}, "linkage"},
		"bool for one":       {map[string]any{"consent": true}, "consent"},
		"number":             {map[string]any{"linkage": 1.0}, "linkage"},
		"object":             {map[string]any{"purpose": map[string]any{}}, "purpose"},
		"long unknown value": {map[string]any{"consent": strings.Repeat("x", 9999)}, "…"},
	}
	for name, tt := range tests {
		_, err := s.Evaluate(tt.facts, time.Time{})
		if kiveileder.ErrorCode(err) != kiveileder.CodeInvalid || !strings.Contains(kiveileder.ErrorMessage(err), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
		if len(kiveileder.ErrorMessage(err)) > 900 {
			t.Errorf("%s: a message of %d bytes", name, len(err.Error()))
		}
	}
}

func TestRulesInForce(t *testing.T) {
	s := small(t)
	facts := map[string]any{"purpose": []string{"research"}, "anonymous": true, "consent": "yes"}
	for date, want := range map[string]bool{"2029-12-31": false, "2030-01-01": true, "": true} {
		var day time.Time
		if date != "" {
			day, _ = time.Parse(time.DateOnly, date)
		}
		r, err := s.Evaluate(facts, day)
		if err != nil {
			t.Fatal(err)
		}
		if r.Escalate != want || r.AsOf != date {
			t.Errorf("%q: escalate %v as of %q", date, r.Escalate, r.AsOf)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	s := small(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if _, err := s.Explain(map[string]any{"purpose": []string{"research"}}, time.Time{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkEvaluate(b *testing.B) {
	s := builtin(b)
	all, _ := s.Fact("purpose")
	var every []string
	for _, v := range all.Values {
		every = append(every, v.Key)
	}
	project := map[string]any{"purpose": []string{"health_research", "clinical_decision_support", "healthcare_use"},
		"data_sources": []string{"patient_record", "health_registry"}, "registry_scope": "both", "consent": "partial",
		"market_route": "ce_marked", "tool_type": []string{"image_diagnostics"}, "fully_automated": false}
	for name, facts := range map[string]map[string]any{
		"one purpose":   {"purpose": []string{"health_research"}, "data_sources": []string{"patient_record"}, "consent": "no"},
		"three":         project,
		"every purpose": {"purpose": every, "data_sources": []string{"patient_record"}, "consent": "partial"},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Evaluate(facts, time.Time{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(os.DirFS("../../corpus/rules")); err != nil {
			b.Fatal(err)
		}
	}
}
